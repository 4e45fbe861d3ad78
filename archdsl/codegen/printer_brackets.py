"""Where an expression that is too long for its line breaks: inside its own brackets, or in brackets put around it.

Python allows a line break only between brackets. The style (Black's, as ruff has it) prefers brackets that
are there, adds some around an operation whose operands have none at an end, and never adds any around what
cannot be broken unless that makes it fit.
"""

from __future__ import annotations

import ast
from enum import Enum, IntEnum, auto

from archdsl.codegen.printer_precedence import BINARY, Parentheses, Precedence


class Layout(Enum):
    """What an expression of a statement wants where it does not fit on the line."""

    AROUND = auto()
    """Brackets around it, and breaks at its operators."""
    AROUND_IF_IT_FITS = auto()
    """Brackets around it if it fits between them: it has no break of its own before its brackets."""
    OWN = auto()
    """Its own brackets only."""


class _Looseness(IntEnum):
    """How loosely an expression is held together, for the choice of brackets: attributes count, calls do not."""

    NONE = 0
    ATTRIBUTE = 1
    POWER = 2
    INVERT = 3
    MULTIPLY = 4
    ADD = 5
    SHIFT = 6
    BIT_AND = 7
    BIT_XOR = 8
    BIT_OR = 9
    COMPARE = 10
    BOOLEAN = 11
    CONDITIONAL = 12


_LOOSENESS = {
    Precedence.POWER: _Looseness.POWER,
    Precedence.MULTIPLY: _Looseness.MULTIPLY,
    Precedence.ADD: _Looseness.ADD,
    Precedence.SHIFT: _Looseness.SHIFT,
    Precedence.BIT_AND: _Looseness.BIT_AND,
    Precedence.BIT_XOR: _Looseness.BIT_XOR,
    Precedence.BIT_OR: _Looseness.BIT_OR,
}

Link = ast.Attribute | ast.Call | ast.Subscript
"""A link of a chain such as ``a.b(c)[d].e``."""


def chain_value(node: Link) -> ast.expr:
    """What is called, subscripted, or has the attribute."""
    return node.func if isinstance(node, ast.Call) else node.value


class Brackets:
    """Answers about the brackets of the expressions of one tree."""

    __slots__ = ("_bare", "_wrapped")

    def __init__(self, parentheses: Parentheses) -> None:
        self._wrapped = parentheses.wrapped
        self._bare = parentheses.bare

    def is_wrapped(self, node: ast.expr) -> bool:
        """Whether the expression stands in parentheses that are not its own."""
        return node in self._wrapped

    def is_bare(self, node: ast.expr) -> bool:
        """Whether the expression is a tuple without parentheses."""
        return node in self._bare

    def is_called(self, node: ast.expr) -> bool:
        """Whether the expression ends with brackets that an attribute can follow."""
        return isinstance(node, ast.Call | ast.Subscript) or node in self._wrapped

    def is_fluent(self, node: ast.expr) -> bool:
        """Whether a chain breaks before its dots: two or more of its attributes follow a closing bracket."""
        count = 0
        while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
            value = chain_value(node)
            if isinstance(node, ast.Attribute) and self.is_called(value):
                count += 1
            if value in self._wrapped:
                break
            node = value
        return count > 1

    def has_own(self, node: ast.expr) -> bool:
        """Whether brackets belong to the expression, be they empty or not."""
        if isinstance(node, ast.Tuple):
            return node not in self._bare
        return isinstance(
            node, ast.Call | ast.Subscript | ast.List | ast.Dict | ast.ListComp | ast.DictComp | ast.GeneratorExp
        )

    def layout(self, node: ast.expr) -> Layout:
        """What the expression wants where it does not fit."""
        while isinstance(node, ast.Attribute | ast.Call | ast.Subscript | ast.UnaryOp):
            if self.is_fluent(node):
                return Layout.AROUND
            node = node.operand if isinstance(node, ast.UnaryOp) else chain_value(node)
            if node in self._wrapped:
                return Layout.OWN
        match node:
            case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.IfExp():
                return Layout.AROUND
            case ast.Name() | ast.Constant() | ast.JoinedStr():
                return Layout.AROUND_IF_IT_FITS
            case _:
                return Layout.OWN

    def is_splittable(self, node: ast.expr) -> bool:
        """Whether there is any place in the expression where it could break."""
        while isinstance(node, ast.UnaryOp | ast.Attribute | ast.Starred):
            node = node.operand if isinstance(node, ast.UnaryOp) else node.value
            if node in self._wrapped:
                return True
        match node:
            case ast.Name() | ast.Constant() | ast.JoinedStr():
                return False
            case ast.Call():
                return _has_items(node) or node.func in self._wrapped
            case _:
                return _has_items(node)

    def breaks_inside(self, node: ast.expr) -> bool:
        """Whether the brackets in the expression serve better than new ones around it.

        They do if its loosest operator occurs once and an operand at its beginning or end has brackets with
        something in them.
        """
        survey = _Survey(self, self._wrapped)
        survey.visit(node)
        if not survey.has_brackets or survey.count > 1:
            return False
        if survey.loosest <= _Looseness.ATTRIBUTE:
            return True
        return self._ends_with_brackets(survey.last) or self._ends_with_brackets(survey.first)

    def _ends_with_brackets(self, node: ast.expr | None) -> bool:
        """Whether brackets with something in them end the expression; a subscript's do not count."""
        if node is None or isinstance(node, ast.Subscript):
            return False
        return node in self._wrapped or (self.has_own(node) and _has_items(node))


