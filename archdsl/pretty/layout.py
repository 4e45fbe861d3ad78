"""Render: a document and a width to text.

Both passes, printing and measuring, keep their own stack, so that no document is too deep. Measuring stops
at the first line that is too long or that ends, which keeps the whole linear in the size of the document for
a given width; only ``BestOf(all_lines)``, ``Bracketed`` and ``BreakInside`` look at more than one line.
"""

from __future__ import annotations

from enum import Enum, auto

from archdsl.pretty.doc import (
    HARD_LINE,
    BestOf,
    Bracketed,
    BreakInside,
    Concat,
    Doc,
    Group,
    GroupId,
    IfBroken,
    Indent,
    Line,
    Suffix,
    Text,
    concat,
    indent,
)


class _Measure(Enum):
    """How far measuring goes, and what it objects to."""

    FIRST_LINE = auto()
    ALL_LINES = auto()
    ALL_LINES_ANY_WIDTH = auto()
    """Only what stands before the first break and after the last one has to fit."""


_Item = tuple[int, bool, _Measure, Doc]
"""A document still to be printed or measured: its indentation in columns, whether lines in it break, how to measure."""


def render(doc: Doc, *, width: int, indentation: int = 0, step: int = 4) -> str:
    """The text of a document in lines of at most ``width`` columns where its groups allow it.

    ``indentation`` is where the first line begins, in columns, ``step`` one level of ``Indent``. The text has
    no newline at its end and no line has blanks at its end unless a ``Text`` has.
    """
    return _Renderer(width, step).render(doc, indentation)


