"""One text with its place: what the loader hands to the parser."""

from __future__ import annotations

from archdsl.source.span import LineIndex, Position, Span


class Source:
    """The text of one file under its display path, with its line index made when first asked for."""

    __slots__ = ("_lines", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._lines: LineIndex | None = None

    @property
    def lines(self) -> LineIndex:
        """The index from offsets to lines and columns."""
        if self._lines is None:
            self._lines = LineIndex(self.text)
        return self._lines

    def position(self, offset: int) -> Position:
        """Line and column of an offset."""
        return self.lines.position(offset)

    def span(self, start: int, end: int) -> Span:
        """A span in this text."""
        return Span(self.path, start, end)

    def slice(self, span: Span) -> str:
        """The text that a span covers."""
        return self.text[span.start : span.end]
