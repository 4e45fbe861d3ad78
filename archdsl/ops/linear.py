"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from archdsl.ir.amount import Amount, product
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import BOOL, INT, Parameter
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import COUNT
from archdsl.ops.memory import INPUTS
from archdsl.ops.rules import channels_come_last, fixed_size
from archdsl.ops.torch_forms import keywords


class Linear(Op):
    """Fully connected layer on the last axis of ``[N, F]``, of a sequence ``[N, L, F]``, or of channels put last.

    Stricter than torch, which takes any rank and looks at the last axis only: on an image that axis is the
    width, and a forgotten ``flatten`` would pass in silence whenever the numbers happen to fit. An image behind
    ``permute((0, 2, 3, 1))`` has its channels there.
    """

    name = "linear"
    role = "fc"
    channels_last = True
    keeps = INPUTS
    parameters = (
        Parameter("features", INT, constraint=COUNT, doc="features of the output"),
        Parameter("bias", BOOL, True, doc="whether a trained number is added to each feature"),
    )
    examples = (
        Example(((2, 12),), {"features": 5}),
        Example(((2, 7, 12),), {"features": 4, "bias": False}),
        Example(((2, 7, 3),), {"features": 8}),
        Example(((2, 4, 5, 3),), {"features": 6}, channels_last=True),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The last axis becomes ``features``."""
        if not channels_come_last(call, help="`flatten` first"):
            return None
        if (
            fixed_size(call, -1, help="give the input a fixed size, or pool to one pixel: `global_avg_pool -> flatten`")
            is None
        ):
            return None
        return replace(call.x, shape=(*call.x.shape[:-1], call.integer("features")))

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """A matrix of output by input features."""
        width, features = call.x.shape[-1], call.integer("features")
        assert isinstance(width, int)
        weight: dict[str, tuple[int, ...]] = {"weight": (features, width)}
        return weight | {"bias": (features,)} if call.arguments["bias"] else weight

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """The features, where they are the channels; in a sequence that the spec declares, axis 1 is its length."""
        return arguments["features"] if x.channel_axis == x.rank - 1 else incoming[x.channel_axis]

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Every place applies the matrix once."""
        return product((*output.shape[1:-1], *self.weights(call)["weight"]))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Linear``."""
        return TorchModule("nn.Linear", (InputSize(-1), Argument("features")), keywords(call, bias="bias"))
