"""Warnings: selected, ignored, silenced by comments, counted; and the cache gives the same answers with all of it."""

from __future__ import annotations

import pytest

from tests.cli.support import GOOD, UNKNOWN_LAYER, Cli

WARNED = GOOD.replace("classes: int", "unused: int = 1, classes: int").replace(
    "    conv(8", "    let idle = 2\n    conv(8"
)
"""Two warnings of one code: a parameter in line 2, a variable in line 4."""

COMMENT = "  # archdsl: ignore[W0504] set by the training script"
SILENCED = WARNED.replace("= 10) {", "= 10) {" + COMMENT).replace("let idle = 2", "let idle = 2" + COMMENT)


def lines(cli: Cli, *arguments: str) -> list[str]:
    """`LINE CODE` of each finding, and the exit code; the same with the cache, empty and full, as without it."""
    answers = []
    for cache in (
        "--no-cache",
        "--allow-outside",
        "--allow-outside",
    ):  # the last two: an option without any effect here
        result = cli("check", "--format", "json", cache, *arguments)
        found = [f"{finding['line']} {finding['code']}" for finding in result.json["findings"]]
        answers.append([*found, f"exit {result.code}"])
    assert answers[0] == answers[1] == answers[2]
    return answers[0]


# --- options ----------------------------------------------------------------------------------------------------------


def test_warnings_are_reported_and_end_with_0(cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    assert lines(cli) == ["2 W0504", "4 W0504", "exit 0"]
    assert cli("check", "--format", "concise").out.endswith("\n2 warnings in 1 file\n")


def test_warnings_end_with_1_on_demand(cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    assert lines(cli, "--error-on-warning") == ["2 W0504", "4 W0504", "exit 1"]
    assert lines(cli, "--error-on-warning", "--no-error-on-warning")[-1] == "exit 0"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ignore", "W0504"),
        ("--ignore", "unused-name"),
        ("--ignore", "W"),
        ("--ignore", "W03,W05"),
        ("--select", "W03"),
    ],
    ids=" ".join,
)
def test_what_is_left_out_does_not_count(arguments: tuple[str, ...], cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    assert lines(cli, "--error-on-warning", *arguments) == ["exit 0"]
    assert cli("check", *arguments).out == "1 file, 1 network: no findings\n"


@pytest.mark.parametrize(
    "arguments", [("--select", "W05"), ("--ignore", "W03"), ("--ignore", "W", "--select", "W0504")]
)
def test_what_is_selected_counts(arguments: tuple[str, ...], cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    assert lines(cli, "--error-on-warning", *arguments)[-1] == "exit 1"


def test_errors_stay_whatever_is_selected(cli: Cli) -> None:
    cli.write("a.arch", UNKNOWN_LAYER)
    assert lines(cli, "--select", "W0319") == ["4 E0201", "exit 1"]
    assert lines(cli, "--ignore", "W") == ["4 E0201", "exit 1"]


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("pattern", ["E0302", "E", "shape-mismatch", "W9", "", "W0504,", "nonsense", "W0504 W03"])
def test_patterns_that_name_no_warning(option: str, pattern: str, cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    result = cli("check", option, pattern)
    assert (result.code, result.out) == (2, "")
    assert option in result.err


def test_statistics(cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    cli.write("b.arch", UNKNOWN_LAYER)
    counts = "2  W0504  unused-name\n1  E0201  unknown-layer-or-block\n"
    assert cli("check", "--statistics", "--format", "concise").out.endswith(
        f"\n{counts}1 error, 2 warnings in 2 files; --fix repairs 1 of them\n"
    )
    assert cli("check", "--statistics").out.endswith(
        f"\n\n{counts}1 error, 2 warnings in 2 files; --fix repairs 1 of them\n"
    )
    beside = cli("check", "--statistics", "--format", "json")
    assert beside.json["files"] == 2
    assert beside.err == counts


def test_statistics_of_nothing(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    assert cli("check", "--statistics").out == "1 file, 1 network: no findings\n"
    assert cli("check", "--statistics", "--format", "json").err == ""


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_silences_its_line(cli: Cli) -> None:
    cli.write("a.arch", SILENCED)
    assert lines(cli, "--error-on-warning") == ["exit 0"]
    assert cli("check").out == "1 file, 1 network: no findings\n"


def test_one_comment_silences_one_line_only(cli: Cli) -> None:
    cli.write("a.arch", WARNED.replace("let idle = 2", "let idle = 2" + COMMENT))
    assert lines(cli) == ["2 W0504", "exit 0"]


def test_a_comment_in_vain_is_a_warning(cli: Cli) -> None:
    cli.write("a.arch", GOOD.replace("relu", "relu" + COMMENT))
    assert lines(cli) == ["4 W0704", "exit 0"]
    assert lines(cli, "--error-on-warning")[-1] == "exit 1"
    assert lines(cli, "--error-on-warning", "--ignore", "unused-ignore") == ["exit 0"]


def test_a_comment_is_not_in_vain_because_its_warning_is_ignored(cli: Cli) -> None:
    cli.write("a.arch", SILENCED)
    assert lines(cli, "--ignore", "W0504") == ["exit 0"]


def test_comments_of_a_file_with_errors_are_not_judged(cli: Cli) -> None:
    cli.write("a.arch", UNKNOWN_LAYER.replace("max_pool(2)", "max_pool(2)" + COMMENT))
    assert lines(cli) == ["4 E0201", "exit 1"]


def test_comments_of_a_library_are_not_judged_but_must_be_valid(cli: Cli) -> None:
    cli.write("lib.arch", "block unit() { relu }" + COMMENT.replace("W0504", "W0319, W9999") + "\n")
    assert lines(cli, "lib.arch") == ["1 W0705", "exit 0"]
    cli.write("a.arch", GOOD.replace("network", "from .lib import unit\n\nnetwork").replace("relu", "unit"))
    assert lines(cli, "a.arch") == ["1 W0705", "exit 0"]


def test_a_comment_of_a_library_silences_in_whatever_file_is_checked(cli: Cli) -> None:
    cli.write("lib.arch", f"block unit(idle: int = 1) {{{COMMENT}\n    relu\n}}\n")
    cli.write("a.arch", GOOD.replace("network", "from .lib import unit\n\nnetwork").replace("relu", "unit"))
    assert lines(cli, "--error-on-warning") == ["exit 0"]


def test_errors_cannot_be_silenced(cli: Cli) -> None:
    cli.write("a.arch", UNKNOWN_LAYER.replace("rleu", "rleu" + COMMENT.replace("W0504", "E0201")))
    assert lines(cli) == ["4 E0201", "4 W0705", "exit 1"]


def test_a_comment_on_standard_input(cli: Cli) -> None:
    assert cli("check", "-", "--error-on-warning", input=SILENCED.encode()).code == 0


def test_other_commands_heed_comments(cli: Cli) -> None:
    cli.write("a.arch", SILENCED)
    cli.write("b.arch", WARNED)
    assert cli("summary", "a.arch").err == ""
    assert "W0504" in cli("summary", "b.arch").err


def test_one_record_of_the_cache_serves_all_options(cli: Cli) -> None:
    cli.write("a.arch", WARNED)
    cli("check", "--ignore", "W")
    assert len(list((cli.cache / "archdsl").iterdir())) == 1
    assert lines(cli) == ["2 W0504", "4 W0504", "exit 0"]
    cli.write("a.arch", SILENCED)
    assert lines(cli) == ["exit 0"]
