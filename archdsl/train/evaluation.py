"""Measures a network on validation samples: accuracy, loss, confusion of classes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archdsl.train.distributed import summed
from archdsl.train.losses import Criterion
from archdsl.train.pipeline import Batch
from archdsl.train.state import SampleFault


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``confusion[i, j]``: how many samples of class i were taken for j. ``loss`` is the mean."""

    confusion: Tensor
    loss: float
    broken: int

    @property
    def count(self) -> int:
        """How many samples were looked at."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The part that was told right."""
        return int(self.confusion.diagonal().sum()) / max(1, self.count)


@torch.no_grad()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    criterion: Criterion,
    device: torch.device,
    autocast: AbstractContextManager[object],
    *,
    channels_last: bool = False,
) -> Evaluation:
    """Runs a network over batches, all processes together; it is left in the mode that it had.

    :raises SampleFault: at a sample that breaks the contract of its data set.
    """
    classes, was_training = criterion.classes, model.training
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=device)
    sums = torch.zeros(2, dtype=torch.float64, device=device)
    model.eval()
    for batch in batches:
        if batch.fault is not None:
            raise SampleFault(batch.fault)
        sums[1] += len(batch.broken)
        images, targets = placed(batch, device, channels_last=channels_last)
        with autocast:
            output = model(images)
            loss = criterion(output, targets)
        if not batch.counts:
            continue
        sums[0] += loss.double() * len(batch)
        labels = targets if targets.ndim == 1 else targets.argmax(1)
        counts += torch.bincount(labels * classes + output.argmax(1), minlength=classes * classes)
    model.train(was_training)
    counts, sums = summed(counts), summed(sums)
    loss_sum, broken = sums.tolist()
    return Evaluation(counts.view(classes, classes).cpu(), loss_sum / max(1, int(counts.sum())), int(broken))


def placed(batch: Batch, device: torch.device, *, channels_last: bool) -> tuple[Tensor, Tensor]:
    """The images and targets of a batch on a device."""
    layout = torch.channels_last if channels_last else torch.preserve_format
    images = batch.images.to(device, non_blocking=True, memory_format=layout)
    return images, batch.targets.to(device, non_blocking=True)
