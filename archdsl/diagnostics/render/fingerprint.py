"""A name for each finding that survives edits elsewhere in the file, so that a service can tell old from new."""

from __future__ import annotations

import hashlib
from collections import Counter

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.run import Run

MOST_MARKED = 200
"""Characters of the marked text that take part."""


def fingerprints(run: Run) -> list[str]:
    """32 hexadecimal digits for each finding of a run, all different.

    They are made of the code, the path, the text of the line without its indentation and the marked text, not of the
    line's number and not of the message with its sizes. Of findings that agree in all of these, the first, second ...
    in the order of the text are told apart by that.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found: list[str] = []
    for finding in run.findings:
        parts = (finding.code, run.in_repository(finding.span.path), *_texts(finding, run))
        seen[parts] += 1
        whole = "\0".join((*parts, str(seen[parts])))
        found.append(hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return found


def _texts(finding: Diagnostic, run: Run) -> tuple[str, str]:
    source = run.sources.get(finding.span.path)
    if source is None:
        return "", ""
    line = source.lines.line_text(source.position(finding.span.start).line)
    return line.strip(), source.slice(finding.span)[:MOST_MARKED]
