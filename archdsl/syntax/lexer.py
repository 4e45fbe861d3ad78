"""Turns text into tokens; decides which line ends separate statements and what a brace means.

Never raises: whatever is wrong becomes a diagnostic and lexing goes on, except where a limit of the
language is passed, which ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.source.source import Source
from archdsl.syntax._tables import KEYWORDS, PATTERN
from archdsl.syntax.characters import CONTROL, FOREIGN_STRING, help_for_characters

MAX_TOKENS = 200_000
MAX_NESTING = 64
MAX_IDENTIFIER = 64
MAX_FAULTS = 1_000
"""After so many the file is given up: it is something else than ``.arch`` text."""
MAX_CONTROL = 5
"""So many invisible characters are pointed at."""

_MASTER = re.compile(PATTERN)
_TAIL = re.compile(r"-?[A-Za-z0-9_]+|-(?=\{)")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
_NO_SEPARATOR_AFTER = frozenset(("_SEP", "_ARROW", "_LBRACE"))
_JOINS_LINES = frozenset(("_ARROW", "ELSE", "WHERE"))
_NEVER_IN_PARENTHESES = frozenset("_ARROW LET FOR REPEAT INLINE FROM IMPORT INPUT OUTPUT EXPECT NETWORK WHEN".split())
_ENDS_OPERAND = frozenset("NAME NUMBER STRING RPAR RSQB TRUE FALSE NONE TAIL _TCLOSE".split())
_STARTS_OPERAND = frozenset("NAME NUMBER STRING TRUE FALSE NONE".split())
_DEFINES = frozenset(("BLOCK", "NETWORK", "FROM"))
_DEFINED_NAME = re.compile(r"[ \t]+[A-Za-z][A-Za-z0-9_]*[ \t]*[(=]|[ \t]+[.A-Za-z][.A-Za-z0-9_]*[ \t]+import\b")
_BODY_AHEAD = re.compile(r"(?:(?!->)[^};\n])*(?:;|->|\n|\Z)")
_SPACE = "put a space before it"
_INVISIBLE = frozenset(("COMMENT", "LINE"))
_LABEL_PARTS = frozenset("NAME TAIL _TCLOSE BLOCK NETWORK INPUT OUTPUT EXPECT".split())


@dataclass(slots=True)
class Token:
    """A token with its offsets."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Bracket:
    """An open bracket; ``template`` braces belong to a label, statement braces hold statements."""

    text: str
    at: int
    template: bool


