"""Whatever a stranger writes: every format for machines can be read back, and steers neither a screen nor a service."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.github import render_github, render_step_summary
from archdsl.diagnostics.render.gitlab import render_gitlab
from archdsl.diagnostics.render.jsonl import render_jsonl
from archdsl.diagnostics.render.junit import render_junit
from archdsl.diagnostics.render.run import Run
from archdsl.diagnostics.render.sarif import render_sarif
from archdsl.source.source import Source
from tests.diagnostics.sarif_schema import sarif_faults
from tests.diagnostics.test_render_hostile import NASTY, findings

STEERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
RENDERERS: dict[str, Callable[[Run], str]] = {
    "jsonl": render_jsonl,
    "github": render_github,
    "summary": render_step_summary,
    "gitlab": render_gitlab,
    "junit": render_junit,
    "sarif": lambda run: render_sarif(run, lambda code: ""),
}

few = settings(max_examples=25)  # an example takes 30 ms: every text of a finding is drawn

Finding = tuple[Diagnostic, dict[str, Source]]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    finding: Finding = draw(findings())
    failure = draw(st.none() | NASTY.filter(bool))
    files = tuple(draw(st.lists(NASTY, max_size=2)))
    return Run((finding[0],) * draw(st.integers(0, 12)), finding[1], files, failure=failure)


@pytest.mark.parametrize("name", RENDERERS)
@few
@given(run=runs())
def test_nothing_steers_a_screen(name: str, run: Run) -> None:
    text = RENDERERS[name](run)
    text.encode("utf-8")
    assert "##[" not in text
    for char in set(text) - {"\n"}:
        assert unicodedata.category(char) not in ("Cc", "Zl", "Zp", "Cs"), f"{char!r}"
        assert unicodedata.bidirectional(char) not in STEERING


@few
@given(runs())
def test_only_our_own_lines_are_commands(run: Run) -> None:
    for line in render_github(run).splitlines():
        if line.lstrip().startswith("::"):
            assert re.match(r"::(error|warning|notice) (file=[^,:]*,line=\d+,|title=archdsl::)", line)


@few
@given(runs())
def test_a_summary_is_a_heading_and_one_block(run: Run) -> None:
    first, *rest = render_step_summary(run).split("\n")
    assert first.startswith("### archdsl: ")
    if any(rest):
        assert rest[0] == ""
        fence = re.fullmatch(r"(`{3,})text", rest[1])
        assert fence is not None
        ends = [number for number, line in enumerate(rest) if re.fullmatch(rf"`{{{len(fence[1])},}}", line)]
        assert len(ends) == 1
        assert re.fullmatch(r"\n*(\d+ more findings are not shown here\.\n)?", "\n".join(rest[ends[0] + 1 :]))


@few
@given(runs())
def test_documents_can_be_read_back(run: Run) -> None:
    assert all(json.loads(line)["code"] for line in render_jsonl(run).splitlines())
    assert all(entry["fingerprint"] for entry in json.loads(render_gitlab(run)))
    assert ET.fromstring(render_junit(run)).tag == "testsuites"
    assert sarif_faults(json.loads(render_sarif(run, lambda code: ""))) == []
