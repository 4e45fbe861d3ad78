"""A second pass over a text whose braces do not come out even: the indentation tells which one is meant."""

from __future__ import annotations

import re

from archdsl.syntax.lexer import Bracket, Lexer, Token

_NO_BRACE_AFTER = frozenset(("_SEP", "_ARROW", "_LBRACE", "_RBRACE"))
_NEXT_CODE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?=[^\s#])")
_BODY = "open what belongs to it with a brace: `{`"


class IndentedLexer(Lexer):
    """Closes braces by the indentation of what follows, and opens those that a deeper line is missing."""

    def _line_end(self, start: int, end: int) -> None:
        """The end of a line whose next one is indented deeper opens a body."""
        if not self._in_expression:
            self._open_forgotten(end)
        super()._line_end(start, end)

    def _begin_token(self, kind: str, at: int) -> None:
        """What begins a line ends the braces that are indented deeper; a statement also those indented alike."""
        indentation = self._indentation(at)
        if self._source.position(at).column - 1 != indentation or self._source.text.startswith(("->", "else"), at):
            return
        levels = [self._indentation(bracket.at) for bracket in self._brackets if bracket.text == "{"]
        last = indentation if kind == "CLOSE" else indentation - 1
        if kind == "CLOSE" and indentation not in levels:
            return
        while levels and levels[-1] > last:
            levels.pop()
            while self._brackets[-1].text != "{":
                self._unclosed(self._pop())
            self._unclosed(self._pop())
            self._line_end(at - 1, at)

    def _open_forgotten(self, line_end: int) -> None:
        """Opens the brace that a line lacks whose next one is indented deeper."""
        text, last = self._source.text, self.tokens[-1] if self.tokens else None
        if last is None or last.kind in _NO_BRACE_AFTER:
            return
        following = _NEXT_CODE.match(text, line_end)
        if following is None or text.startswith(("->", "else", "where", ")", "]"), following.end()):
            return
        at = following.end()
        if text[at] == "{" or self._indentation(at) <= self._indentation(last.start):
            return
        self._fail("E0101", "expected `{`, found the end of the line", last.end, last.end + 1, _BODY)
        self._push(Bracket("{", last.start, template=False))
        self.tokens.append(Token("_LBRACE", "", last.end, last.end))

    def _closes_too_early(self, at: int) -> bool:
        """Whether a brace on a line of its own is indented deeper than the line that opened the innermost one."""
        if not self._brackets or self._brackets[-1].text != "{":
            return False
        indentation = self._indentation(at)
        position = self._source.position(at)
        before = self._source.lines.line_text(position.line)[: position.column - 1]
        is_first = not before.strip(" \t}")
        return is_first and indentation > self._indentation(self._brackets[-1].at)

    def _indentation(self, at: int) -> int:
        """How many characters the line of a place is indented."""
        line = self._source.lines.line_text(self._source.position(at).line)
        return len(line) - len(line.lstrip())
