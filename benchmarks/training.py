"""The loop of ``archdsl train`` against a plain hand-written loop on a network by another hand.

``python -m benchmarks.training CASE EPOCHS`` trains both in one process, an epoch of one and an epoch of the other, and
prints samples per second of processor time of each, and the median ratio of neighbouring epochs. What is timed are
training steps with the loading of their batches: validation and checkpoints come between. One thread, so that on a
machine of one's own processor time is wall time; other work hardly counts in it. The goal is in `benchmarks.goals`.

The other loop is the shortest that a person would write: its samples are resized and normalised before it starts, it
has no schedule, no check of the loss and nothing that could resume it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from archdsl.train.engine import Loop
from archdsl.train.loader import Share
from archdsl.train.pipeline import Pipeline, prepared
from archdsl.train.plan import plan_training
from archdsl.train.run_folder import create_run
from archdsl.train.setup import Setup, completed, form_of, make_setup
from archdsl.train.state import Stop
from archdsl.train.watch import Silence
from benchmarks.measure import ROOT


def lenet() -> nn.Module:
    """LeNet as Dive into Deep Learning writes it; torchvision has none."""
    return nn.Sequential(
        *(nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10)),
    )


def resnet18() -> nn.Module:
    """torchvision's own, by the module that makes torchvision load beside a CPU torch."""
    made: nn.Module = import_module("tests.oracles.torchvision_models").torchvision.models.resnet18(num_classes=10)
    return made


@dataclass(frozen=True, slots=True)
class Case:
    """A network of ``specs/``, the recipe, and the same network by another hand."""

    spec: str
    network: str
    settings: tuple[str, ...]
    theirs: Callable[[], nn.Module]


SMALL_IMAGES = ("data.source=synthetic", "data.samples=200", "data.size=64", "network.arguments.classes=10")

CASES = {
    "lenet": Case("lenet.arch", "lenet", ("data.source=digits",), lenet),
    "resnet18": Case("resnet.arch", "resnet18", SMALL_IMAGES, resnet18),
}


@dataclass(slots=True)
class PlainLoop:
    """The other side: one epoch with each call."""

    model: nn.Module
    batches: DataLoader[tuple[Tensor, ...]]
    optimizer: optim.Optimizer
    loss: float = 0.0

    def __call__(self) -> None:
        self.model.train()
        total = 0.0
        for images, targets in self.batches:
            self.optimizer.zero_grad()
            loss = cross_entropy(self.model(images), targets)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        self.loss = total / len(self.batches)


def plain_loop(case: Case, setup: Setup) -> PlainLoop:
    """The same samples, batch size and optimizer."""
    torch.manual_seed(0)
    whole = Pipeline(setup.samples[0], *form_of(setup.plan))[0, range(len(setup.samples[0]))]
    samples = TensorDataset(whole.images, whole.targets)
    model, recipe = case.theirs(), setup.recipe
    assert sum(each.numel() for each in model.parameters()) == sum(each.numel() for each in setup.model.parameters())
    batches = DataLoader(samples, recipe.batch, shuffle=True, drop_last=True)
    return PlainLoop(model, batches, optim.AdamW(model.parameters(), recipe.optimizer.lr))


@dataclass(slots=True)
class Alternating(Silence):
    """Watches a run, and after each epoch lets the other loop do one; ``seconds`` are pairs (ours, theirs)."""

    theirs: PlainLoop
    seconds: list[tuple[float, float]] = field(default_factory=list)
    _start: float = field(default_factory=time.process_time)
    _ours: float = 0.0

    def step(self, epoch: int, samples: int) -> None:
        """The last one of an epoch ends its time."""
        self._ours = time.process_time() - self._start

    def row(self, row: dict[str, Any]) -> None:
        """Validation and checkpoint are over: now the others."""
        start = time.process_time()
        self.theirs()
        self._start = time.process_time()
        self.seconds.append((self._ours, self._start - start))


def setup_of(case: Case, epochs: int, folder: str) -> Setup:
    """What ``archdsl train`` makes of the case before its first step."""
    settings = [*case.settings, f"epochs={epochs}", "device=cpu"]
    plan = plan_training(ROOT / "specs" / case.spec, case.network, settings=settings)
    training, validation = (prepared(part, plan.input) for part in plan.data.open())
    plan = replace(plan, recipe=completed(plan.recipe, training, plan))
    run = create_run(plan, f"{folder}/run")
    return make_setup(plan, run, torch.device("cpu"), Share(), (training, validation))


def compare(case: Case, epochs: int) -> tuple[float, float, float]:
    """Samples per second of ours and of the other loop, and the median ratio of neighbours, 1 where they are equal."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="archdsl-bench-") as folder:
        setup = setup_of(case, epochs + 1, folder)
        watch = Alternating(plain_loop(case, setup))
        Loop(setup, watch, Stop()).run()
    samples = setup.steps_per_epoch * setup.recipe.batch
    pairs = watch.seconds[1:]  # the first epoch allocates
    ours, theirs = (samples / statistics.median(column) for column in zip(*pairs, strict=True))
    return ours, theirs, statistics.median(b / a for a, b in pairs)


def main() -> int:
    """Compares one case and prints the three figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("epochs", type=int)
    options = parser.parse_args()
    print(*compare(CASES[options.case], options.epochs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
