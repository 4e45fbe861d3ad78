"""Findings as GitLab's code quality report: a JSON list, one entry per finding."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape
from archdsl.diagnostics.render.fingerprint import fingerprints
from archdsl.diagnostics.render.json import dump
from archdsl.diagnostics.render.plain import headline
from archdsl.diagnostics.render.run import Range, Run, range_of

SEVERITIES = {"error": "major", "warning": "minor"}
"""GitLab's words for ours."""


def render_gitlab(run: Run) -> str:
    """The report; a run that came to an early end has one entry, which blocks a merge."""
    if run.failure is not None:
        entries = [_failure(run)]
    else:
        pairs = zip(run.findings, fingerprints(run), strict=True)
        entries = [_entry(finding, name, run) for finding, name in pairs]
    return dump(entries) + "\n"


def _entry(finding: Diagnostic, fingerprint: str, run: Run) -> dict[str, Any]:
    code = CODES[finding.code]
    return {
        "description": f"{code.id}: {headline(finding)}",
        "check_name": code.id,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[code.severity],
        "location": _location(run.in_repository(finding.span.path), range_of(finding.span, run.sources)),
    }


def _location(path: str, where: Range) -> dict[str, Any]:
    return {
        "path": escape(path),
        # GitLab reads `lines` or `positions`; older versions know only the first.
        "lines": {"begin": where.line, "end": where.end_line},
        "positions": {
            "begin": {"line": where.line, "column": where.column},
            "end": {"line": where.end_line, "column": where.end_column},
        },
    }


def _failure(run: Run) -> dict[str, Any]:
    first = (run.failure or "").partition("\n")[0]
    return {
        "description": f"archdsl gave no result: {escape(first)}",
        "check_name": "archdsl",
        "fingerprint": "0" * 32,
        "severity": "blocker",
        "location": _location(".", Range(1, 1, 1, 1)),
    }
