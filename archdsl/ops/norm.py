"""Normalisations: what they take the mean over, and which weights they own."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archdsl.ir.kinds import BOOL, FLOAT, INT, Parameter
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op, Problem
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EPSILON, EXTENT, POSITIVE_EPSILON, PROBABILITY
from archdsl.ops.memory import Kept, Scratch
from archdsl.ops.rules import (
    channels_are_divisible,
    channels_come_last,
    fixed,
    fixed_channels,
    fixed_size,
    rank_is_at_least,
    rank_is_one_of,
    there_is_something_to_normalise,
    volume,
)
from archdsl.ops.torch_forms import by_rank, keywords

EPS = Parameter("eps", FLOAT, 1e-5, EPSILON, "added to the variance before the root")
AFFINE = "whether each channel gets a trained factor and offset"


class _Norm(Op):
    """What all normalisations share: the shape is handed on, and a trained factor and offset of one axis."""

    affine_axis: ClassVar[int] = 1

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """A factor and an offset, unless ``affine=false``."""
        size = call.x.shape[self.affine_axis]
        if not call.arguments["affine"]:
            return {}
        assert isinstance(size, int)
        return {"weight": (size,), "bias": (size,)}

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input, and the mean and the inverse deviation of everything that is normalised together."""
        return Kept(inputs=True, values=2 * self.groups(call))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Means and deviations, which are taken in inference too."""
        return Scratch(2 * self.groups(call))

    def groups(self, call: Call) -> int:
        """How many means are taken."""
        raise NotImplementedError


class BatchNorm(_Norm):
    """Batch normalisation of each channel (Ioffe and Szegedy, 2015); 1-D, 2-D or 3-D by what flows in.

    Training takes mean and variance over batch and space, evaluation uses their running averages.
    """

    name = "batch_norm"
    role = "bn"
    parameters = (
        Parameter("eps", FLOAT, 1e-5, POSITIVE_EPSILON, "added to the variance before the root"),
        Parameter("momentum", FLOAT, 0.1, PROBABILITY, "share of the newest batch in the running averages"),
        Parameter("affine", BOOL, True, doc=AFFINE),
    )
    examples = (
        Example(((2, 6, 5, 4),)),
        Example(((2, 6),), {"eps": 0.001}),
        Example(((2, 6, 9),), {"momentum": 0.01}),
        Example(((2, 6, 3, 4, 5),), {"affine": False}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_one_of(call, 2, 3, 4, 5) or fixed_channels(call) is None:
            return None
        return call.x

    def warnings(self, call: Call) -> tuple[Problem, ...]:
        """A map of one pixel leaves one value per sample: training needs a batch, and averages over it alone.

        With a batch of 1 torch refuses (``Expected more than 1 value per channel when training``). ``[N, F]`` is what
        batch norm after ``linear`` means, so nothing is said there.
        """
        if not call.x.spatial or any(size != 1 for size in call.x.spatial):
            return ()
        here = f"in {call.x} a channel has one value per sample: a batch of 1 cannot be trained, a small one hardly"
        help = "normalise before the pooling to one pixel, or leave it out"
        return (Problem("W0329", "`batch_norm` over one pixel has only the batch to average over", None, here, help),)

    def groups(self, call: Call) -> int:
        """One for each channel."""
        return fixed(call.x.shape)[1]

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Nothing: inference has the running averages."""
        return Scratch()

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """Running averages, and the number of batches they have seen."""
        channels = call.x.channels
        assert isinstance(channels, int)
        return {"running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()}

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.BatchNorm2d`` and its siblings; ``nn.BatchNorm1d`` also for ``[N, F]``."""
        module = "nn.BatchNorm1d" if call.x.rank == 2 else by_rank("nn.BatchNorm", call)
        return TorchModule(module, (InputSize(1),), keywords(call, eps="eps", momentum="momentum", affine="affine"))


class LayerNorm(_Norm):
    """Layer normalisation over the last axis of ``[N, F]``, of a sequence ``[N, L, F]``, or of channels put last
    (Ba, Kiros and Hinton, 2016).

    Stricter than torch, which normalises the width of an image when its size happens to fit. An image behind
    ``permute((0, 2, 3, 1))`` has its channels there; ``layer_norm2d`` takes it as it is.
    """

    name = "layer_norm"
    role = "norm"
    affine_axis = -1
    channels_last = True
    parameters = (EPS, Parameter("affine", BOOL, True, doc="whether each feature gets a trained factor and offset"))
    examples = (
        Example(((2, 7, 12),)),
        Example(((2, 12),), {"eps": 1e-6}),
        Example(((2, 3, 5),), {"affine": False}),
        Example(((2, 3, 4, 5),), channels_last=True),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not channels_come_last(call, help="over the channels of an image: `layer_norm2d`"):
            return None
        return None if fixed_size(call, -1, help="give the input a fixed size") is None else call.x

    def groups(self, call: Call) -> int:
        """One for each row."""
        return prod(fixed(call.x.shape[:-1]))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.LayerNorm`` of the last axis."""
        return TorchModule("nn.LayerNorm", (InputSize(-1),), keywords(call, eps="eps", elementwise_affine="affine"))


class LayerNorm2d(_Norm):
    """Layer normalisation of an image over its channels, place by place (as in ConvNeXt, Liu et al., 2022)."""

    name = "layer_norm2d"
    role = "norm"
    parameters = (EPS, Parameter("affine", BOOL, True, doc="whether each channel gets a trained factor and offset"))
    examples = (
        Example(((2, 6, 5, 4),)),
        Example(((2, 4, 1, 1),), {"eps": 1e-6}),
        Example(((2, 3, 5, 5),), {"affine": False}),
    )
    definition = '''
class LayerNorm2d(nn.LayerNorm):
    """Layer normalization over the channels of an N x C x H x W image."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
'''

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_one_of(call, 4, help="`layer_norm` works on `[N, F]`, on sequences and on channels put last"):
            return None
        return None if fixed_channels(call) is None else call.x

    def groups(self, call: Call) -> int:
        """One for each place."""
        return prod(fixed((call.x.shape[0], *call.x.spatial)))

    def to_torch(self, call: Call) -> TorchForm:
        """``LayerNorm2d``, which the generated file holds."""
        return TorchModule("LayerNorm2d", (InputSize(1),), keywords(call, eps="eps", elementwise_affine="affine"))


class GroupNorm(_Norm):
    """Normalisation over groups of channels and all of space, sample by sample (Wu and He, 2018).

    Stricter than torch, which lets a group of a single value become 0 as long as the batch is larger than 1.
    """

    name = "group_norm"
    role = "norm"
    parameters = (
        Parameter("groups", INT, constraint=COUNT, doc="groups that the channels are split into"),
        EPS,
        Parameter("affine", BOOL, True, doc=AFFINE),
    )
    examples = (
        Example(((2, 6, 5, 4),), {"groups": 3}),
        Example(((2, 6),), {"groups": 2, "eps": 1e-6}),
        Example(((2, 4, 9),), {"groups": 4, "affine": False}),
        Example(((2, 4, 2, 3, 4),), {"groups": 1}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_at_least(call, 2):
            return None
        channels, groups = fixed_channels(call), call.integer("groups")
        if channels is None or not channels_are_divisible(call, groups, channels, argument="groups"):
            return None
        return call.x if there_is_something_to_normalise(call, channels // groups, "group") else None

    def groups(self, call: Call) -> int:
        """One for each group of each sample."""
        return fixed(call.x.shape)[0] * call.integer("groups")

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.GroupNorm``."""
        names = keywords(call, eps="eps", affine="affine")
        return TorchModule("nn.GroupNorm", (Argument("groups"), InputSize(1)), names)


class InstanceNorm(_Norm):
    """Normalisation of each channel over space, sample by sample (Ulyanov, Vedaldi and Lempitsky, 2016)."""

    name = "instance_norm"
    role = "norm"
    parameters = (EPS, Parameter("affine", BOOL, False, doc=AFFINE))
    examples = (
        Example(((2, 6, 5, 4),)),
        Example(((2, 6, 9),), {"affine": True}),
        Example(((2, 3, 2, 3, 4),), {"eps": 1e-3, "affine": True}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not rank_is_one_of(call, 3, 4, 5) or fixed_channels(call) is None:
            return None
        return call.x if there_is_something_to_normalise(call, 1, "channel") else None

    def groups(self, call: Call) -> int:
        """One for each channel of each sample."""
        return prod(fixed(call.x.shape[:2]))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """As a batch norm of N*C channels, which is what torch makes of it: with its factors repeated for each."""
        repeated = self.groups(call) if call.arguments["affine"] else 0
        return Kept(inputs=True, values=2 * self.groups(call) + repeated)

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Means, deviations, and the repeated factors and offsets."""
        return Scratch((4 if call.arguments["affine"] else 2) * self.groups(call))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.InstanceNorm2d`` and its siblings."""
        return TorchModule(
            by_rank("nn.InstanceNorm", call), (InputSize(1),), keywords(call, eps="eps", affine="affine")
        )


class LocalResponseNorm(Op):
    """Each value divided by a power of its neighbours in the channels (Krizhevsky, Sutskever and Hinton, 2012).

    The divisor is ``(k + alpha/size * sum of squares of size neighbouring channels) ** beta``. The paper's alpha
    is not divided by the size, and its k is 2.
    """

    name = "local_response_norm"
    role = "lrn"
    parameters = (
        Parameter("size", INT, constraint=EXTENT, doc="neighbouring channels that count"),
        Parameter("alpha", FLOAT, 1e-4, doc="weight of the sum"),
        Parameter("beta", FLOAT, 0.75, doc="exponent"),
        Parameter("k", FLOAT, 1.0, doc="added to the sum"),
    )
    examples = (
        Example(((2, 6, 5, 4),), {"size": 5, "k": 2.0}),
        Example(((2, 3, 7),), {"size": 2, "alpha": 0.001, "beta": 0.5}),
        Example(((2, 3, 2, 3, 4),), {"size": 9}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x if rank_is_at_least(call, 3) else None

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input, its padded squares, their mean before and after the power."""
        return Kept(inputs=True, values=self._padded(call) + 2 * volume(call.x))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The padded squares beside the squares, and later the mean of the squares on its way to the divisor."""
        return Scratch(values=max(self._padded(call), 2 * volume(call.x)))

    def _padded(self, call: Call) -> int:
        batch, channels, *space = fixed(call.x.shape)
        return batch * (channels + call.integer("size") - 1) * prod(space)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.LocalResponseNorm``."""
        names = keywords(call, alpha="alpha", beta="beta", k="k")
        return TorchModule("nn.LocalResponseNorm", (Argument("size"),), names)
