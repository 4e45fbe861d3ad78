"""What attention in windows keeps and allocates: the tensors inside the classes that generated files carry, counted."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archdsl.ir.types import Size
from archdsl.ops.base import Call
from archdsl.ops.rules import fixed

HIDDEN = 512
"""The hidden layer of the network that makes the biases of ``cosine_window_attention``."""


def split_is_a_view(width: Size, side: int) -> bool:
    """Whether an image cut into windows is the image read in another order: one window a row, or of one place."""
    return side in (1, width)


@dataclass(frozen=True, slots=True)
class Inside:
    """How many numbers the tensors inside one call have; each moment lists what is alive at once."""

    values: int
    """Queries, keys or values of all places, padding included; outputs have as many."""
    scores: int
    """Products of queries and keys."""
    heads: int
    window: int
    """The side of a window."""
    mask: int
    """What keeps shifted windows apart; stays alive behind its ``if``."""
    windows: int
    """Besides the padded and shifted image: nothing where its windows are a view of it."""

    @staticmethod
    def of(call: Call) -> Inside:
        """The sizes inside ``window_attention`` and its variants; every size is fixed."""
        batch, height, width, channels = fixed(call.x.shape)
        window, heads = call.integer("window"), call.integer("heads")
        sides = [-(-size // window) * window for size in (height, width)]
        values, count = batch * prod(sides) * channels, prod(sides) // window**2
        is_shifted = call.integer("shift") > 0 and any(size > window for size in sides)
        return Inside(
            values,
            scores=batch * count * heads * window**4,
            heads=heads,
            window=window,
            mask=count * window**4 if is_shifted else 0,
            windows=0 if split_is_a_view(sides[1], window) else values,
        )

    @property
    def bias(self) -> int:
        """A bias for each head between each two places of a window."""
        return self.heads * self.window**4

    @property
    def copies(self) -> int:
        """What a matrix product copies of an operand that heads were taken out of: one head needs no copy."""
        return self.values if self.heads > 1 else 0

    @property
    def held(self) -> int:
        """The image, its windows, and queries, keys and values, which variables hold to the end."""
        return self.values + self.windows + 3 * self.values

    @property
    def around(self) -> tuple[int, ...]:
        """The moments behind the scores: the mixtures, and the image put together and shifted back."""
        mixed = self.held + 2 * self.scores + self.mask + self.copies + self.values
        together = self.held + self.scores + self.mask + 3 * self.values + self.windows
        return mixed, together


def kept(inside: Inside) -> int:
    """The image, queries times their factor, keys, values, the softmax, the mixtures."""
    operands = 3 * inside.values if inside.heads > 1 else inside.values + 3 * inside.values
    return inside.values + operands + inside.scores + inside.values


def peak(inside: Inside) -> int:
    """The most that is alive at once."""
    compared = inside.held + inside.values + 2 * inside.copies + inside.scores
    biased = inside.held + 2 * inside.scores + inside.bias
    return max(compared, biased, *inside.around)


def kept_of_angles(inside: Inside) -> int:
    """The same by angles: norms, scores before their factor, and the network of the biases are kept as well."""
    operands = 3 * inside.values + 2 * inside.values + inside.copies
    norms = 4 * inside.scores // inside.window**2
    network = _hidden(inside) + inside.bias + inside.heads
    return inside.values + operands + norms + 2 * inside.scores + network + inside.values


def peak_of_angles(inside: Inside) -> int:
    """As ``peak``; the hidden layer of the biases is there twice, before and behind its activation."""
    compared = inside.held + 2 * inside.values + 2 * inside.copies + inside.scores
    biased = inside.held + inside.scores + max(2 * _hidden(inside), inside.scores + inside.bias)
    return max(compared, biased, *inside.around)


def _hidden(inside: Inside) -> int:
    """The hidden layer of the network that makes biases, for all offsets between two places."""
    return HIDDEN * (2 * inside.window - 1) ** 2
