"""Places in source text: the only module that knows lines, columns and UTF-16 units."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points in one file.

    ``path`` is the file's display path (POSIX, relative to the project root where possible); it is
    the key under which the ``Sources`` of a run find the text.
    """

    path: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of ``other``, in the same file."""
        return Span(self.path, self.start, max(self.end, other.end))


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A line and a column; both count from 1, the column in code points."""

    line: int
    column: int


class LineIndex:
    """Maps offsets of one text to positions."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        starts = [0]
        find = text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        self._starts = starts

    def position(self, offset: int) -> Position:
        """The position of an offset; offsets past the end belong to the end of the text."""
        offset = min(max(offset, 0), len(self._text))
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its newline; empty where there is no such line."""
        if not 1 <= line <= len(self._starts):
            return ""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self._text)
        return self._text[start:end]

    def line_start(self, line: int) -> int:
        """The offset at which a line (from 1) begins."""
        return self._starts[line - 1]

    def utf16_column(self, position: Position) -> int:
        """The column of a position in UTF-16 code units, from 1 (as editors count)."""
        before = self.line_text(position.line)[: position.column - 1]
        return len(before.encode("utf-16-le")) // 2 + 1

    @property
    def line_count(self) -> int:
        """How many lines the text has; an empty text has one."""
        return len(self._starts)
