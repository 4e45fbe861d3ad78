"""Exit codes and places are the same in all eight formats, whatever becomes of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.cli.main import main
from archdsl.cli.outputs import FORMATS
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.outcome import Outcome
from archdsl.source.loader import Loader
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.cli.formats import FOR_MACHINES, READERS, is_a_document
from tests.cli.support import GOOD, UNKNOWN_LAYER, WIDE_KERNEL, Cli
from tests.diagnostics.sarif_schema import sarif_faults

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs `archdsl check` in an empty project; gives exit code, output and complaints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / ".git").mkdir()
    for name, text in [("good", GOOD), ("bad", UNKNOWN_LAYER), ("worse", WIDE_KERNEL), ("warned", WARNED)]:
        (tmp_path / f"{name}.arch").write_text(text)
    (tmp_path / "binary.arch").write_bytes(b"\x7fELF\x00")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "x.arch").symlink_to("moved.arch")
    (tmp_path / "empty").mkdir()
    capsys.readouterr()

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", "--no-cache", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


WARNED = GOOD.replace("classes: int", "unused: int = 1, classes: int")


def test_the_readers_know_every_format() -> None:
    assert tuple(READERS) == FORMATS


# --- exit codes -------------------------------------------------------------------------------------------------------

ENDS = {
    "clean": (0, ("good.arch",)),
    "findings": (1, ("bad.arch",)),
    "warnings": (0, ("warned.arch",)),
    "warnings as errors": (1, ("warned.arch", "--error-on-warning")),
    "warnings ignored": (0, ("warned.arch", "--error-on-warning", "--ignore", "W05")),
    "unknown option": (2, ("--no-such-option",)),
    "unknown pattern": (2, ("--ignore", "W9999", "bad.arch")),
    "a file that is no text": (1, ("binary.arch",)),
    "a link that leads nowhere": (1, ("links",)),
    "a folder without files": (2, ("empty",)),
    "a file as a folder": (2, ("good.arch/x.arch",)),
    "missing file": (2, ("missing.arch",)),
    "missing and ignored": (2, ("missing.arch", "--ignore", "W")),
    "missing and bad": (2, ("missing.arch", "bad.arch")),
    "missing and clean": (2, ("missing.arch", "good.arch")),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("end", ENDS)
def test_the_exit_code_does_not_depend_on_the_format(end: str, form: str, check: Check) -> None:
    expected, arguments = ENDS[end]
    code, out, _ = check("--format", form, *arguments)
    assert code == expected
    if form in FOR_MACHINES:
        assert is_a_document(form, out)


@pytest.mark.parametrize("form", FORMATS)
def test_a_configuration_with_faults_ends_with_2(form: str, check: Check, tmp_path: Path) -> None:
    (tmp_path / "archdsl.toml").write_text('\nignore = ["W9999"]\n')
    code, out, _ = check("--format", form, "good.arch")
    assert code == 2
    assert READERS[form](out) == [("archdsl.toml", 2, 11, "E0703")]


@pytest.mark.parametrize("form", FORMATS)
def test_an_error_of_ours_ends_with_2(form: str, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("the cheese\nslid off <&>")

    monkeypatch.setattr("archdsl.cli.checking.check_path", broken)
    code, out, err = check("--format", form, "good.arch")
    assert code == 2
    assert "please report it with the file that causes it" in err
    assert "://" not in err
    if form in FOR_MACHINES:
        assert is_a_document(form, out)
    else:
        assert out == ""


@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif"])
@pytest.mark.parametrize("arguments", [("--no-such-option",), ("--select", "E")], ids=" ".join)
def test_a_document_says_why_there_is_no_result(form: str, arguments: tuple[str, ...], check: Check) -> None:
    _, out, err = check("--format", form, *arguments, "good.arch")
    reason = err.splitlines()[-1].removeprefix("archdsl: error: ")
    plain = out.replace("&apos;", "'").replace("\\u2019", "'")
    assert reason[:30] in plain


def test_sarif_of_every_end_is_valid(check: Check, tmp_path: Path) -> None:
    for expected, arguments in ENDS.values():
        code, out, _ = check("--format", "sarif", *arguments)
        document = json.loads(out)
        assert sarif_faults(document) == []
        (invocation,) = document["runs"][0]["invocations"]
        assert (invocation["exitCode"], invocation["executionSuccessful"]) == (expected, expected != 2)
        assert code == expected


# --- places -----------------------------------------------------------------------------------------------------------

SIXTEEN: dict[str, tuple[str | bytes, tuple[int, int, str]]] = {
    "channel mismatch into a layer": (
        GOOD.replace("[N, 3,", "[N, 5,").replace("padding=1", "groups=2"),
        (4, 23, "E0303"),
    ),
    "kernel larger than the input": (GOOD.replace("max_pool(2)", "conv(8, 99)"), (5, 13, "E0301")),
    "residual add of unequal sizes": (
        GOOD.replace("max_pool(2)", "add { identity; max_pool(2) }"),
        (5, 5, "E0302"),
    ),
    "concat of unequal sizes": (
        GOOD.replace("max_pool(2)", "concat { identity; max_pool(2) }"),
        (5, 5, "E0302"),
    ),
    "groups that do not divide": (GOOD.replace("conv(8, 3,", "conv(8, 3, groups=3,"), (4, 23, "E0303")),
    "stride 0": (GOOD.replace("padding=1", "stride=0"), (4, 23, "E0401")),
    "negative padding": (GOOD.replace("padding=1", "padding=-1"), (4, 24, "E0401")),
    "unknown layer": (GOOD.replace("relu", "rleu"), (4, 30, "E0201")),
    "misspelt parameter": (GOOD.replace("padding=1", "paddnig=1"), (4, 16, "E0202")),
    "a name given twice": (GOOD.replace("max_pool(2)", "fc: conv(8, 1)"), (7, 5, "E0207")),
    "an undefined reference": (GOOD.replace("max_pool(2)", "add { identity; skip }"), (5, 21, "E0201")),
    "a cycle": (GOOD.replace("max_pool(2)", "add { identity; fc }"), (5, 21, "E0208")),
    "a wrong width into linear": (
        GOOD.replace("    flatten\n", "    flatten -> [N, 2000]\n"),
        (6, 20, "E0311"),
    ),
    "an empty file": ("", (1, 1, "E0105")),
    "a binary file": (b"\x7fELF\x02\x01\n\x01\x00\x00", (2, 2, "E0104")),
    "a repeat of 10^9": (GOOD.replace("max_pool(2)", "repeat 1_000_000_000 { conv(8, 1) }"), (5, 12, "E0404")),
}


@pytest.mark.parametrize("name", SIXTEEN)
def test_the_sixteen_bad_inputs_are_placed_in_every_format(name: str, check: Check, tmp_path: Path) -> None:
    content, (line, column, code) = SIXTEEN[name]
    (tmp_path / "input.arch").write_bytes(content if isinstance(content, bytes) else content.encode())
    for form in FORMATS:
        end, out, err = check("--format", form, "input.arch")
        assert (end, err) == (1, "")
        assert READERS[form](out) == [("input.arch", line, column, code)], form


@pytest.mark.parametrize("form", FOR_MACHINES)
def test_a_file_that_is_missing_is_placed_too(form: str, check: Check) -> None:
    _, out, _ = check("--format", form, "missing.arch")
    assert READERS[form](out) == [("missing.arch", 1, 1, "E0109")]


@pytest.mark.parametrize("form", FORMATS)
def test_three_errors_are_three_findings_in_every_format(form: str, check: Check, tmp_path: Path) -> None:
    text = (
        GOOD.replace("relu", "rleu")
        .replace("max_pool(2)", "conv(8, 3, stride=0)")
        .replace("[N, classes]", "[N, clases]")
    )
    (tmp_path / "three.arch").write_text(text)
    _, out, _ = check("--format", form, "three.arch")
    codes = [code for *_, code in READERS[form](out)]
    assert codes == ["E0201", "E0401", "E0219"]


# --- hostile names ----------------------------------------------------------------------------------------------------


def test_user_text_that_looks_like_a_command_is_escaped_in_every_format(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "::error::x ##[group]y \x1b[2J <img> ![a](b) \u202e"

    def hostile(loader: Loader, path: str) -> Outcome:
        source = Source(path, f"::set-env name=a::b\n{text}\n")
        return Outcome(path, 1, (Diagnostic("E0201", text, Span(path, 20, 25), text),), {path: source})

    monkeypatch.setattr("archdsl.cli.checking.check_path", hostile)
    for form in FORMATS:
        code, out, err = check("--format", form, "good.arch")
        assert (code, err) == (1, "")
        assert not [line for line in out.splitlines() if line.lstrip().startswith("::") and "title=E0201" not in line]
        assert "##[" not in out
        assert not set(out) & {"\x1b", "\u202e"}
        if form == "junit":
            assert "<img>" not in out


def test_a_clean_run_says_so_in_every_format(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    assert cli("check", "--format", "github").out == "no findings in 1 file\n"
    assert cli("check", "--format", "gitlab").json == []
    assert cli("check", "--format", "jsonl").out == ""
    assert 'tests="1" failures="0"' in cli("check", "--format", "junit").out
    assert cli("check", "--format", "sarif").json["runs"][0]["results"] == []
