"""Lowers what an input declares of its open sizes: ``where H in 64..=512, 32 divides H``."""

from __future__ import annotations

from archdsl.elaborate.expressions import lower_expression
from archdsl.elaborate.scope import BlockScope
from archdsl.ir.design import Declared
from archdsl.ir.expr import sizes_in
from archdsl.syntax import ast

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_FORMS = "write `H in 64..=512`, `32 divides H` or `H >= 64`, with an open size of this input for `H`"


def lower_demands(scope: BlockScope, node: ast.Input) -> tuple[Declared, ...]:
    """The parts of an input's ``where``; those that make no sense are reported and left out."""
    symbols = _open_sizes(node.shape, scope)
    found = (_lowered(scope, demand, symbols) for demand in node.demands)
    return tuple(declared for declared in found if declared is not None)


def _lowered(scope: BlockScope, demand: ast.Demand, symbols: frozenset[str]) -> Declared | None:
    left, right = _symbol(demand.left, symbols), _symbol(demand.right, symbols)
    relation = demand.relation
    if left is not None and right is None and relation != "divides":
        symbol, value = left, demand.right
    elif right is not None and left is None and relation != "in":
        symbol, value, relation = right, demand.left, _MIRRORED.get(relation, relation)
    else:
        known = ", ".join(f"`{name}`" for name in sorted(symbols)) or "none"
        message = f"`where` says of one open size which values it takes; those of this input: {known}"
        scope.fail("E0219", message, demand.span, _FORMS)
        return None
    lowered = lower_expression(scope, value)
    if lowered is None:
        return None
    if sizes_in(lowered):
        scope.fail("E0405", "what an input declares cannot depend on the sizes of values", value.span)
        return None
    return Declared(symbol, relation, lowered, demand.span)


def _open_sizes(shape: ast.Shape, scope: BlockScope) -> frozenset[str]:
    named = (size.name.text for size in shape.sizes if isinstance(size, ast.NominalSize))
    plain = (_plain(size) for size in shape.sizes if isinstance(size, ast.Name))
    return frozenset(named) | frozenset(name for name in plain if name is not None and name not in scope.variables)


def _symbol(node: ast.Expression, symbols: frozenset[str]) -> str | None:
    name = _plain(node) if isinstance(node, ast.Name) else None
    return name if name in symbols else None


def _plain(node: ast.Name) -> str | None:
    return node.template.plain
