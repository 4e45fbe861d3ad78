"""Data sets of Hugging Face: ``hf:NAME`` of one that is on this machine, ``hf:FOLDER`` of one saved to disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from archdsl.documents.recipe import Data
from archdsl.train.data.pictures import Items, opened
from archdsl.train.data.samples import DataSet, UnusableData

try:
    import datasets
    from huggingface_hub import constants
except ModuleNotFoundError as error:
    raise UnusableData(f"{error.name} is not installed", "pip install datasets") from error

TRAINING, VALIDATION = "train", ("validation", "valid", "val", "test")


@dataclass(frozen=True, slots=True)
class Columns:
    """Two columns of a table as pairs."""

    table: Any
    image: str
    label: str

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        row = self.table[number]
        return row[self.image], row[self.label]


def open_set(data: Data, name: str) -> DataSet:
    """Opens the set, by default without a look at the network; the columns are found by their types.

    :raises UnusableData: where it is not there, or has no picture or no class.
    """
    tables = _parts(data, name, _loaded(data, name))
    image, label = _columns(name, tables[0].features)
    parts: list[Items] = [Columns(table, image, label) for table in tables]
    names = getattr(tables[0].features[label], "names", None)
    classes = names or [str(number) for number in range(1 + max(tables[0][label]))]
    return opened(data, parts, classes)


def _loaded(data: Data, name: str) -> Any:
    try:
        if os.path.isdir(name):
            return datasets.load_from_disk(name)
        with nullcontext() if data.download else _offline():
            return datasets.load_dataset(name, cache_dir=data.root, **data.arguments)
    except Exception as error:  # the library raises a dozen kinds
        help = None if data.download else "`data.download = true` looks for it on the network"
        sentence = " ".join(str(error).split())
        raise UnusableData(f"`{name}` cannot be opened: {sentence or type(error).__name__}", help) from error


@contextmanager
def _offline() -> Iterator[None]:
    """Asks nothing of the network: both libraries look at their own setting before each request."""
    settings: list[Any] = [datasets.config, constants]
    before = [each.HF_HUB_OFFLINE for each in settings]
    try:
        for each in settings:
            each.HF_HUB_OFFLINE = True
        yield
    finally:
        for each, value in zip(settings, before, strict=True):
            each.HF_HUB_OFFLINE = value


def _parts(data: Data, name: str, loaded: Any) -> list[Any]:
    """The table for training, and that for validation if there is one."""
    if not isinstance(loaded, Mapping):
        return [loaded]
    known = ", ".join(f"`{split}`" for split in loaded)
    if data.splits:
        missing = [split for split in data.splits if split not in loaded]
        if missing:
            raise UnusableData(f"`{name}` has no split `{missing[0]}`, but {known}")
        return [loaded[split] for split in data.splits]
    if TRAINING not in loaded:
        raise UnusableData(f"`{name}` has no split `{TRAINING}`, but {known}", 'write `data.splits = ["..."]`')
    return [loaded[split] for split in (TRAINING, *[each for each in VALIDATION if each in loaded][:1])]


def _columns(name: str, features: Mapping[str, Any]) -> tuple[str, str]:
    images = [key for key, kind in features.items() if isinstance(kind, datasets.Image)]
    labels = [key for key, kind in features.items() if isinstance(kind, datasets.ClassLabel)]
    labels += [key for key, kind in features.items() if key in ("label", "labels") and "int" in str(kind)]
    if images and labels:
        return images[0], labels[0]
    missing = "pictures" if not images else "classes"
    raise UnusableData(f"`{name}` has no column of {missing}: its columns are {', '.join(features)}")
