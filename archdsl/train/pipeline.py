"""Makes batches of raw samples: channels, random changes, size, normalisation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from archdsl.documents.recipe import Augment
from archdsl.train.data.kinds import Shape
from archdsl.train.data.samples import Array, ArraySamples, BrokenSample, Part, Samples
from archdsl.train.seeds import SAMPLES, generator

Draw = tuple[int, Sequence[int]]
"""An epoch, and the numbers of the samples of one batch."""

FILLER = -1
"""The epoch of a batch that is run and not counted."""

MOST_KEPT = 2**28
"""The bytes up to which samples that lie in memory are kept in the network's shape, too."""

_DRAWS = 5
"""Random numbers for each sample of an epoch: mirror, shift down, shift right, brightness, contrast."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Images B x C x H x W as the network takes them, and class numbers B (or B x classes).

    ``broken`` are files that could not be read: path and reason. ``fault`` tells of a sample that breaks the contract
    of its set, or of a batch of which nothing could be read: the run ends then. ``counts`` is False for one that only
    fills.
    """

    images: Tensor
    targets: Tensor
    broken: Sequence[tuple[str, str]] = ()
    fault: str | None = None
    counts: bool = True

    def __len__(self) -> int:
        return len(self.targets)

    def pin_memory(self) -> Batch:
        """The same in memory from which a GPU can fetch."""
        return replace(self, images=self.images.pin_memory(), targets=self.targets.pin_memory())

    def parts(self, count: int) -> Iterator[Batch]:
        """The samples in so many parts, or fewer where there are not as many."""
        if count == 1:
            yield self
            return
        size = -(-len(self) // count)
        for images, targets in zip(self.images.split(size), self.targets.split(size), strict=True):
            yield replace(self, images=images, targets=targets)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Mean and standard deviation per channel (or one for all)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, images: Tensor) -> Tensor:
        mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (images - mean).div_(std)


@dataclass(slots=True)
class Pipeline(Dataset[Batch]):
    """Samples as batches of one shape. With ``augment``, each sample is changed anew in each epoch."""

    samples: Samples
    shape: Shape
    normalise: Normalisation
    augment: Augment | None = None
    seed: int = 0
    _drawn: tuple[int, Tensor] | None = None

    def __getitem__(self, draw: Draw) -> Batch:
        return self.__getitems__(draw)

    def __getitems__(self, draw: Draw) -> Batch:
        """A batch; the name is that by which torch's loader asks for many samples at once."""
        epoch, numbers = draw
        try:
            raw = self.samples.read(numbers)
        except BrokenSample as broken:
            return Batch(torch.empty(0, *self.shape), torch.empty(0), fault=str(broken))
        stacks = [adapted(each, self.shape) for each in _stacks(raw.images)]
        images = stacks[0] if len(stacks) == 1 else torch.cat([torch.empty(0, *self.shape), *stacks])
        if self.augment is not None and len(images):
            kept = numbers if raw.kept is None else [numbers[position] for position in raw.kept]
            images = changed(images, self.augment, self._random(epoch)[kept])
        targets = torch.as_tensor(raw.labels)
        targets = targets.long() if targets.ndim == 1 else targets.float()
        fault = None if len(images) else f"none of the {len(numbers)} samples of a batch can be read"
        return Batch(self.normalise(images), targets, tuple(raw.broken), fault, epoch != FILLER)

    def _random(self, epoch: int) -> Tensor:
        """The random numbers of an epoch, for all samples at once."""
        if self._drawn is None or self._drawn[0] != epoch:
            table = torch.rand(len(self.samples), _DRAWS, generator=generator(self.seed, SAMPLES, epoch))
            self._drawn = (epoch, table)
        return self._drawn[1]


