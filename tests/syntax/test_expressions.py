"""Expressions have Python's precedence and associativity: Python's own parser is the judge."""

from __future__ import annotations

import ast as python
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.syntax import ast
from tests.syntax.support import expression, parsed

OPERATORS: dict[type[python.AST], str] = {
    python.Add: "+",
    python.Sub: "-",
    python.Mult: "*",
    python.Div: "/",
    python.FloorDiv: "//",
    python.Mod: "%",
    python.Pow: "**",
    python.Eq: "==",
    python.NotEq: "!=",
    python.Lt: "<",
    python.LtE: "<=",
    python.Gt: ">",
    python.GtE: ">=",
    python.And: "and",
    python.Or: "or",
    python.Not: "not",
    python.USub: "-",
}

ATOMS = st.sampled_from(["a", "b", "x1", "7", "0", '"s"', "a.height", "f(a, 1)", "[a, 1]", "(a, 1)", "[]", "a[0]"])


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions one level larger, with and without parentheses, so that precedence decides."""
    part = inner | inner.map(lambda text: f"({text})")
    binary = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "and", "or", "=="])
    return st.one_of(
        st.tuples(part, binary, part).map(" ".join),
        part.map(lambda text: f"-{text}"),
        part.map(lambda text: f"not {text}"),
        st.tuples(part, part, part).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        part.map(lambda text: f"f({text}, a)"),
        part.map(lambda text: f"[{text}, {text}]"),
        part.map(lambda text: f"a[{text}]"),
    )


EXPRESSIONS = st.recursive(ATOMS, combined, max_leaves=12)


def ours(node: ast.Expression) -> object:
    """A tree of ours as nested tuples."""
    match node:
        case ast.Number(value):
            return value
        case ast.String(value):
            return ("string", value)
        case ast.Name(template):
            return ("name", template.plain)
        case ast.Attribute(value, name):
            return ("attribute", ours(value), name.text)
        case ast.Index(value, index):
            return ("index", ours(value), ours(index))
        case ast.Call(function, arguments):
            return (
                "call",
                function.text,
                *(ours(item) for item in arguments.items if not isinstance(item, ast.Keyword)),
            )
        case ast.Sequence(items, is_list):
            return ("list" if is_list else "tuple", *map(ours, items))
        case ast.Unary(operator, operand):
            return (operator, ours(operand))
        case ast.Binary(operator, left, right):
            return (operator, ours(left), ours(right))
        case ast.Conditional(then, condition, otherwise):
            return ("if", ours(then), ours(condition), ours(otherwise))
    raise AssertionError(node)


def theirs(node: python.expr) -> object:
    """A tree of Python's in the same form; its flat chains of ``and`` and ``or`` lean to the left, as ours do."""
    match node:
        case python.Constant(value):
            return ("string", value) if isinstance(value, str) else value
        case python.Name(name):
            return ("name", name)
        case python.Attribute(value, name):
            return ("attribute", theirs(value), name)
        case python.Subscript(value, index):
            return ("index", theirs(value), theirs(index))
        case python.Call(python.Name(function), arguments):
            return ("call", function, *map(theirs, arguments))
        case python.List(items):
            return ("list", *map(theirs, items))
        case python.Tuple(items):
            return ("tuple", *map(theirs, items))
        case python.UnaryOp(operator, operand):
            return (OPERATORS[type(operator)], theirs(operand))
        case python.BinOp(left, operator, right):
            return (OPERATORS[type(operator)], theirs(left), theirs(right))
        case python.Compare(left, [operator], [right]):
            return (OPERATORS[type(operator)], theirs(left), theirs(right))
        case python.BoolOp(operator, [first, *rest]):
            result = theirs(first)
            for value in rest:
                result = (OPERATORS[type(operator)], result, theirs(value))
            return result
        case python.IfExp(condition, then, otherwise):
            return ("if", theirs(then), theirs(condition), theirs(otherwise))
    raise AssertionError(python.dump(node))


def pythons(text: str) -> python.expr | None:
    """The tree that Python makes; None for no expression, and for a chain of comparisons, which we do not have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a string that is called, a number with an index
        try:
            tree = python.parse(text, mode="eval").body
        except SyntaxError:
            return None
    chains = [node for node in python.walk(tree) if isinstance(node, python.Compare) and len(node.ops) > 1]
    return None if chains else tree


@given(EXPRESSIONS)
def test_python_reads_the_same(text: str) -> None:
    tree = pythons(text)
    if tree is None:
        assert [found.code for found in parsed(f"block b() {{ let v = {text} }}")[1]] == ["E0101"]
        return
    assert ours(expression(text)) == theirs(tree)


@pytest.mark.parametrize(
    "text", ["a == b == c", "a < b <= c", "a not b", "a +", "f(,)", "[1 2]", "a..b..c", "a if b", "*a"]
)
def test_what_is_no_expression(text: str) -> None:
    assert [found.code for found in parsed(f"block b() {{\n    let v = {text}\n}}\n")[1]] == ["E0101"]


@pytest.mark.parametrize(
    ("text", "start", "stop", "inclusive"),
    [("0..4", 0, 4, False), ("0..=4", 0, 4, True), ("1 + 1..2 * 3", ("+", 1, 1), ("*", 2, 3), False)],
)
def test_ranges_bind_loosest(text: str, start: object, stop: object, inclusive: bool) -> None:
    found = expression(text)
    assert isinstance(found, ast.Range)
    assert (ours(found.start), ours(found.stop), found.inclusive) == (start, stop, inclusive)
