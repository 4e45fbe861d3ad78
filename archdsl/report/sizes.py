"""The sizes that a network accepts, in a person's words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from archdsl.diagnostics.escape import escape
from archdsl.documents.sizes import At, Cause, SizesDocument, Symbol

MOST_DEMANDS = 6
"""So many demands of one place are told; the others are counted."""
MOST_PLACES = 8
MOST_LINES = 12
"""So many places are told of one size; the document has all of them."""


def render_sizes(document: SizesDocument, *, color: bool = False) -> str:
    """A heading, a sentence per open size, and below each the places that cause it."""
    title = escape(f"{document.network}  {document.path}:{document.line}")
    lines = [f"\x1b[1m{title}\x1b[0m" if color else title]
    if not document.symbols:
        lines.append("  every size is fixed")
    told: dict[object, str] = {}
    for name, symbol in document.symbols.items():
        alike = told.setdefault(_content(name, symbol), name)
        if alike != name:
            lines.append(f"  {name} likewise")
            continue
        lines.append(f"  accepts {_sentence(name, symbol.text)}{_because(document, symbol)}")
        lines += [f"    {line}" for line in _cause_lines(document, symbol.causes)]
        if symbol.declared is not None:
            lines.append(f"    declared: {symbol.declared.text}; all of them work")
    return "\n".join(lines) + "\n"


def render_verdict(document: SizesDocument, at: At) -> str:
    """``H = 333: refused``, what is accepted and because of which lines, and the nearest sizes that work."""
    sizes = ", ".join(f"{name} = {size}" for name, size in at.sizes.items())
    if at.accepted:
        return f"{sizes}: accepted\n"
    lines = [f"{sizes}: refused"]
    for name, near in at.nearest.items():
        symbol = document.symbols[name]
        lines.append(f"  accepts {_sentence(name, symbol.text)}{_because(document, symbol)}")
        known = [str(size) for size in (near.below, near.above) if size is not None]
        lines.append(
            f"  nearest sizes that work: {name} = {' and '.join(known)}" if known else f"  no other {name} works"
        )
    return "\n".join(lines) + "\n"


def _content(name: str, symbol: Symbol) -> object:
    """What two symbols share if nothing has to be said about the second: everything but their names."""
    places = tuple(
        (cause.path, cause.line, cause.column, _unnamed(cause.accepts, name), cause.count) for cause in symbol.causes
    )
    declared = _unnamed(symbol.declared.text, name) if symbol.declared is not None else None
    return _unnamed(symbol.text, name), places, declared


def _unnamed(text: str, name: str) -> str:
    return " ".join("_" if word == name else word for word in text.split(" "))


def _sentence(name: str, text: str) -> str:
    """``every H >= 32``, ``exactly H = 224``, ``H only where 16 divides H``."""
    if text.startswith("every ") or "<=" in text.split(" and ", maxsplit=1)[0]:
        return text
    return f"exactly {text}" if text.startswith(f"{name} = ") else f"{name} only where {text}"


def _because(document: SizesDocument, symbol: Symbol) -> str:
    """``, because of lines 12, 12, 40``: each line as often as it asks; of other files with their path."""
    ordered = sorted(symbol.causes, key=lambda cause: (cause.path != document.path, cause.path, cause.line))
    places = [
        str(cause.line) if cause.path == document.path else f"{escape(cause.path)}:{cause.line}"
        for cause in ordered
        for _ in range(min(cause.count, MOST_PLACES))
    ]
    if not places:
        return ""
    shown = places[:MOST_PLACES]
    more = sum(cause.count for cause in ordered) - len(shown)
    word = "" if ordered[0].path != document.path else "line " if len(shown) == 1 and not more else "lines "
    return f", because of {word}{', '.join(shown)}{f' and {more:,} more' if more > 0 else ''}"


def _cause_lines(document: SizesDocument, causes: Iterable[Cause]) -> list[str]:
    """A line per place and reason, with what it demands and how often."""
    ordered = sorted(
        causes, key=lambda cause: (cause.path != document.path, cause.path, cause.line, cause.column, cause.message)
    )
    lines: list[str] = []
    places = [list(group) for _, group in groupby(ordered, lambda cause: (cause.path, cause.line, cause.message))]
    for found in places[:MOST_LINES]:
        path, line, message = found[0].path, found[0].line, found[0].message
        place = f"line {line}" if path == document.path else f"{escape(path)}:{line}"
        demands = list(dict.fromkeys(cause.accepts.removeprefix("every ") for cause in found))
        times = sum(cause.count for cause in found)
        often = f" ({times:,} times)" if times > 1 else ""
        more = f"; {len(demands) - MOST_DEMANDS:,} more" if len(demands) > MOST_DEMANDS else ""
        lines.append(f"{place}: {escape(message)}{often}: {'; '.join(demands[:MOST_DEMANDS])}{more}")
        if path != document.path and found[0].trace:
            lines.append(f"  {escape(found[0].trace[-1])}")
    if len(places) > MOST_LINES:
        lines.append(f"{len(places) - MOST_LINES:,} more places")
    return lines
