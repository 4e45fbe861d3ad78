"""Several outputs in one run: where each goes, what may be replaced, and that they agree."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.formats import FOR_MACHINES, READERS
from tests.cli.support import GOOD, UNKNOWN_LAYER, Cli, listing

PLACE = [("bad.arch", 4, 30, "E0201")]


@pytest.fixture
def project(cli: Cli) -> Cli:
    cli.write("bad.arch", UNKNOWN_LAYER)
    cli.write("good.arch", GOOD)
    return cli


def read(project: Cli, name: str) -> str:
    return (project.folder / name).read_text(encoding="utf-8")


# --- right ------------------------------------------------------------------------------------------------------------


def test_all_formats_in_one_run(project: Cli) -> None:
    outputs = [part for form in READERS for part in ("-o", f"{form}:out.{form}")]
    result = project("check", "bad.arch", *outputs)
    assert (result.code, result.err) == (1, "")
    assert READERS["full"](result.out) == PLACE, "people are always told"
    for form, reader in READERS.items():
        assert reader(read(project, f"out.{form}")) == PLACE


def test_a_file_for_sarif_and_a_log_for_people(project: Cli) -> None:
    result = project("check", "-o", "sarif:out.sarif", "-o", "concise")
    assert result.code == 1
    assert READERS["concise"](result.out) == PLACE
    assert json.loads(read(project, "out.sarif"))["version"] == "2.1.0"


@pytest.mark.parametrize("form", READERS)
def test_a_file_holds_what_the_screen_would_show(form: str, project: Cli) -> None:
    name = {
        "junit": "out.xml",
        "jsonl": "out.jsonl",
        "full": "out.txt",
        "concise": "out.txt",
        "github": "out.log",
        "markdown": "out.md",
    }.get(form, "out.json")
    project("check", "-o", f"{form}:{name}")
    shown = project.with_variables(COLUMNS="120")("check", "--format", form).out
    assert read(project, name) == shown
    assert project("check", "-o", f"{form}:{name}").code == 1, "its own file is replaced"


@pytest.mark.parametrize(
    "spelling", [("-o", "json"), ("-ojson",), ("--output", "json"), ("--output=json",), ("--format=json",)]
)
def test_spellings_of_one_output(spelling: tuple[str, ...], project: Cli) -> None:
    assert project("check", *spelling).json["files"] == 2


def test_a_file_has_no_colours(project: Cli) -> None:
    result = project.with_variables(FORCE_COLOR="1")("check", "-o", "full:out.txt")
    assert "\x1b[" in result.out
    assert "\x1b" not in read(project, "out.txt")


def test_a_clean_run_writes_its_files_too(project: Cli) -> None:
    result = project("check", "good.arch", "-o", "sarif:out.sarif", "-o", "full:out.txt")
    assert (result.code, result.out) == (0, "1 file, 1 network: no findings\n")
    assert json.loads(read(project, "out.sarif"))["runs"][0]["results"] == []
    assert read(project, "out.txt") == result.out


def test_a_path_may_hold_a_colon_and_a_folder(project: Cli) -> None:
    (project.folder / "d").mkdir()
    assert project("check", "-o", "json:d/a:b.json").code == 1
    assert READERS["json"](read(project, "d/a:b.json")) == PLACE


def test_outside_the_working_directory_where_allowed(project: Cli, tmp_path: Path) -> None:
    target = tmp_path / "out.sarif"
    assert project("check", "-o", f"sarif:{target}").code == 2
    assert not target.exists()
    assert project("check", "-o", f"sarif:{target}", "--allow-outside").code == 1
    assert target.exists()


# --- wrong ------------------------------------------------------------------------------------------------------------

WRONG = [
    ("-o", "json", "-o", "concise"),
    ("-o", "json", "--format", "concise"),
    ("-o", "json:out.json", "-o", "sarif:out.json"),
    ("-o", "yaml"),
    ("-o", "yaml:out.yaml"),
    ("-o", "json:"),
    ("-o", ""),
    ("-o", ":out.json"),
    ("-o",),
    ("-o", "json:no_such_folder/out.json"),
    ("-o", "json:."),
    ("-o", "json:.."),
    ("-o", "json:../out.json"),
    ("-o", "json:/dev/stdout"),
    ("-o", "json:good.arch"),
    ("-o", "full:good.arch"),
    ("-o", "json:mine.py"),
    ("-o", "json:folder.json"),
    ("-o", "json:pipe.json"),
    ("-o", "sarif:link.sarif"),
    ("-o", "junit:findings.json"),
    ("-o", f"json:{'x' * 300}.json"),
    ("-o", "json:a\x00b.json"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments)[:60].replace("\x00", "NUL"))
def test_wrong_outputs_end_with_2_and_leave_everything_as_it_was(
    arguments: tuple[str, ...], project: Cli, tmp_path: Path
) -> None:
    if "\x00" in "".join(arguments):
        from archdsl.cli.main import main

        assert main(["check", *arguments, str(project.folder / "good.arch")]) == 2
        return
    project.write("mine.py", "mine\n")
    project.write("findings.json", "[]\n")
    (project.folder / "folder.json").mkdir()
    os.mkfifo(project.folder / "pipe.json")
    (tmp_path / "outside.sarif").write_text("outside")
    (project.folder / "link.sarif").symlink_to(tmp_path / "outside.sarif")
    before = listing(project.folder)
    result = project("check", "good.arch", *arguments)
    assert result.code == 2
    assert "archdsl: error: " in result.err
    assert listing(project.folder) == before
    assert (tmp_path / "outside.sarif").read_text() == "outside"


@pytest.mark.parametrize("form", FOR_MACHINES)
def test_a_file_holds_a_document_even_where_there_is_no_result(form: str, project: Cli) -> None:
    name = f"out.{form}"
    result = project("check", "-o", f"{form}:{name}", "--no-such-option")
    assert (result.code, result.out) == (2, "")
    READERS[form](read(project, name))


def test_a_document_of_an_early_end_replaces_nothing_else(project: Cli) -> None:
    project.write("mine.py", "mine\n")
    project("check", "-o", "json:mine.py", "-o", "json:../out.json", "--no-such-option")
    assert read(project, "mine.py") == "mine\n"
    assert not (project.folder.parent / "out.json").exists()


# --- paths of the repository ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif"])
def test_paths_are_relative_to_the_repository(form: str, cli: Cli) -> None:
    (cli.folder / ".git").mkdir()
    cli.write("models/deep/bad.arch", UNKNOWN_LAYER)
    cli.write("other/bad.arch", UNKNOWN_LAYER)
    inside = Cli(cli.folder / "models", cli.scratch, cli.byte_code)
    found = READERS[form](inside("check", "deep/bad.arch", "../other/bad.arch", "--format", form).out)
    assert sorted(path for path, *_ in found) == ["models/deep/bad.arch", "other/bad.arch"]
    absolute = READERS[form](inside("check", str(cli.folder / "other/bad.arch"), "--format", form).out)
    assert [path for path, *_ in absolute] == ["other/bad.arch"]


def test_people_see_the_paths_that_they_gave(cli: Cli) -> None:
    (cli.folder / ".git").mkdir()
    cli.write("models/bad.arch", UNKNOWN_LAYER)
    inside = Cli(cli.folder / "models", cli.scratch, cli.byte_code)
    assert inside("check", "bad.arch", "--format", "concise").out.startswith("bad.arch:4:30:")


# --- the summary of a step --------------------------------------------------------------------------------------------


def test_the_step_summary_is_added_to_its_file(project: Cli, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    run = project.with_variables(GITHUB_STEP_SUMMARY=str(summary))
    run("check", "--format", "github")
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n### archdsl: 1 error in 2 files\n")
    run("check", "--format", "concise")
    run("check", "-o", "github:out.log")
    assert summary.read_text(encoding="utf-8") == text, "only where GitHub reads the log"


@pytest.mark.parametrize("target", ["", "/no/such/folder/x.md", "."])
def test_a_summary_that_cannot_be_written_changes_no_result(target: str, project: Cli) -> None:
    result = project.with_variables(GITHUB_STEP_SUMMARY=target)("check", "--format", "github")
    assert result.code == 1
    assert READERS["github"](result.out) == PLACE
