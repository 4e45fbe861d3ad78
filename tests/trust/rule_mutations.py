"""Small changes of Python functions: operators and numbers, one at a time."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
FUNCTIONS = {"min": "max", "max": "min", "all": "any", "any": "all"}


@dataclass(frozen=True)
class Mutation:
    """One change: the function (``Conv.infer``), the node by its place in a walk over the file, what it becomes.

    Of several nodes of a function that are changed alike, the second one's ``change`` ends with ``(2)``.
    """

    function: str
    node: int
    line: int
    change: str

    def __str__(self) -> str:
        return f"{self.function}: {self.change}"


def mutations(source: str) -> Iterator[Mutation]:
    """Every change of a file."""
    tree = ast.parse(source)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    for name, function in _functions(tree, ""):
        seen: Counter[str] = Counter()
        for node in _changeable(function):
            changed = _changed(node)
            if changed is None:
                continue
            change = f"{ast.unparse(node)} -> {ast.unparse(changed)}"
            seen[change] += 1
            number = f" ({seen[change]})" if seen[change] > 1 else ""
            yield Mutation(name, numbers[id(node)], node.lineno, f"{change}{number}")


def mutated(source: str, mutation: Mutation) -> ast.Module:
    """The file with one change."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[mutation.node]
    assert isinstance(target, ast.expr)
    changed = _changed(target)
    assert changed is not None
    replaced = _Replacer(target, ast.copy_location(changed, target)).visit(tree)
    assert isinstance(replaced, ast.Module)
    return ast.fix_missing_locations(replaced)


class _Replacer(ast.NodeTransformer):
    def __init__(self, target: ast.AST, by: ast.AST) -> None:
        self._target, self._by = target, by

    def visit(self, node: ast.AST) -> ast.AST:
        return self._by if node is self._target else self.generic_visit(node)


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _changeable(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The expressions of a function, those of messages, annotations and assertions (``strict`` of `zip`) left out."""
    waiting: list[ast.AST] = list(reversed(function.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.JoinedStr | ast.Assert | ast.Raise) or _is_strict(node):
            continue
        if isinstance(node, ast.AnnAssign):
            waiting += [node.value] if node.value is not None else []
            continue
        if isinstance(node, ast.expr):
            yield node
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _is_strict(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _changed(node: ast.expr) -> ast.expr | None:
    """A copy of the expression with one change, or None."""
    match node:
        case ast.Compare(left, [op], comparators):
            return ast.Compare(left, [COMPARISONS[type(op)]()], comparators)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
            return ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.BoolOp(ast.And(), values):
            return ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            return ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            return operand
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(test, orelse, body)
        case ast.Name(name) if name in FUNCTIONS:
            return ast.Name(FUNCTIONS[name], ast.Load())
        case ast.Constant(bool() as value):
            return ast.Constant(not value)
        case ast.Constant(int() as value):
            return ast.Constant(value + 1)
    return None
