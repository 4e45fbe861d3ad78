"""What the formats for machines are made from: a whole run, and the few things that only the caller knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from archdsl.diagnostics.codes import CODES, Severity
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.source import Source
from archdsl.source.span import Span


def _unchanged(path: str) -> str:
    return path


@dataclass(frozen=True, slots=True)
class Run:
    """One run of ``check``: its findings in the order of the text, and how it ended."""

    findings: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    files: tuple[str, ...] = ()
    """The files that were checked, by display path."""
    networks: int = 0
    hidden: int = 0
    """How many findings were counted but not kept."""
    exit_code: int = 0
    warnings_fail: bool = False
    failure: str | None = None
    """Why the run came to an early end: a sentence, perhaps of several lines; None if it did not."""
    version: str = ""
    in_repository: Callable[[str], str] = field(default=_unchanged)
    """A display path as a path from the root of the repository, with ``/``."""

    def count(self, severity: Severity) -> int:
        """How many findings there are. Those that were not kept are errors if any is: errors are kept first."""
        errors = sum(CODES[finding.code].severity == "error" for finding in self.findings)
        if severity == "error":
            return errors + self.hidden if errors else 0
        return len(self.findings) - errors + (0 if errors else self.hidden)


@dataclass(frozen=True, slots=True)
class Range:
    """A range of text: lines and columns from 1 in code points, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def range_of(span: Span, sources: Mapping[str, Source]) -> Range:
    """Where a span lies; 1:1 in a file whose text is not known."""
    source = sources.get(span.path)
    if source is None:
        return Range(1, 1, 1, 1)
    start, end = source.position(span.start), source.position(max(span.start, span.end))
    return Range(start.line, start.column, end.line, end.column)
