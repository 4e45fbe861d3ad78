"""Outcomes as JSON and back, for the cache: what the findings say, and which texts they rest on.

A record holds no source text. Whoever reads one loads the sources again, with the same loader and the same
rules as the check itself, and the record counts only if every text is still the same.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Edit, Frame, Help, Label
from archdsl.driver.outcome import Outcome
from archdsl.source.loader import Loader
from archdsl.source.source import Source
from archdsl.source.span import Span

_RESTS_ON_MORE = frozenset({"E0104", "E0106", "E0109", "E0213", "E0214"})
"""Findings about files that could not be read: what they rest on is not among the sources."""


def record_of(outcome: Outcome) -> str | None:
    """The record of an outcome; None for one that must be found anew each time."""
    if outcome.overflow or any(finding.code in _RESTS_ON_MORE for finding in outcome.findings):
        return None
    body = json.dumps(
        {
            "networks": outcome.networks,
            "sources": [[path, _digest(source.text)] for path, source in outcome.sources.items()],
            "findings": [_diagnostic_as_json(finding) for finding in outcome.findings],
        }
    )
    return f"{_digest(body)}\n{body}\n"


def outcome_of(record: str, path: str, loader: Loader) -> Outcome | None:
    """The outcome that a record holds, if the record is whole and every source is unchanged; else None."""
    digest, _, body = record.rstrip("\n").partition("\n")
    if digest != _digest(body):
        return None
    values = json.loads(body)
    sources: dict[str, Source] = {}
    for place, expected in values["sources"]:
        source = loader.load(place)
        if not isinstance(source, Source) or _digest(source.text) != expected:
            return None
        sources[place] = source
    findings = tuple(_diagnostic(value) for value in values["findings"])
    return Outcome(path, values["networks"], findings, sources)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _diagnostic_as_json(finding: Diagnostic) -> list[Any]:
    return [
        finding.code,
        finding.message,
        _span_as_json(finding.span),
        finding.here,
        [[_span_as_json(label.span), label.text] for label in finding.labels],
        [[frame.block, _span_as_json(frame.span), frame.arguments] for frame in finding.trace],
        finding.notes,
        _help_as_json(finding.help) if finding.help else None,
        finding.expected,
        finding.actual,
    ]


def _diagnostic(value: list[Any]) -> Diagnostic:
    code, message, span, here, labels, trace, notes, help, expected, actual = value
    return Diagnostic(
        code,
        message,
        Span(*span),
        here,
        tuple(Label(Span(*place), text) for place, text in labels),
        tuple(Frame(block, Span(*place), arguments) for block, place, arguments in trace),
        tuple(notes),
        _help(*help) if help else None,
        None if expected is None else tuple(expected),
        None if actual is None else tuple(actual),
    )


def _help_as_json(help: Help) -> list[Any]:
    return [help.text, help.code, [[_span_as_json(edit.span), edit.text] for edit in help.edits]]


def _help(text: str, code: str | None, edits: list[Any]) -> Help:
    return Help(text, code, tuple(Edit(Span(*place), new) for place, new in edits))


def _span_as_json(span: Span) -> list[str | int]:
    return [span.path, span.start, span.end]
