"""Turns the spec's expressions into Python expressions."""

from __future__ import annotations

import ast

from archdsl.codegen import pytree as py
from archdsl.ir.design import BlockValue
from archdsl.ir.expr import (
    BinaryOp,
    BuiltinCall,
    Const,
    Expr,
    IfElse,
    IndexOf,
    Items,
    Local,
    NameTemplate,
    RangeOf,
    UnaryOp,
)
from archdsl.ir.kinds import Value

_ARITHMETIC: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}


def to_python(expr: Expr) -> ast.expr:
    """The Python expression; sizes and blocks have to be replaced before."""
    match expr:
        case Const(value):
            return value_to_python(value)
        case Local(name):
            return py.name(name)
        case UnaryOp("not", operand):
            return ast.UnaryOp(ast.Not(), to_python(operand))
        case UnaryOp(_, operand):
            return ast.UnaryOp(ast.USub(), to_python(operand))
        case BinaryOp("and" | "or", left, right):
            operator = ast.And() if expr.operator == "and" else ast.Or()
            return ast.BoolOp(operator, [to_python(part) for part in _flat(expr.operator, left, right)])
        case BinaryOp(operator, left, right) if operator in _COMPARISONS:
            return _comparison(operator, left, right)
        case BinaryOp("+", left, right) if any(map(_is_list, chain := _flat("+", left, right))):
            return py.list_of([item for part in chain for item in _spread(to_python(part))])
        case BinaryOp(operator, left, right):
            return ast.BinOp(to_python(left), _ARITHMETIC[operator](), to_python(right))
        case IndexOf(value, index):
            return py.subscript(to_python(value), _index(index))
        case IfElse(then, condition, otherwise):
            return ast.IfExp(to_python(condition), to_python(then), to_python(otherwise))
        case Items(items, is_list):
            parts = [to_python(item) for item in items]
            return py.list_of(parts) if is_list else py.tuple_of(parts)
        case RangeOf():
            return py.call("range", _range_arguments(expr))
    assert isinstance(expr, BuiltinCall), "sizes and blocks are replaced before an expression is written"
    name = "math.ceil" if expr.function == "ceil" else expr.function
    return py.call(name, [to_python(argument) for argument in expr.arguments])


def _is_list(expr: Expr) -> bool:
    return isinstance(expr, Items) or (isinstance(expr, Const) and isinstance(expr.value, tuple))


def _spread(written: ast.expr) -> list[ast.expr]:
    """The items of a list for another one: generated code may hold a tuple, which no list is equal to or joins."""
    return written.elts if isinstance(written, ast.List | ast.Tuple) else [ast.Starred(written, py.LOAD)]


def _comparison(operator: str, left: Expr, right: Expr) -> ast.expr:
    """``a == b``; ``not a`` where a flag is compared with a truth value, as linters want it."""
    for value, other in ((left, right), (right, left)):
        if isinstance(value, Const) and isinstance(value.value, bool) and operator in ("==", "!="):
            positive = value.value == (operator == "==")
            return to_python(other) if positive else ast.UnaryOp(ast.Not(), to_python(other))
    if any(isinstance(side, Items) and side.is_list for side in (left, right)):
        sides = [py.list_of(_spread(to_python(side))) for side in (left, right)]
        return ast.Compare(sides[0], [_COMPARISONS[operator]()], [sides[1]])
    return ast.Compare(to_python(left), [_COMPARISONS[operator]()], [to_python(right)])


def _flat(operator: str, left: Expr, right: Expr) -> list[Expr]:
    """The operands of a chain of one operator."""
    parts: list[Expr] = []
    for side in (left, right):
        if isinstance(side, BinaryOp) and side.operator == operator:
            parts += _flat(operator, side.left, side.right)
        else:
            parts.append(side)
    return parts


def _index(index: Expr) -> ast.expr:
    """``[i]``, or ``[a:b]`` for a range."""
    if not isinstance(index, RangeOf):
        return to_python(index)
    start = index.start
    lower = None if isinstance(start, Const) and start.value == 0 else to_python(start)
    stop = _shifted(index.stop, 1) if index.inclusive else index.stop
    return ast.Slice(lower, to_python(stop))


def _range_arguments(expr: RangeOf) -> list[ast.expr]:
    stop: Expr = expr.stop
    descending = isinstance(expr.step, UnaryOp) or (
        isinstance(expr.step, Const) and isinstance(expr.step.value, int) and expr.step.value < 0
    )
    if expr.inclusive:
        stop = _shifted(stop, -1 if descending else 1)
    starts_at_zero = isinstance(expr.start, Const) and expr.start.value == 0
    arguments = [to_python(stop)] if starts_at_zero and expr.step is None else [to_python(expr.start), to_python(stop)]
    return arguments + ([to_python(expr.step)] if expr.step is not None else [])


def _shifted(expr: Expr, by: int) -> Expr:
    if isinstance(expr, Const) and isinstance(expr.value, int):
        return Const(expr.value + by, expr.span)
    return BinaryOp("+" if by > 0 else "-", expr, Const(abs(by), expr.span), expr.span)


def value_to_python(value: Value) -> ast.expr:
    """A constant value as a literal."""
    if isinstance(value, tuple):
        parts = [value_to_python(item) for item in value]
        return py.tuple_of(parts)
    if isinstance(value, range):
        bounds = [value.start, value.stop] if value.start else [value.stop]
        return py.call("range", [py.constant(bound) for bound in bounds])
    assert not isinstance(value, BlockValue)
    assert value is None or isinstance(value, bool | int | float | str)
    return py.constant(value)


def label_to_python(template: NameTemplate) -> ast.expr:
    """A label as a string or f-string."""
    return py.joined([_label_part(part) for part in template.parts])


def _label_part(part: str | Expr) -> str | ast.expr:
    if isinstance(part, str):
        return part
    return str(part.value) if isinstance(part, Const) else to_python(part)
