"""Lays out what stands between brackets: lists, arguments, parameters, and parentheses around one expression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from archdsl.format.cursor import Cursor
from archdsl.format.gaps import Gap, between, comments, line_end
from archdsl.pretty.doc import EMPTY, HARD_LINE, SOFT_LINE, Doc, concat, group, if_broken, indent
from archdsl.syntax import ast

Node = TypeVar("Node")

_SHORT = ast.Number | ast.Constant | ast.String | ast.Name | ast.Attribute | ast.Unary | ast.AnySize


def bracketed(
    cursor: Cursor,
    nodes: Sequence[Node],
    lay_out: Callable[[Cursor, Node], Doc],
    *,
    has_rows: bool = False,
    is_tuple: bool = False,
    is_optional: bool = False,
) -> Doc:
    """Items between brackets: on one line if they fit, else each on a line of its own with a comma behind the last.

    With a comma behind the last item they are not pulled together.

    ``has_rows``: several rows stay rows, and one that is too long is wrapped. ``is_tuple``: one item alone has a comma.
    ``is_optional``: where nothing breaks there are no brackets.
    """
    opening = cursor.take()
    gaps, docs, has_comma = [cursor.gap()], [], False
    for node in nodes:
        docs.append(lay_out(cursor, node))
        gap = cursor.gap()
        has_comma = cursor.at(",")
        if has_comma:
            cursor.skip()
            gap = gap.joined(cursor.gap())
        gaps.append(gap)
    closing = cursor.take()
    if is_optional:
        opening, closing = if_broken("("), if_broken(")")
    if not docs:
        inside = concat(indent(comments(gaps[0], is_first=True)), HARD_LINE) if gaps[0].remarks else EMPTY
        return concat(opening, inside, closing)
    stays_broken = has_comma and any(gap.is_broken for gap in gaps) and not (is_tuple and len(docs) == 1)
    if not stays_broken and not is_tuple and _is_one_list(nodes, gaps):
        return concat(opening, docs[0], closing)
    if has_rows and (stays_broken or any(gap.is_broken for gap in gaps[1:-1])):
        items, stays_broken = _rows(docs, gaps[1:-1]), True
    elif has_rows and all(isinstance(node, _SHORT) for node in nodes):
        items = _wrapped(docs, gaps[1:-1])
    else:
        items = _column(docs, gaps[1:-1])
    comma: Doc | str = if_broken(",") if not gaps[-1].is_together else EMPTY
    body = concat(*items, "," if is_tuple and len(docs) == 1 else comma)
    return enclosed(opening, gaps[0], body, gaps[-1], closing, is_forced=stays_broken)


def enclosed(opening: Doc, before: Gap, body: Doc, behind: Gap, closing: Doc, *, is_forced: bool = False) -> Doc:
    """A body between brackets, indented on lines of its own where it does not fit beside them."""
    first = HARD_LINE if before.remarks else between(before, SOFT_LINE, flat="")
    last = HARD_LINE if behind.remarks else between(behind, SOFT_LINE, flat="")
    inside = concat(comments(before, is_first=True), first, body, comments(behind))
    return group(concat(opening, indent(inside), last, closing), forced=is_forced)


def _is_one_list(nodes: Sequence[object], gaps: Iterable[Gap]) -> bool:
    """Whether a list is all that stands in the brackets: it opens and closes on their lines."""
    is_list = len(nodes) == 1 and isinstance(nodes[0], ast.Sequence) and nodes[0].is_list
    return is_list and not any(gap.remarks or gap.is_ruled for gap in gaps)


def _column(docs: Sequence[Doc], gaps: Sequence[Gap]) -> list[Doc | str]:
    """Items that stand one below the other where the brackets break."""
    parts: list[Doc | str] = [docs[0]]
    for doc, gap in zip(docs[1:], gaps, strict=True):
        parts += [",", between(gap), doc]
    return parts


def _wrapped(docs: Sequence[Doc], gaps: Sequence[Gap]) -> list[Doc | str]:
    """Items as many on a line as fit."""
    parts: list[Doc | str] = [docs[0]]
    for doc, gap in zip(docs[1:], gaps, strict=True):
        parts += [",", group(concat(between(gap), doc))]
    return parts


def _rows(docs: Sequence[Doc], gaps: Sequence[Gap]) -> list[Doc | str]:
    """Items in the rows in which they were written."""
    parts: list[Doc | str] = [docs[0]]
    for doc, gap in zip(docs[1:], gaps, strict=True):
        parts += [",", *([line_end(gap), doc] if gap.is_broken else [group(concat(between(gap), doc))])]
    return parts
