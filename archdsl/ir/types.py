"""The type of a value that flows through a network: a tensor with exact sizes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archdsl.ir.dim import Dim

Size = int | Dim
"""A size along one axis: an integer, or a function of one open input symbol (never a constant Dim)."""


def factor_text(size: Size) -> str:
    """A size in a product: in parentheses where it is a sum, ``N x 8 x (H − 2)``."""
    text = str(size)
    is_one_floor = text.startswith("⌊") and text.endswith("⌋") and text.count("⌊") == 1
    return f"({text})" if " " in text and not is_one_floor else text


SPATIAL_WORDS: dict[int, tuple[str, ...]] = {
    3: ("length",),
    4: ("height", "width"),
    5: ("depth", "height", "width"),
}
"""What the spatial axes of a value are called, by its rank."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor: axis 0 is the batch, one axis the channels, the rest is space.

    The channels are axis 1 (PyTorch's N, C, *), or the last one behind a layer that puts them there (N, *, C): an
    image behind ``permute``, a row of tokens. Two values of one shape that differ in this are of different types.
    """

    shape: tuple[Size, ...]
    channels_last: bool = False

    @property
    def rank(self) -> int:
        """The number of axes, batch and channels included."""
        return len(self.shape)

    @property
    def channels(self) -> Size:
        """The size of the channel axis; callers make sure that there is one."""
        return self.shape[self.channel_axis]

    @property
    def channel_axis(self) -> int:
        """Which axis holds the channels."""
        return self.rank - 1 if self.channels_last else 1

    @property
    def spatial(self) -> tuple[Size, ...]:
        """The sizes of the axes that are neither batch nor channels."""
        return self.shape[1:-1] if self.channels_last else self.shape[2:]

    def with_spatial(self, sizes: Iterable[Size]) -> TensorType:
        """The same value with other spatial sizes."""
        return self.of(self.shape[0], self.channels, *sizes)

    def with_channels(self, channels: Size) -> TensorType:
        """The same value with another number of channels."""
        return self.of(self.shape[0], channels, *self.spatial)

    def of(self, batch: Size, channels: Size, *spatial: Size) -> TensorType:
        """A value whose axes lie as in this one."""
        shape = (batch, *spatial, channels) if self.channels_last else (batch, channels, *spatial)
        return TensorType(shape, self.channels_last)

    def __str__(self) -> str:
        return " x ".join(factor_text(size) for size in self.shape)

    def as_json(self) -> tuple[int | str, ...]:
        """The shape as JSON carries it: fixed sizes as integers, open ones as text."""
        return tuple(size if isinstance(size, int) else str(size) for size in self.shape)


def size_of(value: TensorType, attribute: str) -> Size | None:
    """``x.channels``, ``x.features`` (the last axis), ``x.height`` ...; None where the value has no such axis."""
    if attribute in ("channels", "features"):
        return value.channels if attribute == "channels" else value.shape[-1]
    words = SPATIAL_WORDS.get(value.rank, ())
    return value.spatial[words.index(attribute)] if attribute in words else None
