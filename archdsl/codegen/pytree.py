"""Short constructors for the Python syntax nodes that generated files are made of (stdlib ``ast``)."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

LOAD = ast.Load()
STORE = ast.Store()


def name(text: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(text, LOAD)


def dotted(text: str) -> ast.expr:
    """``nn.Conv2d`` as attribute accesses."""
    first, *rest = text.split(".")
    node: ast.expr = name(first)
    for part in rest:
        node = ast.Attribute(node, part, LOAD)
    return node


def member(attribute: str) -> ast.Attribute:
    """``self.attribute``."""
    return ast.Attribute(name("self"), attribute, LOAD)


def constant(value: bool | int | float | str | None) -> ast.expr:
    """A literal; negative numbers are a minus before a literal."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def call(
    function: ast.expr | str, positional: Sequence[ast.expr] = (), keywords: Sequence[tuple[str, ast.expr]] = ()
) -> ast.Call:
    """A call."""
    target = dotted(function) if isinstance(function, str) else function
    return ast.Call(target, list(positional), [ast.keyword(key, value) for key, value in keywords])


def assign(target: str, value: ast.expr) -> ast.stmt:
    """``target = value``, the target a name or ``self.name``."""
    return ast.Assign([_stored(target)], value)


def assign_typed(target: str, annotation: ast.expr, value: ast.expr) -> ast.stmt:
    """``target: annotation = value``."""
    stored = _stored(target)
    assert isinstance(stored, ast.Name | ast.Attribute)
    return ast.AnnAssign(stored, annotation, value, 1 if isinstance(stored, ast.Name) else 0)


def augment(target: str, operator: ast.operator, value: ast.expr) -> ast.stmt:
    """``target += value``."""
    return ast.AugAssign(ast.Name(target, STORE), operator, value)


def expression(value: ast.expr) -> ast.stmt:
    """An expression as a statement."""
    return ast.Expr(value)


def tuple_of(items: Sequence[ast.expr]) -> ast.Tuple:
    """``(a, b)``."""
    return ast.Tuple(list(items), LOAD)


def list_of(items: Sequence[ast.expr]) -> ast.List:
    """``[a, b]``."""
    return ast.List(list(items), LOAD)


def subscript(value: ast.expr, index: ast.expr) -> ast.Subscript:
    """``value[index]``."""
    return ast.Subscript(value, index, LOAD)


def target_of(names: Sequence[str]) -> ast.expr:
    """What a loop binds: one name or several."""
    if len(names) == 1:
        return ast.Name(names[0], STORE)
    return ast.Tuple([ast.Name(text, STORE) for text in names], STORE)


def function(
    text: str, parameters: Sequence[ast.arg], defaults: Sequence[ast.expr], body: list[ast.stmt], returns: ast.expr
) -> ast.FunctionDef:
    """``def text(parameters) -> returns: body``."""
    arguments = ast.arguments(
        posonlyargs=[], args=list(parameters), vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None,
        defaults=list(defaults),
    )  # fmt: skip
    return ast.FunctionDef(text, arguments, body, [], returns, None)


def parameter(text: str, annotation: ast.expr | None = None) -> ast.arg:
    """A formal parameter."""
    return ast.arg(text, annotation, None)


def joined(parts: Sequence[str | ast.expr]) -> ast.expr:
    """An f-string from text and expressions; a plain string where nothing is computed."""
    if all(isinstance(part, str) for part in parts):
        return ast.Constant("".join(part for part in parts if isinstance(part, str)))
    values: list[ast.expr] = []
    for part in parts:
        last = values[-1] if values else None
        if isinstance(part, str) and isinstance(last, ast.Constant):
            values[-1] = ast.Constant(f"{last.value!s}{part}")
        else:
            values.append(ast.Constant(part) if isinstance(part, str) else ast.FormattedValue(part, -1, None))
    return ast.JoinedStr(values)


class _Substitution(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._known.get(node.id, node)


def substituted(tree: ast.expr, known: Mapping[str, ast.expr]) -> ast.expr:
    """An expression with some of its names replaced. The tree is changed."""
    changed = _Substitution(known).visit(tree)
    assert isinstance(changed, ast.expr)
    return changed


def _stored(target: str) -> ast.expr:
    if target.startswith("self."):
        return ast.Attribute(name("self"), target[5:], STORE)
    return ast.Name(target, STORE)
