"""Draws one source line with its marks: the line, the underlines, and the label texts where they do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.diagnostics.escape import Cells, escape, width_of

Row = list[tuple[str, str]]
"""One line of output as runs of (style, text); the style ``""`` is plain text."""

ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on one line: code points ``start`` to ``end`` (from 0, half open), underlined with ``sign``."""

    start: int
    end: int
    text: str
    style: str
    sign: str = "-"
    goes_on: bool = False
    """Whether the place reaches beyond this line; its underline then ends in an ellipsis."""

    @property
    def is_primary(self) -> bool:
        """Whether this is the place of the finding itself."""
        return self.sign == "^"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A mark in columns of the screen."""

    left: int
    right: int
    text: str
    mark: Mark


def draw_line(text: str, marks: Sequence[Mark], room: int) -> list[Row]:
    """The rows that show a source line and its marks in ``room`` columns; labels may run over where they have to."""
    line, placed = _fit(text, marks, room)
    rows: list[Row] = [[("", line)]]
    if not placed:
        return rows
    inline = _beside_the_underlines(placed, room)
    rows.append(_underlines(placed, inline))
    hanging = sorted((one for one in placed if one.text and one is not inline), key=lambda one: one.left)
    if hanging and (inline or len(hanging) > 1):
        rows.append(_pipes(hanging))
    while hanging:
        rows.append(_hung_text(hanging.pop(), hanging, room))
    return rows


# --- which part of a line is shown ---------------------------------------------------------------------


def _fit(text: str, marks: Sequence[Mark], room: int) -> tuple[str, list[_Placed]]:
    """The part of the line to show, cut around its marks, and the marks in columns of that part."""
    anchor = next((mark for mark in marks if mark.is_primary), marks[0] if marks else None)
    # A line can be as long as the file: only its part around the anchor is measured character by character.
    first = max(0, anchor.start - 2 * room) if anchor and len(text) > 8 * room else 0
    part = text[first : first + 8 * room]
    cells = Cells(part)
    spans = [(cells.column(max(mark.start - first, 0)), cells.column(max(mark.end - first, 0))) for mark in marks]
    cut_before, cut_behind = first > 0, first + len(part) < len(text)
    if cells.width <= room and not (cut_before or cut_behind):
        left, right = 0, cells.width
    else:
        focus = spans[marks.index(anchor)] if anchor else (0, 0)
        left = _window(spans, focus, cells.width, room, cut_before)
        cut_before = cut_before or left > 0
        right = left + room - cut_before
        cut_behind = cut_behind or right < cells.width
        right -= cut_behind
    shown, begin, end = cells.cut(left, right)
    shift = cut_before - begin
    edge = end + shift + cut_behind
    placed = []
    for (start, stop), mark in zip(spans, marks, strict=True):
        # A mark outside the window appears under the ellipsis that stands for its place.
        column = max(0, min(start + shift, edge - cut_behind))
        placed.append(_Placed(column, max(column + 1, min(stop + shift, edge)), _label(mark), mark))
    return (ELLIPSIS * cut_before + shown + ELLIPSIS * cut_behind).rstrip(), placed


def _window(spans: list[tuple[int, int]], focus: tuple[int, int], width: int, room: int, is_cut: bool) -> int:
    """The column at which the shown part of a long line begins, so that the marks are in it."""
    begin, end = min((start for start, _ in spans), default=0), max((stop for _, stop in spans), default=0)
    if end - begin > room - 2:
        begin, end = focus  # not all marks fit: the anchor alone decides
    if end < room and not is_cut:
        return 0
    spare = max(0, room - 2 - (end - begin))
    return max(0, min(begin - spare // 2, width - room + 2))


# --- what stands below the line ------------------------------------------------------------------------


def _label(mark: Mark) -> str:
    return escape(mark.text)


def _beside_the_underlines(placed: list[_Placed], room: int) -> _Placed | None:
    """The label that stands right of all underlines, if there is one and it fits."""
    last = max(placed, key=lambda one: (one.right, one.left, one.mark.is_primary))
    fits = last.right + last.mark.goes_on + 1 + width_of(last.text) <= room
    return last if last.text and fits else None


def _underlines(placed: list[_Placed], inline: _Placed | None) -> Row:
    signs: dict[int, tuple[str, str]] = {}
    for one in sorted(placed, key=lambda one: (one.mark.is_primary, -one.right)):
        for column in range(one.left, one.right):
            signs[column] = (one.mark.style, one.mark.sign)
        if one.mark.goes_on:
            signs.setdefault(one.right, (one.mark.style, ELLIPSIS))
    row = _runs(signs)
    if inline:
        row.append((inline.mark.style, f" {inline.text}"))
    return row


def _pipes(hanging: list[_Placed]) -> Row:
    return _runs({one.left: (one.mark.style, "|") for one in hanging})


def _hung_text(one: _Placed, others: list[_Placed], room: int) -> Row:
    """A label below its mark, and the pipes of the labels yet to come.

    A label that would run over is moved to the left, unless it would come to stand at another label's pipe.
    """
    column = one.left if others else max(0, min(one.left, room - width_of(one.text)))
    row = _runs({other.left: (other.mark.style, "|") for other in others if other.left < column})
    row.append(("", " " * (column - sum(len(text) for _, text in row))))
    row.append((one.mark.style, one.text))
    return row


def _runs(signs: dict[int, tuple[str, str]]) -> Row:
    """Signs at their columns as runs of one style, with the gaps between them."""
    row: Row = []
    column = 0
    for at in sorted(signs):
        style, sign = signs[at]
        if at > column:
            row.append(("", " " * (at - column)))
        if row and row[-1][0] == style:
            row[-1] = (style, row[-1][1] + sign)
        else:
            row.append((style, sign))
        column = at + 1
    return row