class _Renderer:
    """The state of one rendering."""

    __slots__ = ("_broken", "_column", "_margin", "_measured", "_out", "_stack", "_step", "_width")

    def __init__(self, width: int, step: int) -> None:
        self._width = width
        self._step = step
        self._out: list[str] = []
        self._column = 0
        self._margin = 0
        """Blanks owed before the next text of this line: an empty line must not get any."""
        self._broken: dict[GroupId, bool] = {}
        self._measured = False
        """Whether the rest of this line is known to fit; then the groups in flat content need no measuring."""
        self._stack: list[_Item] = []

    def render(self, doc: Doc, indentation: int) -> str:
        self._margin = indentation
        self._stack.append((indentation, True, _Measure.FIRST_LINE, doc))
        while self._stack:
            self._print(*self._stack.pop())
        return "".join(self._out)

    # --- printing -------------------------------------------------------------------------------------

    def _print(self, margin: int, breaks: bool, measure: _Measure, doc: Doc) -> None:
        push = self._stack.append
        match doc:
            case Text() | Suffix():
                self._write(doc.value)
            case Line():
                self._print_line(margin, breaks, doc)
            case Concat():
                self._stack.extend((margin, breaks, measure, part) for part in reversed(doc.parts))
            case Indent():
                push((self._indented(margin, doc), breaks, measure, doc.body))
            case Group():
                push((margin, self._group_breaks((margin, breaks, measure, doc), doc), measure, doc.body))
            case IfBroken():
                broken = breaks if doc.group is None else self._broken[doc.group]
                push((margin, breaks, measure, doc.broken if broken else doc.flat))
            case BreakInside():
                if doc.unless_broken is None or not self._broken[doc.unless_broken]:
                    # The enclosing group was measured as if all of this broke: its groups are still to be measured.
                    self._measured = False
                push((margin, breaks, measure, doc.body))
            case BestOf():
                push(self._best((margin, breaks, measure, doc), doc))
            case Bracketed():
                push(self._with_or_without_brackets((margin, breaks, measure, doc), doc))

    def _print_line(self, margin: int, breaks: bool, line: Line) -> None:
        if not breaks and not line.hard:
            self._write(line.flat)
            return
        self._out.append("\n")
        self._column = 0
        self._margin = margin
        self._measured = False

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._margin:
            self._out.append(" " * self._margin)
            self._column += self._margin
            self._margin = 0
        self._out.append(text)
        self._column += len(text)

    def _indented(self, margin: int, doc: Indent) -> int:
        applies = doc.only_if_broken is None or self._broken[doc.only_if_broken]
        return margin + self._step if applies else margin

    def _group_breaks(self, item: _Item, doc: Group) -> bool:
        margin, breaks, measure, _ = item
        if doc.only_if_broken is not None and not self._broken[doc.only_if_broken]:
            return breaks
        if doc.forced:
            broken = True
        elif not breaks and self._measured:
            broken = False
        else:
            broken = not self._fits_flat((margin, False, measure, doc.body), doc.id)
        if doc.id is not None:
            self._broken[doc.id] = broken
        return broken

    def _fits_flat(self, item: _Item, id: GroupId | None) -> bool:
        self._measured = True
        if id is not None:
            self._broken[id] = False
        return self._fits(item)

    def _best(self, item: _Item, doc: BestOf) -> _Item:
        margin, breaks, measure, _ = item
        if not breaks and self._measured:
            return margin, breaks, measure, doc.layouts[0]
        self._measured = True
        how = _Measure.ALL_LINES if doc.all_lines else _Measure.FIRST_LINE
        for layout in doc.layouts[:-1]:
            if self._fits((margin, False, how, layout)):
                return margin, False, measure, layout
        return margin, True, measure, doc.layouts[-1]

    def _with_or_without_brackets(self, item: _Item, doc: Bracketed) -> _Item:
        margin, breaks, measure, _ = item
        plain = (margin, False, measure, doc.body)
        if (not breaks and self._measured) or self._fits_flat(plain, doc.id):
            self._broken[doc.id] = False
            return plain
        bracketed = concat(doc.opening, indent(concat(HARD_LINE, doc.body)), HARD_LINE, doc.closing)
        self._broken[doc.id] = True
        if self._fits((margin, breaks, _Measure.ALL_LINES, bracketed)):
            return margin, True, measure, bracketed
        self._broken[doc.id] = False
        return plain

    # --- measuring ------------------------------------------------------------------------------------

    def _fits(self, item: _Item) -> bool:
        """Whether the item, and after it what follows on its last line, fits into the width."""
        work = [item]
        waiting = len(self._stack)
        column = self._column
        owed = self._margin
        unbounded = False
        while work or waiting:
            if not work:
                waiting -= 1
                work.append(self._stack[waiting])
            margin, breaks, measure, doc = work.pop()
            match doc:
                case Text():
                    text = doc.value
                case Line() if not breaks and not doc.hard:
                    text = doc.flat
                case Line():
                    if not breaks or measure is _Measure.FIRST_LINE:
                        return True
                    column, owed = 0, margin
                    unbounded = measure is _Measure.ALL_LINES_ANY_WIDTH
                    continue
                case Suffix():
                    column += doc.width
                    if doc.width and column > self._width:
                        return False
                    continue
                case Concat():
                    work.extend((margin, breaks, measure, part) for part in reversed(doc.parts))
                    continue
                case _:
                    inner = self._measured_as(margin, breaks, measure, doc)
                    if inner is None:
                        return False
                    work.append(inner)
                    continue
            if not text:
                continue
            column += owed + len(text)
            owed = 0
            unbounded = unbounded and measure is _Measure.ALL_LINES_ANY_WIDTH
            if column > self._width and not unbounded:
                return False
        return True

    def _measured_as(
        self,
        margin: int,
        breaks: bool,
        measure: _Measure,
        doc: Indent | Group | IfBroken | BreakInside | BestOf | Bracketed,
    ) -> _Item | None:
        """What is measured in place of a structured document; None where it cannot fit."""
        match doc:
            case Indent():
                return self._indented(margin, doc), breaks, measure, doc.body
            case Group():
                applies = doc.only_if_broken is None or self._broken[doc.only_if_broken]
                broken = breaks or (applies and doc.forced)
                if doc.id is not None:
                    self._broken[doc.id] = broken
                return margin, broken, measure, doc.body
            case IfBroken():
                broken = breaks if doc.group is None else self._broken[doc.group]
                return margin, breaks, measure, doc.broken if broken else doc.flat
            case BreakInside():
                if breaks:
                    return margin, breaks, measure, doc.body
                if doc.unless_broken is None or not self._broken[doc.unless_broken]:
                    return margin, True, _Measure.ALL_LINES_ANY_WIDTH, doc.body
                return None if doc.body.forced else (margin, breaks, measure, doc.body)
            case BestOf():
                if breaks:
                    return margin, breaks, measure, doc.layouts[-1]
                how = _Measure.ALL_LINES if doc.all_lines else _Measure.FIRST_LINE
                return margin, breaks, how, doc.layouts[0]
            case Bracketed():
                self._broken[doc.id] = breaks
                return margin, breaks, measure, doc.body
