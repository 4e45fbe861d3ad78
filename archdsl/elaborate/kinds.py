"""Turns the types that parameters are declared with into kinds of values."""

from __future__ import annotations

from archdsl.elaborate.scope import BlockScope
from archdsl.ir.design import BLOCK, TENSOR
from archdsl.ir.kinds import BOOL, FLOAT, INT, STRING, Kind, list_of, tuple_of
from archdsl.syntax import ast

KINDS = {"int": INT, "float": FLOAT, "bool": BOOL, "string": STRING, "block": BLOCK, "tensor": TENSOR}


def lower_kind(scope: BlockScope, node: ast.TypeExpression) -> Kind:
    """The kind that a declared type means; an unknown one is reported and taken as ``int``."""
    match node:
        case ast.ListType(item):
            return list_of(lower_kind(scope, item))
        case ast.TupleType(items):
            return tuple_of(*(lower_kind(scope, item) for item in items))
        case ast.NamedType(name):
            kind = KINDS.get(name.text)
            if kind is not None:
                return kind
            help = scope.suggestion(name.text, KINDS)
            scope.fail("E0206", f"there is no type `{name.text}`; the types are {', '.join(KINDS)}", name.span, help)
            return INT