def _has_items(node: ast.expr) -> bool:
    """Whether there is something between the brackets of the expression."""
    match node:
        case ast.Call():
            return bool(node.args or node.keywords)
        case ast.List() | ast.Tuple():
            return bool(node.elts)
        case ast.Dict():
            return bool(node.values)
        case _:
            return True


class _Survey:
    """A walk over an expression outside of all brackets, in the order of the text."""

    __slots__ = ("_brackets", "_started", "_waiting", "_wrapped", "count", "first", "has_brackets", "last", "loosest")

    def __init__(self, brackets: Brackets, wrapped: frozenset[ast.expr]) -> None:
        self._brackets = brackets
        self._wrapped = wrapped
        self._waiting: list[tuple[ast.expr, str]] = []
        self._started = False
        """Whether the first token is known: then ``first`` is final."""
        self.first: ast.expr | None = None
        self.last: ast.expr | None = None
        self.has_brackets = False
        self.loosest = _Looseness.NONE
        self.count = 0
        """How often the loosest operator occurs."""

    def visit(self, root: ast.expr) -> None:
        """Walk over an expression."""
        self._enter(root)
        while self._waiting:
            node, step = self._waiting.pop()
            match step:
                case "visit":
                    self.last = node
                    self._waiting.append((node, "first"))
                    if node in self._wrapped:
                        self.has_brackets = True
                    else:
                        self._enter(node)
                case "first" if not self._started:
                    self._started = True
                    self.first = node
                case "last":
                    self.last = node
                case "attribute":
                    assert isinstance(node, ast.Attribute)
                    if node.value in self._wrapped or self._brackets.has_own(node.value):
                        self._count(_Looseness.ATTRIBUTE, 1)
                    self.last = node

    def _enter(self, node: ast.expr) -> None:
        match node:
            case ast.Attribute():
                self._then((node.value, "visit"), (node, "attribute"))
            case ast.Call() | ast.Subscript():
                self.has_brackets = True
                self._then((chain_value(node), "visit"), (node, "last"))
            case ast.BinOp():
                self._count(_LOOSENESS[BINARY[type(node.op)][1]], 1)
                self._then((node.left, "visit"), (node.right, "visit"))
            case ast.BoolOp():
                self._count(_Looseness.BOOLEAN, len(node.values) - 1)
                self._then(*((value, "visit") for value in node.values))
            case ast.Compare():
                self._count(_Looseness.COMPARE, len(node.ops))
                self._then(*((operand, "visit") for operand in (node.left, *node.comparators)))
            case ast.IfExp():
                self._count(_Looseness.CONDITIONAL, 2)
                self._then(*((part, "visit") for part in (node.body, node.test, node.orelse)))
            case ast.UnaryOp():
                if isinstance(node.op, ast.Invert):
                    self._count(_Looseness.INVERT, 1)
                self._started = True
                self._then((node.operand, "visit"))
            case _ if self._brackets.has_own(node):
                self.has_brackets = True

    def _then(self, *steps: tuple[ast.expr, str]) -> None:
        self._waiting.extend(reversed(steps))

    def _count(self, looseness: _Looseness, times: int) -> None:
        if looseness > self.loosest:
            self.loosest, self.count = looseness, times
        elif looseness is self.loosest:
            self.count += times
