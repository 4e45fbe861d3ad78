"""Who is told the figures of each epoch: ``metrics.jsonl`` always, other programs where the recipe names them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from archdsl.driver.api import RunError
from archdsl.train.files import write_text
from archdsl.train.run_folder import Row, RunFolder
from archdsl.train.setup import Setup

TENSORBOARD = "torch.utils.tensorboard"
"""torch's writer, which needs the package tensorboard."""


class Logger(Protocol):
    """Takes the figures of a run while it lasts."""

    def row(self, row: Row) -> None:
        """An epoch is done."""

    def end(self) -> None:
        """The run is over, or was interrupted."""


class JsonLines:
    """The lines of ``metrics.jsonl``, from which everything else in the run folder is drawn."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run

    def row(self, row: Row) -> None:
        """One line."""
        self._run.add_row(row)

    def end(self) -> None:
        """Nothing: each line is on the disk already."""


class TensorBoard:
    """Event files in the run folder's ``tensorboard``; a run that goes on takes back what it will tell again."""

    def __init__(self, setup: Setup) -> None:
        step = setup.progress.step
        writer = import_module(TENSORBOARD).SummaryWriter
        self._writer = writer(setup.run.file("tensorboard"), purge_step=step + 1 if step else None)

    def row(self, row: Row) -> None:
        """One point on each curve."""
        for name, value in figures(row).items():
            self._writer.add_scalar(name, value, row["step"])
        self._writer.flush()

    def end(self) -> None:
        """Closes the file."""
        self._writer.close()


class Tracker:
    """A run in wandb or trackio, which take the same calls; wandb's own files lie in the run folder."""

    def __init__(self, name: str, setup: Setup) -> None:
        run, recipe = setup.run, setup.recipe
        more = _wandb_place(run) if name == "wandb" else {}
        title = os.path.basename(os.path.abspath(run.path))
        self._run = import_module(name).init(
            project=recipe.project, name=title, config=recipe.model_dump(), resume="allow", **more
        )
        if name == "wandb":
            write_text(run.file("wandb.id"), str(self._run.id))

    def row(self, row: Row) -> None:
        """All figures of the epoch."""
        self._run.log(figures(row), step=row["step"])

    def end(self) -> None:
        """Waits until all is written."""
        self._run.finish()


def open_loggers(setup: Setup) -> Sequence[Logger]:
    """Those of the first process; the others tell nobody.

    :raises RunError: where one of them refuses to start, for example for want of a login.
    """
    if setup.share.rank != 0:
        return ()
    opened: list[Logger] = [JsonLines(setup.run)]
    for name in setup.recipe.loggers:
        try:
            opened.append(TensorBoard(setup) if name == "tensorboard" else Tracker(name, setup))
        except Exception as error:  # whatever somebody else's program raises
            for each in opened:
                each.end()
            raise RunError(f"the logger `{name}` does not start: {type(error).__name__}: {error}") from error
    return opened


def figures(row: Row) -> dict[str, float]:
    """The numbers of a row under their names, those of the clock as ``time/seconds``."""
    clock = {f"time/{name}": value for name, value in row["time"].items()}
    return {name: value for name, value in row.items() if name not in ("time", "step")} | clock


def _wandb_place(run: RunFolder) -> dict[str, Any]:
    """Where wandb keeps its files, and by which name it finds the run again."""
    place: dict[str, Any] = {"dir": run.path}
    if os.path.exists(run.file("wandb.id")):
        with open(run.file("wandb.id"), encoding="utf-8") as stream:
            place["id"] = stream.read().strip()
    return place
