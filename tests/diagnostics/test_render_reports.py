"""Findings as jsonl, as GitLab's code quality report and as JUnit XML, each read back with a parser."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.gitlab import render_gitlab
from archdsl.diagnostics.render.json import finding_document
from archdsl.diagnostics.render.jsonl import render_jsonl
from archdsl.diagnostics.render.junit import render_junit
from archdsl.diagnostics.render.run import Run
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.diagnostics.runs import CLEAN_RUN, FAILED_RUN, FULL_RUN

HOSTILE = "]]><b>&amp;\x00\x1b[2J\ufffe\uffff\U0001fffe\ud800\u202e\r\n\"'##[error]\n::error::x"

# --- jsonl ------------------------------------------------------------------------------------------------------------


def test_each_finding_is_a_line_of_json() -> None:
    lines = render_jsonl(FULL_RUN).splitlines()
    assert [json.loads(line) for line in lines] == [
        finding_document(finding, FULL_RUN.sources) for finding in FULL_RUN.findings
    ]


def test_a_clean_run_is_no_line() -> None:
    assert render_jsonl(CLEAN_RUN) == ""


def test_line_breaks_of_a_user_break_no_line() -> None:
    finding = Diagnostic("E0201", "a\nb\r\u2028c##[error]", Span("a\n.arch", 0, 0))
    text = render_jsonl(Run((finding,), {}))
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert "##[" not in text
    assert json.loads(text)["message"] == "a\nb\r\u2028c##[error]"


# --- GitLab -----------------------------------------------------------------------------------------------------------


def entries(run: Run) -> Any:
    return json.loads(render_gitlab(run))


def test_an_entry_has_what_gitlab_reads() -> None:
    first = entries(FULL_RUN)[0]
    assert first["description"].startswith("E0302: `add` needs equal shapes on all its paths: paths are N x 64")
    assert first["check_name"] == "E0302"
    assert first["severity"] == "major"
    assert first["location"]["path"] == "specs/resnet.arch"
    assert first["location"]["lines"]["begin"] == 3
    assert first["location"]["positions"]["begin"] == {"line": 3, "column": 5}


def test_severities_are_those_that_gitlab_knows() -> None:
    found = [entry["severity"] for entry in entries(FULL_RUN)]
    assert found == ["major", "minor", "major", "major"]
    assert {*found, entries(FAILED_RUN)[0]["severity"]} <= {"info", "minor", "major", "critical", "blocker"}


def test_fingerprints_are_there_and_differ() -> None:
    found = [entry["fingerprint"] for entry in entries(FULL_RUN)]
    assert len(set(found)) == 4
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in found)


def test_a_file_without_text_is_at_1_1() -> None:
    assert entries(FULL_RUN)[3]["location"]["positions"]["begin"] == {"line": 1, "column": 1}


def test_a_clean_report_is_an_empty_list_and_an_early_end_is_not() -> None:
    assert entries(CLEAN_RUN) == []
    (entry,) = entries(FAILED_RUN)
    assert entry["severity"] == "blocker"
    assert "RuntimeError" in entry["description"]


def test_paths_of_the_report_are_those_of_the_repository() -> None:
    run = replace(FULL_RUN, in_repository=lambda path: f"models/{path}")
    assert entries(run)[0]["location"]["path"] == "models/specs/resnet.arch"


# --- JUnit ------------------------------------------------------------------------------------------------------------


def suites(run: Run) -> ET.Element:
    return ET.fromstring(render_junit(run))


def counts(element: ET.Element) -> tuple[int, int, int]:
    tests, failures, errors = (int(element.get(name, "-1")) for name in ("tests", "failures", "errors"))
    return tests, failures, errors


def counted(element: ET.Element) -> tuple[int, int, int]:
    return len(list(element.iter("testcase"))), len(list(element.iter("failure"))), len(list(element.iter("error")))


@pytest.mark.parametrize("run", [FULL_RUN, CLEAN_RUN, FAILED_RUN, replace(FULL_RUN, warnings_fail=True)])
def test_the_counts_are_those_of_the_cases(run: Run) -> None:
    root = suites(run)
    assert root.tag == "testsuites"
    for element in [root, *root]:
        assert counts(element) == counted(element)


def test_a_file_is_a_suite_and_a_finding_a_case() -> None:
    root = suites(FULL_RUN)
    assert [suite.get("name") for suite in root] == ["specs/resnet.arch", "specs/clean.arch", "gone.arch"]
    case = root[0][0]
    assert dict(case.attrib) == {
        "classname": "specs/resnet.arch",
        "name": "E0302 shape-mismatch at 3:5",
        "file": "specs/resnet.arch",
        "line": "3",
    }
    failure = case[0]
    assert failure.get("type") == "E0302"
    assert (failure.text or "").startswith("specs/resnet.arch:3:5: error[E0302] `add` needs equal shapes")
    assert "help: project the shortcut" in (failure.text or "")


def test_warnings_pass_unless_they_fail_the_run() -> None:
    assert counts(suites(FULL_RUN)) == (5, 3, 0)
    assert "W0319" in (suites(FULL_RUN)[0][1].findtext("system-out") or "")
    assert counts(suites(replace(FULL_RUN, warnings_fail=True))) == (5, 4, 0)


def test_a_clean_file_is_one_case_that_passed() -> None:
    assert counts(suites(CLEAN_RUN)) == (2, 0, 0)


def test_an_early_end_is_an_error() -> None:
    root = suites(FAILED_RUN)
    assert counts(root) == (1, 0, 1)
    assert (root[0][0][0].text or "") == FAILED_RUN.failure


def test_hostile_text_stays_text() -> None:
    finding = Diagnostic("E0201", HOSTILE, Span(HOSTILE, 0, 2), HOSTILE)
    text = render_junit(Run((finding,), {HOSTILE: Source(HOSTILE, "ab")}, (HOSTILE,)))
    root = ET.fromstring(text)
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}
    assert not set(text) & {"\x00", "\x1b", "\ufffe", "\uffff", "\ud800", "\u202e", "\r"}
    assert "##[" not in text
    assert "]]><b>&amp;" in (root[0][0][0].text or ""), "as the user wrote it"
    text.encode("utf-8")


def test_hostile_text_of_an_early_end_stays_text() -> None:
    ET.fromstring(render_junit(Run((), {}, failure=HOSTILE, exit_code=2)))
