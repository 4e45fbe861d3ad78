"""Sets of sizes as Python conditions, the way a person would write them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from archdsl.codegen import pytree as py
from archdsl.ir.dim import DimTooComplex, SizeSet

MOST_LISTED = 16
"""So many numbers are written out in one condition."""


def is_outside(size: ast.expr, allowed: SizeSet) -> ast.expr:
    """Whether a size is not in a set: ``n < 32``, ``n % 16 != 0``, ``n not in range(64, 513, 32)``.

    :raises DimTooComplex: where the condition would be longer than anybody wants to read.
    """
    return _outside_finite(size, allowed) if allowed.maximum is not None else _outside_endless(size, allowed)


def _outside_finite(size: ast.expr, allowed: SizeSet) -> ast.expr:
    first, last = allowed.minimum, allowed.maximum
    assert first is not None
    assert last is not None
    if first == last:
        return _compare(size, ast.NotEq(), first)
    step = (allowed.next_at_or_above(first + 1) or last) - first
    assert allowed.symbol is not None
    if SizeSet.among(allowed.symbol, range(first, last + 1, step)) == allowed:
        if step == 1:
            return _not_between(size, first, last)
        stepped = py.call("range", [py.constant(number) for number in (first, last + 1, step)])
        return ast.Compare(size, [ast.NotIn()], [stepped])
    return _not_in(size, _listed(allowed, last + 1))


def _outside_endless(size: ast.expr, allowed: SizeSet) -> ast.expr:
    """Remainders from some size on, and single sizes below it."""
    modulus, residues, start, first = allowed.modulus, allowed.residues, allowed.settles_at, allowed.minimum
    assert first is not None
    irregular = _listed(allowed, start)
    if not irregular:
        start = first  # between the two the remainders are others
    low = _compare(size, ast.Lt(), start)
    remainder = ast.BinOp(size, ast.Mod(), py.constant(modulus))
    test = low if modulus == 1 else ast.BoolOp(ast.Or(), [low, _other_remainder(remainder, modulus, residues)])
    return ast.BoolOp(ast.And(), [_not_in(size, irregular), test]) if irregular else test


def _other_remainder(remainder: ast.expr, modulus: int, residues: Sequence[range]) -> ast.expr:
    """Whether a remainder is in none of some ranges."""
    if len(residues) == 1:
        (found,) = residues
        if len(found) == 1:
            return _compare(remainder, ast.NotEq(), found.start)
        if found.start == 0:
            return _compare(remainder, ast.GtE(), found.stop)
        if found.stop == modulus:
            return _compare(remainder, ast.Lt(), found.start)
        return _not_between(remainder, found.start, found.stop - 1)
    inside = sum(map(len, residues))
    if modulus - inside < inside:
        others = [number for number in range(modulus) if not any(number in found for found in residues)]
        return _compare(remainder, ast.Eq(), others[0]) if len(others) == 1 else _in(remainder, others)
    return _not_in(remainder, [number for found in residues for number in found])


def _listed(allowed: SizeSet, end: int) -> list[int]:
    """The elements below ``end``."""
    found: list[int] = []
    size = allowed.minimum
    while size is not None and size < end:
        found.append(size)
        _check_length(found)
        size = allowed.next_at_or_above(size + 1)
    return found


def _check_length(numbers: Sequence[int]) -> None:
    if len(numbers) > MOST_LISTED:
        raise DimTooComplex(f"more than {MOST_LISTED} single numbers")


def _compare(size: ast.expr, operator: ast.cmpop, number: int) -> ast.expr:
    return ast.Compare(size, [operator], [py.constant(number)])


def _not_between(size: ast.expr, first: int, last: int) -> ast.expr:
    between = ast.Compare(py.constant(first), [ast.LtE(), ast.LtE()], [size, py.constant(last)])
    return ast.UnaryOp(ast.Not(), between)


def _in(size: ast.expr, numbers: Sequence[int]) -> ast.expr:
    _check_length(numbers)
    return ast.Compare(size, [ast.In()], [py.tuple_of([py.constant(number) for number in numbers])])


def _not_in(size: ast.expr, numbers: Sequence[int]) -> ast.expr:
    _check_length(numbers)
    if len(numbers) == 1:
        return _compare(size, ast.NotEq(), numbers[0])
    return ast.Compare(size, [ast.NotIn()], [py.tuple_of([py.constant(number) for number in numbers])])
