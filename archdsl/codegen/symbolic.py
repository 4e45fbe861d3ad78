"""Expressions in the terms of a class: variables replaced, what becomes constant computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from archdsl.ir.evaluate import ROUNDINGS
from archdsl.ir.expr import (
    BinaryOp,
    BuiltinCall,
    Const,
    Expr,
    IfElse,
    IndexOf,
    Items,
    Local,
    RangeOf,
    SizeOf,
    UnaryOp,
    locals_in,
)
from archdsl.ir.terms import NOWHERE, fold, number, plus, simplify, without_idle

Scope = Mapping[str, Expr]
SizeTerm = Callable[[SizeOf], Expr]


def substitute(expr: Expr, scope: Scope, size: SizeTerm) -> Expr:
    """The expression with its variables and sizes replaced; parts that become constant are computed."""
    changed = _replace(expr, scope, size)
    return changed if changed is expr else fold(changed)


_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_TAKES_FLOATS = frozenset((*ROUNDINGS, "round_to"))


def _replace(expr: Expr, scope: Scope, size: SizeTerm, exact: bool = False) -> Expr:
    """``exact``: the numbers may be floats, whose sums and products round as they are written, and no other way."""
    match expr:
        case Local(name):
            return scope.get(name, expr)
        case SizeOf():
            return size(expr)
        case BinaryOp(operator, left, right):
            exact = exact or operator in _COMPARISONS
            new_left, new_right = _replace(left, scope, size, exact), _replace(right, scope, size, exact)
            if new_left is left and new_right is right:
                return expr
            changed = replace(expr, left=fold(new_left), right=fold(new_right))
            return without_idle(changed) if exact else simplify(changed)
        case UnaryOp(_, operand):
            new = _replace(operand, scope, size, exact)
            return expr if new is operand else replace(expr, operand=fold(new))
        case IndexOf(value, index):
            parts = _replace(value, scope, size, exact), _replace(index, scope, size)
            return expr if parts == (value, index) else _item(replace(expr, value=parts[0], index=fold(parts[1])))
        case RangeOf(start, stop, step):
            new_step = _replace(step, scope, size) if step is not None else None
            return replace(
                expr, start=fold(_replace(start, scope, size)), stop=fold(_replace(stop, scope, size)), step=new_step
            )
        case IfElse(then, condition, otherwise):
            tested = fold(_replace(condition, scope, size))
            if isinstance(tested, Const) and isinstance(tested.value, bool):
                return _replace(then if tested.value else otherwise, scope, size, exact)
            new_then, new_otherwise = (_replace(part, scope, size, exact) for part in (then, otherwise))
            return replace(expr, then=new_then, condition=tested, otherwise=new_otherwise)
        case Items(items):
            new_items = tuple(_replace(item, scope, size, exact) for item in items)
            return expr if new_items == items else replace(expr, items=tuple(fold(item) for item in new_items))
        case BuiltinCall(function, arguments):
            exact = exact or function in _TAKES_FLOATS
            new_arguments = tuple(_replace(argument, scope, size, exact) for argument in arguments)
            return expr if new_arguments == arguments else replace(expr, arguments=new_arguments)
    return expr


def _item(expr: IndexOf) -> Expr:
    """An item of a written list by a constant index is that item."""
    if isinstance(expr.value, Items) and isinstance(expr.index, Const) and isinstance(expr.index.value, int):
        return expr.value.items[expr.index.value]
    return expr


def turns_of(iterable: Expr, is_repeat: bool) -> Expr | None:
    """How many turns a loop has, as an expression; None where that is not plain."""
    if is_repeat:
        return iterable
    if isinstance(iterable, RangeOf) and iterable.step is None:
        length = simplify(BinaryOp("-", iterable.stop, iterable.start, NOWHERE))
        if iterable.inclusive:
            if isinstance(iterable.start, Const) and iterable.start.value == 1:
                return iterable.stop
            return plus(length, Const(1, NOWHERE))
        return fold(length)
    if isinstance(iterable, Local):
        return BuiltinCall("len", (iterable,), NOWHERE)
    if isinstance(iterable, Items):
        return Const(len(iterable.items), NOWHERE)
    return None


def added_per_turn(after: Expr, before: Local) -> Expr | None:
    """``g`` if a turn turns ``before`` into ``before + g`` with ``g`` free of it; else None."""
    terms: list[Expr] = []
    found = 0
    waiting = [after]
    while waiting:
        term = waiting.pop()
        if isinstance(term, BinaryOp) and term.operator == "+":
            waiting += [term.right, term.left]
        elif term == before:
            found += 1
        elif before.name in locals_in(term):
            return None
        else:
            terms.append(term)
    if found != 1 or not terms:
        return None
    total = terms[0]
    for term in terms[1:]:
        total = plus(total, term)
    return total


def factor_per_turn(after: Expr, before: Local) -> Expr | None:
    """``k`` if a turn turns ``before`` into ``before * k`` with ``k`` free of it; else None."""
    if not isinstance(after, BinaryOp) or after.operator != "*":
        return None
    for one, other in ((after.left, after.right), (after.right, after.left)):
        if one == before and before.name not in locals_in(other):
            return other
    return None


def last_of(iterable: Expr) -> Expr:
    """The last item of what ``turns_of`` counts, if there is one."""
    if isinstance(iterable, RangeOf):
        return iterable.stop if iterable.inclusive else plus(iterable.stop, number(-1))
    return iterable.items[-1] if isinstance(iterable, Items) else IndexOf(iterable, number(-1), NOWHERE)
