"""Validations that several layers share, and the words in which they speak."""

from __future__ import annotations

import re
from functools import reduce
from math import prod

from archdsl.ir.dim import Dim, DimTooComplex, dim_max
from archdsl.ir.types import SPATIAL_WORDS, Size, TensorType
from archdsl.ops.base import Call

MINUS = "\u2212"
TIMES = "\u00b7"

LAYOUTS = {
    2: "N x F",
    3: "N x C x L",
    4: "N x C x H x W",
    5: "N x C x D x H x W",
}
"""How a value of each rank is laid out: batch first, channels second, then space."""


NO_SPACE_TO_CONVOLVE = "a convolution works on channels and space: put it before `flatten`"
NO_SPACE_TO_POOL = "a pool works on space: put it before `flatten`"


def axis_word(value: TensorType, axis: int) -> str:
    """What messages call an axis: ``batch``, ``channels``, ``height``; ``features`` in a value of rank 2."""
    if axis == 0:
        return "batch"
    if axis == value.channel_axis:
        return "features" if value.rank == 2 else "channels"
    words = SPATIAL_WORDS.get(value.rank)
    return words[axis - (1 if value.channels_last else 2)] if words else f"axis {axis}"


def independent(left: Size, right: Size) -> str | None:
    """What to do about two sizes that rest on two open sizes of the input, and so are equal by chance only."""
    if isinstance(left, int) or isinstance(right, int) or left.symbol_name == right.symbol_name:
        return None
    names = f"`{left.symbol_name}` and `{right.symbol_name}`"
    return f"{names} are independent of each other: write one name for both in the input if they are always equal"


def term(size: Size) -> str:
    """A size inside a formula: in parentheses where it is a sum itself."""
    text = str(size)
    outside_brackets = re.sub("\u230a[^\u230b]*\u230b", "", text)
    return f"({text})" if " " in outside_brackets else text


class OpenSize(Exception):
    """A rule that needs fixed sizes was asked about open ones."""


def fixed(sizes: tuple[Size, ...]) -> tuple[int, ...]:
    """Sizes of which the caller knows that none is open.

    :raises OpenSize: where it is mistaken.
    """
    known = tuple(size for size in sizes if isinstance(size, int))
    if len(known) < len(sizes):
        raise OpenSize
    return known


def volume(value: TensorType) -> int:
    """The number of values in a tensor of fixed sizes."""
    return prod(fixed(value.shape))


