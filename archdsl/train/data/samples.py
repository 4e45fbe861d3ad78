"""What a data set is to the rest of training: a declaration, and samples read by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a data set promises of every sample.

    ``size`` is the height and width of all images, None where they differ. ``labels``: a class number (``index``), or
    a vector with one value per class (``one_hot``).
    """

    channels: int
    size: tuple[int, int] | None
    classes: tuple[str, ...]
    labels: Literal["index", "one_hot"] = "index"


@dataclass(frozen=True, slots=True)
class Raw:
    """Samples as they were read: images (each C x H x W, bytes or values from 0 to 1), and labels.

    Where some could not be read, ``kept`` tells which of those asked for are here, ``broken`` the files and reasons.
    """

    images: Sequence[Array] | Array
    labels: Array
    kept: Sequence[int] | None = None
    broken: Sequence[tuple[str, str]] = field(default=())


class Samples(Protocol):
    """Samples by number, from 0."""

    def __len__(self) -> int: ...

    def read(self, numbers: Sequence[int]) -> Raw:
        """These samples; every process of a run gets the same for the same numbers."""


class DataSet(Protocol):
    """A data set: cheap to make, its samples are loaded when they are asked for."""

    @property
    def declaration(self) -> Declaration:
        """What it promises of every sample."""

    def counts(self) -> tuple[int, int]:
        """How many samples there are for training and for validation."""

    def open(self) -> tuple[Samples, Samples]:
        """The samples for training and for validation."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A data set whose samples are at hand, in its two parts."""

    declaration: Declaration
    parts: tuple[Samples, Samples]

    def counts(self) -> tuple[int, int]:
        """How many samples there are for training and for validation."""
        return len(self.parts[0]), len(self.parts[1])

    def open(self) -> tuple[Samples, Samples]:
        """The samples for training and for validation."""
        return self.parts


class UnusableData(Exception):
    """Why a data set cannot be used: a sentence for the user, a repair, and the kind of finding it becomes."""

    def __init__(self, sentence: str, help: str | None = None, code: str = "E0804") -> None:
        super().__init__(sentence)
        self.help = help
        self.code = code


class BrokenSample(Exception):
    """A sample that is not what the data set declares: its number, what it is, and what was expected."""


@dataclass(frozen=True, slots=True)
class ArraySamples:
    """Samples that lie in memory: images N x C x H x W, labels N or N x classes."""

    images: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, numbers: Sequence[int]) -> Raw:
        """The samples by one gather."""
        chosen = np.asarray(numbers)
        return Raw(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the samples, in an order of its own."""

    whole: Samples
    numbers: Array

    def __len__(self) -> int:
        return len(self.numbers)

    def read(self, numbers: Sequence[int]) -> Raw:
        """The samples under their numbers in the whole, by which faults are told."""
        return self.whole.read([int(self.numbers[number]) for number in numbers])


def split(count: int, validation: float) -> tuple[Array, Array]:
    """The numbers for training and for validation: the same whatever the seed of the run, at least one of each."""
    kept = min(max(round(count * validation), 1), count - 1)
    order = np.random.Generator(np.random.PCG64(0)).permutation(count)
    return np.sort(order[kept:]), np.sort(order[:kept])
