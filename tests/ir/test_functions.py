"""Rounding functions and parts of lists, against Python's, torchvision's and what generated files compute."""

from __future__ import annotations

import itertools
import math

import pytest

from archdsl.codegen.support import DEFINITIONS
from archdsl.ir.evaluate import Environment, EvaluationError, evaluate
from archdsl.ir.expr import BuiltinCall, Const, Expr, IndexOf, RangeOf
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.source.span import Span
from tests.oracles.torchvision_models import torchvision

AT = Span("a.arch", 0, 1)


def no_shapes(name: str | None, span: Span) -> TensorType:
    raise AssertionError(name, span)


def value_of(expr: Expr) -> Value:
    return evaluate(expr, Environment({}, no_shapes))


def call(function: str, *arguments: Value) -> Value:
    return value_of(BuiltinCall(function, tuple(Const(argument, AT) for argument in arguments), AT))


def part(value: Value, start: int, stop: int, *, inclusive: bool = False) -> Value:
    places = RangeOf(Const(start, AT), Const(stop, AT), None, inclusive, AT)
    return value_of(IndexOf(Const(value, AT), places, AT))


WIDTHS = [
    *range(1, 400),
    *(
        channels * width
        for channels, width in itertools.product(range(1, 400, 3), (0.5, 0.75, 1.1, 1.2, 1.3, 1.4, 1.8))
    ),
]


@pytest.mark.parametrize("multiple", [1, 2, 4, 8, 16])
def test_round_to_is_what_the_mobile_networks_do(multiple: int) -> None:
    carried: dict[str, object] = {}
    exec(DEFINITIONS["round_to"], carried)
    for width in WIDTHS:
        expected = torchvision.models._utils._make_divisible(width, multiple)
        assert call("round_to", width, multiple) == expected, width
        assert carried["round_to"](width, multiple) == expected, width  # type: ignore[operator]


def test_it_never_loses_more_than_a_tenth() -> None:
    assert [call("round_to", width, 8) for width in (1, 12, 17, 18, 20)] == [8, 16, 16, 24, 24]


@pytest.mark.parametrize("number", [0, 1, 2.0, 2.2, -2.2, 4.4, 10**20])
def test_ceil_is_pythons(number: float) -> None:
    assert call("ceil", number) == math.ceil(number)


@pytest.mark.parametrize(("start", "stop"), list(itertools.combinations_with_replacement(range(5), 2)))
def test_a_part_of_a_list_is_pythons_slice(start: int, stop: int) -> None:
    assert part((5, 6, 7, 8), start, stop) == (5, 6, 7, 8)[start:stop]
    if stop < 4:
        assert part((5, 6, 7, 8), start, stop, inclusive=True) == (5, 6, 7, 8)[start : stop + 1]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("E0405", lambda: call("round_to", "8", 8)),
        ("E0405", lambda: call("round_to", True, 8)),
        ("E0405", lambda: call("round_to", 8, 2.0)),
        ("E0405", lambda: call("round_to", 8, (8,))),
        ("E0401", lambda: call("round_to", 8, 0)),
        ("E0401", lambda: call("round_to", -1, 8)),
        ("E0405", lambda: call("ceil", "8")),
        ("E0405", lambda: call("ceil", 1, 2)),
        ("E0403", lambda: part((1, 2, 3), 0, 4)),
        ("E0403", lambda: part((1, 2, 3), 2, 1)),
        ("E0403", lambda: part((1, 2, 3), -1, 2)),
        ("E0405", lambda: part(7, 0, 1)),
    ],
)
def test_wrong_arguments_are_refused(code: str, wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EvaluationError) as refused:
        wrong()
    assert refused.value.code == code
