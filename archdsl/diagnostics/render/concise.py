"""One line per finding, in the form that editors and ``grep`` understand: ``path:line:col: error[E0302] message``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.diagnostics.render.run import range_of
from archdsl.source.source import Source


def render_concise(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """The findings, each on its line; a finding in a file that could not be read stands at 1:1."""
    return "".join(f"{concise_line(diagnostic, sources)}\n" for diagnostic in diagnostics)


def concise_line(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> str:
    """One finding, without a newline."""
    where = range_of(diagnostic.span, sources)
    severity = CODES[diagnostic.code].severity
    place = f"{escape_start(diagnostic.span.path)}:{where.line}:{where.column}"
    return f"{place}: {severity}[{diagnostic.code}] {escape(diagnostic.message)}"
