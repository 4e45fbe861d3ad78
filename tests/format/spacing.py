"""White space and comments for a text, in every place that permits them: the tokens stay as they are."""

from __future__ import annotations

import random
from collections.abc import Sequence

from archdsl.source.source import Source
from archdsl.syntax.lexer import Lexer, Token

_LINE_MAY_END_AFTER = frozenset(("_ARROW", "_LBRACE"))
_LINE_MAY_END_BEFORE = frozenset(("_ARROW", "ELSE", "WHERE", "_RBRACE", "$END"))
_TOUCHING = frozenset(("_TOPEN", "TAIL"))
_OPENING = frozenset(("LPAR", "LSQB", "_TOPEN"))
_CLOSING = frozenset(("RPAR", "RSQB", "_TCLOSE"))


PLAIN = ("# ",)
MARKS = ("#", "# ", "#\t", "##", "#  -> { ( ", '# "')
"""How comments begin; two of the sign may make one the documentation of what follows."""


def respaced(text: str, chance: random.Random, *, wildness: float = 0.3, marks: Sequence[str] = MARKS) -> str:
    """The same tokens with other white space, and with comments.

    ``wildness`` is how probably there is anything unusual in a place; with 1, every place has a comment.
    """
    lexer = Lexer(Source("a.arch", text))
    tokens = lexer.run()
    assert not lexer.faults
    spacer = _Spacer(chance, wildness, marks)
    parts: list[str] = []
    brackets: list[str] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.kind in (*_OPENING, "_LBRACE"):
            brackets.append(before.kind)
        if before is not None and before.kind in (*_CLOSING, "_RBRACE"):
            brackets.pop()
        parts.append(spacer.space(before, token, in_expression=bool(brackets) and brackets[-1] != "_LBRACE"))
        parts.append("" if token.kind == "_SEP" else token.text)
    return "".join(parts)


class _Spacer:
    """Chooses what stands between two tokens."""

    def __init__(self, chance: random.Random, wildness: float, marks: Sequence[str]) -> None:
        self._chance = chance
        self._wildness = wildness
        self._marks = marks
        self._number = 0

    def space(self, before: Token | None, token: Token, *, in_expression: bool) -> str:
        """White space and comments between two tokens; where one of them is a separator, it is written here."""
        if token.kind == "_SEP":
            lines = self._lines(least=1)
            return lines if self._wildness == 1 else self._chance.choice(["\n", "\n", " ;", ";\n", lines])
        if token.kind in _TOUCHING:
            return ""
        if before is not None and before.kind == "_TOPEN":
            return self._comment() + "\n" if self._chance.random() < self._wildness**2 else ""
        free = before is None or before.kind == "_SEP" or before.kind in _LINE_MAY_END_AFTER
        if in_expression or free or token.kind in _LINE_MAY_END_BEFORE:
            return self._anything() + (" " if token.kind == "_LBRACE" or _would_merge(before, token) else "")
        if _would_merge(before, token) or token.kind == "_LBRACE":
            return self._chance.choice([" ", "  ", "\t"])
        return self._blanks()

    def _blanks(self) -> str:
        return self._chance.choice(["", "", " ", "  ", "\t"]) if self._chance.random() < self._wildness else ""

    def _anything(self) -> str:
        return self._lines() if self._chance.random() < self._wildness else self._blanks()

    def _lines(self, least: int = 0) -> str:
        """Line ends, some with comments before them."""
        count = (
            self._chance.choice([1, 1, 2, 3]) if least or self._wildness == 1 else self._chance.choice([0, 1, 1, 2, 4])
        )
        filled = 1 if self._wildness == 1 else 0.4
        lines = [self._blanks() + (self._comment() if self._chance.random() < filled else "") for _ in range(count)]
        return "".join(f"{line}\n" for line in lines) + self._blanks()

    def _comment(self) -> str:
        self._number += 1
        return f"{self._chance.choice(self._marks)}c{self._number}{self._blanks()}"


def _would_merge(before: Token | None, token: Token) -> bool:
    """Whether two tokens would be others if they touched."""
    if before is None or not before.text or not token.text:
        return False
    last, first = before.text[-1], token.text[0]
    both_words = (last.isalnum() or last == "_") and (first.isalnum() or first == "_")
    if before.kind == "_TCLOSE":
        return first.isalnum() or first == "_"
    return both_words or last + first in ("->", "..", "**", "//", "==", "<=", ">=", "!=", "=.") or first + last == ".."
