"""Which expressions of a syntax tree need parentheses, and which tuples do without theirs.

A syntax tree holds no parentheses. Python's grammar decides most of them by precedence; for a few the
formatter's style decides: it writes ``-(x**2)``, and it leaves tuples bare where they are unpacked or returned.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum


class Precedence(IntEnum):
    """Python's precedences; a higher one binds tighter."""

    TEST = 1
    OR = 2
    AND = 3
    NOT = 4
    COMPARE = 5
    BIT_OR = 6
    BIT_XOR = 7
    BIT_AND = 8
    SHIFT = 9
    ADD = 10
    MULTIPLY = 11
    UNARY = 12
    POWER = 13
    PRIMARY = 14
    ATOM = 15


BINARY: dict[type[ast.operator], tuple[str, Precedence]] = {
    ast.BitOr: ("|", Precedence.BIT_OR),
    ast.BitXor: ("^", Precedence.BIT_XOR),
    ast.BitAnd: ("&", Precedence.BIT_AND),
    ast.LShift: ("<<", Precedence.SHIFT),
    ast.RShift: (">>", Precedence.SHIFT),
    ast.Add: ("+", Precedence.ADD),
    ast.Sub: ("-", Precedence.ADD),
    ast.Mult: ("*", Precedence.MULTIPLY),
    ast.MatMult: ("@", Precedence.MULTIPLY),
    ast.Div: ("/", Precedence.MULTIPLY),
    ast.FloorDiv: ("//", Precedence.MULTIPLY),
    ast.Mod: ("%", Precedence.MULTIPLY),
    ast.Pow: ("**", Precedence.POWER),
}
"""Symbol and precedence of every binary operator."""

COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
"""Symbol of every comparison."""

UNARY: dict[type[ast.unaryop], str] = {ast.UAdd: "+", ast.USub: "-", ast.Invert: "~", ast.Not: "not "}
"""Symbol of every unary operator, with the blank that belongs to it."""


def precedence(node: ast.expr) -> Precedence:
    """The precedence of an expression printed without parentheses around it."""
    match node:
        case ast.IfExp():
            return Precedence.TEST
        case ast.BoolOp():
            return Precedence.OR if isinstance(node.op, ast.Or) else Precedence.AND
        case ast.UnaryOp():
            return Precedence.NOT if isinstance(node.op, ast.Not) else Precedence.UNARY
        case ast.Compare():
            return Precedence.COMPARE
        case ast.BinOp():
            return BINARY[type(node.op)][1]
        case ast.Attribute() | ast.Call() | ast.Subscript():
            return Precedence.PRIMARY
        case _:
            return Precedence.ATOM


@dataclass(frozen=True, slots=True)
class Parentheses:
    """The expressions of a tree to be printed in parentheses, and the tuples to be printed without."""

    wrapped: frozenset[ast.expr]
    bare: frozenset[ast.expr]


def find_parentheses(tree: ast.AST) -> Parentheses:
    """Decide on the parentheses of every expression below a node."""
    wrapped: set[ast.expr] = set()
    bare: set[ast.expr] = set()
    for node in ast.walk(tree):
        wrapped.update(child for child, least in _operands(node) if precedence(child) < least)
        bare.update(_bare_tuples(node))
        match node:
            # `-x**2` would read as (-x)**2, `--x` as a decrement, and `1.real` as a float.
            case ast.UnaryOp(operand=ast.BinOp(op=ast.Pow()) as power):
                wrapped.add(power)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.UnaryOp(op=ast.USub() | ast.UAdd()) as sign):
                wrapped.add(sign)
            case ast.Attribute(value=ast.Constant(value=int() | float() as number) as constant):
                if not isinstance(number, bool):
                    wrapped.add(constant)
    return Parentheses(frozenset(wrapped), frozenset(bare))


def _operands(node: ast.AST) -> Iterator[tuple[ast.expr, Precedence]]:
    """The operands of a node that may need parentheses, with the least precedence that does without."""
    match node:
        case ast.BinOp():
            own = BINARY[type(node.op)][1]
            power = own is Precedence.POWER
            yield node.left, Precedence.PRIMARY if power else own
            yield node.right, Precedence.UNARY if power else Precedence(own + 1)
        case ast.UnaryOp():
            yield node.operand, precedence(node)
        case ast.BoolOp():
            yield from ((value, Precedence(precedence(node) + 1)) for value in node.values)
        case ast.Compare():
            yield from ((operand, Precedence.BIT_OR) for operand in (node.left, *node.comparators))
        case ast.IfExp():
            yield node.body, Precedence.OR
            yield node.test, Precedence.OR
        case ast.Attribute() | ast.Subscript():
            yield node.value, Precedence.PRIMARY
        case ast.Call():
            yield node.func, Precedence.PRIMARY
        case ast.Starred():
            yield node.value, Precedence.BIT_OR
        case ast.Dict():
            yield from (
                (value, Precedence.BIT_OR) for key, value in zip(node.keys, node.values, strict=True) if key is None
            )
        case ast.comprehension():
            yield node.iter, Precedence.OR
            yield from ((test, Precedence.OR) for test in node.ifs)


def _bare_tuples(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Assign():
            unpacked = [target for target in node.targets if _has_items(target)]
            yield from unpacked
            if unpacked and _has_items(node.value):
                yield node.value
        case ast.Return(value=ast.Tuple() as value) if _has_items(value):
            yield value
        case ast.For() | ast.comprehension() if _has_items(node.target):
            yield node.target
        case ast.Subscript(slice=ast.Tuple() as index):
            # A slice cannot stand in parentheses; a starred item can stand outside of them only since Python 3.11.
            sliced = any(isinstance(item, ast.Slice) for item in index.elts)
            starred = any(isinstance(item, ast.Starred) for item in index.elts)
            if sliced or (_has_items(index) and not starred):
                yield index


def _has_items(node: ast.expr) -> bool:
    """Whether the node is a tuple of two or more: shorter ones are never bare."""
    return isinstance(node, ast.Tuple) and len(node.elts) > 1
