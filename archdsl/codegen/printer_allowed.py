"""The syntax that generated files may hold. Everything else is refused, whatever the generator was made to build."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator

ALLOWED_NODES: tuple[type[ast.AST], ...] = (
    ast.Module,
    # statements
    ast.Import,
    ast.ImportFrom,
    ast.alias,
    ast.ClassDef,
    ast.FunctionDef,
    ast.arguments,
    ast.arg,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Return,
    ast.If,
    ast.For,
    ast.Expr,
    ast.Raise,
    ast.Pass,
    # expressions
    ast.Name,
    ast.Attribute,
    ast.Call,
    ast.keyword,
    ast.Starred,
    ast.Constant,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Tuple,
    ast.List,
    ast.Dict,
    ast.Subscript,
    ast.Slice,
    ast.ListComp,
    ast.GeneratorExp,
    ast.DictComp,
    ast.comprehension,
    # contexts and operators
    ast.Load,
    ast.Store,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
)
"""Every kind of node a generated file may hold (subclasses included, for operators)."""

FORBIDDEN_CALLS = frozenset(
    "breakpoint compile delattr eval exec getattr globals input locals open setattr vars".split(),
)
"""Builtin functions that would run, read or reach what is not in the file. A parameter may have such a name."""

ALLOWED_DUNDERS = frozenset(["__all__", "__future__", "__init__"])
"""The only names with two underscores at both ends that generated code uses."""

MAX_DEPTH = 100
"""How deep a tree may be nested: far more than readable code needs, and less than Python's own limits."""


def check_allowed(tree: ast.AST) -> None:
    """Refuse a tree that holds anything but the allowed syntax.

    Raises TypeError for a node, name, call or place that is not allowed (its message names it), ValueError for a
    tree nested more than ``MAX_DEPTH`` levels deep. Nothing is evaluated, and no tree is too deep to be refused.
    """
    waiting: list[tuple[ast.AST, ast.AST | None, int]] = [(tree, None, 0)]
    while waiting:
        node, owner, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"the tree is nested more than {MAX_DEPTH} levels deep")
        if not isinstance(node, ALLOWED_NODES):
            raise TypeError(f"{type(node).__name__} is not allowed in generated code")
        for name in _names(node):
            _check_name(name)
        if isinstance(node, ast.stmt):
            _check_statement(node, owner)
        else:
            _check_expression(node)
        waiting.extend((child, node, depth + 1) for child in ast.iter_child_nodes(node))


def _names(node: ast.AST) -> Iterator[str]:
    """The identifiers that a node itself holds."""
    match node:
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.arg():
            yield node.arg
        case ast.keyword() if node.arg is not None:
            yield node.arg
        case ast.FunctionDef() | ast.ClassDef():
            yield node.name
        case ast.alias():
            yield from node.name.split(".")
            if node.asname is not None:
                yield node.asname
        case ast.ImportFrom():
            yield from (node.module or "").split(".")


def _check_name(name: str) -> None:
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise TypeError(f"the name {name!a} is not allowed in generated code")
    if name.startswith("__") and name.endswith("__") and name not in ALLOWED_DUNDERS:
        raise TypeError(f"the name {name} is not allowed in generated code")


def _check_statement(node: ast.stmt, owner: ast.AST | None) -> None:
    """Refuse a statement in the wrong place, or with a part that has no place in generated code."""
    place = type(owner).__name__
    match node:
        case ast.Import() | ast.ImportFrom() | ast.ClassDef() if not isinstance(owner, ast.Module | None):
            raise TypeError(f"{type(node).__name__} in {place} is not allowed in generated code")
        case ast.FunctionDef() if not isinstance(owner, ast.Module | ast.ClassDef | None):
            raise TypeError(f"FunctionDef in {place} is not allowed in generated code")
        case ast.Import() if len(node.names) != 1:
            raise TypeError("an import of several modules is not allowed in generated code")
        case ast.ImportFrom() if node.level or not node.names:
            raise TypeError("a relative or empty import is not allowed in generated code")
        case ast.ImportFrom() if any("." in alias.name for alias in node.names):
            raise TypeError("a dotted name after `import` is not allowed in generated code")
        case ast.For() if node.orelse:
            raise TypeError("an else of a loop is not allowed in generated code")
        case ast.AnnAssign() if isinstance(node.target, ast.Name) is not bool(node.simple):
            raise TypeError("a name in parentheses with an annotation is not allowed in generated code")
        case ast.Expr() if not _is_useful(node, owner):
            raise TypeError(f"a {type(node.value).__name__} by itself is not allowed in generated code")
    if getattr(node, "type_comment", None) is not None or getattr(node, "type_params", None):
        raise TypeError(f"type comments and type parameters of {type(node).__name__} are not allowed in generated code")


def _is_useful(node: ast.Expr, owner: ast.AST | None) -> bool:
    """Whether an expression by itself is a call or a docstring."""
    if isinstance(node.value, ast.Call):
        return True
    documented = isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef) and owner.body[0] is node
    return documented and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _check_expression(node: ast.AST) -> None:
    """Refuse a call, an import or a constant that has no place in generated code."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.alias(name=name) if name in FORBIDDEN_CALLS:
            raise TypeError(f"{name} is not allowed in generated code")
        case ast.Constant() if not isinstance(node.value, str | int | float | None) and node.value is not Ellipsis:
            raise TypeError(f"a constant of type {type(node.value).__name__} is not allowed in generated code")
        case ast.Constant() if node.kind is not None:
            raise TypeError("a string prefix is not allowed in generated code")
        case ast.comprehension() if node.is_async:
            raise TypeError("an asynchronous comprehension is not allowed in generated code")
        case ast.arg() if node.type_comment is not None:
            raise TypeError("a type comment is not allowed in generated code")
