"""One line per finding, in the form that editors and ``grep`` understand: ``path:line:col: error[E0302] message``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.source.source import Source


def render_concise(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """The findings, each on its line; a finding in a file that could not be read stands at 1:1."""
    return "".join(f"{_line(diagnostic, sources)}\n" for diagnostic in diagnostics)


def _line(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> str:
    source = sources.get(diagnostic.span.path)
    position = source.position(diagnostic.span.start) if source else None
    line, column = (position.line, position.column) if position else (1, 1)
    severity = CODES[diagnostic.code].severity
    place = f"{escape_start(diagnostic.span.path)}:{line}:{column}"
    return f"{place}: {severity}[{diagnostic.code}] {escape(diagnostic.message)}"