def _alternatives(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def rank_is_one_of(call: Call, *ranks: int, help: str | None = None) -> bool:
    """The value has one of the layouts that the layer works on."""
    if call.x.rank in ranks:
        return True
    wanted = _alternatives([LAYOUTS[rank] for rank in ranks])
    call.fail(
        "E0304",
        f"`{call.op.name}` cannot work on a value of rank {call.x.rank}",
        here=f"this value is {call.x}; `{call.op.name}` takes {wanted}",
        help=help,
        actual=call.x,
    )
    return False


def rank_is_at_least(call: Call, rank: int, *, argument: str | None = None) -> bool:
    """The value has enough axes for a layer that does not care how many there are beyond."""
    if call.x.rank >= rank:
        return True
    call.fail(
        "E0304",
        f"`{call.op.name}` cannot work on a value of rank {call.x.rank}",
        argument=argument,
        here=f"this value is {call.x}; `{call.op.name}` takes rank {rank} or more",
        actual=call.x,
    )
    return False


def multiplied(call: Call, sizes: tuple[Size, ...]) -> Size | None:
    """The product of some sizes, a function of one input size; None after reporting that several are open."""
    factor = prod(size for size in sizes if isinstance(size, int))
    is_open = [size for size in sizes if not isinstance(size, int)]
    if len(is_open) <= 1:
        return is_open[0] * factor if is_open else factor
    call.fail(
        "E0305",
        f"`{call.op.name}` cannot multiply sizes that are open",
        here=f"{' and '.join(str(size) for size in is_open)} are open in {call.x}",
        help="fix all but one of them in the input, or pool to one pixel first: `global_avg_pool`",
        actual=call.x,
    )
    return None


def channels_come_last(call: Call, *, help: str) -> bool:
    """The value is ``[N, F]``, a sequence, or has its channels behind its space: layers that work on the last axis."""
    if not call.x.channels_last:
        return rank_is_one_of(call, 2, 3, help=help)
    return True


def fixed_size(call: Call, axis: int, help: str) -> int | None:
    """The size of an axis that becomes the shape of a weight; an open one is reported and None."""
    size = call.x.shape[axis]
    if isinstance(size, int):
        return size
    word = "width" if axis == -1 else f"number of {axis_word(call.x, axis)}"
    call.fail(
        "E0305",
        f"`{call.op.name}` needs a fixed {word}",
        here=f"{size} is open in {call.x}",
        help=help,
        actual=call.x,
    )
    return None


def fixed_channels(call: Call) -> int | None:
    """The number of channels (or features) of the input, which shapes the layer's weights; open: reported and None."""
    return fixed_size(
        call, 1, help="fix the size of the input that makes it open, or pool to one pixel before `flatten`"
    )


def channels_are_divisible(
    call: Call, divisor: int, channels: Size, *, argument: str, what: str = "input channels"
) -> bool:
    """Groups of channels come out even."""
    if call.divides(divisor, channels, f"{divisor} divides the {what}", argument=argument):
        return True
    call.fail(
        "E0303",
        f"`{call.op.name}` needs {what} that are a multiple of {divisor}",
        argument=argument,
        here=f"{channels} {what} are no multiple of {divisor}",
        help=f"choose `{argument}` so that it fits the {what}, or change the channels",
        actual=call.x,
    )
    return False


def groups_divide_channels(call: Call, channels: int) -> bool:
    """``groups`` divides the channels that come in and those that go out."""
    groups = call.integer("groups")
    fits = channels_are_divisible(call, groups, channels, argument="groups")
    return fits and channels_are_divisible(
        call, groups, call.integer("channels"), argument="groups", what="output channels"
    )


def size_is_divisible(call: Call, axis: int, divisor: int, *, argument: str) -> bool:
    """A spatial axis splits into whole cells."""
    word, size = axis_word(call.x, axis), call.x.shape[axis]
    if call.divides(divisor, size, f"{divisor} divides the {word}", argument=argument):
        return True
    call.fail(
        "E0309",
        f"`{call.op.name}` needs a {word} that is a multiple of {divisor}",
        argument=argument,
        here=f"{word} {size} is no multiple of {divisor}",
        help="pad or crop the value first",
        actual=call.x,
    )
    return False


def there_is_something_to_normalise(call: Call, per_place: int, unit: str) -> bool:
    """A mean is taken over more than one value: ``per_place`` channels at each place, times the places.

    Over a single value every output is 0 plus the bias, whatever the input. Where sizes of two input symbols are open,
    the first has to be 2 or more: that one of them be is no condition on a single symbol. Of sizes of one symbol the
    larger one decides, and the condition is exact, unless it depends on the input which one that is.
    """
    if per_place > 1:
        return True
    spatial = call.x.spatial
    if any(isinstance(size, int) and size > 1 for size in spatial):
        return True
    axis, size = _deciding(spatial)
    sentence = f"`{call.op.name}` needs more than one value per {unit}: a {axis_word(call.x, axis)} of at least 2"
    if call.at_least(size, 2, sentence):
        return True
    call.fail(
        "E0308",
        f"`{call.op.name}` has a single value per {unit} to normalise",
        here=f"in {call.x} each {unit} holds one value, so every output would be 0",
        help="normalise before the pooling to one pixel, or use `layer_norm` after `flatten`",
        actual=call.x,
    )
    return False


def _deciding(spatial: tuple[Size, ...]) -> tuple[int, Size]:
    """The first open size with its axis; where all are of one symbol, their maximum. A 1 where none is open."""
    found = [(axis, size) for axis, size in enumerate(spatial, start=2) if isinstance(size, Dim)]
    if not found:
        return 1, 1
    sizes: list[Size] = [size for _, size in found]
    try:
        return found[0][0], reduce(dim_max, sizes)
    except DimTooComplex:
        return found[0]
