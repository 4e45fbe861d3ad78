"""What fits into memory: the parts of a network's memory in inference and in training, and the largest batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from archdsl.analysis.memory import DTYPES, OPTIMIZERS, Programs, Values

LARGEST_BATCH = 2**20
"""Where a batch as large fits, larger ones are not tried."""


class Figures(Protocol):
    """What is known of a network's weights: its costs or its totals."""

    @property
    def weights(self) -> int:
        """Trainable values."""

    @property
    def buffers(self) -> int:
        """Other values in the state_dict."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What memory is counted for; ``limit`` is the bytes that there are, None where nobody asks."""

    batch: int = 1
    dtype: str = "fp32"
    optimizer: str = "adam"
    limit: int | None = None


DEFAULT = Setting()


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes, for one batch, type of number and optimizer.

    Inference holds weights, buffers and the values alive at the worst moment. Training holds weights, buffers, a
    gradient for each weight, the optimizer's state, and what is kept when the backward pass begins.
    """

    setting: Setting
    weights: int
    buffers: int
    gradients: int
    state: int
    values: Values
    fits: tuple[int, int] | None
    """The largest batches for inference and for training within the limit."""

    @property
    def inference(self) -> int:
        """All that inference needs at one time."""
        return self.weights + self.buffers + self.values.peak

    @property
    def training(self) -> int:
        """All that training needs at one time."""
        return self.weights + self.buffers + self.gradients + self.state + self.values.kept


def budget(programs: Programs, figures: Figures, setting: Setting) -> Budget:
    """
    :raises OpenSize: where other sizes than the batch are open.
    """
    made = _budget(programs, figures, setting)
    if setting.limit is None:
        return made

    def inference(batch: int) -> int:
        return made.inference - made.values.peak + programs.peak(batch, setting.dtype)

    def training(batch: int) -> int:
        return made.training - made.values.kept + programs.kept(batch, setting.dtype)

    return replace(made, fits=(largest_batch(setting.limit, inference), largest_batch(setting.limit, training)))


def _budget(programs: Programs, figures: Figures, setting: Setting) -> Budget:
    size = DTYPES[setting.dtype]
    weights = size * figures.weights
    return Budget(
        setting=setting,
        weights=weights,
        buffers=size * figures.buffers,
        gradients=weights,
        state=OPTIMIZERS[setting.optimizer] * weights,
        values=programs.values(setting.batch, setting.dtype),
        fits=None,
    )


def largest_batch(limit: int, needed: Callable[[int], int]) -> int:
    """The largest batch for which no more than ``limit`` bytes are needed; 0 where one sample is too much.

    ``needed`` gives the bytes for a batch, and does not fall as the batch grows.
    """
    low, high = 0, 1
    while high <= LARGEST_BATCH and needed(high) <= limit:
        low, high = high, 2 * high
    high = min(high, LARGEST_BATCH + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= limit else (low, middle)
    return low
