"""Findings as JSON, one to a line: for programs that read while a run goes on. A clean run is no line."""

from __future__ import annotations

from archdsl.diagnostics.render.json import dump, finding_document
from archdsl.diagnostics.render.run import Run


def render_jsonl(run: Run) -> str:
    """The findings with the fields of the JSON document, each on a line of its own."""
    return "".join(f"{dump(finding_document(finding, run.sources), indent=None)}\n" for finding in run.findings)
