"""The JSON documents: the fields of the contract with their types, and nothing in them that a log would obey."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.render.json import check_document, dump, finding_document
from archdsl.source.source import Source
from archdsl.source.span import Span

TEXT = 'block a() {\n    add {\n        "漢字" 😀conv(3)\n    }\n}\n'
SOURCE = Source("specs/a.arch", TEXT)
SOURCES = {SOURCE.path: SOURCE}

CONTRACT: dict[str, type | tuple[type, ...]] = {
    "code": str,
    "name": str,
    "severity": str,
    "message": str,
    "path": str,
    "line": int,
    "column": int,
    "end_line": int,
    "end_column": int,
    "expected": (list, type(None)),
    "actual": (list, type(None)),
    "related": list,
    "trace": list,
    "help": (str, type(None)),
    "fix": type(None),
    "url": str,
}
"""The fields that cli.md promises."""


def span(text: str, end: str | None = None) -> Span:
    start = TEXT.index(text)
    return SOURCE.span(start, TEXT.index(end, start) + len(end) if end else start + len(text))


WHOLE = Diagnostic(
    "E0302",
    "`add` needs equal shapes",
    span("add"),
    "paths differ",
    (Label(span("conv(3)"), "this path"),),
    (Frame("a", span("block"), "channels=64"),),
    ("a note",),
    Help("project the shortcut", "conv(64, 1)"),
    ("N", 64, "H/2", 28),
    ("N", 64, 56, 56),
)
LEAST = Diagnostic("W0319", "the last row is dropped", span("add"))
UNREADABLE = Diagnostic("E0109", "cannot read", Span("x.arch", 0, 0))


def test_a_finding_with_everything() -> None:
    assert finding_document(WHOLE, SOURCES) == {
        "code": "E0302",
        "name": "shape-mismatch",
        "severity": "error",
        "message": "`add` needs equal shapes",
        "path": "specs/a.arch",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 8,
        "here": "paths differ",
        "expected": ["N", 64, "H/2", 28],
        "actual": ["N", 64, 56, 56],
        "related": [
            # Code points: the two wide characters and the one beyond the first plane count one each.
            {"message": "this path", "path": "specs/a.arch", "line": 3, "column": 15, "end_line": 3, "end_column": 22}
        ],
        "trace": [
            {
                "block": "a",
                "arguments": "channels=64",
                "path": "specs/a.arch",
                "line": 1,
                "column": 1,
                "end_line": 1,
                "end_column": 6,
            }
        ],
        "notes": ["a note"],
        "help": "project the shortcut",
        "help_code": "conv(64, 1)",
        "fix": None,
        "url": "archdsl/diagnostics/explain/E0302.md",
    }


@pytest.mark.parametrize("diagnostic", [WHOLE, LEAST, UNREADABLE], ids=["whole", "least", "unreadable"])
def test_every_finding_has_every_field_of_the_contract_in_one_order(diagnostic: Diagnostic) -> None:
    document = finding_document(diagnostic, SOURCES)
    for field, type_ in CONTRACT.items():
        assert isinstance(document[field], type_), field
        assert not isinstance(document[field], bool), field
    assert list(document) == list(finding_document(WHOLE, SOURCES))
    assert [field for field in document if field in CONTRACT] == list(CONTRACT)
    assert json.loads(json.dumps(document)) == document, "plain JSON values only"


def test_what_a_finding_has_not_is_null_or_empty() -> None:
    document = finding_document(LEAST, SOURCES)
    for field in ("expected", "actual", "help", "help_code", "fix"):
        assert document[field] is None
    for field in ("related", "trace", "notes"):
        assert document[field] == []
    assert document["severity"] == "warning"


def test_a_file_that_could_not_be_read_is_reported_at_its_start() -> None:
    document = finding_document(UNREADABLE, SOURCES)
    assert [document[field] for field in ("line", "column", "end_line", "end_column")] == [1, 1, 1, 1]
    assert document["path"] == "x.arch"


@pytest.mark.parametrize(
    ("place", "positions"),
    [
        (Span(SOURCE.path, 0, 0), [1, 1, 1, 1]),
        (span("add {", end="\n    }"), [2, 5, 4, 6]),
        (Span(SOURCE.path, 11, 12), [1, 12, 2, 1]),
        (Span(SOURCE.path, len(TEXT), len(TEXT)), [6, 1, 6, 1]),
        (Span(SOURCE.path, 10**9, 10**9 + 5), [6, 1, 6, 1]),
        (Span(SOURCE.path, 5, 2), [1, 6, 1, 6]),
    ],
)
def test_ranges(place: Span, positions: list[int]) -> None:
    document = finding_document(Diagnostic("E0103", "m", place), SOURCES)
    assert [document[field] for field in ("line", "column", "end_line", "end_column")] == positions


def test_the_answer_of_check() -> None:
    document = check_document([WHOLE, LEAST], SOURCES, files=3, networks=2)
    assert list(document) == ["version", "findings", "files", "networks"]
    assert (document["version"], document["files"], document["networks"]) == (1, 3, 2)
    assert [finding["code"] for finding in document["findings"]] == ["E0302", "W0319"]
    assert check_document([], {}, files=0, networks=0) == {"version": 1, "findings": [], "files": 0, "networks": 0}


def test_the_same_findings_are_the_same_text() -> None:
    texts = {dump(check_document([WHOLE, UNREADABLE], SOURCES, files=1, networks=1)) for _ in range(3)}
    assert len(texts) == 1


def test_one_line_and_several() -> None:
    assert dump({"a": [1]}, indent=None) == '{"a": [1]}'
    assert dump({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'


def test_numbers_that_json_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump({"a": float("nan")})


@pytest.mark.parametrize(
    "text", ["##[error]x", "####[a]", '\\##[a]"##', "\x1b[2J\x7f\x9b", "\u202e\u2028", "::error::x"]
)
def test_hostile_text_is_escaped_and_comes_back_whole(text: str) -> None:
    check_dump(text)


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('#[\\"\x7f'))))
def test_any_text_is_escaped_and_comes_back_whole(text: str) -> None:
    check_dump(text)


def check_dump(text: str) -> None:
    document: dict[str, Any] = finding_document(
        Diagnostic("E0201", text, Span(text, 0, 0), text, (Label(Span(text, 0, 0), text),), help=Help(text, text)), {}
    )
    dumped = dump(document)
    assert json.loads(dumped) == document
    assert dumped.isascii()
    assert dumped.replace("\n", "").isprintable()
    assert "##" not in dumped
    assert not any(line.lstrip().startswith("::") for line in dumped.splitlines())
