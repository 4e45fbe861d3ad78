"""`archdsl fmt`: which files are written, how, what is told, and which exit code."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.driver import formatting
from archdsl.source.loader import MAX_FILE
from tests.cli.support import GOOD, TWO, UNFINISHED, Cli, listing

UGLY = GOOD.replace("    ", "  ").replace(" -> ", "->")
CRLF = GOOD.replace("\n", "\r\n").encode()
BOM = b"\xef\xbb\xbf" + GOOD.encode()

# --- in place ---------------------------------------------------------------------------------------------------------


def test_files_are_formatted_in_place(cli: Cli) -> None:
    ugly, deep, neat = cli.write("a.arch", UGLY), cli.write("d/b.arch", UGLY), cli.write("c.arch", TWO)
    before = neat.stat().st_mtime_ns
    result = cli("fmt")
    told = "formatted a.arch\nformatted d/b.arch\n2 files formatted, 1 file already in the style\n"
    assert (result.code, result.out, result.err) == (0, told, "")
    assert [path.read_text() for path in (ugly, deep, neat)] == [GOOD, GOOD, TWO]
    assert neat.stat().st_mtime_ns == before
    assert cli("fmt").out == "3 files already in the style\n"


@pytest.mark.parametrize("data", [CRLF, BOM, GOOD.replace("\n", "\r").encode(), GOOD[:-1].encode()])
def test_line_ends_and_byte_order_marks(data: bytes, cli: Cli) -> None:
    place = cli.write("a.arch", data)
    assert cli("fmt", "--check").code == 1
    assert cli("fmt").code == 0
    assert place.read_bytes() == GOOD.encode()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_are_kept(mode: int, cli: Cli) -> None:
    place = cli.write("a.arch", UGLY)
    place.chmod(mode)
    assert cli("fmt").code == 0
    assert stat.S_IMODE(place.stat().st_mode) == mode
    assert list(listing(cli.folder)) == ["a.arch"]


def test_a_link_inside_stays_a_link(cli: Cli) -> None:
    target = cli.write("d/a.arch", UGLY)
    (cli.folder / "link.arch").symlink_to(target)
    assert cli("fmt", "link.arch").code == 0
    assert (cli.folder / "link.arch").is_symlink()
    assert target.read_text() == GOOD


def test_what_the_project_excludes_is_left_out_unless_it_is_named(cli: Cli) -> None:
    cli.write("archdsl.toml", 'exclude = ["old"]\n')
    old = cli.write("old/a.arch", UGLY)
    cli.write("b.arch", GOOD)
    assert cli("fmt").out == "1 file already in the style\n"
    assert old.read_text() == UGLY
    assert cli("fmt", "--check", "--no-config").code == 1
    assert cli("fmt", "old/a.arch").out == "formatted old/a.arch\n1 file formatted\n"


def test_a_folder_named_like_the_library_is_a_folder_like_others(cli: Cli) -> None:
    """Findings call the files that ship with archdsl `archdsl/std/...`; what lies there on disk is somebody's own."""
    place = cli.write("archdsl/std/conv.arch", UGLY)
    assert cli("fmt").code == 0
    assert place.read_text() == GOOD


# --- nothing is written -----------------------------------------------------------------------------------------------


def test_check_lists_files_and_writes_nothing(cli: Cli) -> None:
    cli.write("a.arch", UGLY)
    cli.write("b.arch", GOOD)
    before = listing(cli.folder)
    result = cli("fmt", "--check")
    told = "would format a.arch\n1 file would be formatted, 1 file already in the style\n"
    assert (result.code, result.out, result.err) == (1, told, "")
    assert listing(cli.folder) == before
    assert cli("fmt", "--check", "b.arch").code == 0


@pytest.mark.parametrize("options", [("--diff",), ("--diff", "--check")])
def test_the_difference_is_a_patch(options: tuple[str, ...], cli: Cli) -> None:
    place = cli.write("a.arch", UGLY[:-1])
    before = listing(cli.folder)
    result = cli("fmt", *options)
    assert (result.code, result.err) == (1, "1 file would be formatted\n")
    assert listing(cli.folder) == before
    subprocess.run(["patch", "-p1", "--quiet"], input=result.out.encode(), cwd=cli.folder, check=True)
    assert place.read_text() == GOOD


def test_a_difference_that_no_patch_shows(cli: Cli) -> None:
    cli.write("a.arch", CRLF)
    result = cli("fmt", "--diff")
    assert (result.code, result.out) == (1, "")
    assert "a.arch: only its line ends or its byte-order mark would change\n" in result.err


# --- standard input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [UGLY, GOOD])
def test_standard_input(text: str, cli: Cli) -> None:
    result = cli("fmt", "-", input=text.encode())
    assert (result.code, result.out, result.err) == (0, GOOD, "")


def test_standard_input_is_compared(cli: Cli) -> None:
    assert cli("fmt", "-", "--check", input=GOOD.encode()).code == 0
    result = cli("fmt", "-", "--check", "--stdin-filename", "x.arch", input=UGLY.encode())
    assert (result.code, result.out) == (1, "would format x.arch\n")
    assert cli("fmt", "-", "--diff", input=UGLY.encode()).out.startswith("--- a/<stdin>\n+++ b/<stdin>\n")


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (UNFINISHED.encode(), "x.arch:2:34"),
        (b"\xff", "x.arch:1:1"),
        (b"", "x.arch:1:1"),
        (b"#" * (MAX_FILE + 1), "x.arch"),
    ],
)
def test_standard_input_that_is_no_file(data: bytes, place: str, cli: Cli) -> None:
    result = cli("fmt", "-", "--stdin-filename", "x.arch", input=data)
    assert (result.code, result.out) == (1, "")
    assert place in result.err


