"""Small networks, small runs, and what is left of them in a run folder."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from torch import Tensor

from archdsl.train.command import TrainingResult, resume, train
from archdsl.train.engine import Loop
from archdsl.train.plan import TrainingPlan, plan_training

SMALL = """\
network small(classes: int = 10) {
    input image: [N, 1, 8, 8]
    conv1: conv(4, 3, padding=1) -> bn1: batch_norm -> relu -> max_pool(2)
    flatten -> dropout(0.2)
    fc: linear(classes)
    output logits: [N, classes]
}
"""
"""Batch norm and dropout: what a run that goes on may get wrong."""

QUICK = ("epochs=2", "data.samples=160", "batch=16", "deterministic=true")
"""8 steps in each of 2 epochs."""


class Killed(BaseException):
    """Stands for SIGKILL in the same process: nothing of ours catches it."""


@contextmanager
def killed_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ends the run when it is about to do this step."""
    original = Loop._step

    def dying(self: Loop, epoch: int, batch: Any) -> None:
        if self.setup.progress.step == step:
            raise Killed
        original(self, epoch, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_step", dying)
        with pytest.raises(Killed):
            yield


def write_spec(folder: Path, text: str = SMALL, name: str = "small.arch") -> str:
    """A spec in a project of its own."""
    (folder / "archdsl.toml").touch()
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def small_plan(folder: Path, *settings: str, text: str = SMALL) -> TrainingPlan:
    """The plan of a quick run."""
    return plan_training(write_spec(folder, text), settings=[*QUICK, *settings])


def trained(plan: TrainingPlan, folder: Path) -> TrainingResult:
    return train(plan, run=str(folder))


def rows_of(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what a clock says."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "time"} for row in rows]


def tensors_of(run: Path) -> dict[str, Tensor]:
    """All tensors of both checkpoints: weights, optimizer, averages."""
    found: dict[str, Tensor] = {}
    for name in ("last", "best"):
        loaded = load_file(run / "checkpoints" / f"{name}.safetensors")
        found |= {f"{name}.{key}": value for key, value in loaded.items()}
    return found


def assert_same_runs(first: Path, second: Path) -> None:
    """The same metrics and the same bits."""
    assert rows_of(first) == rows_of(second)
    left, right = tensors_of(first), tensors_of(second)
    assert left.keys() == right.keys()
    assert [key for key, value in left.items() if not value.equal(right[key])] == []


def random_step(seed: int, steps: int = 16) -> int:
    """A step that chance chose, the same in every run of the tests."""
    return random.Random(seed).randrange(1, steps)


def go_on(run: Path) -> TrainingResult:
    return resume(str(run))
