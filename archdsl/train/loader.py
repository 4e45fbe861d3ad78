"""Orders samples into batches for a whole run, and loads them ahead; a run goes on at any step of any epoch.

The order of an epoch is a function of the seed and the epoch. A step has the same samples whatever the number of
processes: each takes its part of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader

from archdsl.train.pipeline import FILLER, Batch, Draw, Pipeline
from archdsl.train.seeds import ORDER, generator


@dataclass(frozen=True, slots=True)
class Share:
    """Which process this is, of how many."""

    rank: int = 0
    processes: int = 1


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The batches from a step on to the end of the run; samples that fill no batch wait for another epoch."""

    count: int
    batch: int
    epochs: int
    seed: int
    start: int
    share: Share

    @property
    def steps_per_epoch(self) -> int:
        """How many whole batches an epoch has."""
        return self.count // self.batch

    def __iter__(self) -> Iterator[Draw]:
        first, behind = divmod(self.start, self.steps_per_epoch)
        part = self.batch // self.share.processes
        for epoch in range(first, self.epochs):
            order = torch.randperm(self.count, generator=generator(self.seed, ORDER, epoch))
            for step in range(behind if epoch == first else 0, self.steps_per_epoch):
                begin = step * self.batch + self.share.rank * part
                yield epoch, order[begin : begin + part].tolist()


@dataclass(frozen=True, slots=True)
class ValidationOrder:
    """Every sample once, in order, divided among the processes."""

    count: int
    batch: int
    share: Share

    def __iter__(self) -> Iterator[Draw]:
        numbers = range(self.share.rank, self.count, self.share.processes)
        whole = -(-self.count // self.share.processes)
        for begin in range(0, whole, self.batch):
            # Where weights are sharded, every process has to run the network as often as the others.
            part = list(numbers[begin : begin + self.batch])
            yield (0, part) if part else (FILLER, [0])


def load_batches(
    pipeline: Pipeline, order: TrainingOrder | ValidationOrder, workers: int, *, pin: bool
) -> DataLoader[Batch]:
    """The batches of an order, made by so many processes beside this one."""
    return DataLoader(
        pipeline,
        batch_sampler=order,  # type: ignore[arg-type]  # what it yields is what the pipeline takes
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=pin,
        persistent_workers=workers > 0,
        generator=generator(0),  # the loader draws a seed for its workers, which must not come from the run's
    )


def _as_it_is(batch: Any) -> Any:
    return batch
