"""Numbers and paths as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.ir.amount import Amount, Polynomial

_PREFIXES = ("", " k", " M", " G", " T", " P", " E")
_BINARY = (" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB")


def grouped(amount: Amount | None) -> str:
    """``25,557,032``, or a formula; a dash where nothing is known."""
    return "-" if amount is None else str(amount) if isinstance(amount, Polynomial) else f"{amount:,}"


def rounded(number: int) -> str:
    """``25.6 M``: three digits and the prefix of a thousand; small numbers stay as they are."""
    return _with_prefix(number, 1000, _PREFIXES)


def binary(number: int) -> str:
    """``97.5 MiB``: bytes with three digits and the prefix of 1024."""
    return _with_prefix(number, 1024, _BINARY)


def _with_prefix(number: int, base: int, prefixes: Sequence[str]) -> str:
    value, index = float(number), 0
    while value >= 999.5 and index < len(prefixes) - 1:
        value /= base
        index += 1
    if not index:
        return f"{number}{prefixes[0]}"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{prefixes[index]}"


def square(extents: Sequence[int] | None) -> str:
    """``427``, or ``427 x 301`` where the axes differ; a dash where there are none."""
    if not extents:
        return "-"
    return f"{extents[0]:,}" if len(set(extents)) == 1 else " x ".join(f"{size:,}" for size in extents)


def path_range(first: str, last: str | None) -> str:
    """``layer1.1-2`` for ``layer1.1`` to ``layer1.2``."""
    if last is None or last == first:
        return first
    begin, end = first.split("."), last.split(".")
    differing = [index for index, pair in enumerate(zip(begin, end, strict=False)) if pair[0] != pair[1]]
    if len(begin) != len(end) or len(differing) != 1:
        return f"{first} - {last}"
    index = differing[0]
    stem = begin[index].rstrip("0123456789")
    tail = end[index].removeprefix(stem)
    begin[index] = f"{begin[index]}-{tail if tail.isdigit() else end[index]}"
    return ".".join(begin)
