"""Attention: each token of a sequence becomes a mixture of all tokens."""

from __future__ import annotations

from archdsl.ir.amount import Amount, product
from archdsl.ir.kinds import FLOAT, INT, Parameter
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op, Sight
from archdsl.ops.form import Argument, InputSize, Literal, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, PROBABILITY
from archdsl.ops.memory import Kept, Scratch
from archdsl.ops.rules import channels_are_divisible, fixed, fixed_size, rank_is_one_of, volume
from archdsl.ops.torch_forms import keywords

HEADS = Parameter(
    "heads", INT, constraint=COUNT, doc="parts that the channels are split into, each with its own mixture"
)


def heads_divide_channels(call: Call) -> int | None:
    """The channels of a value whose last axis they are, if every head gets as many; None after a report."""
    channels = fixed_size(call, -1, help="give the input fixed channels")
    if channels is None or not channels_are_divisible(call, call.integer("heads"), channels, argument="heads"):
        return None
    return channels


class MultiHeadAttention(Op):
    """Self-attention of a sequence ``[N, L, C]`` (Vaswani et al., 2017): queries, keys and values all come from it.

    The length may stay open: no weight depends on it.
    """

    name = "multi_head_attention"
    role = "attention"
    chains = False
    channels_last = True
    sight = Sight.EVERYTHING
    parameters = (HEADS, Parameter("dropout", FLOAT, 0.0, PROBABILITY, "share of the attention set to 0 in training"))
    examples = (
        Example(((2, 7, 12),), {"heads": 3}),
        Example(((2, 5, 8),), {"heads": 1, "dropout": 0.1}, channels_last=True),
        Example(((2, 6, 8),), {"heads": 2, "dropout": 0.2}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_one_of(call, 3, help="`tokens` makes a sequence of an image"):
            return None
        return None if heads_divide_channels(call) is None else call.x

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The projections to queries, keys and values in one matrix, and the one back."""
        (size,) = fixed(call.x.shape[-1:])
        return {
            "in_proj_weight": (3 * size, size),
            "in_proj_bias": (3 * size,),
            "out_proj.weight": (size, size),
            "out_proj.bias": (size,),
        }

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Four projections of each token; every pair of tokens is compared, and every mixture summed up."""
        length, (size,) = call.x.shape[1], fixed(call.x.shape[2:])
        return product((length, 4 * size * size)) + product((length, length, 2 * size))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input, copied where torch brings the length to the front; queries, keys and values; the mixtures.

        Beside them the sums of the softmax, or with dropout all that leads from queries and keys to it. That is so for
        numbers of 4 bytes and more: in half precision, torch does the latter with more of them.
        """
        batch, length, _ = fixed(call.x.shape)
        values, rows = volume(output), batch * length * call.integer("heads")
        is_copied = batch > 1 and length > 1
        inside = (5 if is_copied else 4) * values
        if not call.arguments["dropout"]:
            return Kept(inputs=not is_copied, values=inside, sums=rows)
        return Kept(inputs=not is_copied, values=inside + 2 * values + 3 * rows * length)

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Queries, keys and values, and their copies in order.

        For an even number of heads torch takes a path of its own, in which the scores of all places are there at once.
        """
        values, heads, (batch, length, _) = volume(output), call.integer("heads"), fixed(call.x.shape)
        scores = batch * heads * length**2
        return Scratch(max(5 * values, 2 * values + scores) if heads % 2 == 0 else 5 * values)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.MultiheadAttention``, applied to three times the same tensor."""
        options = (*keywords(call, dropout="dropout"), ("batch_first", Literal(True)))
        applied = "layer(x, x, x, need_weights=False)[0]"
        return TorchModule("nn.MultiheadAttention", (InputSize(-1), Argument("heads")), options, applied)
