"""Lays out what names are bound to and what sizes are stated: targets, shapes, types."""

from __future__ import annotations

from archdsl.format.brackets import bracketed
from archdsl.format.cursor import Cursor
from archdsl.format.expressions import expression
from archdsl.pretty.doc import Doc, concat
from archdsl.syntax import ast


def target(cursor: Cursor, node: ast.Target) -> Doc:
    """What a loop or a ``let`` binds."""
    return bracketed(cursor, node.names, _name, is_tuple=True) if node.is_tuple else cursor.take()


def shape(cursor: Cursor, node: ast.Shape) -> Doc:
    """``[N, 64, H, W]``."""
    return bracketed(cursor, node.sizes, _size, has_rows=True)


def type_(cursor: Cursor, node: ast.TypeExpression) -> Doc:
    """The type of a parameter."""
    match node:
        case ast.NamedType():
            return cursor.take()
        case ast.ListType():
            return concat(cursor.take(), type_(cursor, node.item), cursor.take())
        case ast.TupleType():
            return bracketed(cursor, node.items, type_, is_tuple=True)


def _name(cursor: Cursor, node: ast.Identifier) -> Doc:
    return cursor.take()


def _size(cursor: Cursor, node: ast.Expression | ast.AnySize | ast.NominalSize) -> Doc:
    match node:
        case ast.AnySize():
            return cursor.take()
        case ast.NominalSize():
            return concat(cursor.take(), " ", cursor.take(), " ", expression(cursor, node.value))
        case _:
            return expression(cursor, node)
