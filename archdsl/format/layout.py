"""Lays out a whole file: its items, the blank lines between them, and the columns of the comments behind code."""

from __future__ import annotations

from archdsl.format.cursor import Cursor
from archdsl.format.gaps import MARK, comments, line_end
from archdsl.format.statements import item
from archdsl.pretty.doc import Doc, concat
from archdsl.pretty.layout import render
from archdsl.source.source import Source
from archdsl.syntax import ast

WIDTH = 120
"""Columns of code; comments may be longer."""


def lay_out(source: Source, file: ast.File) -> str:
    """The text of a file in the one style. ``file`` is the tree of ``source``, in which no fault was found."""
    cursor = Cursor(source)
    parts: list[Doc] = []
    before: ast.Item | None = None
    for each in file.items:
        gap = cursor.gap()
        if before is not None and _stand_apart(before, each):
            gap = gap.with_blank_line()
        parts += [line_end(gap, is_first=before is None), item(cursor, each)]
        before = each
    text = render(concat(*parts, comments(cursor.gap())), width=WIDTH)
    return _aligned(text).strip("\n") + "\n"


def _stand_apart(before: ast.Item, after: ast.Item) -> bool:
    """Whether a blank line belongs between two items: around definitions, and behind the imports."""
    if isinstance(before, ast.BlockDef) or isinstance(after, ast.BlockDef):
        return True
    return isinstance(before, ast.Import) and not isinstance(after, ast.Import)


def _aligned(text: str) -> str:
    """Settles the columns of comments behind code: two blanks behind it, or below each other on lines that follow."""
    lines: list[str] = []
    run: list[tuple[str, str]] = []
    for line in text.split("\n"):
        code, mark, comment = line.partition(MARK)
        code = code.rstrip(" ")  # a comment in the middle of something leaves a blank behind
        if run and not (mark and _indentation(code) == _indentation(run[0][0])):
            lines += _column(run)
            run = []
        if mark:
            run.append((code, comment))
        else:
            lines.append(code)
    return "\n".join([*lines, *_column(run)])


def _indentation(code: str) -> int:
    return len(code) - len(code.lstrip(" "))


def _column(run: list[tuple[str, str]]) -> list[str]:
    """Lines whose comments stand in one column, unless that would push one beyond the width."""
    widest = max((len(code) for code, _ in run), default=0)
    if any(widest + 2 + len(comment) > WIDTH for _, comment in run):
        widest = 0
    return [f"{code.ljust(widest)}  {comment}" for code, comment in run]
