"""The layers of LeNet-5 as it was in 1998 that nobody builds any more (LeCun, Bottou, Bengio and Haffner)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.ir.expr import BuiltinCall, Const, Expr
from archdsl.ir.kinds import INT, Constraint, Parameter, list_of
from archdsl.ir.terms import NOWHERE
from archdsl.ir.types import Size, TensorType
from archdsl.ops.activation import _Activation
from archdsl.ops.base import Call, Example, Op, Window
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EXTENT
from archdsl.ops.memory import Kept, Scratch
from archdsl.ops.rules import MINUS, axis_word, fixed, fixed_channels, fixed_size, rank_is_one_of, term, volume

Table = tuple[tuple[int, ...], ...]

TABLE = list_of(list_of(INT))
EVERY_MAP_READS = Constraint(
    "for every map at least one channel, each once and none below 0",
    lambda value: bool(value) and all(row and min(row) >= 0 and len(set(row)) == len(row) for row in value),  # type: ignore[attr-defined]
)


def kernel_fits(call: Call, kernel: int) -> bool:
    """A square kernel without padding finds its place."""
    for axis, size in enumerate(call.x.spatial, start=2):
        word = axis_word(call.x, axis)
        sentence = f"`{call.op.name}` needs a {word} of at least {kernel}"
        if call.at_least(size, kernel, sentence, argument="kernel"):
            continue
        here = f"the kernel covers {kernel}, the {word} is {size}"
        call.fail("E0301", sentence, argument="kernel", here=here, help="use a smaller kernel", actual=call.x)
        return False
    return True


class ScaledTanh(_Activation):
    """LeNet-5's squashing function, ``1.7159 * tanh(2/3 * x)``: it takes 1 to 1 and -1 to -1."""

    name = "scaled_tanh"
    torch_module = "ScaledTanh"
    definition = '''
class ScaledTanh(nn.Module):
    """The squashing function of LeNet-5."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)
'''

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The tangent before it is scaled."""
        return Kept(values=volume(output))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The scaled input, or the tangent."""
        return Scratch(volume(output))


