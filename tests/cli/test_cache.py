"""The cache: the same answer as without it, faster, private, and never a wrong one."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from archdsl.cli.cache import LARGEST_RECORD, MOST_RECORDS, Cache, open_cache
from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.driver.outcome import Outcome, check_path
from archdsl.driver.record import outcome_of, record_of
from archdsl.source.loader import DiskLoader, MemoryLoader
from archdsl.source.source import Source
from archdsl.source.span import Span
from tests.cli.support import GOOD, UNKNOWN_LAYER, WIDE_KERNEL, Cli, listing

NETWORK = "from .blocks import unit\n" + GOOD.replace("relu", "unit")
BLOCKS = "block unit() { relu }\n"
COMPILER = "archdsl.check.check"


def loaded(cli: Cli, *arguments: str) -> tuple[int, str, bool]:
    """Exit code, output, and whether the compiler had to be loaded."""
    command = cli.command(*arguments)
    command[1:1] = ["-X", "importtime"]
    done = subprocess.run(command, cwd=cli.folder, env=cli.environment, capture_output=True, text=True, check=False)
    names = re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", done.stderr, re.MULTILINE)
    assert "archdsl.cli.main" in names
    return done.returncode, done.stdout, COMPILER in names


def records(cli: Cli) -> list[Path]:
    return sorted((cli.cache / "archdsl").iterdir())


# --- the same answer --------------------------------------------------------------------------------------------------

TEXTS = {"clean": GOOD, "name": UNKNOWN_LAYER, "shape": WIDE_KERNEL, "syntax": GOOD.replace("}", ""), "empty": ""}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("format", ["full", "concise", "json"])
def test_an_unchanged_file_gives_the_same_bytes_without_the_compiler(name: str, format: str, cli: Cli) -> None:
    cli.write("a.arch", TEXTS[name])
    code, out, by_compiler = loaded(cli, "check", "a.arch", "--format", format)
    assert by_compiler
    assert loaded(cli, "check", "a.arch", "--format", format) == (code, out, False)
    assert loaded(cli, "check", "a.arch", "--format", format, "--no-cache") == (code, out, True)


def test_one_record_serves_every_format(cli: Cli) -> None:
    cli.write("a.arch", WIDE_KERNEL)
    plain = cli("check", "--format", "json", "--no-cache").out
    assert loaded(cli, "check")[2]
    assert loaded(cli, "check", "--format", "json") == (1, plain, False)


def test_a_finding_survives_with_all_its_parts() -> None:
    span, other = Span("a.arch", 0, 3), Span("b.arch", 1, 2)
    finding = Diagnostic(
        "E0302",
        "message",
        span,
        "here",
        (Label(other, "there"), Label(span, "")),
        (Frame("unit", other, "channels=64"),),
        ("a note",),
        Help("do this", "conv(1)"),
        ("N", 64, "H/2"),
        ("N", 1),
    )
    bare = Diagnostic("E0201", "", Span("a.arch", 2, 2))
    sources = {"a.arch": Source("a.arch", "abc"), "b.arch": Source("b.arch", "de\ud800")}
    before = Outcome("a.arch", 3, (finding, bare), sources)
    record = record_of(before)
    assert record is not None
    after = outcome_of(record, "a.arch", MemoryLoader({"a.arch": "abc", "b.arch": "de\ud800"}))
    if after is None:  # a lone surrogate is no text on disk; without it the sources are the same
        sources["b.arch"] = Source("b.arch", "de")
        record = record_of(Outcome("a.arch", 3, (finding, bare), sources))
        assert record is not None
        after = outcome_of(record, "a.arch", MemoryLoader({"a.arch": "abc", "b.arch": "de"}))
    assert after is not None
    assert after.findings == before.findings
    assert (after.path, after.networks) == ("a.arch", 3)


# --- never a wrong answer ---------------------------------------------------------------------------------------------


def test_a_changed_file_is_checked_again(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    assert cli("check").code == 0
    cli.write("a.arch", UNKNOWN_LAYER)
    assert cli("check").code == 1
    cli.write("a.arch", GOOD)
    assert cli("check").code == 0


def test_a_changed_import_is_noticed(cli: Cli) -> None:
    cli.write("a.arch", NETWORK)
    cli.write("blocks.arch", BLOCKS)
    assert (cli("check", "a.arch").code, loaded(cli, "check", "a.arch")[2]) == (0, False)
    cli.write("blocks.arch", BLOCKS.replace("relu", "rleu"))
    assert cli("check", "a.arch").code == 1
    (cli.folder / "blocks.arch").unlink()
    assert cli("check", "a.arch").code == 1
    cli.write("blocks.arch", BLOCKS)
    assert cli("check", "a.arch").code == 0


def test_an_import_that_was_missing_is_looked_for_again(cli: Cli) -> None:
    cli.write("a.arch", NETWORK)
    assert cli("check", "a.arch").code == 1
    cli.write("blocks.arch", BLOCKS)
    assert cli("check", "a.arch").code == 0


def test_an_import_that_now_leads_outside_is_refused(cli: Cli, tmp_path: Path) -> None:
    cli.write("a.arch", NETWORK)
    place = cli.write("blocks.arch", BLOCKS)
    assert cli("check", "a.arch").code == 0
    place.rename(tmp_path / "blocks.arch")
    place.symlink_to(tmp_path / "blocks.arch")  # the same text, outside the root
    result = cli("check", "a.arch", "--format", "concise")
    assert result.code == 1
    assert "E0213" in result.out


def test_the_root_takes_part(cli: Cli) -> None:
    cli.write("pyproject.toml", "")
    cli.write("blocks.arch", BLOCKS)
    cli.write("deep/a.arch", NETWORK.replace(".blocks", "..blocks"))
    assert cli("check", "deep/a.arch").code == 0
    (cli.folder / "pyproject.toml").unlink()  # now the root is the file's own folder
    assert cli("check", "deep/a.arch").code == 1


def test_two_files_of_one_name_are_two_files(cli: Cli) -> None:
    cli.write("pyproject.toml", "")
    cli.write("one/a.arch", GOOD)
    cli.write("two/a.arch", UNKNOWN_LAYER)
    for _ in range(2):
        codes = [Cli(cli.folder / name, cli.scratch, cli.byte_code)("check", "a.arch").code for name in ("one", "two")]
        assert codes == [0, 1]


def test_a_new_compiler_asks_again(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.write("a.arch", GOOD)
    (cli.scratch / "c").mkdir(parents=True)
    root, path = str(cli.folder), str(cli.folder / "a.arch")
    cache = Cache(str(cli.scratch / "c"))
    cache.store(check_path(DiskLoader(root), path), root)
    assert cache.lookup(path, root, DiskLoader(root)) is not None
    monkeypatch.setattr("archdsl.cli.cache.__version__", "9.9.9")
    assert Cache(str(cli.scratch / "c")).lookup(path, root, DiskLoader(root)) is None


DAMAGES = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "another verdict": lambda data: data.replace(b'"findings": [[', b'"findings": [], "x": [['),
    "a flipped bit": lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
    "no JSON": lambda data: b"0" * 64 + b"\nnonsense\n",
    "binary": lambda data: b"\x00\xff" * 100,
    "huge": lambda data: data + b" " * LARGEST_RECORD,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_record_is_as_good_as_none(name: str, cli: Cli) -> None:
    cli.write("a.arch", UNKNOWN_LAYER)
    out = cli("check").out
    (record,) = records(cli)
    record.write_bytes(DAMAGES[name](record.read_bytes()))
    assert loaded(cli, "check") == (1, out, True)
    assert loaded(cli, "check") == (1, out, False)  # and it was replaced


@pytest.mark.parametrize("code", ["E0104", "E0106", "E0109", "E0213", "E0214"])
def test_what_rests_on_unread_files_is_not_kept(code: str) -> None:
    finding = Diagnostic(code, "", Span("a.arch", 0, 0))
    assert record_of(Outcome("a.arch", 1, (finding,), {})) is None
    assert record_of(Outcome("a.arch", 1, (), {}, overflow=1)) is None


# --- private and small ------------------------------------------------------------------------------------------------


def test_the_folder_is_closed_to_others_and_no_part_is_left(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    cli("check")
    assert (cli.cache / "archdsl").stat().st_mode & 0o777 == 0o700
    (record,) = records(cli)
    assert record.stat().st_mode & 0o077 == 0
    assert re.fullmatch("[0-9a-f]{64}", record.name)


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o777])
def test_a_folder_open_to_others_is_not_used(mode: int, cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    (cli.cache / "archdsl").mkdir(parents=True)
    (cli.cache / "archdsl").chmod(mode)
    assert cli("check").code == 0
    assert records(cli) == []


def test_a_cache_inside_the_project_is_not_used(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    before = listing(cli.folder)
    inside = cli.with_variables(XDG_CACHE_HOME=str(cli.folder / ".cache"))
    assert inside("check").code == 0
    assert listing(cli.folder) == before
    assert loaded(inside, "check")[2]


@pytest.mark.parametrize("place", ["relative/cache", "~", "/dev/null", "/proc/nowhere"])
def test_a_place_that_cannot_hold_a_cache_is_no_failure(place: str, cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    before = listing(cli.folder)
    result = cli.with_variables(XDG_CACHE_HOME=place)("check")
    assert (result.code, result.err) == (0, "")
    assert listing(cli.folder) == before


def test_no_cache_writes_nothing(cli: Cli) -> None:
    cli.write("a.arch", GOOD)
    cli("check", "--no-cache")
    assert not cli.cache.exists()


def test_standard_input_is_not_kept(cli: Cli) -> None:
    cli("check", "-", input=GOOD.encode())
    assert records(cli) == []


def test_old_records_make_room(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    for number in range(MOST_RECORDS):
        place = folder / f"{number:064x}"
        place.write_text("")
        os.utime(place, (number, number))
    Cache(str(folder)).store(Outcome("a.arch", 1, (), {}), str(tmp_path / "project"))
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == MOST_RECORDS // 2 + 1
    assert f"{MOST_RECORDS - 1:064x}" in left
    assert f"{0:064x}" not in left


def test_a_large_record_is_not_kept(tmp_path: Path) -> None:
    finding = Diagnostic("E0201", "x" * LARGEST_RECORD, Span("a.arch", 0, 0))
    Cache(str(tmp_path)).store(Outcome("a.arch", 1, (finding,), {}), "/elsewhere")
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_unknown_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert open_cache() is None
