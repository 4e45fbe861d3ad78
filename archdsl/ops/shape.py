"""Layers that move values and compute nothing: flatten, shuffle of channels, padding, and the identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from archdsl.ir.expr import Expr
from archdsl.ir.kinds import INT, SIZES, Parameter, at_least
from archdsl.ir.terms import product
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op, Window
from archdsl.ops.form import Argument, Literal, Negated, Operand, TorchForm, TorchFunction, TorchModule
from archdsl.ops.limits import COUNT, PADDING
from archdsl.ops.memory import NOTHING, Scratch, Storage
from archdsl.ops.rules import (
    MINUS,
    TIMES,
    axis_word,
    channels_are_divisible,
    multiplied,
    rank_is_at_least,
    rank_is_one_of,
    term,
    volume,
)
from archdsl.ops.torch_forms import by_rank


class Flatten(Op):
    """Everything after the batch in one row: ``[N, C, H, W]`` to ``[N, C*H*W]``."""

    name = "flatten"
    keeps = NOTHING
    storage = Storage.RESHAPED
    functional = True
    examples = (Example(((2, 3, 4, 5),)), Example(((2, 6),)), Example(((2, 3, 7),)), Example(((2, 2, 3, 4, 5),)))

    def infer(self, call: Call) -> TensorType | None:
        """The product of all sizes but the batch."""
        if not rank_is_at_least(call, 2):
            return None
        total = multiplied(call, call.x.shape[1:])
        return None if total is None else TensorType((call.x.shape[0], total))

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """``channels * 7 * 7``, left as it is even where it is a number: that tells where the number comes from."""
        known = [size for size in incoming[1:] if size is not None]
        return reduce(product, known) if len(known) == len(incoming) - 1 else None

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``512·7·7 = 25088``."""
        sizes = call.x.shape[1:]
        return f"{TIMES.join(map(term, sizes))} = {multiplied(call, sizes)}" if axis == 1 and len(sizes) > 1 else None

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.flatten(x, 1)``, or ``nn.Flatten()`` inside an ``nn.Sequential``."""
        return TorchFunction("torch.flatten", (Operand(), Literal(1)), module=TorchModule("nn.Flatten"))


class ChannelShuffle(Op):
    """Deals the channels of each group out over all groups, so that grouped convolutions mix (Zhang et al., 2018)."""

    name = "channel_shuffle"
    keeps = NOTHING
    parameters = (Parameter("groups", INT, constraint=COUNT, doc="groups that the channels are dealt from"),)
    examples = (
        Example(((2, 6, 4, 5),), {"groups": 3}),
        Example(((2, 4, 7),), {"groups": 2}),
        Example(((2, 4, 2, 3, 4),), {"groups": 4}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_at_least(call, 3):
            return None
        return (
            call.x if channels_are_divisible(call, call.integer("groups"), call.x.channels, argument="groups") else None
        )

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.ChannelShuffle``."""
        return TorchModule("nn.ChannelShuffle", (Argument("groups"),))


class TakeChannels(Op):
    """Some of the channels: ``channels`` of them from ``start`` on. Another path may take the others."""

    name = "take_channels"
    functional = True
    keeps = NOTHING
    storage = Storage.REORDERED
    parameters = (
        Parameter("channels", INT, constraint=COUNT, doc="channels that are taken"),
        Parameter("start", INT, 0, at_least(0), "the first of them, counted from 0"),
    )
    examples = (
        Example(((2, 6, 4, 5),), {"channels": 3}),
        Example(((2, 6, 4, 5),), {"channels": 2, "start": 3}),
        Example(((2, 7),), {"channels": 7}),
        Example(((2, 4, 7),), {"channels": 1, "start": 3}),
    )
    definition = '''
class TakeChannels(nn.Module):
    """Takes some of the channels."""

    def __init__(self, start: int, channels: int) -> None:
        super().__init__()
        self.start, self.channels = start, channels

    def forward(self, x: Tensor) -> Tensor:
        return torch.narrow(x, 1, self.start, self.channels)
'''

    def infer(self, call: Call) -> TensorType | None:
        """The same shape with that many channels."""
        channels, start = call.integer("channels"), call.integer("start")
        sentence = f"`take_channels` needs {start + channels} channels"
        if call.at_least(call.x.channels, start + channels, sentence, argument="channels"):
            return TensorType((call.x.shape[0], channels, *call.x.shape[2:]))
        here = f"{channels} channels from number {start} on would end at {start + channels}"
        call.fail("E0303", sentence, argument="channels", here=f"{here}; {call.x} has {call.x.channels}", actual=call.x)
        return None

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.narrow(x, 1, start, channels)``; in an ``nn.Sequential`` a class that the generated file holds."""
        place = (Argument("start"), Argument("channels"))
        return TorchFunction("torch.narrow", (Operand(), Literal(1), *place), module=TorchModule("TakeChannels", place))


class PadChannels(Op):
    """Appends channels of zeros up to ``channels``: the shortcut without weights of He et al. (2015), option A."""

    name = "pad_channels"
    keeps = NOTHING
    parameters = (Parameter("channels", INT, constraint=COUNT, doc="channels of the output"),)
    examples = (
        Example(((2, 3, 4, 5),), {"channels": 7}),
        Example(((2, 3, 7),), {"channels": 3}),
        Example(((2, 3, 2, 3, 4),), {"channels": 4}),
    )
    definition = '''
class PadChannels(nn.Module):
    """Appends channels of zeros."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        zeros = x.new_zeros(x.shape[0], self.channels - x.shape[1], *x.shape[2:])
        return torch.cat([x, zeros], dim=1)
