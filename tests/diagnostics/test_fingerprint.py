"""Fingerprints: the same after edits elsewhere, another one for another finding."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.fingerprint import fingerprints
from archdsl.diagnostics.render.run import Run
from archdsl.source.source import Source
from archdsl.source.span import Span

TEXT = "network n() {\n    conv(8, 99)\n    relu\n    conv(8, 99)\n}\n"


def found(text: str, *marked: str, code: str = "E0301", message: str = "m", path: str = "a.arch") -> list[str]:
    """The fingerprints of findings that stand, in order, where these texts do."""
    findings, begin = [], 0
    for part in marked:
        begin = text.index(part, begin)
        findings.append(Diagnostic(code, message, Span(path, begin, begin + len(part))))
        begin += 1
    return fingerprints(Run(tuple(findings), {path: Source(path, text)}))


BASE = found(TEXT, "99", "99")


@pytest.mark.parametrize(
    "edited",
    [
        f"## A comment.\n\n{TEXT}",
        TEXT.replace("    relu\n", "    relu\n    gelu\n"),
        TEXT.replace("    conv", "        conv"),
        TEXT + "\nblock b() { relu }\n",
        TEXT.replace("conv(8, 99)", "conv(8, 99)   "),
    ],
    ids=["lines before", "lines between", "indentation", "lines behind", "blanks behind"],
)
def test_edits_elsewhere_change_nothing(edited: str) -> None:
    assert found(edited, "99", "99") == BASE


def test_the_message_with_its_sizes_does_not_take_part() -> None:
    assert found(TEXT, "99", "99", message="another size") == BASE


def test_equal_lines_are_told_apart() -> None:
    assert len(set(BASE)) == 2


@pytest.mark.parametrize(
    "other",
    [
        found(TEXT, "99", code="E0302"),
        found(TEXT, "99", path="b.arch"),
        found(TEXT, "8"),
        found(TEXT.replace("99", "98"), "98"),
        found(TEXT.replace("(8, 99)", "(8, 99, stride=2)"), "99"),
    ],
    ids=["code", "file", "place in the line", "the text itself", "the line"],
)
def test_another_finding_has_another(other: list[str]) -> None:
    assert other[0] not in BASE


def test_a_file_without_text_has_one_too() -> None:
    one, two = fingerprints(
        Run((Diagnostic("E0109", "m", Span("a", 0, 0)), Diagnostic("E0109", "m", Span("b", 0, 0))), {})
    )
    assert one != two


def test_a_path_that_is_no_text_has_one_too() -> None:
    assert len(fingerprints(Run((Diagnostic("E0109", "m", Span("a\udcff", 0, 0)),), {}))) == 1
