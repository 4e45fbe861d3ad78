"""Applies the edits of findings to the bytes of a file: in one pass, none over another, everything else untouched."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Sequence

from archdsl.diagnostics.diagnostic import Diagnostic, Edit

_BOM = "\ufeff"


def choose(
    findings: Iterable[Diagnostic], files: Collection[str], file_of: Callable[[str], str]
) -> tuple[dict[str, list[Edit]], int]:
    """The edits to apply by file, in the order of the text, and how many findings they repair.

    ``file_of`` tells the file behind a display path: one file may be known by two. A finding is repaired if all its
    edits lie in ``files`` and none touches one that was chosen before; the others have to wait for another pass.
    """
    chosen: dict[str, list[Edit]] = {}
    repaired = 0
    for finding in findings:
        edits = finding.help.edits if finding.help else ()
        places = [file_of(edit.span.path) for edit in edits]
        if not edits or not all(place in files for place in places):
            continue
        if any(_touches(edit, chosen.get(place, [])) for place, edit in zip(places, edits, strict=True)):
            continue
        for place, edit in zip(places, edits, strict=True):
            insort(chosen.setdefault(place, []), edit, key=_start)
        repaired += 1
    return chosen, repaired


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The bytes of a file after ``edits``, which are in order and do not overlap.

    Spans count in the text as the loader gives it: without a byte-order mark, every line end one character. Both stay
    as they are in the file.
    """
    raw = data.decode("utf-8")
    mark = int(raw.startswith(_BOM))
    pairs = [match.start() - mark - number for number, match in enumerate(re.finditer("\r\n", raw))]

    def offset(at: int) -> int:
        return at + mark + bisect_left(pairs, at)

    parts: list[str] = []
    end = 0
    for edit in edits:
        parts += [raw[end : offset(edit.span.start)], edit.text]
        end = offset(edit.span.end)
    return "".join([*parts, raw[end:]]).encode("utf-8")


def _touches(edit: Edit, others: list[Edit]) -> bool:
    """Whether an edit overlaps or adjoins one of others, which are in order and do not touch each other."""
    at = bisect_left(others, edit.span.start, key=_start)
    neighbours = [other.span for other in others[max(0, at - 1) : at + 1]]
    return any(edit.span.start <= other.end and other.start <= edit.span.end for other in neighbours)


def _start(edit: Edit) -> int:
    return edit.span.start
