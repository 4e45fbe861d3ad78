"""Shows two texts as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from archdsl.diagnostics.escape import escape, escape_start


def difference(path: str, before: str, after: str) -> Iterator[str]:
    """The lines of a unified diff, as ``git apply`` takes it. What would steer a screen or a log is shown escaped."""
    name = escape(path)
    for row in difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm=""):
        for line in row.split("\n"):
            yield f"{line[:1]}{escape_start(line[1:])}\n"


def _lines(text: str) -> list[str]:
    """The lines; one that is not ended says so in a line of its own, as diffs do."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