class Lexer:
    """One pass over one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.faults: list[Diagnostic] = []
        self.is_brace_open = False
        """Whether a brace was never closed, so that nobody knows which one is meant."""
        self.is_brace_lacking = False
        """Whether a closing brace closes nothing."""
        self._brackets: list[Bracket] = []
        self._in_expression = False
        self._line_broken_at = -1
        self._open_string_at = -1
        self._odd_in_line: set[str | None] = set()
        self._repeats = 0
        self.tokens: list[Token] = []
        self.comments: list[tuple[int, int]] = []
        self.long_names: set[str] = set()
        """What is left of names that were too long: not to be reported as unknown as well."""
        self.limit_passed = False

    def run(self) -> list[Token]:
        """The tokens, ending with ``$END``; empty after a limit of the language was passed."""
        text = self._source.text
        self._check_characters(text)
        position, length = 0, len(text)
        match = _MASTER.match
        tokens = self.tokens
        while position < length:
            if len(self.faults) + self._repeats > MAX_FAULTS:
                self.limit_passed = True
                return []
            found = match(text, position)
            if found is None:
                position = self._unexpected(position)
                continue
            kind = found.lastgroup or ""
            end = found.end()
            if kind == "SPACE":
                position = end
                continue
            if kind not in _INVISIBLE:
                self._begin_token(kind, position)
            if kind == "NAME":
                word = found.group()
                kind = KEYWORDS.get(word, "NAME")
                if self._in_expression or (kind in _DEFINES and self._brackets):
                    self._close_forgotten(kind, position, end)
                if end - position > MAX_IDENTIFIER:
                    word = self._long_name(position, end)
                tokens.append(Token(kind, word, position, end))
            elif kind == "COMMENT":
                self.comments.append((position, end))
            elif kind == "LINE":
                self._odd_in_line.clear()
                self._line_end(position, end)
            elif kind in ("OPEN", "LPAR", "LSQB"):
                self._open(text[position], position)
            elif kind in ("CLOSE", "RPAR", "RSQB"):
                end = self._close(text[position], position)
            else:
                if self._in_expression:
                    self._close_forgotten(kind, position, end)
                tokens.append(Token(kind, found.group(), position, end))
            if len(tokens) > MAX_TOKENS or len(self._brackets) > MAX_NESTING:
                return self._over_limit(position)
            position = end
        return self._finish(length)

    # --- what indentation tells, in a second pass ------------------------------------------------------

    def _begin_token(self, kind: str, at: int) -> None:
        """Called before each token."""

    def _closes_too_early(self, at: int) -> bool:
        """Whether a closing brace is not the one of the innermost body."""
        return False

    # --- separators and brackets ----------------------------------------------------------------------

    def _line_end(self, start: int, end: int) -> None:
        """A line end or ``;`` ends a statement at the top level and directly inside statement braces."""
        if self._in_expression:
            self._line_broken_at = start
            return
        if self.tokens and self.tokens[-1].kind not in _NO_SEPARATOR_AFTER:
            self.tokens.append(Token("_SEP", self._source.text[start:end], start, end))

    def _push(self, bracket: Bracket) -> None:
        self._brackets.append(bracket)
        self._in_expression = bracket.template or bracket.text != "{"

    def _pop(self) -> Bracket:
        bracket = self._brackets.pop()
        inner = self._brackets[-1] if self._brackets else None
        self._in_expression = inner is not None and (inner.template or inner.text != "{")
        return bracket

    def _close_forgotten(self, kind: str, at: int, end: int) -> None:
        """Closes brackets that are evidently never closed: a statement goes on, or the next one begins.

        Inside an expression no two operands follow each other, so an operand that starts a line right
        after another one belongs to a new statement. A definition at the start of a line is inside nothing.
        """
        if kind in _DEFINES and self._begins_definition(at, end):
            while self._brackets:
                self._unclosed(self._pop())
            self.tokens.append(Token("_SEP", "\n", at - 1, at))
            return
        if not self._in_expression:
            return
        last = self.tokens[-1]
        broken = self._line_broken_at >= last.end
        new_statement = broken and kind in _STARTS_OPERAND and last.kind in _ENDS_OPERAND
        if kind not in _NEVER_IN_PARENTHESES and not new_statement:
            return
        self._close_expression()
        if broken and kind != "_ARROW":
            at = self._line_broken_at
            self.tokens.append(Token("_SEP", "\n", at, at + 1))

    def _close_expression(self) -> None:
        """Closes the brackets of the expression around this place: it has ended without them."""
        while self._in_expression:
            self._unclosed(self._pop())

    def _begins_definition(self, at: int, end: int) -> bool:
        """Whether a keyword of the top level stands where a definition begins: no label, at the start of its line."""
        text = self._source.text
        return at > 0 and text[at - 1] == "\n" and _DEFINED_NAME.match(text, end) is not None

    def _open(self, text: str, at: int) -> None:
        template = text == "{" and self._touches_a_name(at)
        if text == "{" and not template:
            self._close_expression()
        self._push(Bracket(text, at, template))
        kind = {"(": "LPAR", "[": "LSQB", "{": "_TOPEN" if template else "_LBRACE"}[text]
        self.tokens.append(Token(kind, text, at, at + 1))

    def _touches_a_name(self, at: int) -> bool:
        """Whether a brace is part of a label, ``layer{i}``: no space before it, none behind it."""
        if not self.tokens or self.tokens[-1].end != at or self.tokens[-1].kind not in _LABEL_PARTS:
            return False
        if self._source.text[at + 1 : at + 2].isspace():
            return False
        if _BODY_AHEAD.match(self._source.text, at + 1) is None:
            return True
        self._fail("E0101", "a `{` that touches the name before it is part of the name", at, at + 1, _SPACE)
        return False

    def _close(self, text: str, at: int) -> int:
        """Closes the innermost bracket; returns where lexing goes on (after a label's tail)."""
        if not self._brackets or _CLOSER[self._brackets[-1].text] != text or self._closes_too_early(at):
            return self._mismatch(text, at)
        bracket = self._pop()
        self._drop_separator()
        kind = {")": "RPAR", "]": "RSQB", "}": "_TCLOSE" if bracket.template else "_RBRACE"}[text]
        self.tokens.append(Token(kind, text, at, at + 1))
        tail = _TAIL.match(self._source.text, at + 1) if kind == "_TCLOSE" else None
        if tail is None:
            return at + 1
        self.tokens.append(Token("TAIL", tail.group(), at + 1, tail.end()))
        return tail.end()

    def _drop_separator(self) -> None:
        if self.tokens and self.tokens[-1].kind == "_SEP":
            self.tokens.pop()

    def _mismatch(self, text: str, at: int) -> int:
        """A closing bracket that closes nothing here: report it once and resynchronise."""
        matching = [i for i, bracket in enumerate(self._brackets) if _CLOSER[bracket.text] == text]
        if not matching and text == "}" and self._in_expression:
            while self._brackets:
                self._unclosed(self._pop())  # the brace belongs to what would have been opened behind them
            return at + 1
        if not matching and self._in_expression:
            return self._close_wrongly(text, at)
        if not matching or (text == "}" and self._closes_too_early(at)):
            self.is_brace_lacking |= text == "}"
            self._fail("E0103", f"`{text}` closes nothing", at, at + 1, "delete it, or open what it closes")
            return at + 1
        while len(self._brackets) > matching[-1] + 1:
            self._unclosed(self._pop())
        return self._close(text, at)

    def _close_wrongly(self, text: str, at: int) -> int:
        """A bracket of another kind than the one that is open: it closes that one, and is the one to change."""
        bracket = self._pop()
        span, opened = self._source.span(at, at + 1), self._source.span(bracket.at, bracket.at + 1)
        message = f"`{bracket.text}` is closed by `{text}`"
        help = Help(f"write `{_CLOSER[bracket.text]}`")
        self.faults.append(Diagnostic("E0103", message, span, labels=(Label(opened, "opened here"),), help=help))
        kind = {"(": "RPAR", "[": "RSQB", "{": "_TCLOSE"}[bracket.text]
        self.tokens.append(Token(kind, text, at, at + 1))
        return at + 1

    def _unclosed(self, bracket: Bracket) -> None:
        """Adds the bracket that is missing; what an open string has swallowed is not missing."""
        if not bracket.at < self._open_string_at or self._is_line_between(bracket.at, self._open_string_at):
            help = f"write `{_CLOSER[bracket.text]}` behind what belongs to it"
            self._fail("E0103", f"`{bracket.text}` is never closed", bracket.at, bracket.at + 1, help)
        self.is_brace_open |= bracket.text == "{" and not bracket.template
        kind = {"(": "RPAR", "[": "RSQB", "{": "_TCLOSE" if bracket.template else "_RBRACE"}[bracket.text]
        self._drop_separator()
        end = self.tokens[-1].end if self.tokens else bracket.at
        self.tokens.append(Token(kind, "", end, end))

    def _is_line_between(self, start: int, end: int) -> bool:
        return self._source.text.find("\n", start, end) >= 0

    def _finish(self, length: int) -> list[Token]:
        self._drop_separator()
        while self._brackets:
            self._unclosed(self._pop())
        tokens = self.tokens
        kept = [
            token
            for index, token in enumerate(tokens)
            if token.kind != "_SEP" or (index + 1 < len(tokens) and tokens[index + 1].kind not in _JOINS_LINES)
        ]
        kept.append(Token("$END", "", length, length))
        self.tokens = kept
        return kept

    # --- what is wrong --------------------------------------------------------------------------------

    def _fail(self, code: str, message: str, start: int, end: int, help: str | None = None) -> None:
        span = self._source.span(start, end)
        self.faults.append(Diagnostic(code, message, span, help=Help(help) if help else None))

    def _check_characters(self, text: str) -> None:
        """Control and bidirectional characters are errors everywhere, comments and strings included."""
        if text.isascii() and text.isprintable():
            return
        for count, found in enumerate(CONTROL.finditer(text)):
            if count == MAX_CONTROL:
                break
            code = ord(found.group())
            self._fail(
                "E0102",
                f"the invisible character U+{code:04X} may not stand in a file",
                found.start(),
                found.end(),
                "delete it: a reader cannot see what such characters do to the text",
            )

    def _unexpected(self, at: int) -> int:
        """One report for a run of characters that begin no token."""
        text = self._source.text
        end = at + 1
        while end < len(text) and not text[end].isspace() and _MASTER.match(text, end) is None:
            end += 1
        if CONTROL.search(text, at, end):
            return end  # reported by _check_characters
        if text[at] == '"':
            return self._open_string(at)
        if text.startswith("```", at):
            end = (text + "\n").find("\n", at)
            self._odd(text[at : at + 3], at, end)
            return end
        quoted = FOREIGN_STRING.match(text, at)
        if quoted is not None:
            self._fail("E0102", "strings stand in double quotes", at, quoted.end())
            self.tokens.append(Token("STRING", '""', at, quoted.end()))
            return quoted.end()
        if text[at].isalnum():
            at, end = self._whole_word(at)
        shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[at : min(end, at + 16)])
        self._odd(shown, at, end)
        return end

    def _odd(self, shown: str, at: int, end: int) -> None:
        """Reports characters; those that the same help repairs once in a line."""
        help = help_for_characters(self._source.text[at:end])
        if help is None or help not in self._odd_in_line:
            self._fail("E0102", f"unexpected `{shown}`", at, end, help)
        else:
            self._repeats += 1
        self._odd_in_line.add(help)

    def _whole_word(self, at: int) -> tuple[int, int]:
        """The extent of a word with letters that names cannot have; its ASCII beginning is no name of its own."""
        text, end = self._source.text, at
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        if self.tokens and self.tokens[-1].end == at and self.tokens[-1].kind in ("NAME", "TAIL"):
            at = self.tokens.pop().start
        return at, end

    def _open_string(self, at: int) -> int:
        """A string without its second quote ends with its line, or before what closes the brackets around it."""
        line_end = self._source.text.find("\n", at)
        end = len(self._source.text) if line_end < 0 else line_end
        self._open_string_at = at
        self._fail("E0108", "the string is not closed on its line", at, end)
        self.tokens.append(Token("STRING", '""', at, end))
        return end

    def _long_name(self, start: int, end: int) -> str:
        """Reports a name that is too long; returns the part of it that is not, so that the rest is checked."""
        message = f"a name may have at most {MAX_IDENTIFIER} characters; this one has {end - start:,}"
        self._fail("E0106", message, start, end)
        name = self._source.text[start : start + MAX_IDENTIFIER]
        self.long_names.add(name)
        return name

    def _over_limit(self, at: int) -> list[Token]:
        self.limit_passed = True
        too_deep = len(self._brackets) > MAX_NESTING
        nesting = f"brackets nest more than {MAX_NESTING} deep here"
        message = nesting if too_deep else f"the file has more than {MAX_TOKENS:,} tokens, the limit"
        self._fail("E0106", message, at, at + 1)
        return []
