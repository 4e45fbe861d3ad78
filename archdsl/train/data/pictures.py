"""Data sets of other libraries whose items are a picture and the number of its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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
    Samples,
    UnusableData,
    split,
)

LOOKED_AT = 32
"""So many pictures, evenly spread, tell whether a set has one size and whether it is grey."""

GREY = ("1", "L", "I", "I;16", "F")


class Items(Protocol):
    """What the libraries have in common."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> tuple[Any, Any]:
        """A picture (Pillow's, or an array C x H x W), and the number of its class."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Samples read one by one; those that cannot be read are left out and told, or end the run where ``strict``."""

    items: Items
    channels: int
    classes: int
    strict: bool

    def __len__(self) -> int:
        return len(self.items)

    def read(self, numbers: Sequence[int]) -> Raw:
        """The pictures, C x H x W each.

        :raises BrokenSample: at a label that is none of the classes.
        """
        images, labels, kept, broken = [], [], [], []
        for position, number in enumerate(numbers):
            try:
                picture, label = self.items[number]
                images.append(pixels(picture, self.channels))
            except Exception as error:  # whatever somebody else's reader raises
                if self.strict:
                    raise BrokenSample(f"sample {number} cannot be read: {error}") from error
                broken.append((f"sample {number}", str(error) or type(error).__name__))
                continue
            if not 0 <= int(label) < self.classes:
                raise BrokenSample(f"sample {number} has the label {int(label)}, not one from 0 to {self.classes - 1}")
            labels.append(int(label))
            kept.append(position)
        return Raw(images, np.asarray(labels, dtype=np.int64), kept if broken else None, broken)


def pixels(picture: Any, channels: int) -> Array:
    """A picture as an array C x H x W: bytes of one of Pillow's, else its own numbers."""
    if not hasattr(picture, "convert"):
        array = np.asarray(picture)
        if array.ndim != 3 or array.shape[0] != channels:
            raise ValueError(f"it has the shape {array.shape}, not {channels} channels x H x W")
        return array
    array = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    return np.ascontiguousarray(array[None] if channels == 1 else array.transpose(2, 0, 1))


def opened(data: Data, parts: Sequence[Items], classes: Sequence[str]) -> DataSet:
    """The data set of a training part and, where there is one, a validation part.

    :raises UnusableData: where a part is empty, or none of its first pictures can be read.
    """
    for part in parts:
        if len(part) < 2:
            raise UnusableData(f"`{data.source}` has a part of {len(part)} samples")
    channels, size = _form(data, parts[0])
    sets = [Pictures(part, channels, len(classes), data.corrupt == "error") for part in parts]
    declaration = Declaration(channels, size, tuple(classes))
    count = min(data.samples or len(sets[0]), len(sets[0]))
    if len(sets) == 2:
        training: Samples = Part(sets[0], np.arange(count)) if data.samples else sets[0]
        return Opened(declaration, (training, sets[1]))
    if count < 2:
        raise UnusableData(f"{count} sample cannot be divided into training and validation")
    numbers = split(count, data.validation)
    return Opened(declaration, (Part(sets[0], numbers[0]), Part(sets[0], numbers[1])))


def _form(data: Data, items: Items) -> tuple[int, tuple[int, int] | None]:
    """Channels, and the size that all have; None where they differ."""
    sizes: set[tuple[int, int]] = set()
    channels = set()
    reason = ""
    for number in np.linspace(0, len(items) - 1, min(LOOKED_AT, len(items))):
        try:
            picture, _ = items[int(number)]
            own = _channels(picture)
            sizes.add(pixels(picture, own).shape[1:])
        except Exception as error:  # as in `Pictures.read`
            reason = f": {error}"
            continue
        channels.add(own)
    if not channels:
        raise UnusableData(f"none of the first samples of `{data.source}` can be read{reason}")
    wanted = 1 if data.channels == 1 and channels <= {1, 3} else max(channels)
    return wanted, next(iter(sizes)) if len(sizes) == 1 else None


def _channels(picture: Any) -> int:
    if hasattr(picture, "convert"):
        return 1 if picture.mode in GREY else 3
    return int(np.asarray(picture).shape[0])
