"""Arithmetic on expressions: sums and products that compute what is constant and leave out what is idle."""

from __future__ import annotations

from archdsl.ir.evaluate import Environment, EvaluationError, evaluate
from archdsl.ir.expr import BinaryOp, Const, Expr, Items, RangeOf, locals_in
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

NOWHERE = Span("", 0, 0)
"""The place of an expression that nobody wrote."""

_IDLE_LEFT = {("+", 0), ("*", 1)}
_IDLE_RIGHT = _IDLE_LEFT | {("-", 0), ("**", 1)}


def fold(expr: Expr) -> Expr:
    """The value of an expression that reads no variable; others as they are."""
    if isinstance(expr, Const | Items | RangeOf) or locals_in(expr):
        return expr
    try:
        return Const(evaluate(expr, Environment({}, no_shapes)), NOWHERE)
    except EvaluationError:
        return expr


def no_shapes(name: str | None, span: Span) -> TensorType:
    """What an expression asks that is computed where no value flows."""
    raise EvaluationError("E0405", "no shapes here", span)


def without_idle(expr: BinaryOp) -> Expr:
    """``a * 1``, ``a + 0`` and the like without their idle half; the value is the same to the last bit."""
    left, right = expr.left, expr.right
    if isinstance(right, Const) and (expr.operator, right.value) in _IDLE_RIGHT:
        return left
    if isinstance(left, Const) and (expr.operator, left.value) in _IDLE_LEFT:
        return right
    return expr


def simplify(expr: BinaryOp) -> Expr:
    """Without idle halves, the constants of sums and products in one: of whole numbers, since floats would round."""
    shorter = without_idle(expr)
    if shorter is not expr:
        return shorter
    left, right = expr.left, expr.right
    if expr.operator == "//" and right == number(1):
        return left
    if expr.operator == "*" and isinstance(left, Const) and isinstance(right, BinaryOp) and right.operator == "*":
        inner = right.left
        if isinstance(left.value, int) and isinstance(inner, Const) and isinstance(inner.value, int):
            return simplify(BinaryOp("*", number(left.value * inner.value), right.right, NOWHERE))
    if not isinstance(right, Const) or not isinstance(right.value, int) or expr.operator not in ("+", "-"):
        return expr
    added = right.value if expr.operator == "+" else -right.value
    before = left.right.value if isinstance(left, BinaryOp) and isinstance(left.right, Const) else None
    if isinstance(left, BinaryOp) and left.operator in ("+", "-") and isinstance(before, int):
        total = added + (before if left.operator == "+" else -before)
        return left.left if total == 0 else _shifted(left.left, total)
    return _shifted(left, added) if added < 0 else expr


def _shifted(expr: Expr, by: int) -> Expr:
    return BinaryOp("+" if by > 0 else "-", expr, number(abs(by)), NOWHERE)


def plus(left: Expr, right: Expr) -> Expr:
    """A sum, computed where it is constant."""
    return _combined("+", left, right)


def times(left: Expr, right: Expr) -> Expr:
    """A product, computed where it is constant."""
    return _combined("*", left, right)


def product(left: Expr, right: Expr) -> Expr:
    """A product left as it is, but for factors of one."""
    return simplify(BinaryOp("*", left, right, NOWHERE))


def over(left: Expr, right: Expr) -> Expr:
    """A quotient rounded down, computed where it is constant."""
    return _combined("//", left, right)


def power(base: Expr, exponent: int) -> Expr:
    """A power, computed where it is constant."""
    return _combined("**", base, number(exponent))


def number(value: int) -> Const:
    """A number as an expression."""
    return Const(value, NOWHERE)


def _combined(operator: str, left: Expr, right: Expr) -> Expr:
    return fold(simplify(BinaryOp(operator, left, right, NOWHERE)))
