"""`check --watch`: the real process, driven by changing its files."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archdsl.cli.watch import INTERVAL
from tests.cli.support import GOOD, UNKNOWN_LAYER, Cli

CLEAN = "1 file, 1 network: no findings"
WITH_IMPORT = GOOD.replace("network", "from .parts.lib import unit\n\nnetwork", 1).replace("relu", "unit")
LIBRARY = "block unit() {\n    relu\n}\n"


class Watched:
    """A run of ``check --watch``, its lines read as they come."""

    def __init__(self, cli: Cli, *arguments: str) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            cli.command("check", "--watch", *arguments),
            cwd=cli.folder,
            env=cli.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def next(self, seconds: float = 30) -> list[str]:
        """The lines of the next report."""
        found: list[str] = []
        while True:
            line = self.lines.get(timeout=seconds)
            if line == "watching for changes, Ctrl-C ends":
                return [line for line in found if line]
            found.append(line)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def started(cli: Cli) -> Iterator[list[Watched]]:
    runs: list[Watched] = []
    yield runs
    for run in runs:
        run.process.kill()
        run.process.wait()


def test_each_change_is_checked_until_it_is_interrupted(cli: Cli, started: list[Watched]) -> None:
    cli.write("a.arch", UNKNOWN_LAYER)
    watched = Watched(cli, "--format", "concise")
    started.append(watched)
    first, closing = watched.next()
    assert first.startswith("a.arch:4:30: error[E0201]")
    assert closing == "1 error in 1 file; --fix repairs 1 of them"
    cli.write("a.arch", GOOD)
    assert watched.next() == [CLEAN]
    cli.write("deep/b.arch", GOOD.replace("small", "other"))
    assert watched.next() == ["2 files, 2 networks: no findings"]
    (cli.folder / "a.arch").unlink()
    assert watched.next() == [CLEAN]
    (cli.folder / "deep/b.arch").unlink()
    assert watched.next() == ["archdsl: error: there is no .arch file in `.`"]
    cli.write("a.arch", GOOD)
    assert watched.next() == [CLEAN]
    assert watched.interrupt() == 0
    assert not any(watched.lines.queue), "a blank line may be left"


def test_imported_files_are_watched_even_before_they_exist(cli: Cli, started: list[Watched]) -> None:
    os.utime(cli.write("a.arch", WITH_IMPORT), (0, 0))  # so old that it is not looked at again for its own sake
    watched = Watched(cli, "a.arch", "--format", "concise")
    started.append(watched)
    assert "error[E0214]" in watched.next()[0]
    cli.write("parts/lib.arch", LIBRARY)
    assert watched.next() == [CLEAN]
    cli.write("parts/lib.arch", LIBRARY.replace("relu", "rleu"))
    assert watched.next()[0].startswith("parts/lib.arch:2:5: error[E0201]")
    assert watched.interrupt() == 0


def test_a_change_of_the_same_size_at_once_is_seen(cli: Cli, started: list[Watched]) -> None:
    """Also where the time stamp of the file says nothing of it."""
    place = cli.write("a.arch", GOOD)
    watched = Watched(cli)
    started.append(watched)
    watched.next()
    soon = time.time_ns() + 1_500_000_000
    os.utime(place, ns=(soon, soon))
    time.sleep(3 * INTERVAL)  # it is known under this time now
    with place.open("r+b") as stream:
        stream.write(UNKNOWN_LAYER.encode())
    os.utime(place, ns=(soon, soon))
    assert "error[E0201]" in watched.next(10)[0]


def test_the_configuration_is_watched(cli: Cli, started: list[Watched]) -> None:
    cli.write("a.arch", GOOD.replace("classes: int", "idle: int = 1, classes: int"))
    cli.write("archdsl.toml", 'format = "github"\n')
    watched = Watched(cli)
    started.append(watched)
    assert watched.next()[0].startswith("warning[W0504]"), "what CI reads is nothing for a screen"
    cli.write("archdsl.toml", 'ignore = ["W0504"]\n')
    assert watched.next() == [CLEAN]
    cli.write("archdsl.toml", "ignore = 7\n")
    assert watched.next()[0].startswith("error[E0703]")
    (cli.folder / "archdsl.toml").unlink()
    assert watched.next()[0].startswith("warning[W0504]")


def test_files_are_written_anew_at_each_change(cli: Cli, started: list[Watched]) -> None:
    cli.write("a.arch", GOOD)
    watched = Watched(cli, "-o", "jsonl:out.jsonl")
    started.append(watched)
    watched.next()
    assert (cli.folder / "out.jsonl").read_text() == ""
    cli.write("a.arch", UNKNOWN_LAYER)
    watched.next()
    assert '"E0201"' in (cli.folder / "out.jsonl").read_text()
    with pytest.raises(queue.Empty):
        watched.next(2)


@pytest.mark.parametrize(
    "arguments",
    [("-",), ("--fix",), ("--diff",), ("--format", "json"), ("-o", "sarif"), ("--select", "W9"), ("-o", "json:/x/y")],
    ids=" ".join,
)
def test_wrong_usage_ends_at_once(arguments: tuple[str, ...], cli: Cli, tmp_path: Path) -> None:
    cli.write("a.arch", GOOD)
    result = cli("check", "--watch", *arguments)
    assert result.code == 2
    assert "archdsl: error: " in result.err
