"""A user's own data set: ``module:function`` gives something with ``len`` and ``[number]`` -> (image, label)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from archdsl.documents.recipe import Data
from archdsl.train.data.samples import (
    Array,
    BrokenSample,
    DataSet,
    Declaration,
    Opened,
    Part,
    Raw,
    UnusableData,
    split,
)

FORM = "the function returns a data set, or a pair (training, validation): len(set), set[i] -> (image, label)"


@dataclass(frozen=True, slots=True)
class Items:
    """The items of the user's set, each held to what is declared."""

    items: Any
    declaration: Declaration

    def __len__(self) -> int:
        return len(self.items)

    def read(self, numbers: Sequence[int]) -> Raw:
        """These items.

        :raises BrokenSample: at the first that is not as declared.
        """
        pairs = [self._checked(number) for number in numbers]
        return Raw([image for image, _ in pairs], np.asarray([label for _, label in pairs]))

    def _checked(self, number: int) -> tuple[Array, Any]:
        image, label = _pair(self.items[number], number)
        declared = self.declaration
        if image.ndim != 3 or image.shape[0] != declared.channels:
            raise BrokenSample(f"sample {number} has the shape {image.shape}, not {declared.channels} channels x H x W")
        if declared.size is not None and image.shape[1:] != declared.size:
            height, width = declared.size
            raise BrokenSample(f"sample {number} is {image.shape[1]} x {image.shape[2]} pixels, not {height} x {width}")
        wanted = () if declared.labels == "index" else (len(declared.classes),)
        if label.shape != wanted:
            raise BrokenSample(f"sample {number} has a label of the shape {label.shape}, not {wanted}")
        if declared.labels == "index" and not 0 <= int(label) < len(declared.classes):
            last = len(declared.classes) - 1
            raise BrokenSample(f"sample {number} has the label {int(label)}, not one from 0 to {last}")
        if image.dtype.kind == "f" and not np.isfinite(image).all():
            raise BrokenSample(f"sample {number} holds a value that is not finite")
        return image, label


def open_set(data: Data, name: str) -> DataSet:
    """Calls ``module:function`` (the working directory is searched, too) and looks at the first sample.

    The set may tell its ``classes``, a list of names; else they are counted from the labels of all samples.

    :raises UnusableData: where there is no such function, it fails, or gives something else.
    """
    made = _made(name)
    pair = isinstance(made, tuple) and len(made) == 2
    sets = made if pair else (made,)
    for each in sets:
        if not hasattr(each, "__len__") or not hasattr(each, "__getitem__") or len(each) == 0:
            raise UnusableData(f"`{name}` gives no data set, or an empty one", FORM)
    declaration = _declared(name, sets[0])
    items = [Items(each, declaration) for each in sets]
    if pair:
        return Opened(declaration, (items[0], items[1]))
    count = min(data.samples or len(items[0]), len(items[0]))
    if count < 2:
        raise UnusableData(f"`{name}` gives {count} sample, too few for training and validation")
    training, validation = split(count, data.validation)
    return Opened(declaration, (Part(items[0], training), Part(items[0], validation)))


def _made(name: str) -> Any:
    module, _, function = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        factory: Callable[[], Any] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise UnusableData(f"there is no module `{error.name}`") from None
    except Exception as error:
        if isinstance(error, AttributeError) and error.name == function:
            raise UnusableData(f"`{module}` has no `{function}`") from None
        raise UnusableData(f"`{module}` cannot be imported: {type(error).__name__}: {error}") from error
    try:
        return factory()
    except Exception as error:
        raise UnusableData(f"`{name}` failed: {type(error).__name__}: {error}") from error


def _declared(name: str, items: Any) -> Declaration:
    """What the first sample shows, and the set tells of its classes."""
    try:
        image, label = _pair(items[0], 0)
    except BrokenSample as broken:
        raise UnusableData(f"`{name}`: {broken}", FORM) from None
    if image.ndim != 3:
        shape = " x ".join(map(str, image.shape))
        raise UnusableData(f"`{name}`: images are {shape}, not channels x height x width")
    labels: Literal["index", "one_hot"] = "index" if label.ndim == 0 else "one_hot"
    if label.shape == (1,):
        help = "give the class as a plain number, without an axis of size 1"
        sentence = f"`{name}`: labels have the shape (1,), so a batch of them is (N, 1), not (N,)"
        raise UnusableData(sentence, help, "E0809")
    if labels == "index" and label.dtype.kind not in "iu":
        raise UnusableData(f"`{name}`: labels are {label.dtype}, not whole numbers", code="E0809")
    classes = getattr(items, "classes", None)
    if classes is None:
        counted = len(label) if labels == "one_hot" else 1 + max(int(_pair(item, 0)[1]) for item in items)
        classes = range(counted)
    return Declaration(image.shape[0], image.shape[1:], tuple(map(str, classes)), labels)


def _pair(item: Any, number: int) -> tuple[Array, Array]:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise BrokenSample(f"sample {number} is no pair (image, label)")
    return np.asarray(item[0]), np.asarray(item[1])