'''

    def infer(self, call: Call) -> TensorType | None:
        """The same shape with that many channels."""
        if not rank_is_one_of(call, 3, 4, 5):
            return None
        channels, sentence = call.integer("channels"), "`pad_channels` cannot take channels away"
        missing = channels - call.x.channels
        if call.at_least(missing, 0, sentence, argument="channels"):
            return TensorType((call.x.shape[0], channels, *call.x.shape[2:]))
        here = f"{call.x} has {call.x.channels} already"
        call.fail(
            "E0303", sentence, argument="channels", here=here, help="use `take_channels`, or a `conv`", actual=call.x
        )
        return None

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The zeros."""
        return Scratch(volume(output) - volume(call.x))

    def to_torch(self, call: Call) -> TorchForm:
        """``PadChannels``, a class that the generated file holds."""
        return TorchModule("PadChannels", (Argument("channels"),))


class ZeroPad(Op):
    """A border of zeros: one width for all sides, or ``(left, right, top, bottom)``.

    Sequences take ``(left, right)``, volumes ``(left, right, top, bottom, front, back)``: last axis first, as in torch.
    """

    name = "zero_pad"
    keeps = NOTHING
    role = "pad"
    parameters = (Parameter("padding", SIZES, constraint=PADDING, doc="places added on every side, or on each"),)
    examples = (
        Example(((2, 3, 4, 5),), {"padding": 2}),
        Example(((2, 3, 4, 5),), {"padding": (0, 1, 2, 3)}),
        Example(((2, 3, 7),), {"padding": (3, 0)}),
        Example(((2, 3, 4, 5, 6),), {"padding": (0, 1, 2, 3, 4, 5)}),
    )

    def sides(self, call: Call) -> tuple[tuple[int, int], ...] | None:
        """Places before and after, per spatial axis in the order of the shape; None after reporting a wrong count."""
        padding, axes = call.arguments["padding"], len(call.x.spatial)
        if isinstance(padding, int):
            return ((padding, padding),) * axes
        assert isinstance(padding, tuple)
        if len(padding) == 2 * axes:
            return tuple((padding[2 * axis], padding[2 * axis + 1]) for axis in reversed(range(axes)))
        names = ("left", "right", "top", "bottom", "front", "back")[: 2 * axes]
        call.fail(
            "E0310",
            f"`padding` has {len(padding)} numbers for {axes} spatial axes",
            argument="padding",
            here=f"{call.x} takes one number or ({', '.join(names)})",
            actual=call.x,
        )
        return None

    def infer(self, call: Call) -> TensorType | None:
        """Every spatial size plus its two borders."""
        if not rank_is_one_of(call, 3, 4, 5):
            return None
        sides = self.sides(call)
        if sides is None:
            return None
        sizes = (size + (before + after) for size, (before, after) in zip(call.x.spatial, sides, strict=True))
        return TensorType((*call.x.shape[:2], *sizes))

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """One place, shifted by the leading border."""
        sides = self.sides(call)
        return None if sides is None else tuple(Window(1, 1, before) for before, _ in sides)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``28 + 1 + 1 = 30``."""
        sides = self.sides(call)
        if not sides or axis < 2:
            return None
        size, (before, after) = call.x.shape[axis], sides[axis - 2]
        return f"{size} + {before} + {after} = {size + (before + after)}"

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.ZeroPad2d`` and its siblings."""
        return TorchModule(by_rank("nn.ZeroPad", call), (Argument("padding"),))


class Crop(Op):
    """Cuts the same margin off every side of space: what is left of a map beside an unpadded path.

    In PyTorch it is a padding below zero.
    """

    name = "crop"
    keeps = NOTHING
    parameters = (Parameter("margin", INT, constraint=PADDING, doc="places cut off on every side"),)
    examples = (
        Example(((2, 3, 7),), {"margin": 3}),
        Example(((2, 3, 4, 5),), {"margin": 1}),
        Example(((2, 3, 4, 5),), {"margin": 0}),
        Example(((2, 3, 3, 4, 5),), {"margin": 1}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """Every spatial size less two margins."""
        if not rank_is_one_of(call, 3, 4, 5):
            return None
        margin = call.integer("margin")
        for axis, size in enumerate(call.x.spatial, start=2):
            word = axis_word(call.x, axis)
            sentence = f"`crop` needs a {word} of at least {2 * margin + 1}"
            if not call.at_least(size, 2 * margin + 1, sentence, argument="margin"):
                here = f"{word} {size}: margins of {margin} on both sides leave nothing"
                call.fail("E0306", sentence, argument="margin", here=here, help="use a smaller margin", actual=call.x)
                return None
        return TensorType((*call.x.shape[:2], *(size - 2 * margin for size in call.x.spatial)))

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """One place, shifted by the margin."""
        return (Window(1, 1, -call.integer("margin")),) * len(call.x.spatial)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``64 − 4 − 4 = 56``."""
        size, margin = call.x.shape[axis], call.integer("margin")
        return f"{size} {MINUS} {margin} {MINUS} {margin} = {size - 2 * margin}" if axis >= 2 else None

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.ZeroPad2d(-4)`` and its siblings."""
        return TorchModule(by_rank("nn.ZeroPad", call), (Negated("margin"),))


class Identity(Op):
    """Hands its input on: the plain path of a residual block."""

    name = "identity"
    channels_last = True
    keeps = NOTHING
    storage = Storage.INPUT
    examples = (Example(((2, 3, 4, 5),)), Example(((2, 7),)))

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Identity``."""
        return TorchModule("nn.Identity")
