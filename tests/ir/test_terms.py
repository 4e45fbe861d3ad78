"""Simplified expressions have the values of those they stand for, on plain integers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from archdsl.ir.amount import product as amount
from archdsl.ir.dim import Dim
from archdsl.ir.evaluate import Environment, evaluate
from archdsl.ir.expr import BinaryOp, Const, Expr, Items, Local, SizeOf, UnaryOp
from archdsl.ir.terms import NOWHERE, fold, number, over, plus, power, product, simplify, times
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

CHANNELS = SizeOf(None, "channels", NOWHERE)
VARIABLES = {"a": 5, "b": -3, "c": 0}


def channels(name: str | None, span: Span) -> TensorType:
    return TensorType((1, 7))


def value_of(expr: Expr) -> object:
    return evaluate(expr, Environment(VARIABLES, channels))


LEAVES: list[Expr] = [
    *map(number, range(-2, 4)),
    *(Local(name, NOWHERE) for name in VARIABLES),
    CHANNELS,
    Const(1.5, NOWHERE),
]
MAKERS: list[tuple[Callable[[Expr, Expr], Expr], str]] = [(plus, "+"), (times, "*"), (product, "*")]
MAKERS += [(lambda left, right: simplify(BinaryOp("-", left, right, NOWHERE)), "-")]


def random_expr(rng: Random, depth: int) -> tuple[Expr, Expr]:
    """An expression as it is written, and as it is simplified on the way."""
    if depth == 0:
        leaf = rng.choice(LEAVES)
        return leaf, leaf
    (left, short_left), (right, short_right) = random_expr(rng, depth - 1), random_expr(rng, rng.randrange(depth))
    if rng.random() < 0.5:
        left, short_left, right, short_right = right, short_right, left, short_left
    make, operator = rng.choice(MAKERS)
    return BinaryOp(operator, left, right, NOWHERE), make(short_left, short_right)


def test_random_expressions_keep_their_values() -> None:
    rng = Random(8)
    for _ in range(3_000):
        written, short = random_expr(rng, rng.randint(1, 4))
        assert value_of(short) == value_of(written), (written, short)


@pytest.mark.parametrize(
    ("expr", "simple"),
    [
        (times(number(3), times(number(4), CHANNELS)), BinaryOp("*", number(12), CHANNELS, NOWHERE)),
        (plus(plus(CHANNELS, number(2)), number(-2)), CHANNELS),
        (plus(CHANNELS, number(-2)), BinaryOp("-", CHANNELS, number(2), NOWHERE)),
        (over(CHANNELS, number(1)), CHANNELS),
        (power(number(3), 2), Const(9, NOWHERE)),
        (fold(UnaryOp("-", number(3), NOWHERE)), Const(-3, NOWHERE)),
        (fold(CHANNELS), CHANNELS),
        (over(number(1), number(0)), BinaryOp("//", number(1), number(0), NOWHERE)),
        (fold(Items((number(1),), True, NOWHERE)), Items((number(1),), True, NOWHERE)),
    ],
)
def test_what_becomes_simpler_and_what_stays(expr: Expr, simple: Expr) -> None:
    assert expr == simple


# --- counts -------------------------------------------------------------------------------------------

H, W = Dim.symbol("H"), Dim.symbol("W")


def test_counts_that_depend_on_sizes() -> None:
    area = amount((H, W))
    for height, width in ((1, 1), (7, 5), (32, 224)):
        count = 3 * area * area + -2 * area + 5
        assert not isinstance(count, int)
        plain = height * width
        assert count.evaluate({"H": height, "W": width}) == 3 * plain * plain - 2 * plain + 5
    assert str(area) == "H·W"
    assert str(3 * area * area + -2 * area + 5) == "3·H²·W² − 2·H·W + 5"
    assert str(-1 * area) == "−H·W"
    assert area + -1 * area == 0
