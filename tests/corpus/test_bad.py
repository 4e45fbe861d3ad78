"""Wrong files: each finding stands where its mark says, nothing else is found, the text is the one that was read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.diagnostics.codes import CODES
from tests.corpus.cases import BAD, cases, check_file, compile_file, marked_places, name_of
from tests.corpus.test_generated import CASES as GENERATED

CASES = cases(BAD)
MARKED = {place[3] for file in BAD.rglob("*.arch") for place in marked_places(file.name, file.read_text("utf-8"))}
"""The codes that are marked in a case, or in a file that it imports."""


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_what_is_found(case: Path, update_corpus: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    found = check_file(case)
    if not found.places:
        found = compile_file(case)
    files = [case]
    if case.name == "main.arch":
        files = sorted(file for file in case.parent.rglob("*") if file.suffix in (".arch", ".toml"))
    marked = [
        place
        for file in files
        for place in marked_places(str(file.relative_to(case.parent)), file.read_text(encoding="utf-8"))
    ]
    assert sorted(found.places) == sorted(marked), found.text
    expected = case.with_suffix(".expected")
    if update_corpus:
        expected.write_text(found.text, encoding="utf-8")
    assert expected.read_text(encoding="utf-8") == found.text


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_case_says_what_is_wrong(case: Path) -> None:
    first = case.read_text(encoding="utf-8").split("\n", 1)[0]
    assert re.fullmatch(r"# [A-Z`0-9].{15,}\.", first), first


def test_every_code_of_the_registry_occurs() -> None:
    beside = {code for file in BAD.rglob("*.toml") for *_, code in marked_places(file.name, file.read_text("utf-8"))}
    generated = {code for made in GENERATED.values() for *_, code in made.found}
    # Recipes need data, and changes an earlier version: tests/train/test_contract.py, tests/compare/test_breaking.py.
    elsewhere = {code for code in CODES if code[1:3] in ("08", "09")}
    assert set(CODES) - elsewhere <= MARKED | beside | generated


def test_the_corpus_is_large() -> None:
    assert len(CASES) >= 150
    assert all(case.with_suffix(".expected").exists() for case in CASES)


def test_no_text_is_left_over() -> None:
    assert {path.with_suffix(".arch") for path in BAD.rglob("*.expected") if path.parent.name != "generated"} == set(
        CASES
    )
