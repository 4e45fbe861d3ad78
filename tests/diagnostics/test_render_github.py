"""Findings for GitHub Actions, read back as the runner reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.github import ANNOTATIONS, render_github, render_step_summary
from archdsl.diagnostics.render.run import Run
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.diagnostics.runs import CLEAN_RUN, FAILED_RUN, FULL_RUN, MANY, many


@dataclass(frozen=True)
class Command:
    """A workflow command as the runner takes it apart: name, properties, text."""

    name: str
    properties: dict[str, str]
    text: str


def commands(log: str) -> list[Command]:
    """The commands in a log. The runner trims each line, and takes it for a command if it then begins with `::`."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        match = re.match(r"::([a-z-]+)(?: ([^:]*))?::(.*)$", line.lstrip(), re.DOTALL)
        if match:
            pairs = [pair.partition("=") for pair in (match[2] or "").split(",") if pair]
            found.append(Command(match[1], {key: unquote(value) for key, _, value in pairs}, unquote(match[3])))
    return found


def test_an_annotation_has_place_title_and_text() -> None:
    first = commands(render_github(FULL_RUN))[0]
    assert first.name == "error"
    assert first.properties == {
        "file": "specs/resnet.arch",
        "line": "3",
        "endLine": "3",
        "col": "5",
        "endColumn": "8",
        "title": "E0302 shape-mismatch",
    }
    assert first.text.split("\n") == [
        "`add` needs equal shapes on all its paths: paths are N x 64 x 28 x 28 and N x 64 x 56 x 56",
        "specs/resnet.arch:5:9: this path is N x 64 x 56 x 56",
        "lib/blocks.arch:1:7: from here",
        "in block `basic`, applied at specs/resnet.arch:11:18 with channels=64, stride=2",
        "a note",
        "help: project the shortcut",
        "    conv(channels, 1, stride=stride)",
    ]


def test_errors_come_before_warnings_and_the_last_line_counts() -> None:
    log = render_github(FULL_RUN)
    assert [command.name for command in commands(log)] == ["error", "error", "error", "warning"]
    assert log.endswith("\n3 errors, 1 warning in 2 files\n")


def test_a_finding_over_several_lines_is_marked_in_its_first() -> None:
    command = commands(render_github(FULL_RUN))[1]
    assert command.properties["title"] == "E0502 unused-value"
    assert (command.properties["line"], command.properties["endLine"], command.properties["col"]) == ("3", "3", "5")
    assert "endColumn" not in command.properties


def test_a_file_without_text_is_marked_at_its_beginning() -> None:
    command = commands(render_github(FULL_RUN))[2]
    assert command.properties["file"] == "gone.arch"
    assert (command.properties["line"], command.properties["col"]) == ("1", "1")


def test_paths_are_those_of_the_repository() -> None:
    run = replace(FULL_RUN, in_repository=lambda path: f"models/{path}")
    assert commands(render_github(run))[0].properties["file"] == "models/specs/resnet.arch"


def test_what_finds_no_room_is_printed_as_plain_lines() -> None:
    run = Run((*many(12), *many(11, "W0319")), {MANY.path: MANY}, ("many.arch",))
    log = render_github(run)
    names = [command.name for command in commands(log)]
    assert names == ["error"] * ANNOTATIONS + ["warning"] * ANNOTATIONS + ["notice"]
    assert commands(log)[-1].text == "3 more findings stand in the log of this step; 12 errors, 11 warnings in 1 file"
    plain = [line for line in log.splitlines() if not line.startswith("::")]
    assert plain == [
        "many.arch:11:1: error[E0302] number 10",
        "many.arch:12:1: error[E0302] number 11",
        "many.arch:11:1: warning[W0319] number 10",
        "12 errors, 11 warnings in 1 file",
    ]


