"""Lays out chains and their steps, and the bodies between braces, which hold statements again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archdsl.format.cursor import Cursor
from archdsl.format.expressions import arguments, outside_brackets, template
from archdsl.format.gaps import between, comments, line_end
from archdsl.format.patterns import shape, target
from archdsl.pretty.doc import EMPTY, HARD_LINE, LINE, SPACE, BreakInside, Doc, GroupId, Line, concat, group, indent
from archdsl.syntax import ast

Statements = Callable[[Cursor, ast.Statement], Doc]
"""Lays out a statement; handed in because statements hold bodies and bodies hold statements."""


def chain(cursor: Cursor, node: ast.Chain, statement: Statements) -> Doc:
    """Steps joined by arrows. Rows are kept as they were written; one that is too long breaks before its arrows."""
    rows: list[tuple[Doc, list[Doc]]] = [(EMPTY, [_step(cursor, node.steps[0], statement)])]
    for step in node.steps[1:]:
        gap = cursor.gap()
        cursor.skip()
        gap = gap.joined(cursor.gap())
        row = rows[-1][1]
        if gap.is_broken:
            rows.append((concat(between(gap, HARD_LINE), "-> "), [_step(cursor, step, statement)]))
        elif gap.is_together:
            row[-1] = concat(row[-1], " -> ", _step(cursor, step, statement))
        else:
            row.append(concat(LINE, "-> ", _step(cursor, step, statement)))
    (_, steps), *others = rows
    return concat(_first_row(steps), *(indent(concat(lead, group(concat(*row)))) for lead, row in others))


def _first_row(steps: Sequence[Doc]) -> Doc:
    """A row whose first step stands further out than the others."""
    if len(steps) == 1:
        return steps[0]
    row = GroupId()
    return group(concat(steps[0], indent(concat(*steps[1:]), only_if_broken=row)), id=row)


def _step(cursor: Cursor, node: ast.Step, statement: Statements) -> Doc:
    action = node.action
    if node.label is None:
        return _action(cursor, action, statement)
    return concat(template(cursor, node.label), cursor.take(), " ", _action(cursor, action, statement))


def _action(cursor: Cursor, node: ast.Action, statement: Statements) -> Doc:
    match node:
        case ast.Apply():
            return _apply(cursor, node, statement)
        case ast.Port():
            return concat(template(cursor, node.name), cursor.take(), cursor.take())
        case ast.Group():
            return body(cursor, node.body, statement)
        case ast.ShapeStep():
            return _inner(shape(cursor, node.shape))
        case ast.If():
            return _if(cursor, node, statement)
        case ast.For():
            return _for(cursor, node, statement)
        case ast.Repeat():
            count = concat(cursor.take(), " ", outside_brackets(cursor, node.count), " ")
            return concat(count, body(cursor, node.body, statement))


def _apply(cursor: Cursor, node: ast.Apply, statement: Statements) -> Doc:
    parts: list[Doc | str] = [cursor.take(), " "] if node.inline else []
    parts.append(template(cursor, node.name))
    if node.arguments is not None:
        parts.append(_inner(arguments(cursor, node.arguments)))
    if node.body is not None:
        parts += [" ", body(cursor, node.body, statement)]
    return concat(*parts)


def _if(cursor: Cursor, node: ast.If, statement: Statements) -> Doc:
    condition = concat(cursor.take(), " ", outside_brackets(cursor, node.condition), " ")
    then = concat(condition, body(cursor, node.then, statement))
    if node.otherwise is None:
        return then
    otherwise = concat(between(cursor.gap(), SPACE), cursor.take(), " ")
    if cursor.at("{"):
        return concat(then, otherwise, body(cursor, node.otherwise, statement))
    (following,) = node.otherwise.statements  # an `else if`
    assert isinstance(following, ast.Chain)
    return concat(then, otherwise, _step(cursor, following.steps[0], statement))


def _for(cursor: Cursor, node: ast.For, statement: Statements) -> Doc:
    parts = [cursor.take(), " ", target(cursor, node.target), " ", cursor.take(), " "]
    parts += [outside_brackets(cursor, node.iterable), " "]
    if node.by is not None:
        parts += [cursor.take(), " ", outside_brackets(cursor, node.by), " "]
    return concat(*parts, body(cursor, node.body, statement))


def body(cursor: Cursor, node: ast.Body, statement: Statements) -> Doc:
    """Statements between braces: on one line if they were written so and fit, else each on a line of its own."""
    is_one_line = cursor.is_one_line(node.span)
    opening = cursor.take()
    gap = cursor.gap()
    if not node.statements:
        inside = concat(indent(comments(gap, is_first=True)), HARD_LINE) if gap.remarks else EMPTY
        return _inner(concat(opening, inside, cursor.take()))
    parts = [between(gap, LINE) if is_one_line else line_end(gap, flat=" ", is_first=True)]
    for number, each in enumerate(node.statements):
        if number:
            parts.append(between(gap, Line("; "), flat="; ") if is_one_line else line_end(gap))
        parts.append(statement(cursor, each))
        gap = cursor.gap()
    last = HARD_LINE if gap.remarks else between(gap, LINE if is_one_line else HARD_LINE)
    return _inner(group(concat(opening, indent(concat(*parts, comments(gap))), last, cursor.take())))


def _inner(doc: Doc) -> Doc:
    """Brackets with lines in them do not break the chain that they stand in."""
    return BreakInside(doc, None) if doc.forced else doc
