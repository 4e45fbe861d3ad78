"""Activations: functions of each value alone, and softmax, which looks along one axis."""

from __future__ import annotations

from typing import ClassVar

from archdsl.ir.kinds import BOOL, FLOAT, INT, STRING, Parameter, at_least, one_of
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example, Op
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.memory import INPUTS, OUTPUT
from archdsl.ops.rules import fixed_channels, rank_is_at_least
from archdsl.ops.torch_forms import keywords


class _Activation(Op):
    """A function of each value alone: any shape, no weights."""

    channels_last = True
    keeps = INPUTS
    torch_module: ClassVar[str]
    torch_names: ClassVar[tuple[tuple[str, str], ...]] = ()
    """torch's keyword for each parameter, and the parameter."""

    examples = (Example(((2, 3, 4, 5),)), Example(((2, 7),)))

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.ReLU`` and its siblings."""
        return TorchModule(self.torch_module, (), keywords(call, **dict(self.torch_names)))


class Relu(_Activation):
    """Rectified linear unit, ``max(x, 0)``."""

    name = "relu"
    keeps = OUTPUT
    torch_module = "nn.ReLU"


class Relu6(_Activation):
    """Rectified linear unit cut off at 6, ``min(max(x, 0), 6)``."""

    name = "relu6"
    torch_module = "nn.ReLU6"


class LeakyRelu(_Activation):
    """``x`` above 0, ``slope * x`` below (Maas, Hannun and Ng, 2013)."""

    name = "leaky_relu"
    torch_module = "nn.LeakyReLU"
    torch_names = (("negative_slope", "slope"),)
    parameters = (Parameter("slope", FLOAT, 0.01, doc="slope below 0"),)
    examples = (Example(((2, 3, 4, 5),), {"slope": 0.2}), Example(((2, 7),)))


class Elu(_Activation):
    """``x`` above 0, ``alpha * (exp(x) - 1)`` below (Clevert, Unterthiner and Hochreiter, 2016)."""

    name = "elu"
    torch_module = "nn.ELU"
    torch_names = (("alpha", "alpha"),)
    parameters = (Parameter("alpha", FLOAT, 1.0, doc="the value far below 0, with its sign turned"),)
    examples = (Example(((2, 3, 4, 5),), {"alpha": 0.5}), Example(((2, 7),)))


class Selu(_Activation):
    """The self-normalising ELU with its two fixed constants (Klambauer et al., 2017)."""

    name = "selu"
    torch_module = "nn.SELU"


class Gelu(_Activation):
    """``x`` times the normal distribution function of x (Hendrycks and Gimpel, 2016)."""

    name = "gelu"
    torch_module = "nn.GELU"
    torch_names = (("approximate", "approximate"),)
    parameters = (
        Parameter("approximate", STRING, "none", one_of("none", "tanh"), "exact, or by the paper's formula with tanh"),
    )
    examples = (Example(((2, 3, 4, 5),)), Example(((2, 7),), {"approximate": "tanh"}))


class Silu(_Activation):
    """``x * sigmoid(x)``, also called swish."""

    name = "silu"
    torch_module = "nn.SiLU"


class Mish(_Activation):
    """``x * tanh(log(1 + exp(x)))`` (Misra, 2019)."""

    name = "mish"
    torch_module = "nn.Mish"


class Hardswish(_Activation):
    """``x * relu6(x + 3) / 6`` (Howard et al., MobileNetV3, 2019)."""

    name = "hardswish"
    torch_module = "nn.Hardswish"


class Hardsigmoid(_Activation):
    """``relu6(x + 3) / 6``, a sigmoid of straight lines."""

    name = "hardsigmoid"
    torch_module = "nn.Hardsigmoid"


class Sigmoid(_Activation):
    """``1 / (1 + exp(-x))``: values between 0 and 1."""

    name = "sigmoid"
    keeps = OUTPUT
    torch_module = "nn.Sigmoid"


class Tanh(_Activation):
    """Hyperbolic tangent: values between -1 and 1."""

    name = "tanh"
    keeps = OUTPUT
    torch_module = "nn.Tanh"


class Prelu(Op):
    """``x`` above 0, a trained slope times x below (He et al., 2015): one slope, or one per channel."""

    name = "prelu"
    keeps = INPUTS
    parameters = (
        Parameter("per_channel", BOOL, False, doc="whether each channel has a slope of its own"),
        Parameter("slope", FLOAT, 0.25, doc="the slope before training"),
    )
    examples = (
        Example(((2, 3, 4, 5),), {"per_channel": True}),
        Example(((2, 7),), {"slope": 0.1}),
        Example(((2, 7),), {"per_channel": True, "slope": 0.1}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        if not call.arguments["per_channel"]:
            return call.x
        return call.x if rank_is_at_least(call, 2) and fixed_channels(call) is not None else None

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The slopes."""
        slopes = call.x.channels if call.arguments["per_channel"] else 1
        assert isinstance(slopes, int)
        return {"weight": (slopes,)}

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.PReLU``."""
        slopes = (InputSize(1),) if call.arguments["per_channel"] else ()
        return TorchModule("nn.PReLU", slopes, keywords(call, init="slope"))


class _Softmax(Op):
    """What softmax and its logarithm share: an axis that exists and is not the batch."""

    keeps = OUTPUT
    torch_module: ClassVar[str]
    parameters = (
        Parameter(
            "axis", INT, 1, at_least(1), "the axis whose values sum to 1, counted from the batch (0); never the batch"
        ),
    )
    examples = (
        Example(((2, 7),)),
        Example(((2, 3, 4, 5),)),
        Example(((2, 5, 7),), {"axis": 2}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """The same shape."""
        return call.x if rank_is_at_least(call, call.integer("axis") + 1, argument="axis") else None

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Softmax(dim=1)``."""
        return TorchModule(self.torch_module, (), (("dim", Argument("axis")),))


class Softmax(_Softmax):
    """Exponentials scaled to the sum 1 along an axis: class probabilities. Losses on logits do not want it."""

    name = "softmax"
    torch_module = "nn.Softmax"


class LogSoftmax(_Softmax):
    """The logarithm of softmax, computed without overflow."""

    name = "log_softmax"
    torch_module = "nn.LogSoftmax"
