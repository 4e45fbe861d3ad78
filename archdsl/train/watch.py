"""Who looks at a run while it lasts: nobody, a log of plain lines, or a person at a terminal."""

from __future__ import annotations

import os
import time
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archdsl.diagnostics.escape import escape
from archdsl.train.run_folder import Row


class Watch(Protocol):
    """What a run tells while it lasts. All of it is for people: data go into the run folder."""

    def begin(self, run: str, device: str, steps: int, done: int) -> None:
        """The run starts in a folder: so many steps in all, so many done before."""

    def step(self, epoch: int, samples: int) -> None:
        """A step is done, in an epoch (from 1), with so many samples."""

    def row(self, row: Row) -> None:
        """An epoch is done."""

    def remark(self, sentence: str) -> None:
        """Something that a person should know."""

    def end(self) -> None:
        """The run is over."""


class Silence:
    """Tells nobody."""

    def begin(self, run: str, device: str, steps: int, done: int) -> None:
        """Nothing."""

    def step(self, epoch: int, samples: int) -> None:
        """Nothing."""

    def row(self, row: Row) -> None:
        """Nothing."""

    def remark(self, sentence: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


def watch_on(stream: TextIO | None) -> Watch:
    """Who looks at a run through a stream: a moving line on a terminal, plain lines in a log, nobody without one."""
    if stream is None:
        return Silence()
    return Bar(stream) if stream.isatty() and os.environ.get("TERM") != "dumb" else Lines(stream)


class Lines(Silence):
    """Plain lines for a log: one for each epoch."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._steps = self._done = self._first = 0
        self._start = 0.0

    def begin(self, run: str, device: str, steps: int, done: int) -> None:
        """Names the run folder and the device."""
        self._steps, self._done, self._first, self._start = steps, done, done, time.monotonic()
        self.remark(f"{run}: {steps:,} steps on {device}{f', going on at step {done:,}' if done else ''}")

    def step(self, epoch: int, samples: int) -> None:
        """Counts."""
        self._done += 1

    def row(self, row: Row) -> None:
        """One line."""
        self.remark(f"{row_text(row)}, {duration(self._left())} left")

    def remark(self, sentence: str) -> None:
        """One line."""
        self._stream.write(f"{escape(sentence)}\n")
        self._stream.flush()

    def _left(self) -> float:
        taken = time.monotonic() - self._start
        return taken / max(1, self._done - self._first) * (self._steps - self._done)


class Bar(Lines):
    """Lines as in a log, and below them a bar with the time that is left."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bar = Progress(*columns, TextColumn("{task.fields[speed]}"), console=Console(file=stream), transient=True)
        self._task = self._bar.add_task("", total=None, speed="")
        self._samples = 0

    def begin(self, run: str, device: str, steps: int, done: int) -> None:
        """Starts the bar."""
        super().begin(run, device, steps, done)
        self._bar.start()
        self._bar.update(self._task, total=steps, completed=done)

    def step(self, epoch: int, samples: int) -> None:
        """Moves the bar."""
        super().step(epoch, samples)
        self._samples += samples
        speed = self._samples / max(1e-9, time.monotonic() - self._start)
        self._bar.update(self._task, advance=1, description=f"epoch {epoch}", speed=f"{speed:,.0f} samples/s")

    def remark(self, sentence: str) -> None:
        """A line above the bar."""
        self._bar.console.print(escape(sentence), markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        """Takes the bar away."""
        self._bar.stop()


def row_text(row: Row) -> str:
    """An epoch in a line."""
    speed = row["time"]["samples_per_second"]
    return (
        f"epoch {row['epoch']:>3}: loss {row['train_loss']:.4f}, validation loss {row['loss']:.4f}, "
        f"accuracy {row['accuracy']:.2%}, {speed:,.0f} samples/s"
    )


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours and minutes."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"
