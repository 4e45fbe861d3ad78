"""Numbers at each limit and one beyond it, and every divisor at zero: accepted, or refused with the right code."""

from __future__ import annotations

import pytest

from archdsl.check.state import MAX_LAYERS, MAX_UNROLLED
from archdsl.elaborate.lower import MAX_PARAMETERS
from archdsl.ir.values import MAX_BITS, MAX_ITEMS
from archdsl.ops.limits import DIMENSION_LIMIT, WINDOW_LIMIT
from archdsl.syntax.lexer import MAX_IDENTIFIER
from archdsl.syntax.literals import MAX_DIGITS, MAX_EXPONENT, MAX_INTEGER
from tests.hostile.support import codes, network, quick_codes


def value(expression: str) -> str:
    """A network that computes a value."""
    return network(f"let v = {expression}\n    if v == v {{ relu }}")


LIMITS: dict[str, tuple[str, str, str]] = {
    "integer": (value(f"{MAX_INTEGER}"), value(f"{MAX_INTEGER + 1}"), "E0407"),
    "digits with a unit": (value("9" * MAX_DIGITS + "K"), value("9" * (MAX_DIGITS + 1) + "K"), "E0407"),
    "digits behind a point": (value("0." + "1" * (MAX_DIGITS - 1)), value("0." + "1" * (MAX_DIGITS + 1)), "E0407"),
    "exponent": (value(f"1e-{MAX_EXPONENT}"), value(f"1e-{MAX_EXPONENT + 1}"), "E0407"),
    "float": (value("1e308"), value("1e309"), "E0407"),
    "power": (value(f"2 ** {MAX_BITS // 2}"), value(f"2 ** {MAX_BITS // 2 + 1}"), "E0407"),
    "negative power": (value("2 ** 0"), value("2 ** (0 - 1)"), "E0405"),
    "product": (value("2**126 * 2**127"), value("2**126 * 2**127 * 2**127"), "E0407"),
    "float that overflows": (value("1e200 * 1e100"), value("1e200 * 1e200"), "E0407"),
    "items": (value(f"[{'1,' * MAX_ITEMS}]"), value(f"[{'1,' * (MAX_ITEMS + 1)}]"), "E0407"),
    "items added up": (value(f"sum(0..{MAX_ITEMS})"), value(f"sum(0..{MAX_ITEMS + 1})"), "E0407"),
    "first item": (value("[1, 2][0]"), value("[1, 2][0 - 1]"), "E0403"),
    "last item": (value("[1, 2][1]"), value("[1, 2][2]"), "E0403"),
    "division": (value("1 / 1"), value("1 / 0"), "E0402"),
    "division of floats": (value("1.0 / 0.5"), value("1.0 / 0.0"), "E0402"),
    "whole division": (value("1 // 1"), value("1 // 0"), "E0402"),
    "remainder": (value("1 % 1"), value("1 % 0"), "E0402"),
    "power of zero": (value("0 ** 0"), value("0.0 ** (0 - 1.0)"), "E0402"),
    "multiple": (value("round_to(7, 1)"), value("round_to(7, 0)"), "E0401"),
    "step of a range": (value("len(0..9)"), network("for i in 0..9 by 0 { conv(i, 1) }"), "E0401"),
    "turns": (network(f"repeat {MAX_LAYERS} {{ relu }}"), network(f"repeat {MAX_LAYERS + 1} {{ relu }}"), "E0404"),
    "different turns": (
        network(f"for i in 0..{MAX_UNROLLED} {{ dropout(i / {MAX_UNROLLED}) }}"),
        network(f"for i in 0..{MAX_UNROLLED + 1} {{ dropout(i / 1M) }}"),
        "E0404",
    ),
    "kernel": (network(f"conv(8, {WINDOW_LIMIT}, padding=4K)"), network(f"conv(8, {WINDOW_LIMIT + 1})"), "E0401"),
    "no kernel": (network("conv(8, 1)"), network("conv(8, 0)"), "E0401"),
    "stride": (network("conv(8, 1, stride=1)"), network("conv(8, 1, stride=0)"), "E0401"),
    "dilation": (network("conv(8, 3, dilation=1)"), network("conv(8, 3, dilation=0)"), "E0401"),
    "groups": (network("conv(8, 1, groups=1)"), network("conv(8, 1, groups=0)"), "E0401"),
    "channels": (network(f"conv({DIMENSION_LIMIT}, 1)"), network(f"conv({DIMENSION_LIMIT + 1}, 1)"), "E0401"),
    "padding": (network("conv(8, 1, padding=0)"), network("conv(8, 1, padding=0 - 1)"), "E0401"),
    "probability": (network("dropout(1.0)"), network("dropout(1.0000001)"), "E0401"),
    "pixels to shuffle": (network("pixel_shuffle(2)"), network("pixel_shuffle(0)"), "E0401"),
    "scale": (network("upsample(1)"), network("upsample(0)"), "E0401"),
    "pooled size": (network("adaptive_avg_pool(1)"), network("adaptive_avg_pool(0)"), "E0401"),
    "input": (
        network("relu", shape=f"N, {DIMENSION_LIMIT}"),
        network("relu", shape=f"N, {DIMENSION_LIMIT + 1}"),
        "E0314",
    ),
    "no input": (network("relu", shape="N, 1"), network("relu", shape="N, 0"), "E0206"),
    "values of a sample": (
        network("relu", shape=f"N, {2**20}, {2**20}"),
        network("relu", shape=f"N, {2**20}, {2**20 + 1}"),
        "E0314",
    ),
    "weights": (
        network("linear(1_000_000)", shape="N, 9_999_999"),
        network("linear(1_000_001)", shape="N, 10_000_000"),
        "E0314",
    ),
    "name": (network(f"{'a' * MAX_IDENTIFIER}: relu"), network(f"{'a' * (MAX_IDENTIFIER + 1)}: relu"), "E0106"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_at_the_limit_it_is_accepted(name: str) -> None:
    assert (quick_codes if name == "different turns" else codes)(LIMITS[name][0]) == []


@pytest.mark.parametrize("name", LIMITS)
def test_beyond_the_limit_it_is_refused(name: str) -> None:
    _, wrong, code = LIMITS[name]
    assert set(codes(wrong)) == {code}


@pytest.mark.parametrize("number", [MAX_PARAMETERS, MAX_PARAMETERS + 1])
def test_parameters_of_a_block(number: int) -> None:
    block = f"block b({', '.join(f'p{index}: int = {index}' for index in range(number))}) {{ dropout(0.1) }}\n"
    assert ("E0106" in codes(network("b", before=block))) == (number > MAX_PARAMETERS)


@pytest.mark.parametrize(
    "text",
    [
        "inf",
        "nan",
        "Infinity",
        "1e",
        "0x10",
        "0b1",
        "1__0",
        "1_",
        "1.",
        ".5",
        "1e5.5",
        "٣",
        "１",
        "1l",
        "1j",
        "1e99999",
        "-",
    ],
)
def test_what_is_no_number(text: str) -> None:
    assert codes(value(text))


@pytest.mark.parametrize("word", ["true", "none", '"8"', "8.0", "8.5", "[8]", "(8,)", "N", "relu", "0..8"])
def test_what_is_no_size(word: str) -> None:
    assert codes(network(f"conv({word}, 1)"))
