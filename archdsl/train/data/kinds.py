"""The data sets that a recipe can name, each with what it declares; what reads them is loaded when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from archdsl.documents.recipe import SOURCES, Data
from archdsl.train.data.samples import ArraySamples, DataSet, Declaration, Part, Samples, UnusableData, split

NUMBER_OF_DIGITS = 1_797
SYNTHETIC_CLASSES, SYNTHETIC_SAMPLES = 10, 1_000

Shape = tuple[int, int, int]
"""Channels, height and width."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A data set without a validation part of its own: one is split off."""

    declaration: Declaration
    count: int
    validation: float
    load: Callable[[], Samples]

    def counts(self) -> tuple[int, int]:
        """How many samples there are for training and for validation."""
        return tuple(map(len, split(self.count, self.validation)))  # type: ignore[return-value]

    def open(self) -> tuple[Samples, Samples]:
        """The samples for training and for validation."""
        whole = self.load()
        training, validation = split(self.count, self.validation)
        return Part(whole, training), Part(whole, validation)


def data_set(data: Data, wanted: Shape, classes: int) -> DataSet:
    """The data set of a recipe; ``wanted`` and ``classes`` are the network's, which synthetic samples follow.

    :raises UnusableData: where it is missing, empty, or needs a library that is not installed.
    """
    kind, _, name = data.source.partition(":")
    if kind == "digits":
        count = min(data.samples or NUMBER_OF_DIGITS, NUMBER_OF_DIGITS)
        declaration = Declaration(1, (8, 8), tuple("0123456789"))
        return _whole(data, declaration, count, _load_digits)
    if kind == "synthetic":
        count = data.samples or SYNTHETIC_SAMPLES
        declaration = Declaration(wanted[0], wanted[1:], tuple(map(str, range(classes))))
        return _whole(data, declaration, count, lambda: _synthetic(count, wanted, classes))
    is_known = kind in SOURCES
    found: DataSet = _reader(kind if is_known else "function").open_set(data, name if is_known else data.source)
    return found


def _whole(data: Data, declaration: Declaration, count: int, load: Callable[[], Samples]) -> Whole:
    if count < 2:
        raise UnusableData(f"{count} sample cannot be divided into training and validation")
    return Whole(declaration, count, data.validation, load)


def _reader(kind: str) -> Any:
    """The module that reads one kind of data set, with the library that it needs."""
    return import_module(f"{__package__}.{kind}")


def _load_digits() -> Samples:
    try:
        samples: Samples = _reader("digits").load()
    except ModuleNotFoundError as error:
        raise UnusableData(f"the digits come with scikit-learn: {error.name} is not installed", TRAIN_EXTRA) from None
    return samples


TRAIN_EXTRA = "pip install 'archdsl[train]'"


def _synthetic(count: int, shape: Shape, classes: int) -> Samples:
    """A pattern of noise for each class, with more noise on it: nothing to be proud of, but it can be learned."""
    random = np.random.Generator(np.random.PCG64(0))
    patterns = random.random((classes, *shape), dtype=np.float32)
    labels = np.arange(count, dtype=np.int64) % classes
    noise = random.random((count, *shape), dtype=np.float32)
    return ArraySamples((patterns[labels] + noise) / 2, labels)
