"""`archdsl compile`: what is written, where, and what is never touched. Whether the code is right: tests/codegen."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.cli.write import FIRST_LINE, write_generated
from tests.cli.support import GOOD, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, Cli, listing
from tests.house import ROOT

RESNET = str(ROOT / "specs/resnet.arch")


def classes(text: str) -> set[str]:
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


# --- what is written --------------------------------------------------------------------------------------------------


def test_one_network(cli: Cli) -> None:
    cli.write("two.arch", TWO)
    result = cli("compile", "two.arch", "-n", "first", "-o", "out.py")
    assert (result.code, result.out, result.err) == (0, "", "wrote out.py (first)\n")
    text = (cli.folder / "out.py").read_text("ascii")
    assert text.startswith(FIRST_LINE + "\n")
    assert "first" in classes(text)
    assert "second" not in classes(text)
    assert sorted(path.name for path in cli.folder.iterdir()) == ["out.py", "two.arch"]


def test_every_network_where_none_is_named(cli: Cli) -> None:
    cli.write("two.arch", TWO)
    assert cli("compile", "two.arch", "-o", "out.py").err == "wrote out.py (first, second)\n"
    assert {"first", "second"} <= classes((cli.folder / "out.py").read_text("ascii"))


def test_standard_output_is_the_code_and_nothing_else(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    before = listing(cli.folder)
    result = cli("compile", "a.arch", "-o", "-")
    assert (result.code, result.err) == (0, "")
    assert listing(cli.folder) == before
    cli("compile", "a.arch", "-o", "out.py")
    assert (cli.folder / "out.py").read_text("ascii") == result.out


def test_the_same_bytes_wherever_it_is_called_from(cli: Cli) -> None:
    cli.write("deep/a.arch", GOOD)
    texts = {
        cli("compile", "deep/a.arch", "-o", "-").out,
        cli("compile", str(cli.folder / "deep/a.arch"), "-o", "-").out,
        Cli(cli.folder / "deep", cli.scratch, cli.byte_code)("compile", "a.arch", "-o", "-").out,
        cli.with_variables(PYTHONHASHSEED="1", LC_ALL="C")("compile", "deep/a.arch", "-o", "-").out,
    }
    assert len(texts) == 1


def test_what_is_written_builds_and_runs(cli: Cli) -> None:
    cli("compile", RESNET, "-n", "resnet18", "-o", "net.py")
    program = (
        "import torch, net\n"
        "model = net.resnet18(classes=3)\n"
        "print(tuple(model(torch.randn(2, 3, 64, 64)).shape), torch.nn.Module in type(model).__mro__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=cli.folder, capture_output=True, text=True, check=False)
    assert done.stdout == "(2, 3) True\n", done.stderr


# --- what is replaced -------------------------------------------------------------------------------------------------


def test_our_own_file_is_replaced_and_an_equal_one_left_alone(cli: Cli) -> None:
    cli.write("two.arch", TWO)
    cli("compile", "two.arch", "-n", "first", "-o", "out.py")
    before = listing(cli.folder)
    assert cli("compile", "two.arch", "-n", "first", "-o", "out.py").err == "unchanged: out.py (first)\n"
    assert listing(cli.folder) == before
    assert cli("compile", "two.arch", "-n", "second", "-o", "out.py").err == "wrote out.py (second)\n"
    assert "second" in classes((cli.folder / "out.py").read_text("ascii"))


FOREIGN = {
    "somebody's code": "print('mine')\n",
    "empty": "",
    "binary": b"\x00\xff\xfe",
    "our line further down": f"\n{FIRST_LINE}\n",
    "our line with more on it": f"{FIRST_LINE} Not really.\n",
    "our line indented": f" {FIRST_LINE}\n",
    "half of our line": FIRST_LINE[:20] + "\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_is_not_ours_stays_unless_forced(name: str, cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    cli.write("out.py", FOREIGN[name])
    before = listing(cli.folder)
    result = cli("compile", "a.arch", "-o", "out.py")
    assert (result.code, result.out) == (2, "")
    assert "`out.py` was not written by archdsl" in result.err
    assert listing(cli.folder) == before
    assert cli("compile", "a.arch", "-o", "out.py", "--force").code == 0
    assert (cli.folder / "out.py").read_text("ascii").startswith(FIRST_LINE)


def test_the_specification_is_never_replaced(cli: Cli) -> None:
    cli.write("blocks.arch", "block unit() { relu }\n")
    cli.write("a.arch", "from .blocks import unit\n" + GOOD.replace("relu", "unit"))
    os.link(cli.folder / "blocks.arch", cli.folder / "other_name.py")
    before = listing(cli.folder)
    for place in ("a.arch", "blocks.arch", "./blocks.arch", "other_name.py"):
        result = cli("compile", "a.arch", "-o", place, "--force")
        assert result.code == 2
        assert "is what the code is made from" in result.err
    assert listing(cli.folder) == before


# --- where to ---------------------------------------------------------------------------------------------------------


def test_outside_the_working_directory_only_when_allowed(cli: Cli, tmp_path: Path) -> None:
    cli.write("a.arch", GOOD)
    outside = tmp_path / "outside"
    outside.mkdir()
    (cli.folder / "link").symlink_to(outside, target_is_directory=True)
    (cli.folder / "out.py").symlink_to(outside / "out.py")
    for place in (str(outside / "out.py"), "../outside/out.py", "link/out.py", "out.py"):
        result = cli("compile", "a.arch", "-o", place)
        assert (result.code, result.out) == (2, "")
        assert "lies outside the working directory" in result.err
        assert list(outside.iterdir()) == []
    assert cli("compile", "a.arch", "-o", "out.py", "--allow-outside").code == 0
    assert (cli.folder / "out.py").is_symlink()
    assert (outside / "out.py").read_text("ascii").startswith(FIRST_LINE)


def test_a_folder_that_begins_like_the_working_directory_is_outside(cli: Cli, tmp_path: Path) -> None:
    cli.write("a.arch", GOOD)
    (tmp_path / "work_too").mkdir()
    assert cli("compile", "a.arch", "-o", "../work_too/out.py").code == 2
    assert list((tmp_path / "work_too").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_no_file_to_write(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    os.mkfifo(cli.folder / "out.py")
    result = cli("compile", "a.arch", "-o", "out.py", "--force")
    assert result.code == 2
    assert "is not a regular file" in result.err


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.py").write_text(f"{FIRST_LINE}\nold\n")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(Exception, match=r"`out\.py` cannot be written: no space left on device"):
        write_generated("out.py", f"{FIRST_LINE}\nnew\n", inputs=[], force=False, allow_outside=False)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"out.py": f"{FIRST_LINE}\nold\n"}


def test_the_file_has_the_usual_rights(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    cli("compile", "a.arch", "-o", "out.py")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((cli.folder / "out.py").stat().st_mode) == 0o666 & ~mask


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [UNKNOWN_LAYER, WIDE_KERNEL, UNFINISHED, "", b"\x00"], ids=str)
@pytest.mark.parametrize("place", ["-", "out.py", "old.py"])
def test_nothing_is_written_while_there_are_errors(text: str | bytes, place: str, cli: Cli) -> None:
    cli.write("bad.arch", text)
    cli.write("old.py", f"{FIRST_LINE}\nold\n")
    before = listing(cli.folder)
    for options in ((), ("--force",)):
        result = cli("compile", "bad.arch", "-o", place, *options)
        assert (result.code, result.out) == (1, "")
        assert "error[E" in result.err
    assert listing(cli.folder) == before


def test_an_error_in_another_network_counts_only_where_that_is_wanted(cli: Cli) -> None:
    cli.write("a.arch", TWO.replace("output y: [N, 4, H, W]", "output y: [N, 5, H, W]"))
    assert cli("compile", "a.arch", "-n", "first", "-o", "-").code == 0
    assert cli("compile", "a.arch", "-n", "second", "-o", "-").code == 1
    assert cli("compile", "a.arch", "-o", "-").code == 1
