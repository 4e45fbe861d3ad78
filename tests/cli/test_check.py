"""`archdsl check`: which files, which findings, which exit code; in every format the same."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.outcome import Outcome
from archdsl.source.loader import Loader
from archdsl.source.span import Span
from tests.cli.support import BLOCK_ONLY, GOOD, TEMPLATE, TWO, UNFINISHED, UNKNOWN_LAYER, WIDE_KERNEL, Cli, listing
from tests.house import ROOT

FORMATS = ["full", "concise", "json"]

# --- right ------------------------------------------------------------------------------------------------------------


def test_a_clean_run_is_one_line(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    cli.write("deep/er/b.arch", TWO)
    result = cli("check")
    assert (result.code, result.out, result.err) == (0, "2 files, 3 networks: no findings\n", "")


def test_the_specs_that_ship_are_clean(cli: Cli) -> None:
    result = cli("check", str(ROOT / "specs"))
    files = len(list((ROOT / "specs").glob("*.arch")))
    assert result.code == 0
    assert re.fullmatch(rf"{files} files, \d+ networks: no findings\n", result.out)


@pytest.mark.parametrize("text", [BLOCK_ONLY, TEMPLATE], ids=["block only", "template"])
def test_a_file_without_a_network_of_its_own_is_clean(text: str, cli: Cli) -> None:
    cli.write("a.arch", text)
    assert cli("check", "a.arch").out == "1 file, 0 networks: no findings\n"


def test_the_clean_document(cli: Cli) -> None:
    cli.write("a.arch", TWO)
    result = cli("check", "--format", "json")
    assert result.code == 0
    assert result.json == {"version": 1, "findings": [], "files": 1, "networks": 2}


def test_a_file_named_twice_is_checked_once(cli: Cli) -> None:
    cli.write("d/a.arch", GOOD)
    assert cli("check", "d/a.arch", "./d/../d/a.arch", "d", str(cli.folder / "d/a.arch")).out.startswith("1 file,")


def test_hidden_names_and_links_out_are_skipped(cli: Cli, tmp_path: Path) -> None:
    cli.write("a.arch", GOOD)
    cli.write(".hidden/b.arch", UNFINISHED)
    cli.write("sub/.c.arch", UNFINISHED)
    cli.write("sub/d.txt", UNFINISHED)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "e.arch").write_text(UNFINISHED)
    (cli.folder / "sub/e.arch").symlink_to(outside / "e.arch")
    (cli.folder / "sub/all").symlink_to(outside, target_is_directory=True)
    result = cli("check", ".")
    assert (result.code, result.out) == (0, "1 file, 1 network: no findings\n")


def test_a_link_that_is_named_itself_is_followed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "e.arch").write_text(GOOD)
    (cli.folder / "link.arch").symlink_to(tmp_path / "e.arch")
    assert cli("check", "link.arch").code == 0


def test_standard_input(cli: Cli) -> None:
    assert cli("check", "-", input=GOOD.encode()).out == "1 file, 1 network: no findings\n"


def test_standard_input_under_a_name_has_the_imports_of_that_place(cli: Cli) -> None:
    cli.write("d/blocks.arch", BLOCK_ONLY)
    text = GOOD.replace("network", "from .blocks import unit\n\nnetwork").replace("relu", "unit")
    assert cli("check", "-", "--stdin-filename", "d/new.arch", input=text.encode()).code == 0
    assert cli("check", "-", input=text.encode()).code == 1


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--error-on-warning",), 1)])
def test_warnings_alone_end_with_0_unless_told_otherwise(
    options: tuple[str, ...], code: int, cli: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warned(loader: Loader, path: str) -> Outcome:
        return Outcome(path, 1, (Diagnostic("W0319", "rows are lost", Span(path, 0, 1)),), {})

    monkeypatch.setattr("archdsl.cli.checking.check_path", warned)
    monkeypatch.chdir(cli.folder)
    cli.write("a.arch", GOOD)
    assert main(["check", "a.arch", "--no-cache", "--format", "concise", *options]) == code
    assert capsys.readouterr().out == "a.arch:1:1: warning[W0319] rows are lost\n1 warning in 1 file\n"


# --- findings ---------------------------------------------------------------------------------------------------------

FAULTY = {
    "unknown layer": UNKNOWN_LAYER,
    "wide kernel": WIDE_KERNEL,
    "unfinished": UNFINISHED,
    "empty": "",
    "blank": "\n\n# nothing\n",
    "binary": b"\x7fELF\x00\x01\x02",
    "latin-1": "# Gr\xf6\xdfe\n".encode("latin-1") + GOOD.encode(),
    "stride 0": GOOD.replace("padding=1", "stride=0"),
    "negative padding": GOOD.replace("padding=1", "padding=-1"),
    "label twice": GOOD.replace("max_pool(2)", "fc: conv(8, 1)"),
    "recursion": "block a() { a }\n" + GOOD,
    "outside the root": "from ....etc.passwd import x\n" + GOOD,
    "import of nothing": "from .gone import x\n" + GOOD,
    "wrong width": GOOD.replace("fc: linear(classes)", "fc: linear(7)"),
    "10^9 repeats": GOOD.replace("max_pool(2)", "repeat 1_000_000_000 { relu }"),
    "deep braces": "{" * 100_000,
    "endless sum": GOOD.replace("classes: int = 10", f"classes: int = {'1+' * 5_000}1"),
    "control characters": GOOD.replace("relu", "re\x1b[2Jlu"),
    "too large": "#" * (1024 * 1024 + 1),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_file_ends_with_1_in_every_format(name: str, cli: Cli) -> None:
    cli.write("bad.arch", FAULTY[name])
    before = listing(cli.folder)
    results = [cli("check", "bad.arch", "--format", format) for format in FORMATS]
    assert [result.code for result in results] == [1, 1, 1]
    assert [result.err for result in results] == ["", "", ""]
    findings = results[2].json["findings"]
    assert findings
    assert all(finding["path"] == "bad.arch" for finding in findings)
    for result in results[:2]:
        assert f"[{findings[0]['code']}]" in result.out
        assert not set(result.out) & {chr(code) for code in range(32) if code != 10}
    assert listing(cli.folder) == before


def test_a_faulty_finding_in_full(cli: Cli) -> None:
    cli.write("bad.arch", WIDE_KERNEL)
    result = cli("check", "bad.arch", "--format", "concise")
    first, last = result.out.splitlines()
    assert first.startswith("bad.arch:5:")
    assert "error[E0301]" in first
    assert last == "1 error in 1 file"


def test_all_files_are_reported_in_order_and_good_ones_counted(cli: Cli) -> None:
    cli.write("b.arch", WIDE_KERNEL)
    cli.write("a.arch", UNKNOWN_LAYER)
    cli.write("c.arch", GOOD)
    document = cli("check", ".", "--format", "json").json
    assert [finding["path"] for finding in document["findings"]] == ["a.arch", "b.arch"]
    assert (document["files"], document["networks"]) == (3, 3)


def test_a_fault_in_a_shared_block_is_told_once(cli: Cli) -> None:
    cli.write("blocks.arch", "block unit() { rleu }\n")
    for name in ("a", "b"):
        text = GOOD.replace("network", "from .blocks import unit\n\nnetwork").replace("relu", "unit")
        cli.write(f"{name}.arch", text)
    findings = cli("check", ".", "--format", "json").json["findings"]
    assert [(finding["path"], finding["code"]) for finding in findings] == [("blocks.arch", "E0201")]


def test_a_binary_import_is_a_finding_at_the_import(cli: Cli) -> None:
    cli.write("blocks.arch", b"\x00\x01")
    cli.write("a.arch", "from .blocks import unit\n" + GOOD)
    result = cli("check", "a.arch", "--format", "json")
    assert result.code == 1
    assert [(finding["path"], finding["line"]) for finding in result.json["findings"]] == [("a.arch", 1)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_a_folder_neither_hangs_nor_hides_the_rest(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    os.mkfifo(cli.folder / "b.arch")
    assert cli("check", ".").code == 1


def test_a_finding_on_standard_input_has_the_name_given(cli: Cli) -> None:
    result = cli("check", "-", "--stdin-filename", "x/new.arch", "--format", "concise", input=UNKNOWN_LAYER.encode())
    assert result.code == 1
    assert result.out.startswith("x/new.arch:4:")


@pytest.mark.parametrize("data", [b"", b"\x00", b"#" * (1024 * 1024 + 1)], ids=["empty", "binary", "too large"])
def test_bad_standard_input(data: bytes, cli: Cli) -> None:
    assert cli("check", "-", input=data).code == 1


# --- screens ----------------------------------------------------------------------------------------------------------


def test_colours_only_where_wanted(cli: Cli) -> None:
    cli.write("bad.arch", UNKNOWN_LAYER)
    assert "\x1b[" not in cli("check").out
    assert "\x1b[" in cli.with_variables(FORCE_COLOR="1")("check").out
    assert "\x1b[" not in cli.with_variables(FORCE_COLOR="1", NO_COLOR="1")("check").out
    assert "\x1b[" not in cli.with_variables(FORCE_COLOR="1")("check", "--format", "json").out


def test_lines_are_cut_to_the_columns_stated(cli: Cli) -> None:
    cli.write("bad.arch", GOOD.replace("relu", f"rleu  # {'x' * 300}"))
    narrow = cli.with_variables(COLUMNS="60")("check").out
    assert max(len(line) for line in narrow.splitlines() if "|" in line) <= 60
    for nonsense in ("0", "-3", "wide", "99999999999"):
        assert cli.with_variables(COLUMNS=nonsense)("check").code == 1


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX"}], ids=str)
def test_the_same_bytes_under_every_locale(variables: dict[str, str], cli: Cli) -> None:
    cli.write("bad.arch", WIDE_KERNEL)
    assert cli.with_variables(**variables)("check").out == cli("check").out
