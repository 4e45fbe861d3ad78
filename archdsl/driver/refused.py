"""A file that cannot be read, as a finding."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.loader import Refusal
from archdsl.source.source import Source
from archdsl.source.span import Span


def finding_of(path: str, refusal: Refusal) -> tuple[Diagnostic, Source | None]:
    """Why the file that was asked for is not read.

    Where a byte is no text, the finding stands there, and what comes before it is the source that shows its line.
    """
    # For the file that was asked for there is no import that leads nowhere: it is simply not readable.
    code = "E0109" if refusal.code == "E0214" else refusal.code
    if refusal.before is None:
        return Diagnostic(code, refusal.message, Span(path, 0, 0)), None
    at = len(refusal.before)
    return Diagnostic(code, refusal.message, Span(path, at, at)), Source(path, refusal.before)
