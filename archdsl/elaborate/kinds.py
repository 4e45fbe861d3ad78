"""Turns the types that parameters are declared with into kinds of values."""

from __future__ import annotations

from archdsl.elaborate.scope import BlockScope
from archdsl.ir.design import BLOCK, TENSOR
from archdsl.ir.kinds import BOOL, FLOAT, INT, SIZES, STRING, Kind, list_of, tuple_of
from archdsl.syntax import ast

KINDS = {"int": INT, "float": FLOAT, "bool": BOOL, "string": STRING, "sizes": SIZES, "block": BLOCK, "tensor": TENSOR}


def lower_kind(scope: BlockScope, node: ast.TypeExpression) -> Kind | None:
    """The kind that a declared type means; None after a report."""
    match node:
        case ast.ListType(item):
            kind = _item_kind(scope, item)
            return list_of(kind) if kind is not None else None
        case ast.TupleType(items):
            kinds = [_item_kind(scope, item) for item in items]
            known = [kind for kind in kinds if kind is not None]
            return tuple_of(*known) if len(known) == len(kinds) else None
    name = node.name
    named = KINDS.get(name.text)
    if named is None:
        help = scope.suggestion(name.text, name.span, KINDS) or f"the types are {', '.join(KINDS)}"
        scope.fail("E0206", f"there is no type `{name.text}`", name.span, help)
    return named


def _item_kind(scope: BlockScope, node: ast.TypeExpression) -> Kind | None:
    kind = lower_kind(scope, node)
    if kind is not TENSOR:
        return kind
    scope.fail("E0206", "tensors do not come in lists or tuples", node.span, "give each tensor a parameter of its own")
    return None
