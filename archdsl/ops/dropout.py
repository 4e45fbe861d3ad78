"""Dropout: values, whole channels or whole samples set to 0 at random, in training only."""

from __future__ import annotations

from math import prod

from archdsl.ir.kinds import FLOAT, Parameter
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op, Problem
from archdsl.ops.form import Argument, TorchForm, TorchModule
from archdsl.ops.limits import PROBABILITY
from archdsl.ops.memory import NOTHING, Kept, Storage
from archdsl.ops.rules import fixed, rank_is_one_of, volume
from archdsl.ops.torch_forms import keywords

P = Parameter("p", FLOAT, 0.5, PROBABILITY, "share that is set to 0")


class _Dropout(Op):
    """What they share: in inference, and for ``p=0``, nothing happens at all."""

    parameters = (P,)

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x

    def warnings(self, call: Call) -> tuple[Problem, ...]:
        """With ``p=1`` training sees zeros alone."""
        if call.arguments["p"] != 1:
            return ()
        help = "use a smaller `p`; it is the share that is dropped, not the share that is kept"
        return (Problem("W0342", f"`{self.name}` with p=1 leaves nothing but zeros", "p", help=help),)

    def stored(self, call: Call, *, training: bool) -> Storage:
        """Only a mask in training makes new values."""
        return Storage.OWN if training and call.arguments["p"] else Storage.INPUT

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The mask: on the CPU as large as what it is multiplied with."""
        return Kept(values=self.mask(call)) if call.arguments["p"] else NOTHING

    def mask(self, call: Call) -> int:
        """The values of the mask."""
        return volume(call.x)


class Dropout(_Dropout):
    """Sets a share ``p`` of the values to 0 while training and scales the others up (Srivastava et al., 2014)."""

    name = "dropout"
    channels_last = True
    examples = (Example(((2, 7),)), Example(((2, 3, 4, 5),), {"p": 0.2}))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Dropout``."""
        return TorchModule("nn.Dropout", (), keywords(call, p="p"))


class Dropout2d(_Dropout):
    """Sets a share ``p`` of the channels of an image to 0 while training (Tompson et al., 2015).

    Stricter than torch, which reads ``[N, F]`` and ``[N, C, L]`` in ways of its own and only warns.
    """

    name = "dropout2d"
    role = "dropout"
    examples = (Example(((2, 3, 4, 5),)), Example(((2, 8, 1, 1),), {"p": 0.2}))

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x if rank_is_one_of(call, 4, help="`dropout` works on any shape") else None

    def mask(self, call: Call) -> int:
        """One value for each channel of each sample."""
        return prod(fixed(call.x.shape[:2]))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Dropout2d``."""
        return TorchModule("nn.Dropout2d", (), keywords(call, p="p"))


class StochasticDepth(_Dropout):
    """Sets whole samples to 0 with probability ``p`` while training and scales the others up (Huang et al., 2016).

    At the end of a residual branch it skips the branch; the deeper the block, the larger ``p``, as a rule.
    """

    name = "stochastic_depth"
    channels_last = True
    parameters = (Parameter("p", FLOAT, constraint=PROBABILITY, doc="probability that a sample is set to 0"),)
    examples = (
        Example(((2, 3, 4, 5),), {"p": 0.2}),
        Example(((2, 7),), {"p": 0.0}),
        Example(((2, 7, 12),), {"p": 0.5}),
    )
    definition = '''
class StochasticDepth(nn.Module):
    """Skips a branch for whole samples at random, and scales up what is left."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        noise = x.new_empty([x.shape[0]] + [1] * (x.ndim - 1)).bernoulli_(keep)
        return x * (noise.div_(keep) if keep > 0.0 else noise)
'''

    def mask(self, call: Call) -> int:
        """One value for each sample."""
        return prod(fixed(call.x.shape[:1]))

    def to_torch(self, call: Call) -> TorchForm:
        """``StochasticDepth``, a class that the generated file holds."""
        return TorchModule("StochasticDepth", (Argument("p"),))
