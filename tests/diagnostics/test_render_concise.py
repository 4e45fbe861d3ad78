"""One line per finding."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.concise import render_concise
from archdsl.source.source import Source
from archdsl.source.span import Span

SOURCE = Source("specs/a.arch", "add {\n    cnov(3)\n}\n")
SOURCES = {SOURCE.path: SOURCE}


def test_place_severity_code_message() -> None:
    findings = [
        Diagnostic("E0201", "there is no layer `cnov`", Span("specs/a.arch", 10, 14), "not this"),
        Diagnostic("W0319", "a row is dropped", Span("specs/a.arch", 0, 3)),
        Diagnostic("E0109", "there is no such file", Span("gone.arch", 0, 0)),
    ]
    assert render_concise(findings, SOURCES) == (
        "specs/a.arch:2:5: error[E0201] there is no layer `cnov`\n"
        "specs/a.arch:1:1: warning[W0319] a row is dropped\n"
        "gone.arch:1:1: error[E0109] there is no such file\n"
    )


def test_no_findings_are_no_text() -> None:
    assert render_concise([], SOURCES) == ""


@pytest.mark.parametrize(
    ("path", "message", "line"),
    [
        ("::error::a", "m", r"\x3a:error::a:1:1: error[E0101] m"),
        (" ::set-env", "m", r" \x3a:set-env:1:1: error[E0101] m"),
        ("a\n::error::", "m", r"a\n::error:::1:1: error[E0101] m"),
        ("a.arch", "one\n::error::two\x1b[2J", r"a.arch:1:1: error[E0101] one\n::error::two\x1b[2J"),
        ("##[group]", "##[endgroup]", r"\x23#[group]:1:1: error[E0101] \x23#[endgroup]"),
    ],
)
def test_a_strangers_text_starts_no_command_and_no_line(path: str, message: str, line: str) -> None:
    assert render_concise([Diagnostic("E0101", message, Span(path, 0, 0))], {}) == f"{line}\n"


def test_a_thousand_findings_are_a_thousand_lines() -> None:
    findings = [Diagnostic("E0102", "m", Span("specs/a.arch", at % 20, at)) for at in range(1_000)]
    assert render_concise(findings, SOURCES).count("\n") == 1_000
