"""Wrong usage of every command: exit code 2, a sentence on standard error, nothing written, never a traceback."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archdsl import __version__
from archdsl.cli.main import COMMANDS, load_command, main
from tests.cli.support import BLOCK_ONLY, GOOD, TEMPLATE, TWO, UNKNOWN_LAYER, Cli, Result, listing

Powerless = Callable[..., Result]

# --- help and version -------------------------------------------------------------------------------------------------


def test_the_version(cli: Cli) -> None:
    result = cli("--version")
    assert (result.code, result.out, result.err) == (0, f"archdsl {__version__}\n", "")


def test_help_names_every_command(cli: Cli) -> None:
    result = cli("--help")
    assert result.code == 0
    assert all(f"    {name}" in result.out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(command: str, cli: Cli) -> None:
    result = cli(command, "--help")
    assert result.code == 0
    assert f"  archdsl {command} " in result.out
    assert load_command(command).EXAMPLES.strip() in result.out


def test_a_command_that_does_not_exist_has_no_module() -> None:
    with pytest.raises(KeyError):
        load_command("no-such-command")


# --- wrong usage ------------------------------------------------------------------------------------------------------

WRONG = [
    (),
    ("no-such-command",),
    ("explain", "E9999"),
    ("explain", "x" * 5_000),
    ("explain", "E0302", "E0301"),
    ("explain", "--format", "json", "E0302"),
    ("--no-such-option",),
    ("check", "--no-such-option"),
    ("check", "--format", "yaml"),
    ("check", "--form", "json"),
    ("check", "--format"),
    ("check", "missing.arch"),
    ("check", ""),
    ("check", "good.arch", "missing.arch"),
    ("check", "empty_folder"),
    ("check", "x" * 5_000),
    ("check", "/dev/null"),
    ("networks", "missing.arch"),
    ("networks", "empty_folder"),
    ("networks", "-"),
    ("networks", "--format", "full"),
    ("summary",),
    ("summary", "missing.arch"),
    ("summary", "."),
    ("summary", "two.arch"),
    ("summary", "two.arch", "-n", "third"),
    ("summary", "template.arch"),
    ("summary", "template.arch", "-n", "Family"),
    ("summary", "block.arch"),
    ("summary", "block.arch", "-n", "unit"),
    ("summary", "good.arch", "two.arch"),
    ("summary", "good.arch", "--format", "full"),
    ("summary", "two.arch", "-n", "first", "--size", "H"),
    ("summary", "two.arch", "-n", "first", "--size", "H=-1"),
    ("summary", "two.arch", "-n", "first", "--size", "H=0"),
    ("summary", "two.arch", "-n", "first", "--size", "H=1.5"),
    ("summary", "two.arch", "-n", "first", "--size", "H=99999999999999999999"),
    ("summary", "two.arch", "-n", "first", "--size", "H=99999999"),
    ("summary", "two.arch", "-n", "first", "--size", "N=2"),
    ("summary", "two.arch", "-n", "first", "--size", "Q=2"),
    ("summary", "good.arch", "--size", "H=2"),
    ("summary", "good.arch", "--depth", "0"),
    ("summary", "good.arch", "--depth", "-1"),
    ("summary", "good.arch", "--depth", "deep"),
    ("summary", "good.arch", "--depth", "٣"),
    ("compile",),
    ("compile", "good.arch"),
    ("compile", "missing.arch", "-o", "out.py"),
    ("compile", ".", "-o", "out.py"),
    ("compile", "good.arch", "-n", "large", "-o", "out.py"),
    ("compile", "template.arch", "-o", "out.py"),
    ("compile", "block.arch", "-o", "out.py"),
    ("compile", "good.arch", "-o", "empty_folder"),
    ("compile", "good.arch", "-o", "out.py/"),
    ("compile", "good.arch", "-o", ""),
    ("compile", "good.arch", "-o", "."),
    ("compile", "good.arch", "-o", ".."),
    ("compile", "good.arch", "-o", "../out.py"),
    ("compile", "good.arch", "-o", "/tmp/archdsl_test_out.py"),
    ("compile", "good.arch", "-o", "no_such_folder/out.py"),
    ("compile", "good.arch", "-o", "good.arch/out.py"),
    ("compile", "good.arch", "-o", "good.arch"),
    ("compile", "good.arch", "-o", "good.arch", "--force"),
    ("compile", "good.arch", "-o", "mine.py"),
    ("compile", "good.arch", "-o", "x" * 300 + ".py"),
]


@pytest.fixture
def project(cli: Cli) -> Cli:
    for name, text in [("good", GOOD), ("two", TWO), ("template", TEMPLATE), ("block", BLOCK_ONLY)]:
        cli.write(f"{name}.arch", text)
    cli.write("mine.py", "print('mine')\n")
    (cli.folder / "empty_folder").mkdir()
    return cli


@pytest.mark.parametrize("arguments", WRONG, ids=lambda arguments: " ".join(arguments)[:60] or "nothing")
def test_wrong_usage_ends_with_2_and_leaves_everything_as_it_was(arguments: tuple[str, ...], project: Cli) -> None:
    before, around = listing(project.folder), sorted(project.folder.parent.iterdir())
    result = project(*arguments)
    assert result.code == 2
    assert "archdsl: error: " in result.err
    assert not result.out or arguments == ("check", "good.arch", "missing.arch") or arguments[0] == "networks"
    assert listing(project.folder) == before
    assert [path for path in sorted(project.folder.parent.iterdir()) if path.name != "scratch"] == [
        path for path in around if path.name != "scratch"
    ]


JSON = [
    ("check", "--format", "json", "missing.arch"),
    ("check", "missing.arch", "--format=json"),
    ("check", "--format", "json", "empty_folder"),
    ("check", "--format", "json", "--no-such-option"),
    ("check", "--format", "json", "--stdin-filename"),
]


@pytest.mark.parametrize("arguments", JSON, ids=" ".join)
def test_check_prints_its_document_even_then(arguments: tuple[str, ...], project: Cli) -> None:
    result = project(*arguments)
    assert result.code == 2
    document = result.json
    assert list(document) == ["version", "findings", "files", "networks"]
    assert (document["version"], document["files"], document["networks"]) == (1, 0, 0)
    assert all(finding["code"] == "E0109" for finding in document["findings"])


def test_the_good_files_are_still_checked(project: Cli) -> None:
    document = project("check", "--format", "json", "good.arch", "missing.arch").json
    assert (document["files"], document["networks"]) == (1, 1)
    assert [finding["path"] for finding in document["findings"]] == ["missing.arch"]


def test_an_unknown_network_gets_a_guess_and_the_list(project: Cli) -> None:
    error = project("compile", "two.arch", "-n", "frist", "-o", "out.py").err
    assert "did you mean `first`?" in error
    assert "networks: first, second" in error


def test_a_network_that_needs_arguments_is_told_apart_from_none(project: Cli) -> None:
    assert "it needs `width`" in project("summary", "template.arch", "-n", "Family").err


def test_control_characters_of_arguments_do_not_reach_the_screen(project: Cli) -> None:
    for arguments in [("check", "\x1b[2Jx"), ("\x1b[2Jx",), ("check", "--\x1b[2J"), ("check", "--format", "\x1b[2J")]:
        result = project(*arguments)
        assert result.code == 2
        assert "\x1b" not in result.err


# --- interruptions ----------------------------------------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_disaster(project: Cli) -> None:
    project.write("bad.arch", "\n".join(UNKNOWN_LAYER.replace("small", f"small{number}") for number in range(300)))
    command = subprocess.Popen(
        project.command("check", "bad.arch", "--format", "json"),
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.read(10)
    command.stdout.close()
    error = command.stderr.read()
    command.stderr.close()
    assert (command.wait(60), error) == (2, b"")


def test_an_interruption_ends_with_2_and_a_word(project: Cli) -> None:
    command = subprocess.Popen(
        project.command("check", "-"),
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1.5)  # it waits for its input by then
    command.send_signal(signal.SIGINT)
    out, error = command.communicate(timeout=60)
    assert (command.returncode, out, error) == (2, b"", b"archdsl: error: interrupted\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_closed_streams_are_no_disaster(closed: str, project: Cli) -> None:
    line = f"{' '.join(project.command('check', 'good.arch', 'missing.arch'))} {closed}"
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=project.folder, env=project.environment, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


# --- our own faults ---------------------------------------------------------------------------------------------------


def test_a_fault_of_ours_is_2_and_asks_for_a_report(
    project: Cli, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("the \x1b[2Jcheese slid off")

    monkeypatch.setattr("archdsl.cli.checking.check_path", broken)
    monkeypatch.chdir(project.folder)
    assert main(["check", "good.arch", "--no-cache", "--format", "json"]) == 2
    shown = capsys.readouterr()
    assert "RuntimeError: the \\x1b[2Jcheese slid off" in shown.err
    assert "please report it" in shown.err
    assert '"findings": []' in shown.out
    monkeypatch.setenv("ARCHDSL_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["check", "good.arch", "--no-cache"])


# --- permissions ------------------------------------------------------------------------------------------------------

NOBODY = 65_534


@pytest.fixture
def powerless(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Powerless]:
    """Runs commands in a folder that they may read and not write, as somebody who is not root."""
    with tempfile.TemporaryDirectory(prefix="archdsl-test-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name in ("good.arch", "secret.arch"):
            (place / name).write_text(GOOD)
        monkeypatch.chdir(place)
        monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))

        def run(*arguments: str) -> Result:
            main(arguments)  # as root, so that nothing is left to be imported
            for left in {*place.iterdir()} - {place / "good.arch", place / "secret.arch"}:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            (place / "secret.arch").chmod(0)
            place.chmod(0o555)
            capsys.readouterr()
            before = os.geteuid()
            if before == 0:
                os.seteuid(NOBODY)
            try:
                code = main(arguments)
            finally:
                os.seteuid(before)
            shown = capsys.readouterr()
            assert sorted(path.name for path in place.iterdir()) == ["good.arch", "secret.arch"]
            return Result(code, shown.out, shown.err)

        yield run
        place.chmod(0o755)


def test_a_folder_that_cannot_be_written(powerless: Powerless) -> None:
    result = powerless("compile", "good.arch", "-o", "out.py")
    assert (result.code, result.out) == (2, "")
    assert result.err == "archdsl: error: `out.py` cannot be written: permission denied\n"


def test_a_file_that_cannot_be_read(powerless: Powerless) -> None:
    result = powerless("check", "secret.arch")
    assert (result.code, result.out) == (2, "")
    assert result.err == "archdsl: error: `secret.arch` cannot be read: permission denied\n"


def test_a_file_in_a_folder_that_cannot_be_read_is_a_finding(powerless: Powerless) -> None:
    result = powerless("check", ".", "--format", "concise")
    assert result.code == 1
    assert result.out.startswith("secret.arch:1:1: error[E0109]")


def test_where_no_cache_can_be_made_nothing_is_said(powerless: Powerless) -> None:
    assert powerless("check", "good.arch") == Result(0, "1 file, 1 network: no findings\n", "")


@pytest.mark.parametrize(("command", "collects"), [("check", False), ("train", True), ("predict", True)])
def test_what_lasts_collects_its_garbage(command: str, collects: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training of hours makes circles all the time; a process that calls ``main`` keeps its own setting."""
    seen: list[bool] = []

    def run(given: list[str]) -> int:
        seen.append(gc.isenabled())
        raise OSError(given[0])

    monkeypatch.setattr("archdsl.cli.main._run", run)
    assert main([command]) == 2
    assert seen == [collects]
    assert gc.isenabled()
