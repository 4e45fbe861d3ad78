"""Corners of the arithmetic of open sizes that no layer reaches: multiples of nothing, and the limits of work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archdsl.ir.complexity import MAX_BITS, MAX_STEPS, DimTooComplex
from archdsl.ir.dim import Dim
from archdsl.ir.quasi_affine import QuasiAffine, build

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
