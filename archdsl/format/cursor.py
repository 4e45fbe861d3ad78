"""Walks over the tokens of a text beside the tree, so that no comment between two of them is lost."""

from __future__ import annotations

from archdsl.diagnostics.ignores import ignored_lines
from archdsl.format.gaps import Gap, Remark, comments
from archdsl.pretty.doc import HARD_LINE, Doc, Text, concat
from archdsl.source.source import Source
from archdsl.source.span import Span
from archdsl.syntax.lexer import Lexer, Token


class Cursor:
    """The tokens of a text without a fault, in order. Separators of statements are passed over."""

    def __init__(self, source: Source) -> None:
        lexer = Lexer(source)
        self._source = source
        self._tokens = [token for token in lexer.run() if token.kind != "_SEP"]
        self._comments = lexer.comments
        self._ignored = ignored_lines(source)
        self._next = 0
        self._next_comment = 0

    @property
    def token(self) -> Token:
        """The next token; ``$END`` behind the last."""
        return self._tokens[self._next]

    def at(self, text: str) -> bool:
        """Whether the next token reads so."""
        return self.token.text == text

    def opens(self, span: Span) -> bool:
        """Whether the next token is a parenthesis around what has the span, and not a part of it."""
        return self.token.kind == "LPAR" and self.token.start < span.start

    def is_one_line(self, span: Span) -> bool:
        """Whether something was written on one line."""
        return self._source.text.find("\n", span.start, span.end) < 0

    @property
    def is_ruled(self) -> bool:
        """Whether an ignore comment speaks of the line of the last token."""
        return bool(self._ignored) and self._line_of_last() in self._ignored

    def gap(self) -> Gap:
        """What stands before the next token. Its comments are then taken."""
        text, place = self._source.text, self._tokens[self._next - 1].end if self._next else 0
        first = 1 - min(self._next, 1)  # the first comment of a text is behind nothing
        following = self.token.start
        remarks: list[Remark] = []
        while self._next_comment < len(self._comments) and self._comments[self._next_comment][0] < following:
            start, end = self._comments[self._next_comment]
            remarks.append(Remark(text[start:end].rstrip(" \t"), text.count("\n", place, start) + first))
            place, first = end, 0
            self._next_comment += 1
        newlines = text.count("\n", place, following)
        if not self._ignored:
            return Gap(tuple(remarks), newlines, (0, 0), is_ruled=False)
        lines = (self._line_of_last(), self._source.position(following).line)
        return Gap(tuple(remarks), newlines, lines, not self._ignored.isdisjoint(lines))

    def skip(self) -> None:
        """Passes over a token whose comments are taken, and which is not to be written here."""
        self._next += 1

    def take(self) -> Doc:
        """The next token as a text, behind the comments before it for which nobody has made room."""
        gap = self.gap()
        text = Text(self.token.text)
        opens_label = self._next > 0 and self._tokens[self._next - 1].kind == "_TOPEN"
        self._next += 1
        return concat(comments(gap, opens_label=opens_label), HARD_LINE, text) if gap.remarks else text

    def _line_of_last(self) -> int:
        return self._source.position(self._tokens[self._next - 1].start).line if self._next else 0
