"""Layers that put the axes in another order: channels last for what works place by place, tokens for attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.ir.expr import Expr
from archdsl.ir.kinds import INT, SIZES, Parameter, at_least
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op, Sight
from archdsl.ops.form import Argument, Operand, TorchExpression, TorchForm, TorchFunction, TorchModule
from archdsl.ops.memory import NOTHING, Storage
from archdsl.ops.rules import TIMES, multiplied, rank_is_at_least, rank_is_one_of, term


class Permute(Op):
    """The axes in another order, as PyTorch counts them: ``permute((0, 2, 3, 1))`` puts the channels of an image last.

    The batch stays in front. The channels become axis 1 or the last one, and the layers behind it know which:
    ``linear`` and ``layer_norm`` work on channels put last, ``conv`` does not.
    """

    name = "permute"
    functional = True
    keeps = NOTHING
    storage = Storage.REORDERED
    channels_last = True
    parameters = (Parameter("axes", SIZES, doc="for each axis of the output the axis of the input"),)
    examples = (
        Example(((2, 3, 4, 5),), {"axes": (0, 2, 3, 1)}),
        Example(((2, 4, 5, 3),), {"axes": (0, 3, 1, 2)}, channels_last=True),
        Example(((2, 3, 7),), {"axes": (0, 2, 1)}),
    )
    definition = '''
class Permute(nn.Module):
    """Puts the axes of a tensor in another order."""

    def __init__(self, axes: tuple[int, ...]) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.axes)
'''

    def infer(self, call: Call) -> TensorType | None:
        """The sizes in their new order."""
        axes = call.arguments["axes"]
        if not rank_is_at_least(call, 3) or not self._is_an_order(call, axes):
            return None
        assert isinstance(axes, tuple)
        place = axes.index(call.x.channel_axis)
        if place in (1, call.x.rank - 1):
            return TensorType(tuple(call.x.shape[axis] for axis in axes), place != 1)
        call.fail(
            "E0308",
            "`permute` puts the channels between the spatial axes",
            argument="axes",
            here=f"axis {call.x.channel_axis} of {call.x} holds the channels; it would become axis {place}",
            help=f"make it axis 1 or axis {call.x.rank - 1}",
            actual=call.x,
        )
        return None

    def _is_an_order(self, call: Call, axes: object) -> bool:
        rank = call.x.rank
        if not isinstance(axes, tuple) or len(axes) != rank:
            count = len(axes) if isinstance(axes, tuple) else 1
            message = f"`axes` has {count} number{'s' * (count != 1)} for {rank} axes"
            call.fail("E0310", message, argument="axes", here=f"this value is {call.x}", actual=call.x)
            return False
        if axes[0] == 0 and sorted(axes) == list(range(rank)):
            return True
        call.fail(
            "E0308",
            "`permute` keeps the batch in front and each other axis once",
            argument="axes",
            here=f"{axes} is no order of the axes 0 to {rank - 1} that begins with 0",
            actual=call.x,
        )
        return False

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.permute(x, axes)``; in an ``nn.Sequential`` the class ``Permute``, which the generated file holds."""
        twin = TorchModule("Permute", (Argument("axes"),))
        return TorchFunction("torch.permute", (Operand(), Argument("axes")), module=twin)


class Tokens(Op):
    """The places of an image, row by row, as a sequence of tokens: ``[N, C, H, W]`` to ``[N, H*W, C]``."""

    name = "tokens"
    functional = True
    keeps = NOTHING
    storage = Storage.REORDERED
    chains = False
    sight = Sight.REARRANGED
    examples = (Example(((2, 3, 4, 5),)), Example(((2, 3, 7),)), Example(((2, 3, 2, 3, 4),)))

    def infer(self, call: Call) -> TensorType | None:
        """As many tokens as places."""
        if not rank_is_one_of(call, 3, 4, 5, help="`tokens` reads an image place by place: put it before `flatten`"):
            return None
        places = multiplied(call, call.x.spatial)
        return None if places is None else TensorType((call.x.shape[0], places, call.x.channels), channels_last=True)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``14·14 = 196``."""
        places = multiplied(call, call.x.spatial)
        return f"{TIMES.join(map(term, call.x.spatial))} = {places}" if axis == 1 else None

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.flatten(x, 2).transpose(1, 2)``."""
        return TorchExpression("torch.flatten(x, 2).transpose(1, 2)")


class SelectToken(Op):
    """One token of a sequence ``[N, L, C]``: ``select_token(0)`` is the first, where a class token stands."""

    name = "select_token"
    functional = True
    keeps = NOTHING
    storage = Storage.REORDERED
    chains = False
    channels_last = True
    sight = Sight.REARRANGED
    parameters = (Parameter("index", INT, constraint=at_least(0), doc="which token, from 0"),)
    examples = (Example(((2, 7, 12),), {"index": 6}), Example(((2, 1, 4),), {"index": 0}, channels_last=True))

    def infer(self, call: Call) -> TensorType | None:
        """Batch and channels are left."""
        if not rank_is_one_of(call, 3, help="`tokens` makes a sequence of an image"):
            return None
        batch, length, features = call.x.shape
        index = call.integer("index")
        sentence = f"`select_token` needs a sequence of at least {index + 1} tokens"
        if call.at_least(length, index + 1, sentence, argument="index"):
            return TensorType((batch, features))
        call.fail("E0308", sentence, argument="index", here=f"the sequence has {length}", actual=call.x)
        return None

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """The last axis of the sequence."""
        return incoming[-1]

    def to_torch(self, call: Call) -> TorchForm:
        """``x[:, 0]``."""
        return TorchExpression("x[:, index]")