# --- what is wrong ----------------------------------------------------------------------------------------------------

BROKEN = {
    "a brace that is never closed": UNFINISHED,
    "no definition": "# nothing\n",
    "empty": "",
    "a word too many": GOOD.replace("relu", "relu relu"),
    "a control character": GOOD.replace("Four", "Fo\u202eur"),
    "a number with a wrong unit": GOOD.replace("8", "8x"),
    "no text": b"\xff\xfe",
    "a NUL": b"block b() {}\0",
    "too large": b"#" * (MAX_FILE + 1),
    "too deep": f"block b() {'{' * 70}{'}' * 70}\n",
    "a sum of too many terms": f"block b() {{ conv({' + '.join(['1'] * 5_000)}) }}\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_with_a_fault_is_left_as_it_is(text: str | bytes, cli: Cli) -> None:
    broken, ugly = cli.write("a.arch", text), cli.write("b.arch", UGLY)
    before = broken.read_bytes()
    result = cli("fmt")
    assert result.code == 1
    assert result.out == "formatted b.arch\n1 file formatted, 1 file left as it is\n"
    assert re.match(r"error\[E\d{4}\]: ", result.err)
    assert broken.read_bytes() == before
    assert ugly.read_text() == GOOD


def test_parentheses_that_would_nest_too_deep(cli: Cli) -> None:
    deep = f"block b() {'{' * 64}\nlet v = {' + '.join(['1_000_000'] * 12)}\n{'}' * 64}\n"
    place = cli.write("a.arch", deep)
    assert "E0106" not in cli("check").out
    result = cli("fmt")
    assert result.code == 1
    assert "error[E0106]: when formatted, brackets nest more than 64 deep here" in result.err
    assert place.read_text() == deep


def test_a_file_that_would_become_too_large(cli: Cli) -> None:
    place = cli.write("a.arch", "block b() {" + "{" * 60 + "relu\n" * 90_000 + "}" * 60 + "}\n")
    before = place.read_bytes()
    result = cli("fmt")
    assert result.code == 1
    assert "error[E0106]: when formatted, the file would be larger than 1,024 KiB" in result.err
    assert place.read_bytes() == before


@pytest.mark.parametrize("path", ["none.arch", "d", "none/"])
def test_paths_that_lead_to_no_file(path: str, cli: Cli) -> None:
    (cli.folder / "d").mkdir()
    ugly = cli.write("e/a.arch", UGLY)
    result = cli("fmt", path, "e")
    assert result.code == 2
    assert result.err.startswith("archdsl: error: ")
    assert ugly.read_text() == GOOD


def test_a_pipe_does_not_hang(cli: Cli) -> None:
    os.mkfifo(cli.folder / "a.arch")
    assert cli("fmt", "a.arch").code == 2


def test_read_only_files_stay(cli: Cli) -> None:
    place = cli.write("a.arch", UGLY)
    place.chmod(0o444)
    other = cli.write("b.arch", UGLY)
    result = cli("fmt")
    assert (result.code, result.err) == (2, "archdsl: error: `a.arch` is read-only, so it stays as it is\n")
    assert (place.read_text(), other.read_text()) == (UGLY, GOOD)


@pytest.mark.parametrize("is_link", [False, True])
def test_nothing_outside_is_written_unless_asked(is_link: bool, cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside.arch"
    outside.write_text(UGLY)
    path = "link.arch" if is_link else str(outside)
    if is_link:
        (cli.folder / path).symlink_to(outside)
    result = cli("fmt", path)
    assert result.code == 2
    assert "lies outside the working directory; --allow-outside writes there" in result.err
    assert outside.read_text() == UGLY
    assert cli("fmt", "--check", path).code == 1
    assert cli("fmt", "--allow-outside", path).code == 0
    assert outside.read_text() == GOOD


def test_links_out_are_not_followed_in_a_walk(cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path / "outside.arch"
    outside.write_text(UGLY)
    (cli.folder / "link.arch").symlink_to(outside)
    cli.write("a.arch", GOOD)
    assert cli("fmt", "--allow-outside").out == "1 file already in the style\n"
    assert outside.read_text() == UGLY


def test_a_file_that_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = tmp_path / "a.arch"
    place.write_text(UGLY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "replace", refuse)
    assert main(["fmt"]) == 2
    assert capsys.readouterr().err == "archdsl: error: `a.arch` cannot be written: no space left on device\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.arch", UGLY)]


@pytest.mark.parametrize("arguments", [("--frobnicate",), ("--width", "100"), ("--stdin-filename",), ("--chek",)])
def test_wrong_usage(arguments: tuple[str, ...], cli: Cli) -> None:
    place = cli.write("a.arch", UGLY)
    assert cli("fmt", *arguments).code == 2
    assert place.read_text() == UGLY


def test_a_wrong_configuration_writes_nothing(cli: Cli) -> None:
    place = cli.write("a.arch", UGLY)
    cli.write("archdsl.toml", "exclude = 3\n")
    result = cli("fmt")
    assert result.code == 2
    assert "archdsl.toml:1:" in result.err
    assert place.read_text() == UGLY


def test_a_fault_of_the_formatter_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a.arch"
    place.write_text(UGLY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(formatting, "lay_out", lambda source, file: GOOD.replace("8", "9"))
    assert main(["fmt", "a.arch"]) == 2
    assert "the formatted text would say something else, so nothing was changed" in capsys.readouterr().err
    assert place.read_text() == UGLY


def test_names_of_files_are_escaped(cli: Cli) -> None:
    cli.write("a\x1b[31m.arch", UGLY)
    for options in ((), ("--check",), ("--diff",)):
        assert "\x1b" not in cli("fmt", *options).out