def test_a_flood_is_counted_not_printed() -> None:
    run = Run(many(2_000), {MANY.path: MANY}, ("many.arch",), hidden=5)
    log = render_github(run)
    assert len(log.splitlines()) == ANNOTATIONS + 1 + 200 + 1
    assert log.endswith("2005 errors in 1 file (1795 of them not shown)\n")


def test_a_clean_run_has_no_command() -> None:
    assert render_github(CLEAN_RUN) == "no findings in 2 files\n"


def test_an_early_end_is_an_annotation() -> None:
    (command,) = commands(render_github(FAILED_RUN))
    assert (command.name, command.text) == ("error", FAILED_RUN.failure)


# --- hostile text -----------------------------------------------------------------------------------------------------

COMMANDS = [
    "::error::x",
    "  ::set-output name=a::b",
    "##[error]x",
    "x\n::stop-commands::t",
    "x\r::debug::y",
    "%0A::add-mask::z",
]


def hostile(text: str) -> Run:
    """A finding in which everything that a stranger can write is the same text."""
    source = Source(text, f"{text}\n{text}\n")
    return Run((Diagnostic("E0201", text, Span(text, 0, 3), text),) * 12, {text: source}, (text,))


def test_no_text_of_a_user_starts_a_command() -> None:
    for text in COMMANDS:
        log = render_github(hostile(text))
        found = commands(log)
        assert [command.name for command in found] == ["error"] * 10 + ["notice"], text
        assert "##[" not in log
        assert len(re.split(r"\r\n|\r|\n", log)) == 10 + 1 + 2 + 1 + 1


def test_separators_in_a_path_do_not_add_properties() -> None:
    path = "a,line=99::b:c%0A.arch"
    run = Run((Diagnostic("E0109", "m", Span(path, 0, 0)),), {}, (path,))
    (command,) = commands(render_github(run))
    assert command.properties["line"] == "1"
    assert command.properties["file"] == "a,line=99::b:c%0A.arch"


# --- the summary of a step --------------------------------------------------------------------------------------------


def blocks(markdown: str) -> list[str]:
    """The fenced blocks of a page, as CommonMark reads them: a fence ends at one at least as long as it began."""
    found: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        ticks = re.match(r"`{3,}", line)
        if not fence and ticks:
            fence = ticks[0]
            found.append("")
        elif fence and re.fullmatch(rf"`{{{len(fence)},}} *", line):
            fence = ""
        elif fence:
            found[-1] += f"{line}\n"
    assert not fence
    return found


def test_the_summary_shows_findings_in_full() -> None:
    summary = render_step_summary(FULL_RUN)
    assert summary.startswith("### archdsl: 3 errors, 1 warning in 2 files\n")
    (block,) = blocks(summary)
    assert block.index("error[E0502]") < block.index("warning[W0319]")
    assert "\n   |     ^^^ paths are" in block


def test_the_summary_of_a_clean_run_is_a_heading() -> None:
    assert render_step_summary(CLEAN_RUN) == "### archdsl: no findings in 2 files\n"


def test_the_summary_of_an_early_end_says_why() -> None:
    assert blocks(render_step_summary(FAILED_RUN)) == [f"{FAILED_RUN.failure}\n"]


def test_no_text_of_a_user_leaves_its_block() -> None:
    for text in ["```\n<img src=x>", "`````` <b>", "x\n```\n[a](http://b)", "a\n~~~\n# b"]:
        summary = render_step_summary(hostile(text))
        assert len(blocks(summary)) == 1
        outside = summary.replace(blocks(summary)[0], "")
        assert not re.search(r"[<\[~]", outside), outside


def test_a_summary_stays_small() -> None:
    source = Source("long.arch", "x" * 1_000_000)
    findings = tuple(Diagnostic("E0201", "é" * 1_000, Span("long.arch", at, at + 1), "ß" * 900) for at in range(5_000))
    summary = render_step_summary(Run(findings, {"long.arch": source}, ("long.arch",)))
    assert len(summary.encode()) < 1024 * 1024
    assert "more findings are not shown here" in summary
