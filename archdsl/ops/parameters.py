"""Trained tensors that belong to the class around them: scales, embeddings, the class token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archdsl.ir.expr import Expr
from archdsl.ir.kinds import FLOAT, INT, Parameter, at_least
from archdsl.ir.terms import number, plus
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op
from archdsl.ops.form import Argument, InputSize, Literal, Several, TorchForm, TorchFunction, TorchParameter
from archdsl.ops.limits import COUNT
from archdsl.ops.memory import INPUTS, NOTHING
from archdsl.ops.rules import fixed, fixed_size, rank_is_one_of


class LayerScale(Op):
    """Each channel times a trained factor, tiny at first, at the end of a residual branch (Touvron et al., 2021)."""

    name = "layer_scale"
    chains = False
    keeps = INPUTS
    channels_last = True
    parameters = (Parameter("initial", FLOAT, doc="the factors before training"),)
    examples = (
        Example(((2, 3, 4, 5),), {"initial": 1e-6}),
        Example(((2, 7),), {"initial": 0.1}),
        Example(((2, 4, 5, 3),), {"initial": 0.5}, channels_last=True),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        size = fixed_size(call, call.x.channel_axis, help="give the input fixed channels")
        return None if size is None else call.x

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """A factor for each channel, shaped so that it spreads over space."""
        assert isinstance(call.x.channels, int)
        return {"": (call.x.channels, *(1,) * self._trailing(call))}

    def _trailing(self, call: Call) -> int:
        """The axes behind the channels."""
        return call.x.rank - 1 - call.x.channel_axis

    def to_torch(self, call: Call) -> TorchForm:
        """``self.layer_scale * x``."""
        channels = InputSize(-1 if call.x.channels_last else 1)
        shape = Several((channels, *(Literal(1),) * self._trailing(call)))
        return TorchParameter(TorchFunction("torch.full", (shape, Argument("initial"))), "layer * x")


class ClassToken(Op):
    """A trained token in front of a sequence ``[N, L, C]``, whose place gathers what the head reads.

    (Devlin et al., 2018; on images Dosovitskiy et al., 2020.)
    """

    name = "class_token"
    chains = False
    keeps = NOTHING
    channels_last = True
    examples = (Example(((2, 7, 12),)), Example(((2, 1, 4),), channels_last=True))

    def infer(self, call: Call) -> TensorType | None:
        """One token more."""
        if not rank_is_one_of(call, 3, help=TO_TOKENS) or fixed_size(call, -1, help=FIX) is None:
            return None
        batch, length, features = call.x.shape
        return replace(call.x, shape=(batch, length + 1, features))

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """Those of the sequence; where the spec declares it, axis 1 is its length."""
        size = incoming[x.channel_axis]
        return plus(size, number(1)) if size is not None and x.channel_axis == 1 else size

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The token."""
        (features,) = fixed(call.x.shape[-1:])
        return {"": (1, 1, features)}

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``196 + 1 = 197``."""
        return f"{call.x.shape[1]} + 1 = {call.x.shape[1] + 1}" if axis == 1 else None

    def to_torch(self, call: Call) -> TorchForm:
        """``torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1)``."""
        value = TorchFunction("torch.zeros", (Literal(1), Literal(1), InputSize(-1)))
        return TorchParameter(value, "torch.cat([layer.expand(x.shape[0], -1, -1), x], dim=1)")


class PositionalEmbedding(Op):
    """A trained vector added to each token of a sequence ``[N, L, C]``, so that places differ (Gehring et al., 2017).

    There is one vector per place, so that the length is fixed. Where it is computed from parameters, stating it lets
    the generated class compute it as well.
    """

    name = "positional_embedding"
    chains = False
    keeps = NOTHING
    channels_last = True
    parameters = (
        Parameter("length", INT, None, COUNT, "the number of tokens; none: what flows in"),
        Parameter("std", FLOAT, 0.02, at_least(0), "standard deviation before training"),
    )
    examples = (
        Example(((2, 7, 12),)),
        Example(((2, 5, 4),), {"length": 5}),
        Example(((2, 1, 4),), {"std": 0.5}, channels_last=True),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_one_of(call, 3, help=TO_TOKENS):
            return None
        if any(fixed_size(call, axis, help=FIX) is None for axis in (1, -1)):
            return None
        stated, length = call.arguments["length"], call.x.shape[1]
        if stated in (None, length):
            return call.x
        message = f"`positional_embedding` of {stated} tokens on a sequence of {length}"
        call.fail("E0302", message, argument="length", here=f"the value is {call.x}", actual=call.x)
        return None

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """A vector per token."""
        return {"": (1, *fixed(call.x.shape[1:]))}

    def to_torch(self, call: Call) -> TorchForm:
        """``x + self.positional_embedding``."""
        length = InputSize(1) if call.arguments["length"] is None else Argument("length")
        shape = Several((Literal(1), length, InputSize(-1)))
        return TorchParameter(TorchFunction("torch.normal", (Literal(0.0), Argument("std"), shape)), "x + layer")


TO_TOKENS = "`tokens` makes a sequence of an image"
FIX = "give the input a fixed size"
