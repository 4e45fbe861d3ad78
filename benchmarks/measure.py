"""Runs processes in turn, A B A B ..., and keeps wall time, processor time and peak memory of each run.

In turn, because a shared machine drifts: what slows one run down slows its neighbours down as well, and
the ratio of neighbours stays. Medians, because a run can only be disturbed upwards.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_KIBIBYTE = 1 if sys.platform == "darwin" else 1024
"""``ru_maxrss`` counts bytes on macOS and kibibytes elsewhere."""


class CommandError(Exception):
    """A measured process did not end with 0: its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Command:
    """A process to measure, in a folder."""

    arguments: tuple[str, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a process took: wall and processor time in seconds, peak resident memory in bytes.

    ``said`` is the last line of what it printed: figures that only the process itself can measure.
    """

    seconds: float
    memory: int
    processor: float = 0.0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """All runs of one command; run ``i`` of two series measured together are neighbours in time."""

    runs: tuple[Run, ...]

    @property
    def seconds(self) -> float:
        """The median wall time."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def memory(self) -> float:
        """The median peak memory in bytes."""
        return statistics.median(run.memory for run in self.runs)

    def seconds_over(self, other: Series) -> float:
        """The median of the differences between neighbours, in seconds: what this takes beyond the other."""
        return statistics.median(a.seconds - b.seconds for a, b in zip(self.runs, other.runs, strict=True))

    @property
    def processor(self) -> float:
        """The median processor time."""
        return statistics.median(run.processor for run in self.runs)

    @property
    def said(self) -> float:
        """The median of the numbers that the runs printed last."""
        return statistics.median(float(run.said) for run in self.runs)

    @property
    def least_said(self) -> float:
        """The least of the numbers that the runs printed last: a run can only be disturbed upwards."""
        return min(float(run.said) for run in self.runs)

    def processor_ratio(self, other: Series) -> float:
        """The median of the ratios of neighbours' processor times: other work on the machine hardly counts in it."""
        return statistics.median(a.processor / b.processor for a, b in zip(self.runs, other.runs, strict=True))

    def time_ratio(self, other: Series) -> float:
        """The median of the ratios of neighbours' times."""
        return statistics.median(a.seconds / b.seconds for a, b in zip(self.runs, other.runs, strict=True))


def run_once(command: Command) -> Run:
    """Runs a process to its end; raises CommandError with its last lines unless it ends with 0.

    The peak is the kernel's own figure for that process (``wait4``). It starts from the memory of this
    process at the fork, a few MB, so this program imports as little as it can; the error is against archdsl.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # byte code is kept, as it is for those who use either side
    start = time.perf_counter()
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    output = process.stdout.read()  # to the end, so that a full pipe cannot hold the process up
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    lines = output.decode("utf-8", "replace").splitlines()
    if process.returncode != 0:
        raise CommandError(f"{' '.join(command.arguments)} ended with {process.returncode}:", *lines[-8:])
    processor = usage.ru_utime + usage.ru_stime
    return Run(seconds, usage.ru_maxrss * _KIBIBYTE, processor, lines[-1] if lines else "")


def run_in_turn(commands: Mapping[str, Command], rounds: int, *, say: Callable[[str], None]) -> dict[str, Series]:
    """Runs all commands once per round, in order, and gives their series by name.

    One round goes first and is not counted: it writes byte code, fills the disk cache and archdsl's own.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            say(f"{name} ({turn}/{rounds})" if turn else f"{name} (warm-up)")
            run = run_once(command)
            if turn:
                runs[name].append(run)
    return {name: Series(tuple(series)) for name, series in runs.items()}
