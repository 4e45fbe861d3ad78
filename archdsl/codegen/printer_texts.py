"""F-strings, and long texts in several strings side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.codegen.printer_literals import escaped, string_literal

_PLAIN_IN_FIELD = re.compile(r"[ !$-&(-\[\]-z|~]*")
"""Characters of a string inside the braces of an f-string: before Python 3.12 no quote, backslash or ``#`` may
stand there; braces are left out as well."""

_CONVERSIONS = {-1: "", ord("a"): "!a", ord("r"): "!r", ord("s"): "!s"}

_PART_WIDTH = 64
"""About how many columns a part of a long text gets: with its quotes it fits into a line at any usual depth."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an f-string as it is printed, braces included."""

    shown: str


Piece = str | Field
"""A piece of a text: characters, or a field."""


def string_in_field(value: str, quote: str) -> str:
    """A string inside the braces of an f-string, in these quotes; those of the f-string are of the other kind.

    Raises ValueError where Python 3.11 has no way to write it.
    """
    if not _PLAIN_IN_FIELD.fullmatch(value):
        raise ValueError(f"the string {value!a} cannot stand inside the braces of an f-string")
    return quote + value + quote


def field(expression: str, conversion: int, specification: str) -> Field:
    """A field of a printed expression, the code of its conversion or -1, and its format specification.

    Raises TypeError for a conversion other than ``!a``, ``!r`` and ``!s``, and for a specification that is not
    plain: printable ASCII without quotes, braces and backslashes.
    """
    if conversion not in _CONVERSIONS:
        raise TypeError(f"the conversion {conversion} is not printed")
    if not (specification.isascii() and specification.isprintable()) or set(specification) & set("{}\"'\\"):
        raise TypeError(f"the format specification {specification!a} is not printed")
    end = _CONVERSIONS[conversion] + (":" + specification if specification else "")
    if expression.startswith("{"):
        # A brace that opens an expression must not touch the brace that opens the field.
        return Field(f"{{ {expression}{end or ' '}}}")
    return Field(f"{{{expression}{end}}}")


def f_string(pieces: Sequence[Piece], quote: str) -> str:
    """An f-string in these quotes."""
    return f"f{quote}{''.join(_in_f_string(piece, quote) for piece in pieces)}{quote}"


def _in_f_string(piece: Piece, quote: str) -> str:
    if isinstance(piece, Field):
        return piece.shown
    shown = "".join(escaped(char, quote) for char in piece)
    return shown.replace("{", "{{").replace("}", "}}")


def text_parts(pieces: Sequence[Piece]) -> list[str]:
    """A long text as strings to be put on lines one below the other, broken after blanks; one string: do not break.

    Texts with quotes or backslashes stay whole: the parts of a text should be alike.
    """
    if any(set(piece.shown if isinstance(piece, Field) else piece) & set("\"'\\") for piece in pieces):
        return [""]
    parts: list[list[Piece]] = [[]]
    width = 0
    for word in _words(pieces):
        size = sum(len(_in_f_string(piece, '"')) for piece in word)
        if width and width + size > _PART_WIDTH:
            parts.append([])
            width = 0
        parts[-1] += word
        width += size
    return [_part(part) for part in parts]


def _words(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces cut after blanks."""
    words: list[list[Piece]] = [[]]
    for piece in pieces:
        cut = [piece] if isinstance(piece, Field) else re.findall(r"\S*\s*", piece)
        for atom in cut:
            words[-1].append(atom)
            if isinstance(atom, str) and atom[-1:].isspace():
                words.append([])
    return words


def _part(pieces: list[Piece]) -> str:
    if any(isinstance(piece, Field) for piece in pieces):
        return f_string(pieces, '"')
    return string_literal("".join(piece for piece in pieces if isinstance(piece, str)))
