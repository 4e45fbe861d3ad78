"""Findings as JUnit XML: a suite per file with a case per finding; a file without any is one case that passed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.diagnostics.render.plain import headline, place, remarks
from archdsl.diagnostics.render.run import Run, range_of

_NOT_XML = re.compile("[\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def render_junit(run: Run) -> str:
    """The document. Errors are failures; warnings pass with a remark, unless they make the run fail."""
    if run.failure is not None:
        suites = [("archdsl", [_failure(run.failure)])]
    else:
        suites = [(run.in_repository(path), cases) for path, cases in _cases(run)]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="archdsl" {_counts([case for _, cases in suites for case in cases])}>')
    for name, cases in suites:
        lines += [f'  <testsuite name="{_line(name)}" {_counts(cases)}>', *cases, "  </testsuite>"]
    return "".join(f"{line}\n" for line in [*lines, "</testsuites>"])


def _cases(run: Run) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[Diagnostic]] = {path: [] for path in run.files}
    for finding in run.findings:
        found.setdefault(finding.span.path, []).append(finding)
    for path, findings in found.items():
        passed = [f'    <testcase classname="{_line(run.in_repository(path))}" name="check"/>']
        yield path, [_case(finding, run) for finding in findings] or passed


def _counts(cases: Sequence[str]) -> str:
    failures = sum("      <failure " in case for case in cases)
    errors = sum("      <error " in case for case in cases)
    return f'tests="{len(cases)}" failures="{failures}" errors="{errors}"'


def _case(finding: Diagnostic, run: Run) -> str:
    code = CODES[finding.code]
    where = range_of(finding.span, run.sources)
    path = _line(run.in_repository(finding.span.path))
    name = f"{code.id} {code.slug} at {where.line}:{where.column}"
    lines = [f"{place(finding.span, run)}: {code.severity}[{code.id}] {headline(finding)}", *remarks(finding, run)]
    text = _lines("\n".join(lines))
    head = f'    <testcase classname="{path}" name="{name}" file="{path}" line="{where.line}">'
    if code.severity == "error" or run.warnings_fail:
        inner = f'<failure type="{code.id}" message="{_line(headline(finding))}">{text}</failure>'
    else:
        inner = f"<system-out>{text}</system-out>"
    return f"{head}\n      {inner}\n    </testcase>"


def _failure(sentence: str) -> str:
    text = _lines(sentence)
    first = _line(sentence.partition("\n")[0])
    inner = f'<error type="archdsl" message="{first}">{text}</error>'
    return f'    <testcase classname="archdsl" name="check">\n      {inner}\n    </testcase>'


def _line(text: str) -> str:
    """Text for an attribute: one line, whatever it holds."""
    return _without_markup(escape(text))


def _lines(text: str) -> str:
    """Text for an element: its lines, none of which begins a command where the document is printed into a log."""
    return _without_markup("\n".join(escape_start(line) for line in text.split("\n")))


def _without_markup(safe: str) -> str:
    """The text without markup, and without the few characters that XML cannot hold."""
    safe = _NOT_XML.sub(lambda match: f"\\u{ord(match.group()):04x}", safe)
    return "".join(_ENTITIES.get(char, char) for char in safe)
