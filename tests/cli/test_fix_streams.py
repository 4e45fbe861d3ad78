"""`check --fix -` and `check --diff`: what goes to standard output is data, everything else to standard error."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.formats import READERS
from tests.cli.support import GOOD, Cli, listing
from tests.cli.test_fix import GUESSED, HALF, MISSPELT, text_of

# --- as a diff --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [MISSPELT, HALF, MISSPELT.rstrip("\n"), GOOD + "# archdsl: ignore[W0319]"])
def test_the_diff_is_what_fix_would_do(text: str, cli: Cli) -> None:
    cli.write("deep/a.arch", text)
    cli.write("good.arch", GOOD)
    before = listing(cli.folder)
    result = cli("check", "--diff")
    assert result.code == 1
    assert result.err.endswith(f"would repair {2 if 'rleu' in text else 1} finding{'s' * ('rleu' in text)} in 1 file\n")
    assert listing(cli.folder) == before
    cli("check", "--fix")
    repaired = text_of(cli, "deep/a.arch")
    cli.write("deep/a.arch", text)
    subprocess.run(["git", "apply", "-"], input=result.out.encode(), cwd=cli.folder, check=True)
    assert text_of(cli, "deep/a.arch") == repaired


def test_without_a_change_there_is_no_diff(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    assert cli("check", "--diff") == type(cli("--version"))(0, "", "1 file, 1 network: no findings\n")
    cli.write("a.arch", GUESSED)
    result = cli("check", "--diff")
    assert (result.code, result.out) == (1, "")
    assert "error[E0201]" in result.err


def test_a_warning_that_would_be_repaired_is_a_change(cli: Cli) -> None:
    cli.write("a.arch", GOOD.replace("relu", "relu  # archdsl: ignore[W0319]"))
    assert cli("check").code == 0
    assert cli("check", "--diff").code == 1


def test_a_diff_can_go_beside_documents(cli: Cli) -> None:
    cli.write("a.arch", HALF)
    result = cli("check", "--diff", "-o", "json:out.json")
    assert result.out.startswith("--- a/a.arch\n+++ b/a.arch\n@@ ")
    assert READERS["json"](text_of(cli, "out.json")) == [("a.arch", 7, 28, "E0205")]


def test_user_text_in_a_diff_steers_nothing(cli: Cli) -> None:
    line = "# \x1b[2J \u202e ##[group]x\n   ::error::x\n"
    cli.write("a.arch", MISSPELT.replace("    conv", f"{line}    conv", 1))
    out = cli("check", "--diff").out
    assert "+    conv(8, 3, padding=1)" in out
    assert not set(out) & {"\x1b", "\u202e"}
    assert "##[" not in out
    assert not [row for row in out.splitlines() if row.lstrip().startswith("::")]


# --- standard input ---------------------------------------------------------------------------------------------------


def test_standard_input_comes_out_repaired(cli: Cli) -> None:
    result = cli("check", "--fix", "-", input=HALF.encode())
    assert result.code == 1
    assert result.out == HALF.replace("rleu", "relu").replace("paddnig", "padding")
    assert "error[E0205]" in result.err
    assert "<stdin>:7:28" in result.err
    result = cli("check", "--fix", "-", input=MISSPELT.encode())
    assert (result.code, result.out) == (0, GOOD)


def test_standard_input_has_the_imports_of_its_name(cli: Cli) -> None:
    cli.write("models/lib.arch", "block unit() {\n    relu\n}\n")
    text = GOOD.replace("network", "from .lib import unti\n\nnetwork", 1).replace("relu", "unti")
    result = cli("check", "--fix", "-", "--stdin-filename", "models/a.arch", input=text.encode())
    assert (result.code, result.out) == (0, text.replace("unti", "unit"))
    assert not (cli.folder / "models/a.arch").exists()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\x00", b"", b"x" * 2_000_000], ids=["bytes", "NUL", "empty", "long"])
def test_standard_input_that_is_no_text_comes_out_as_it_came_in(data: bytes, cli: Cli) -> None:
    done = subprocess.run(
        cli.command("check", "--fix", "-"),
        cwd=cli.folder,
        env=cli.environment,
        input=data,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, data), "an editor would lose what is cut off"


def test_standard_input_as_a_diff(cli: Cli) -> None:
    result = cli("check", "--diff", "-", "--stdin-filename", "a.arch", input=MISSPELT.encode())
    assert result.code == 1
    assert result.out.startswith("--- a/a.arch\n+++ b/a.arch\n")
