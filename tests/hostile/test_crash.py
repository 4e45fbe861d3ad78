"""The disk is full, or the process is killed: the old file or the new one, never half, and nothing beside it."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from archdsl.cli import files
from archdsl.cli.refusal import CommandError
from archdsl.train.files import append_line, write_file
from tests.cli.support import GOOD, Cli, listing

LONG = GOOD.replace("    max_pool(2)\n", "    conv(8,3,padding=1)->relu\n" * 400 + "    max_pool(2)\n")
"""Not in the style; its code is larger than what ``no_room`` leaves."""
IGNORED = LONG.replace("->relu\n", "->relu  # archdsl: ignore[W0341] no\n")

WRITERS = {
    "compile": ("compile", "a.arch", "-o", "out.py"),
    "fmt": ("fmt", "a.arch"),
    "check --fix": ("check", "--fix", "a.arch", "--no-cache"),
    "check -o": ("check", "-o", "sarif:out.sarif", "a.arch", "--no-cache"),
}
TARGETS = {"compile": "out.py", "fmt": "a.arch", "check --fix": "a.arch", "check -o": "out.sarif"}


@pytest.fixture(scope="session")
def byte_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("byte_code")


@pytest.fixture
def cli(tmp_path: Path, byte_code: Path) -> Cli:
    folder = tmp_path / "work"
    folder.mkdir()
    made = Cli(folder, tmp_path / "scratch", byte_code)
    made.write("a.arch", IGNORED)
    return made


def started(cli: Cli, arguments: Sequence[str], before: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        cli.command(*arguments),
        cwd=cli.folder,
        env=cli.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509
    )


def no_room() -> None:
    """Files of this process may have 4 KiB: what a write to a full disk gives, but for its name."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@pytest.mark.parametrize("name", WRITERS)
def test_no_room_on_the_disk(name: str, cli: Cli) -> None:
    if name == "check -o":
        cli.write("a.arch", "\n".join(f"block b{number}() {{ rleu }}" for number in range(150)))
    if name == "compile":
        labels = "".join(f"    labelled{number}: conv({number + 8}, 3, padding=1)\n" for number in range(200))
        cli.write("a.arch", GOOD.replace("    max_pool(2)\n", labels))
    before = listing(cli.folder)
    # Python itself does not notice that its byte code was cut off.
    process = started(cli.with_variables(PYTHONDONTWRITEBYTECODE="1"), WRITERS[name], no_room)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, (out, err)
    assert b"Traceback" not in err
    assert b"cannot be written: file too large" in err
    if name == "check -o":  # the document that says so is short, and there was room for it
        assert json.loads((cli.folder / "out.sarif").read_text())["runs"][0]["invocations"][0]["exitCode"] == 2
        (cli.folder / "out.sarif").unlink()
    assert listing(cli.folder) == before


@pytest.mark.parametrize("name", WRITERS)
def test_killed_at_any_moment(name: str, cli: Cli) -> None:
    """Whole files only, the old one or the new; what was written aside never has the name of a specification."""
    target = cli.folder / TARGETS[name]
    old = target.read_bytes() if target.exists() else None
    start = time.monotonic()
    process = started(cli, WRITERS[name])
    process.communicate(timeout=60)
    whole = time.monotonic() - start
    new = target.read_bytes()
    assert new != old
    chance = random.Random(name)
    for _ in range(6):
        reset(cli, target, old)
        process = started(cli, WRITERS[name])
        time.sleep(whole * chance.uniform(0.5, 1.05))
        process.kill()
        process.communicate()
        assert (target.read_bytes() if target.exists() else None) in (old, new)
    for place in cli.folder.iterdir():
        assert place.name in {"a.arch", TARGETS[name]} or place.name.endswith(".tmp")


def reset(cli: Cli, target: Path, old: bytes | None) -> None:
    cli.write("a.arch", IGNORED)
    if old is None:
        target.unlink(missing_ok=True)


KILLED_IN_WRITE = """
import os, signal, sys
moment, path = int(sys.argv[1]), sys.argv[2]
def trace(event, arguments):
    global moment
    if event in ("open", "os.rename", "os.chmod", "os.remove") and path.rsplit("/", 1)[-1] in str(arguments[0]):
        moment -= 1
        if moment < 0:
            os.kill(os.getpid(), signal.SIGKILL)
from archdsl.cli.files import replace
from archdsl.train.files import write_file
data = b"new" * 100_000
sys.addaudithook(trace)
replace(path, path, data) if sys.argv[3] == "cli" else write_file(path, data)
"""


@pytest.mark.parametrize("writer", ["cli", "train"])
@pytest.mark.parametrize("is_there", [True, False])
def test_killed_before_each_call_of_the_system(writer: str, is_there: bool, tmp_path: Path) -> None:
    place, states = tmp_path / "out.py", []
    for moment in range(9):
        if is_there:
            place.write_bytes(b"old")
        else:
            place.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", KILLED_IN_WRITE, str(moment), str(place), writer], check=False, timeout=60
        )
        states.append(place.read_bytes() if place.exists() else None)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert len(states) >= 3, "the program was killed at several moments"
    assert set(states) == {b"old" if is_there else None, b"new" * 100_000}
    assert states[-1] == b"new" * 100_000


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """In a container every run may have the same number: a file left behind once made every later run end with 2."""
    place = tmp_path / "out.py"
    (tmp_path / f".out.py.{os.getpid()}.tmp").write_bytes(b"left")
    files.replace("out.py", str(place), b"new")
    assert place.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == [f".out.py.{os.getpid()}.tmp"]


def test_a_link_in_the_place_of_the_file_aside_is_not_followed(tmp_path: Path) -> None:
    place, outside = tmp_path / "out.py", tmp_path / "outside"
    outside.write_bytes(b"precious")
    (tmp_path / f".out.py.{os.getpid()}.tmp").symlink_to(outside)
    files.replace("out.py", str(place), b"new")
    assert (place.read_bytes(), outside.read_bytes()) == (b"new", b"precious")


def test_a_name_as_long_as_a_name_can_be(tmp_path: Path) -> None:
    """Cut after a hundred characters, not bytes: names in other scripts were too long for the file aside."""
    for name in ("a" * 252 + ".py", "\u4e16" * 84 + ".py"):
        place = tmp_path / name
        files.replace(name, str(place), b"new")
        assert place.read_bytes() == b"new"


@pytest.mark.parametrize("write", [files.replace, None], ids=["commands", "training"])
def test_a_full_disk_leaves_nothing(write: object, tmp_path: Path) -> None:
    place = tmp_path / "out.py"
    place.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises((CommandError, OSError)):
            files.replace("out.py", str(place), b"new" * 4096) if write else write_file(str(place), b"new" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in tmp_path.iterdir()] == ["out.py"]
    assert place.read_bytes() == b"old"


def test_a_full_device_for_standard_output_ends_with_2(cli: Cli) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            cli.command("compile", "a.arch", "-o", "-"),
            cwd=cli.folder,
            env=cli.environment,
            stdout=full,
            stderr=-1,
            check=False,
        )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_half_a_line_of_metrics_is_all_that_is_left(tmp_path: Path) -> None:
    place = tmp_path / "metrics.jsonl"
    append_line(str(place), "{}")
    append_line(str(place), "{}")
    assert place.read_bytes() == b"{}\n{}\n"
