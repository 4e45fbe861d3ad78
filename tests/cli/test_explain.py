"""`archdsl explain`: the page of a code by its number or its name, lists, and what is no code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.diagnostics.codes import CODES
from tests.cli.support import Cli
from tests.house import PACKAGE

PAGES = PACKAGE / "diagnostics" / "explain"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, code)
    assert text.startswith(f"{code} {CODES[code].slug}\n\n")
    assert "\nExample\n" in text
    assert "\nRepaired\n" in text
    assert not [mark for mark in ("```", "<!--", "](", "../../..", "\x1b") if mark in text]


@pytest.mark.parametrize("name", ["shape-mismatch", "e0302", "Shape-Mismatch"])
def test_a_name_leads_to_the_same_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, name) == shown(capsys, "E0302")


def test_markdown_is_the_page_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "E0302", "--format", "markdown") == (PAGES / "E0302.md").read_text(encoding="utf-8")


def test_an_example_can_be_pasted(cli: Cli) -> None:
    text = cli("explain", "E0301").out
    example = text.partition("Example\n\n")[2].partition("\n\n    error")[0]
    cli.write("model.arch", "\n".join(line[4:] for line in example.splitlines()) + "\n")
    assert "error[E0301]" in cli("check", "model.arch").out


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys).splitlines()
    assert [line.split()[0] for line in lines] == list(CODES)
    assert all(line.endswith(code.summary) for line, code in zip(lines, CODES.values(), strict=True))


@pytest.mark.parametrize("beginning", ["W", "E03", "e031", "W0"])
def test_the_beginning_of_a_code_lists(beginning: str, capsys: pytest.CaptureFixture[str]) -> None:
    codes = [line.split()[0] for line in shown(capsys, beginning).splitlines()]
    assert codes == [code for code in CODES if code.startswith(beginning.upper())]


def test_headings_are_bold_on_terminals_that_want_it(cli: Cli) -> None:
    assert "\x1b[1mRepaired\x1b[0m\n" in cli.with_variables(FORCE_COLOR="1")("explain", "E0302").out
    assert "\x1b" not in cli.with_variables(FORCE_COLOR="1")("explain", "E0302", "--format", "markdown").out


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("shape-mismach", "shape-mismatch"), ("EO302", "E0302"), ("kernel-to-large", "kernel-too-large")],
)
def test_what_is_no_code_gets_a_guess(asked: str, meant: str, cli: Cli) -> None:
    result = cli("explain", asked)
    assert (result.code, result.out) == (2, "")
    assert f"did you mean `{meant}`?" in result.err
    assert "archdsl explain" in result.err


@pytest.mark.parametrize(
    "asked", ["nonsense", "E9", "0302", "../E0302", "/etc/passwd", "\x1b[2J", "x" * 100_000, "É0302"]
)
def test_what_is_nothing_like_a_code(asked: str, cli: Cli) -> None:
    result = cli("explain", asked)
    assert (result.code, result.out) == (2, "")
    assert "there is no code" in result.err
    assert "\x1b" not in result.err


def test_a_page_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(PAGES / "E0301.md", tmp_path)
    monkeypatch.setattr("archdsl.cli.pages.FOLDER", str(tmp_path))
    assert main(["explain", "E0301"]) == 0
    assert main(["explain", "E0302"]) == 2
    assert "lacks the page of E0302" in capsys.readouterr().err
