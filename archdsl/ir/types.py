"""The type of a value that flows through a network: a tensor with exact sizes."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.dim import Dim

Size = int | Dim
"""A size along one axis: an integer, or a function of one open input symbol (never a constant Dim)."""


def factor_text(size: Size) -> str:
    """A size in a product: in parentheses where it is a sum, ``N x 8 x (H − 2)``."""
    text = str(size)
    is_one_floor = text.startswith("⌊") and text.endswith("⌋") and text.count("⌊") == 1
    return f"({text})" if " " in text and not is_one_floor else text


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor: axis 0 is the batch, axis 1 the channels, the rest is space (PyTorch's N, C, *)."""

    shape: tuple[Size, ...]

    @property
    def rank(self) -> int:
        """The number of axes, batch and channels included."""
        return len(self.shape)

    @property
    def channels(self) -> Size:
        """The size of axis 1; callers make sure that there is one."""
        return self.shape[1]

    @property
    def spatial(self) -> tuple[Size, ...]:
        """The sizes after batch and channels."""
        return self.shape[2:]

    def __str__(self) -> str:
        return " x ".join(factor_text(size) for size in self.shape)

    def as_json(self) -> tuple[int | str, ...]:
        """The shape as JSON carries it: fixed sizes as integers, open ones as text."""
        return tuple(size if isinstance(size, int) else str(size) for size in self.shape)
