"""A folder of images: a folder for each class; ``train`` and ``val`` above them where the split is given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from archdsl.documents.recipe import Data
from archdsl.train.data.samples import Array, DataSet, Declaration, Raw, Samples, UnusableData, split

try:
    from PIL import Image
except ModuleNotFoundError as error:
    raise UnusableData("image folders need Pillow, which is not installed", "pip install pillow") from error

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
TRAINING, VALIDATION = "train", ("val", "validation", "test")
LAYOUT = "PATH/CLASS/*.png, or PATH/train/CLASS/*.png and PATH/val/CLASS/*.png"
MOST_NAMED = 5

File = tuple[str, int]
"""A path, and the number of its class."""


@dataclass(frozen=True, slots=True)
class Files:
    """Images that are read when they are needed; those that cannot be read are left out and told."""

    files: Sequence[File]
    channels: int

    def __len__(self) -> int:
        return len(self.files)

    def read(self, numbers: Sequence[int]) -> Raw:
        """The images as bytes, C x H x W each."""
        images: list[Array] = []
        kept: list[int] = []
        broken: list[tuple[str, str]] = []
        for position, number in enumerate(numbers):
            try:
                images.append(decoded(self.files[number][0], self.channels))
                kept.append(position)
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
                broken.append((self.files[number][0], str(error) or type(error).__name__))
        labels = np.asarray([self.files[numbers[position]][1] for position in kept], dtype=np.int64)
        return Raw(images, labels, kept if broken else None, broken)


@dataclass(frozen=True, slots=True)
class Folder:
    """The data set of a folder."""

    declaration: Declaration
    files: tuple[Sequence[File], Sequence[File]]

    def counts(self) -> tuple[int, int]:
        """How many files there are for training and for validation."""
        return len(self.files[0]), len(self.files[1])

    def open(self) -> tuple[Samples, Samples]:
        """The files for training and for validation."""
        training, validation = self.files
        return Files(training, self.declaration.channels), Files(validation, self.declaration.channels)


def decoded(path: str, channels: int) -> Array:
    """An image as bytes C x H x W; one channel is grey, anything else becomes RGB."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return np.ascontiguousarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))


def open_set(data: Data, path: str) -> DataSet:
    """The data set in a folder: paths are listed, no image but the first is read.

    :raises UnusableData: where there is no such folder, a class is empty, the two parts differ in their classes, or
        (with ``corrupt = "error"``) a file cannot be read.
    """
    if not os.path.isdir(path):
        raise UnusableData(f"there is no folder `{path}`")
    halves = [name for name in VALIDATION if os.path.isdir(os.path.join(path, name))]
    if os.path.isdir(os.path.join(path, TRAINING)) and halves:
        classes, training = _listed(os.path.join(path, TRAINING))
        others, validation = _listed(os.path.join(path, halves[0]))
        if classes != others:
            odd = sorted(set(classes) ^ set(others))
            raise UnusableData(f"`{path}`: {_names(odd)} in only one of {TRAINING} and {halves[0]}", code="E0807")
        parts = training[: data.samples], validation
    else:
        classes, files = _listed(path)
        files = _some(files, data.samples)
        if len(files) < 2:
            raise UnusableData(f"`{path}` holds {len(files)} image, too few for training and validation")
        numbers = split(len(files), data.validation)
        parts = [files[i] for i in numbers[0]], [files[i] for i in numbers[1]]
    if data.corrupt == "error":
        _check_all([path for part in parts for path, _ in part])
    return Folder(Declaration(_channels(data, parts[0]), None, tuple(classes)), parts)


def _listed(folder: str) -> tuple[list[str], list[File]]:
    """The classes of a folder, and its files with the number of their class; both sorted."""
    with os.scandir(folder) as entries:
        classes = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    if len(classes) < 2:
        raise UnusableData(f"`{folder}` holds {len(classes) or 'no'} class folders: at least 2 are needed", LAYOUT)
    files: list[File] = []
    for number, name in enumerate(classes):
        found = sorted(file for file in _walk(os.path.join(folder, name)) if file.lower().endswith(SUFFIXES))
        if not found:
            raise UnusableData(f"the class `{name}` in `{folder}` has no image")
        files += [(file, number) for file in found]
    return classes, files


def _walk(folder: str) -> list[str]:
    return [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if name[0] != "."]


def _some(files: list[File], samples: int | None) -> list[File]:
    """So many files, spread evenly over all of them."""
    if samples is None or samples >= len(files):
        return files
    return [files[round(position)] for position in np.linspace(0, len(files) - 1, samples)]


def _channels(data: Data, files: Sequence[File]) -> int:
    """1 where the first image that can be read is grey, or grey is asked for; else 3."""
    if data.channels == 1:
        return 1
    for path, _ in files:
        try:
            with Image.open(path) as image:
                return 1 if image.mode in ("1", "L", "I", "I;16", "F") else 3
        except (OSError, ValueError):
            continue
    raise UnusableData(f"none of the {len(files)} training images can be read")


def _check_all(paths: Sequence[str]) -> None:
    broken = []
    for path in paths:
        try:
            decoded(path, 3)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            broken.append(path)
    if broken:
        raise UnusableData(f"{len(broken)} of {len(paths)} images cannot be read: {_names(broken)}")


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown
