"""Corners of the arithmetic of open sizes that no layer reaches: multiples of nothing, and the limits of work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.complexity import MAX_BITS, MAX_STEPS, MAX_TERMS, DimTooComplex
from archdsl.ir.dim import Dim
from archdsl.ir.quasi_affine import QuasiAffine, build, tabulate

H = Dim.symbol("H")


def stairs(terms: int, first: int) -> QuasiAffine:
    """A sum of floors of different divisors, none of which merges with another one."""
    return build(0, [(first + 2 * term, 1, 1) for term in range(terms)])


@pytest.mark.parametrize("factor", [-2, -1, 0, 1, 3])
def test_multiples(factor: int) -> None:
    f = build(5, [(3, 1, 2), (4, 0, 1)])
    assert [f.times(factor).evaluate(n) for n in range(30)] == [factor * f.evaluate(n) for n in range(30)]


@pytest.mark.parametrize(("terms", "is_over"), [(64, False), (65, True)])
def test_compositions_have_a_limit(terms: int, is_over: bool) -> None:
    """The terms of both multiply. At the limit they are put together, and then found to be too large for a size."""
    assert MAX_STEPS == 64 * 64
    with pytest.raises(DimTooComplex) as raised:
        stairs(terms, 101).after(stairs(64, 1_001))
    assert ("put into another one" in str(raised.value)) is is_over


@pytest.mark.parametrize(
    "made",
    [
        lambda bits: H * 2 ** (bits - 1),
        lambda bits: H // 2 ** (bits - 1),
        lambda bits: H // 2**2_000 // 2 ** (bits - 2_001),
        lambda bits: (H + 1) * 2 ** (bits - 1),
        lambda bits: (H // 3 + H // 5) * 2 ** (bits - 1),
    ],
)
def test_numbers_have_a_limit(made: Callable[[int], Dim]) -> None:
    assert made(MAX_BITS).evaluate(1) is not None
    with pytest.raises(DimTooComplex, match="more than 4,096 bits"):
        made(MAX_BITS + 1)


def test_sums_have_a_limit() -> None:
    assert len(stairs(MAX_TERMS, 5_001).floors) == MAX_TERMS
    with pytest.raises(DimTooComplex, match="sum of 1,025 floors"):
        stairs(MAX_TERMS + 1, 5_001)


def test_tables_have_a_limit() -> None:
    assert tabulate(H.function, MAX_STEPS, lambda value: value // MAX_STEPS) == (H // MAX_STEPS).function
    with pytest.raises(DimTooComplex, match="4,097 different steps"):
        tabulate(H.function, MAX_STEPS + 1, lambda value: value // (MAX_STEPS + 1))


@pytest.mark.parametrize(("factor", "message"), [(4_096, "sum of 4,096 floors"), (4_097, "4,097 different steps")])
def test_fractions_have_a_limit(factor: int, message: str) -> None:
    with pytest.raises(DimTooComplex, match=message):
        _ = H * factor // 10_007
