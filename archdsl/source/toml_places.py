"""Where keys and values stand in a TOML text: ``tomllib`` reads what a file says and forgets where it said it.

The text is one that ``tomllib`` has accepted, so this scanner only has to find its way, not to judge. Whatever it
cannot make sense of ends the search; what was found until then is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Range = tuple[int, int]
"""Offsets in code points, half open."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one key of a table stands, its value, and the items of the value if it is an array."""

    key: Range
    value: Range
    items: tuple[Range, ...] = ()


# A string of any of the four kinds; possessive, because the text may be long and hostile.
_STRING = (
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_KEY_PART = re.compile(r'[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\'')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_TOKEN = re.compile(rf"{_STRING}|#[^\n]*|[\[\]{{}},]|[^\s\"'#\[\]{{}},]++")
_BLANKS = re.compile(r"[ \t]*")


def places_in(text: str, table: tuple[str, ...]) -> dict[str, Place]:
    """The keys that stand directly in a table, ``()`` being the file itself, by their first dotted part.

    All ways of writing a table are known: a header, dotted keys, an inline table.
    """
    found: dict[str, Place] = {}
    for path, key, value in _entries(text, 0, len(text), (), table):
        if len(path) > len(table) and path[: len(table)] == table and path[len(table)] not in found:
            found[path[len(table)]] = Place(key, value, _items(text, value))
    return found


def _entries(
    text: str, start: int, end: int, base: tuple[str, ...], wanted: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Range, Range]]:
    """The entries of a text or of the inside of an inline table, with their full paths; headers stand for tables."""
    at = _BLANK.match(text, start, end).end()  # type: ignore[union-attr]
    prefix = base
    while at < end:
        if text[at] == ",":
            at += 1
        elif text[at] == "[":
            name = _BLANKS.match(text, at + (2 if text.startswith("[[", at) else 1)).end()  # type: ignore[union-attr]
            prefix, after = _path(text, name)
            if not prefix:
                return
            yield prefix, (name, after), (name, after)
            at = text.find("\n", after)
            at = end if at < 0 else at
        else:
            path, after = _path(text, at)
            equals = text.find("=", after, end)
            if not path or equals < 0:
                return
            value = _value(text, equals + 1, end)
            full = (*prefix, *path)
            yield full, (at, after), value
            if len(full) <= len(wanted) and wanted[: len(full)] == full and text.startswith("{", value[0]):
                yield from _entries(text, value[0] + 1, value[1] - 1, full, wanted)
            at = value[1]
        at = _BLANK.match(text, at, end).end()  # type: ignore[union-attr]


def _path(text: str, at: int) -> tuple[tuple[str, ...], int]:
    """A dotted key and the offset behind it; an empty one where there is none."""
    parts: list[str] = []
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    while part := _KEY_PART.match(text, at):
        parts.append(part[0].strip("\"'"))
        at = part.end()
        dot = _DOT.match(text, at)
        if dot is None:
            break
        at = dot.end()
    return tuple(parts), at


def _value(text: str, at: int, end: int) -> Range:
    """The range of the value that begins behind an offset; arrays and inline tables whole."""
    begin = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    depth, last = 0, begin
    for token in _TOKEN.finditer(text, begin, end):
        if depth == 0 and (token[0] in (",", "]", "}") or token[0][0] == "#" or "\n" in text[last : token.start()]):
            break
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        last = token.end()
        if depth == 0 and text[begin] in "[{\"'":
            break
    return begin, last


def _items(text: str, value: Range) -> tuple[Range, ...]:
    """The ranges of the items of an array."""
    if not text.startswith("[", value[0]):
        return ()
    found: list[Range] = []
    depth, begin = 0, -1
    for token in _TOKEN.finditer(text, value[0] + 1, value[1] - 1):
        if token[0].startswith("#"):
            continue
        if depth == 0 and token[0] == ",":
            begin = -1
            continue
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        if begin < 0:
            begin = token.start()
            found.append((begin, token.end()))
        else:
            found[-1] = (begin, token.end())
    return tuple(found)
