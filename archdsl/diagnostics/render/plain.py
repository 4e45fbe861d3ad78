"""A finding in words alone, for formats that draw no source lines: in one line, or in several.

What comes from the user is escaped for screens; what a format needs beyond that is its own affair.
"""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.diagnostics.render.run import Run, range_of
from archdsl.source.span import Span

MOST_TEXT = 1_000
MOST_REMARKS = 12


def headline(finding: Diagnostic) -> str:
    """What is wrong, and what stands beside the place: ```add` needs equal shapes: paths are ...``."""
    here = f": {_clipped(finding.here)}" if finding.here else ""
    return f"{_clipped(finding.message)}{here}"


def remarks(finding: Diagnostic, run: Run) -> list[str]:
    """The other places, the trace, the notes and the repair, each in a line."""
    lines = [f"{place(label.span, run)}: {_clipped(label.text)}" for label in finding.labels]
    for frame in finding.trace:
        arguments = f" with {_clipped(frame.arguments)}" if frame.arguments else ""
        lines.append(f"in block `{escape(frame.block)}`, applied at {place(frame.span, run)}{arguments}")
    lines += [_clipped(note) for note in finding.notes]
    if len(lines) > MOST_REMARKS:
        lines[MOST_REMARKS:] = [f"... and {len(lines) - MOST_REMARKS} more lines"]
    if finding.help is not None:
        lines.append(f"help: {_clipped(finding.help.text)}")
        lines += [f"    {escape(line)}" for line in (finding.help.code or "").split("\n") if line]
    return lines


def place(span: Span, run: Run) -> str:
    """``path:line:column`` as a line may begin with it; the path seen from the root of the repository."""
    where = range_of(span, run.sources)
    return f"{escape_start(run.in_repository(span.path))}:{where.line}:{where.column}"


def _clipped(text: str) -> str:
    return escape(text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…")
