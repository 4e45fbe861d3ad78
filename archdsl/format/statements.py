"""Lays out statements, definitions and imports."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.format.brackets import bracketed
from archdsl.format.cursor import Cursor
from archdsl.format.expressions import arguments, breakable, expression, outside_brackets
from archdsl.format.gaps import between
from archdsl.format.patterns import shape, target, type_
from archdsl.format.steps import body, chain
from archdsl.pretty.doc import HARD_LINE, LINE, SOFT_LINE, Doc, Text, concat, group, if_broken, indent, join
from archdsl.syntax import ast


def statement(cursor: Cursor, node: ast.Statement) -> Doc:
    """A statement of a body."""
    match node:
        case ast.Chain():
            return chain(cursor, node, statement)
        case ast.Let():
            parts = [cursor.take(), " ", target(cursor, node.target), " ", cursor.take(), " "]
            return concat(*parts, outside_brackets(cursor, node.value))
        case ast.Input():
            return _input(cursor, node)
        case ast.Output():
            return _output(cursor, node)
        case ast.Expect():
            parts = [cursor.take(), " ", cursor.take(), " ", cursor.take(), " "]
            return concat(*parts, outside_brackets(cursor, node.value))
        case ast.Broken():
            raise AssertionError("only a text without a fault is laid out")


def item(cursor: Cursor, node: ast.Item) -> Doc:
    """A definition or an import."""
    match node:
        case ast.BlockDef():
            return _definition(cursor, node)
        case ast.Variant():
            return _variant(cursor, node)
        case ast.Import():
            return _import(cursor, node)
        case ast.Broken():
            raise AssertionError("only a text without a fault is laid out")


def _input(cursor: Cursor, node: ast.Input) -> Doc:
    stated = concat(cursor.take(), " ", cursor.take(), cursor.take(), " ", shape(cursor, node.shape))
    if node.guard is not None:
        stated = concat(stated, " ", cursor.take())
    if not node.demands:
        return stated
    gap = cursor.gap()
    parts: list[Doc | str] = [cursor.take(), " ", _demand(cursor, node.demands[0])]
    for demand in node.demands[1:]:
        parts += [cursor.take(), " ", _demand(cursor, demand)]
    if gap.is_broken:
        return concat(stated, indent(concat(between(gap, HARD_LINE), *parts)))
    return concat(stated, group(indent(concat(between(gap, LINE), *parts))))


def _demand(cursor: Cursor, node: ast.Demand) -> Doc:
    return concat(breakable(cursor, node.left), " ", cursor.take(), " ", breakable(cursor, node.right))


def _output(cursor: Cursor, node: ast.Output) -> Doc:
    parts: list[Doc | str] = [cursor.take(), " ", cursor.take()]
    if node.shape is not None:
        parts += [cursor.take(), " ", shape(cursor, node.shape)]
    if node.when is not None:
        parts += [" ", cursor.take(), " ", cursor.take()]
    if node.body is not None:
        parts += [" ", body(cursor, node.body, statement)]
    return concat(*parts)


def _definition(cursor: Cursor, node: ast.BlockDef) -> Doc:
    parts: list[Doc | str] = [cursor.take(), " ", cursor.take(), bracketed(cursor, node.parameters, _parameter)]
    if node.class_name is not None:
        parts += [" ", cursor.take(), " ", cursor.take()]
    return concat(*parts, " ", body(cursor, node.body, statement))


def _parameter(cursor: Cursor, node: ast.ParameterDef) -> Doc:
    parts: list[Doc | str] = [cursor.take(), cursor.take(), " ", type_(cursor, node.type)]
    if node.constraint is not None:
        parts += [" ", cursor.take(), " ", expression(cursor, node.constraint[1])]
    if node.default is not None:
        parts += [" ", cursor.take(), " ", expression(cursor, node.default)]
    return concat(*parts)


def _variant(cursor: Cursor, node: ast.Variant) -> Doc:
    head = concat(cursor.take(), " ", cursor.take(), " ", cursor.take(), " ", cursor.take())
    given = concat(head, arguments(cursor, node.arguments))
    return concat(given, " ", body(cursor, node.body, statement)) if node.body is not None else given


def _import(cursor: Cursor, node: ast.Import) -> Doc:
    """``from a import b, c``; the names get parentheses if they have to break, and lose them if not."""
    parts: list[Doc | str] = [cursor.take(), " "]
    while not cursor.at("import"):
        parts.append(cursor.take())
    parts += [" ", cursor.take(), " "]
    if cursor.at("("):
        return concat(*parts, bracketed(cursor, node.names, _imported, is_optional=True))
    return concat(*parts, _plain_names(cursor, node.names))


def _plain_names(cursor: Cursor, names: Sequence[ast.Imported]) -> Doc:
    docs: list[Doc] = []
    for number, name in enumerate(names):
        if number:
            cursor.skip()
        docs.append(_imported(cursor, name))
    if cursor.is_ruled:
        return join(Text(", "), docs)
    inside = concat(SOFT_LINE, join(concat(",", LINE), docs), if_broken(","))
    return group(concat(if_broken("("), indent(inside), SOFT_LINE, if_broken(")")))


def _imported(cursor: Cursor, node: ast.Imported) -> Doc:
    name = cursor.take()
    return concat(name, " ", cursor.take(), " ", cursor.take()) if node.alias.span != node.name.span else name