def adapted(pixels: Array, shape: Shape) -> Tensor:
    """Images B x c x h x w as floats from 0 to 1 in the network's shape."""
    images = torch.from_numpy(pixels)
    images = images.float() / 255 if images.dtype == torch.uint8 else images.float()
    channels, height, width = shape
    if images.shape[1] != channels:
        images = images.expand(-1, channels, -1, -1) if images.shape[1] == 1 else images.mean(1, keepdim=True)
    if images.shape[2:] != (height, width):
        images = F.interpolate(images, (height, width), mode="bilinear", antialias=_shrinks(images, shape))
    return images.contiguous()


def prepared(samples: Samples, shape: Shape) -> Samples:
    """The same samples, brought into the network's shape once instead of in each epoch, where memory allows it."""
    whole = samples.whole if isinstance(samples, Part) else samples
    if not isinstance(whole, ArraySamples) or 4 * len(samples) * math.prod(shape) > MOST_KEPT:
        return samples
    raw = samples.read(range(len(samples)))
    assert isinstance(raw.images, np.ndarray)
    return ArraySamples(adapted(raw.images, shape).numpy(), raw.labels)


def changed(images: Tensor, augment: Augment, random: Tensor) -> Tensor:
    """Each image with its own changes; ``random`` holds ``_DRAWS`` numbers from 0 to 1 for each."""
    flip, down, right, bright, contrast = random.unbind(1)
    if augment.flip:
        images = torch.where((flip < augment.flip).view(-1, 1, 1, 1), images.flip(3), images)
    if augment.crop:
        images = shifted(images, augment.crop, down, right)
    if augment.color:
        factor = 1 + augment.color * (2 * contrast - 1)
        middle = images.mean(dim=(1, 2, 3), keepdim=True)
        images = (images - middle) * factor.view(-1, 1, 1, 1) + middle
        images = (images + augment.color * (bright - 0.5).view(-1, 1, 1, 1)).clamp(0, 1)
    return images


def shifted(images: Tensor, most: int, down: Tensor, right: Tensor) -> Tensor:
    """Each image moved by up to ``most`` pixels, black coming in: a crop out of the padded image, by one gather."""
    count, _, height, width = images.shape
    padded = F.pad(images, [most] * 4)
    top, left = ((part * (2 * most + 1)).long() for part in (down, right))
    rows = (top[:, None] + torch.arange(height))[:, :, None]
    columns = (left[:, None] + torch.arange(width))[:, None, :]
    moved = padded.permute(0, 2, 3, 1)[torch.arange(count)[:, None, None], rows, columns]
    return moved.permute(0, 3, 1, 2).contiguous()


def measured(samples: Samples, shape: Shape, most: int = 2_000) -> Normalisation:
    """Mean and standard deviation of (at most so many, evenly spread) samples, rounded to be written down."""
    numbers = [int(number) for number in np.linspace(0, len(samples) - 1, min(most, len(samples)))]
    pipeline = Pipeline(samples, shape, Normalisation((0.0,), (1.0,)))
    batches = [pipeline[0, numbers[start : start + 256]].images for start in range(0, len(numbers), 256)]
    count = sum(len(images) for images in batches) * shape[1] * shape[2]
    mean = sum(images.double().sum(dim=(0, 2, 3)) for images in batches) / max(count, 1)
    square = sum(images.double().square().sum(dim=(0, 2, 3)) for images in batches) / max(count, 1)
    assert isinstance(mean, Tensor) and isinstance(square, Tensor)
    std = (square - mean.square()).clamp_min(0).sqrt()
    rounded = [tuple(round(value, 4) for value in values.tolist()) for values in (mean, std)]
    return Normalisation(rounded[0], tuple(value if value > 0 else 1.0 for value in rounded[1]))


def _stacks(images: Sequence[Array] | Array) -> list[Array]:
    """Images of one size together, others one by one."""
    if isinstance(images, np.ndarray):
        return [images]
    if images and all(image.shape == images[0].shape for image in images):
        return [np.stack(images)]
    return [image[None] for image in images]


def _shrinks(images: Tensor, shape: Shape) -> bool:
    return images.shape[2] > shape[1] or images.shape[3] > shape[2]