class Subsample(Op):
    """The sum of each window, times a coefficient and plus an offset, both trained for each channel.

    The windows do not overlap; what is left over at the end is dropped. LeNet-5 has it where later networks pool.
    """

    name = "subsample"
    parameters = (Parameter("kernel", INT, constraint=EXTENT, doc="places of a window on each axis, and its stride"),)
    examples = (Example(((2, 6, 28, 28),), {"kernel": 2}), Example(((2, 3, 7, 9),), {"kernel": 3}))
    definition = '''
class Subsample(nn.Module):
    """The sum of each window, scaled and shifted for each channel."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.weight = nn.Parameter(torch.full((channels,), kernel_size**-2.0))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.avg_pool2d(x, self.kernel_size, divisor_override=1)
        return x * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)
'''

    def infer(self, call: Call) -> TensorType | None:
        """Every spatial size divided by the kernel, rounded down."""
        if not rank_is_one_of(call, 4) or fixed_channels(call) is None or not kernel_fits(call, call.integer("kernel")):
            return None
        return TensorType((*call.x.shape[:2], *(size // call.integer("kernel") for size in call.x.spatial)))

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """One coefficient and one offset for each channel."""
        (channels,) = fixed((call.x.channels,))
        return {"weight": (channels,), "bias": (channels,)}

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The windows' sums, and the input that they were made of."""
        return Kept(inputs=True, values=volume(output))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The sums and the products."""
        return Scratch(2 * volume(output))

    def window(self, call: Call) -> tuple[Window, ...]:
        """The kernel, its stride as large."""
        kernel = call.integer("kernel")
        return (Window(kernel, kernel),) * 2

    def to_torch(self, call: Call) -> TorchForm:
        """``Subsample``, a class that the generated file holds."""
        return TorchModule("Subsample", (InputSize(1), Argument("kernel")))


class TableConv(Op):
    """A convolution whose every output channel reads some input channels only, as a table says.

    ``maps`` lists for each output channel the input channels that it reads; LeNet-5's table is the paper's table I.
    """

    name = "table_conv"
    role = "conv"
    parameters = (
        Parameter("maps", TABLE, constraint=EVERY_MAP_READS, doc="for each output channel the channels it reads"),
        Parameter("kernel", INT, constraint=EXTENT, doc="places of the kernel on each axis"),
    )
    examples = (
        Example(((2, 3, 8, 9),), {"maps": ((0, 1), (1, 2), (0, 1, 2), (2,)), "kernel": 3}),
        Example(((2, 2, 5, 5),), {"maps": ((1,),), "kernel": 5}),
    )
    definition = '''
class TableConv2d(nn.Module):
    """A convolution whose output channels each read some of the input channels."""

    def __init__(
        self,
        maps: list[list[int]] | tuple[tuple[int, ...], ...],
        kernel_size: int,
    ) -> None:
        super().__init__()
        pairs = [(read, made) for made, reads in enumerate(maps) for read in reads]
        self.reads = [read for read, _ in pairs]
        self.makes = [made for _, made in pairs]
        self.weight = nn.Parameter(torch.empty(len(pairs), 1, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(maps)))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        parts = nn.functional.conv2d(x[:, self.reads], self.weight, groups=len(self.reads))
        out = self.bias.view(1, -1, 1, 1).repeat(len(x), 1, *parts.shape[2:])
        return out.index_add_(1, torch.tensor(self.makes, device=x.device), parts)
'''

    def infer(self, call: Call) -> TensorType | None:
        """As a convolution with stride 1 and no padding."""
        channels = fixed_channels(call) if rank_is_one_of(call, 4) else None
        if channels is None or not kernel_fits(call, call.integer("kernel")):
            return None
        last = max(max(row) for row in self.maps(call))
        if last >= channels:
            message = f"`table_conv` needs {last + 1} input channels"
            here = f"the table reads channel {last}; {call.x} has {channels}, numbered from 0"
            call.fail("E0303", message, argument="maps", here=here, actual=call.x)
            return None
        sizes = (size - (call.integer("kernel") - 1) for size in call.x.spatial)
        return TensorType((call.x.shape[0], len(self.maps(call)), *sizes))

    def maps(self, call: Call) -> Table:
        """The table."""
        found = call.arguments["maps"]
        assert isinstance(found, tuple)
        return found

    def connections(self, call: Call) -> int:
        """How many kernels there are."""
        return sum(len(row) for row in self.maps(call))

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """As many as the table has rows."""
        maps = arguments["maps"]
        if isinstance(maps, Const):
            assert isinstance(maps.value, tuple)
            return Const(len(maps.value), NOWHERE)
        return BuiltinCall("len", (maps,), NOWHERE)

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """A kernel for each pair that is connected, an offset for each output channel."""
        kernel = call.integer("kernel")
        return {"weight": (self.connections(call), 1, kernel, kernel), "bias": (len(self.maps(call)),)}

    def macs(self, call: Call, output: TensorType) -> int:
        """The kernel's places for each pair that is connected, at every place of the output."""
        height, width = fixed(output.spatial)
        return self.connections(call) * call.integer("kernel") ** 2 * height * width

    def gathered(self, call: Call, output: TensorType) -> tuple[int, int]:
        """The values of the channels gathered for each pair, and of what the kernels make of them."""
        pairs = self.connections(call)
        per_channel = volume(call.x) // fixed((call.x.channels,))[0]
        return per_channel * pairs, volume(output) // len(self.maps(call)) * pairs

    def kept(self, call: Call, output: TensorType) -> Kept:
        """Both, and the places of the pairs on either side."""
        return Kept(values=sum(self.gathered(call, output)), indices=2 * self.connections(call))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """Both; the output comes when the gathered channels are gone."""
        return Scratch(sum(self.gathered(call, output)) - volume(output))

    def window(self, call: Call) -> tuple[Window, ...]:
        """The kernel."""
        return (Window(call.integer("kernel"), 1),) * 2

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``14 - 5 + 1 = 10``."""
        if axis < 2:
            return None
        size: Size = call.x.shape[axis]
        kernel = call.integer("kernel")
        return f"{term(size)} {MINUS} {kernel} + 1 = {size - (kernel - 1)}"

    def to_torch(self, call: Call) -> TorchForm:
        """``TableConv2d``, a class that the generated file holds."""
        return TorchModule("TableConv2d", (Argument("maps"),), (("kernel_size", Argument("kernel")),))


class Rbf(Op):
    """Gaussian radial basis functions: the squared distance to a centre for each class; the smallest is the answer.

    The centres are no weights: the paper fixed them by hand, as 7 x 12 pictures of the characters in -1 and +1. They
    are a buffer, drawn at random until it is loaded.
    """

    name = "rbf"
    parameters = (Parameter("features", INT, constraint=COUNT, doc="centres, one for each class"),)
    examples = (Example(((2, 84),), {"features": 10}), Example(((2, 3),), {"features": 1}))
    definition = '''
class RBF(nn.Module):
    """The squared distance to the centre of each class."""

    centres: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        centres = torch.randint(2, (out_features, in_features)) * 2.0 - 1
        self.register_buffer("centres", centres)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(1) - self.centres).square().sum(2)
'''

    def infer(self, call: Call) -> TensorType | None:
        """One distance for each centre."""
        if not rank_is_one_of(call, 2) or fixed_size(call, 1, help="give the input a fixed size") is None:
            return None
        return TensorType((call.x.shape[0], call.integer("features")))

    def buffers(self, call: Call) -> dict[str, tuple[int, ...]]:
        """The centres."""
        (size,) = fixed(call.x.shape[1:])
        return {"centres": (call.integer("features"), size)}

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The differences on each axis."""
        return Kept(values=volume(call.x) * call.integer("features"))

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The differences and their squares."""
        return Scratch(2 * volume(call.x) * call.integer("features") - volume(output))

    def to_torch(self, call: Call) -> TorchForm:
        """``RBF``, a class that the generated file holds."""
        return TorchModule("RBF", (InputSize(1), Argument("features")))
