"""Which warnings are reported, and which texts name none."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.filters import Filter, PatternError, pattern_of

WARNINGS = [code.id for code in CODES.values() if code.severity == "warning"]
ERRORS = [code.id for code in CODES.values() if code.severity == "error"]


def reported(select: str = "", ignore: str = "") -> list[str]:
    patterns = [tuple(map(pattern_of, text.split())) for text in (select, ignore)]
    return [code for code in CODES if Filter(*patterns).reports(code)]


def warnings(select: str = "", ignore: str = "") -> list[str]:
    found = reported(select, ignore)
    assert [code for code in found if code in ERRORS] == ERRORS, "errors are always reported"
    return [code for code in found if code in WARNINGS]


def test_without_patterns_everything_is_reported() -> None:
    assert reported() == list(CODES)
    assert Filter().reports_everything
    assert not Filter(("W",)).reports_everything


@pytest.mark.parametrize("pattern", ["W0319", "w0319", "stride-drops-pixels", "Stride-Drops-Pixels"])
def test_a_code_by_number_or_name(pattern: str) -> None:
    assert warnings(select=pattern) == ["W0319"]
    assert warnings(ignore=pattern) == [code for code in WARNINGS if code != "W0319"]


@pytest.mark.parametrize("pattern", ["W", "W0", "W03", "W032"])
def test_the_beginning_of_a_code(pattern: str) -> None:
    assert warnings(select=pattern) == [code for code in WARNINGS if code.startswith(pattern)]
    assert warnings(ignore=pattern) == [code for code in WARNINGS if not code.startswith(pattern)]


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ("W0319", "W03", ["W0319"]),
        ("W032", "W03", [code for code in WARNINGS if code.startswith("W032")]),
        ("W03", "W0319", [code for code in WARNINGS if code.startswith("W03") and code != "W0319"]),
        ("W0319", "W0319", []),
        ("W05 W0319", "W0 W0504", ["W0319"]),
        ("W", "W", []),
    ],
)
def test_the_longer_pattern_decides(select: str, ignore: str, expected: list[str]) -> None:
    assert warnings(select, ignore) == expected


@pytest.mark.parametrize("text", ["E", "E03", "E0302", "e0302", "shape-mismatch"])
def test_errors_cannot_be_named(text: str) -> None:
    with pytest.raises(PatternError, match="errors are always reported"):
        pattern_of(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("W0391", "W0319"), ("stride-drop-pixels", "stride-drops-pixels"), ("unused-names", "unused-name")],
)
def test_what_is_misspelt_gets_a_guess(text: str, meant: str) -> None:
    with pytest.raises(PatternError) as caught:
        pattern_of(text)
    assert caught.value.near == meant


@pytest.mark.parametrize(
    "text", ["", " ", "X", "W9", "0319", "W03199", "nonsense", "W*", "*", "É", "W0319,W0320", "x" * 9_999]
)
def test_what_names_nothing(text: str) -> None:
    with pytest.raises(PatternError, match="there is no warning"):
        pattern_of(text)
