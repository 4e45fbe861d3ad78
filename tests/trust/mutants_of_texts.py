"""Faults in the text of any valid file, random programs and specs/ alike: edits at a token, whose line is known."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random

from archdsl.ops import REGISTRY
from tests.networks.support import ROOT
from tests.trust.operators import Mutant, text_operator

CODE = re.compile(r'"(?:\\.|[^"\\])*"|#[^\n]*|[A-Za-z_]\w*|\d[\w.]*|\.\.=?|->|[<>=!]=|\*\*|//|[^\s]|\s+')
"""The tokens of a text, strings and comments whole."""
KEYWORDS = ("block", "network", "output", "input", "repeat", "for", "if", "let", "from", "import")
OPENED = {"(": ")", "[": "]", "{": "}"}


class Token:
    """A piece of a text with its place."""

    def __init__(self, text: str, start: int, line: int) -> None:
        self.text, self.start, self.line = text, start, line

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@cache
def tokens(text: str) -> tuple[Token, ...]:
    """All tokens but spaces, line ends and comments."""
    found, line = [], 1
    for match in CODE.finditer(text):
        piece = match.group()
        if not piece.isspace() and not piece.startswith("#"):
            found.append(Token(piece, match.start(), line))
        line += piece.count("\n")
    return tuple(found)


def edited(text: str, token: Token, by: str, codes: str, name: str, *lines: int, loose: bool = False) -> Mutant:
    """The text with one token written otherwise."""
    whole = text[: token.start] + by + text[token.end :]
    return Mutant(name, whole, frozenset(codes.split()), frozenset(lines or (token.line,)), loose=loose)


def one_of(text: str, random: Random, fits: Callable[[Token, Token | None, Token | None], bool]) -> Token | None:
    """A token that fits, by itself and the ones before and behind it."""
    found = tokens(text)
    around = zip((None, *found[:-1]), found, (*found[1:], None), strict=True)
    fitting = [token for before, token, after in around if fits(token, before, after)]
    return random.choice(fitting) if fitting else None


def opener_of(text: str, closer: Token) -> Token:
    """The bracket that a closing one belongs to."""
    stack: list[Token] = []
    for token in tokens(text):
        if token.text in OPENED:
            stack.append(token)
        elif token.text in OPENED.values():
            opener = stack.pop()
            if token is closer:
                return opener
    raise ValueError("no bracket")


# --- brackets and characters ------------------------------------------------------------------------------------------


@text_operator
def closing_brace_removed(text: str, random: Random) -> Mutant | None:
    """A brace that is never closed. Which one it was, only the layout tells: that, or the outermost one."""
    token = one_of(text, random, lambda token, *_: token.text == "}")
    if token is None:
        return None
    own = opener_of(text, token)
    around = [other.line for other in tokens(text) if other.text in ("block", "network") and other.start < own.start]
    following = [other.line for other in tokens(text) if other.start > token.start]
    lines = (own.line, token.line, *around[-1:], *following[:1])
    return edited(text, token, "", "E0103 E0101 E0218", "closing_brace_removed", *lines, loose=True)


@text_operator
def closing_parenthesis_removed(text: str, random: Random) -> Mutant | None:
    """A parenthesis or bracket that is never closed: found where it was opened, or where it is missed."""
    token = one_of(text, random, lambda token, *_: token.text in (")", "]"))
    if token is None:
        return None
    own = opener_of(text, token)
    outer = [other.line for other in tokens(text) if other.text in ("(", "[") and _is_around(text, other, own)]
    name, codes = "closing_parenthesis_removed", "E0103 E0101 E0204 E0205 E0206"
    return edited(text, token, "", codes, name, own.line, token.line, *outer, loose=True)


def _is_around(text: str, outer: Token, inner: Token) -> bool:
    """Whether a bracket is open where another one opens: one of them misses its end."""
    if outer.start >= inner.start:
        return False
    between = text[outer.start : inner.start]
    opening, closing = outer.text, OPENED[outer.text]
    return all(between[:end].count(opening) > between[:end].count(closing) for end in range(1, len(between)))


@text_operator
def bracket_added(text: str, random: Random) -> Mutant | None:
    """A closing bracket that closes nothing."""
    token = one_of(
        text,
        random,
        lambda token, before, _: before is None or (before.line < token.line and before.text not in ("(", "[", ",")),
    )
    assert token is not None
    return edited(text, token, f"){token.text}", "E0103 E0101", "bracket_added", loose=True)


@text_operator
def keyword_misspelt(text: str, random: Random) -> Mutant | None:
    """A keyword with its last two letters swapped, at the beginning of a line."""
    token = one_of(text, random, _is_keyword)
    if token is None:
        return None
    wrong = f"{token.text[:-2]}{token.text[-1]}{token.text[-2]}" if len(token.text) > 2 else f"{token.text}s"
    return edited(text, token, wrong, "E0101 E0201 E0218", "keyword_misspelt", loose=True)


def _is_keyword(token: Token, before: Token | None, after: Token | None) -> bool:
    """At the beginning of a line, and no label (``output: linear(10)``)."""
    is_first = before is None or before.line < token.line
    return token.text in KEYWORDS and is_first and (after is None or after.text != ":")


@text_operator
def strange_character(text: str, random: Random) -> Mutant | None:
    """A character that the language does not have, before a token."""
    token = random.choice(tokens(text))
    wrong = random.choice(["$", "?", "é", "\u0430", "\u200b", "\x07", "\u202e", "\u00a0", "`", "\x00"])
    return edited(text, token, f"{wrong}{token.text}", "E0102 E0104", "strange_character", loose=True)


@text_operator
def string_not_closed(text: str, random: Random) -> Mutant | None:
    """A quotation mark that opens a string and never closes it."""
    token = one_of(text, random, lambda token, *_: '"' not in token.text)
    assert token is not None
    line = text.split("\n")[token.line - 1]
    if '"' in line:
        return None
    return edited(text, token, f'"{token.text}', "E0108", "string_not_closed", loose=True)


def _is_number(token: Token) -> bool:
    return token.text.isdigit()


@text_operator
def number_misspelt(text: str, random: Random) -> Mutant | None:
    """A number that is none."""
    token = one_of(text, random, lambda token, *_: _is_number(token))
    if token is None:
        return None
    wrong = random.choice([f"{token.text}__0", f"{token.text}_", f"{token.text}x", f"{token.text}e"])
    return edited(text, token, wrong, "E0107 E0101", "number_misspelt", loose=True)


@text_operator
def number_too_long(text: str, random: Random) -> Mutant | None:
    """A number with 19 digits."""
    token = one_of(text, random, lambda token, *_: _is_number(token))
    return None if token is None else edited(text, token, "1" * 19, "E0407", "number_too_long", loose=True)


@text_operator
def escape_in_a_string(text: str, random: Random) -> Mutant | None:
    """A string with an escape that the language does not have."""
    token = one_of(text, random, lambda token, *_: token.text.startswith('"'))
    return None if token is None else edited(text, token, r'"\x41"', "E0108", "escape_in_a_string", loose=True)


# --- names ------------------------------------------------------------------------------------------------------------


@text_operator
def layer_name_misspelt(text: str, random: Random) -> Mutant | None:
    """A layer at the beginning of a step, with a letter more."""
    starts = ("->", "{", ":", ";")
    ends = ("(", "->", "}", "{", ";")
    token = one_of(
        text,
        random,
        lambda token, before, after: (
            token.text in REGISTRY
            and before is not None
            and (before.text in starts or before.line < token.line)
            and after is not None
            and (after.text in ends or after.line > token.line)
            and not (after.text == "{" and after.start == token.end)  # a computed label
        ),
    )
    return None if token is None else edited(text, token, f"{token.text}z", "E0201", "layer_name_misspelt", loose=True)


@text_operator
def argument_name_misspelt(text: str, random: Random) -> Mutant | None:
    """The name of a named argument, with a letter more."""
    token = one_of(
        text,
        random,
        lambda token, before, after: (
            token.text.isidentifier()
            and after is not None
            and after.text == "="
            and after.start == token.end
            and before is not None
            and before.text in (",", "(")
        ),
    )
    return (
        None
        if token is None
        else edited(text, token, f"{token.text}z", "E0202 E0405", "argument_name_misspelt", loose=True)
    )


@text_operator
def argument_given_twice(text: str, random: Random) -> Mutant | None:
    """A named argument, repeated."""
    found = [match for match in re.finditer(r"(\w+)=(\d+|\w+)(?=[,)])", text) if '"' not in match.group()]
    spelled = [match for match in found if text[match.start() - 1] in " ("]
    if not spelled:
        return None
    match = random.choice(spelled)
    token = Token(match.group(), match.start(), text.count("\n", 0, match.start()) + 1)
    return edited(text, token, f"{match.group()}, {match.group()}", "E0204", "argument_given_twice", loose=True)


# --- the specs --------------------------------------------------------------------------------------------------------


@cache
def specs() -> list[str]:
    """The files of specs/; they import standard blocks only."""
    return [path.read_text("utf-8") for path in sorted((ROOT / "specs").glob("*.arch"))]
