"""Transposed convolution over one, two or three spatial axes."""

from __future__ import annotations

from fractions import Fraction

from archdsl.ir.amount import Amount, product
from archdsl.ir.kinds import BOOL, INT, SIZES, Parameter
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Call, Example, Op, Window
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EXTENT, PADDING
from archdsl.ops.memory import INPUTS
from archdsl.ops.rules import (
    MINUS,
    NO_SPACE_TO_CONVOLVE,
    TIMES,
    fixed_channels,
    groups_divide_channels,
    rank_is_one_of,
    term,
)
from archdsl.ops.torch_forms import by_rank, keywords
from archdsl.ops.window import spatial_words
from archdsl.ops.window_axis import WindowAxis


def transposed_size(axis: WindowAxis, extra: int) -> Size:
    """``(n - 1)s - p + k + output_padding``."""
    return axis.size * axis.stride + (axis.extent + extra - axis.padding - axis.stride)


def output_padding_is_below_stride_or_dilation(call: Call, axis: WindowAxis, extra: int) -> bool:
    """The end is only extended where the convolution's floor or the kernel's holes leave a choice."""
    if extra < max(axis.stride, axis.dilation):
        return True
    call.fail(
        "E0307",
        f"`{call.op.name}` needs an output padding below its stride or its dilation",
        argument="output_padding",
        here=f"{axis.word}: output padding {extra}, stride {axis.stride}, dilation {axis.dilation}",
        help="use a smaller output_padding, or a larger kernel",
    )
    return False


def something_is_left(call: Call, axis: WindowAxis, extra: int) -> bool:
    """The padding, which is cut off, leaves at least one place."""
    lacking = 1 + axis.stride + axis.padding - axis.extent - extra
    smallest = -(-lacking // axis.stride)
    if smallest <= 1:
        return True
    sentence = f"`{call.op.name}` needs a {axis.word} of at least {smallest}"
    if call.at_least(axis.size, smallest, sentence, argument="padding"):
        return True
    spread = f"({axis.size} {MINUS} 1){TIMES}{axis.stride} {MINUS} {axis.padding} + {axis.extent} + {extra}"
    call.fail(
        "E0306",
        sentence,
        argument="padding",
        here=f"{axis.word} {spread} < 1: the padding cuts everything off",
        help="use less padding or a larger kernel",
        actual=call.x,
    )
    return False


def _window(axis: WindowAxis) -> Window:
    """Input i is written to the outputs ``i*s - p + d*t`` for the taps t of the kernel.

    So an output sees the inputs that have a tap for it. With them stand the first place that it or any output behind it
    sees, and the last that it or any output before it sees: windows that follow look at neighbours together.
    """
    stride, reach = axis.stride, axis.extent - 1
    seen: list[list[int]] = []
    around = 2 * stride * axis.dilation
    for output in range(-around, stride + around):
        place = output + axis.leading
        candidates = range(-((reach - place) // stride), place // stride + 1)
        seen.append([source for source in candidates if (place - source * stride) % axis.dilation == 0])
    spans = []
    for index in range(around, around + stride):
        behind = [sources[0] for sources in seen[index:] if sources]
        before = [sources[-1] for sources in seen[: index + 1] if sources]
        spans.append((min(behind), max(before)))
    return Window(-(-axis.extent // stride), Fraction(1, stride), 0, tuple(spans))


class ConvTranspose(Op):
    """Transposed convolution: spreads each place over a window and so enlarges; 1-D, 2-D or 3-D by what flows in.

    Each output size is ``(n - 1)s - p + k + output_padding`` with k the dilated kernel and p the padding of
    both sides together, which is cut off here. It is the inverse in shape of a convolution with the same
    numbers; ``output_padding`` picks among the input sizes that the convolution's floor confuses.
    """

    name = "conv_transpose"
    keeps = INPUTS
    parameters = (
        Parameter("channels", INT, constraint=COUNT, doc="channels of the output"),
        Parameter("kernel", SIZES, constraint=EXTENT, doc="size of the window"),
        Parameter("stride", SIZES, 1, EXTENT, "factor by which the value is spread"),
        Parameter("padding", SIZES, 0, PADDING, "places cut off on each side"),
        Parameter("output_padding", SIZES, 0, PADDING, "places added at the end; below the stride or the dilation"),
        Parameter("groups", INT, 1, COUNT, "groups of channels that do not see each other"),
        Parameter("bias", BOOL, True, doc="whether a trained number is added to each channel"),
        Parameter("dilation", SIZES, 1, EXTENT, "distance between the places that the window writes to"),
    )
    examples = (
        Example(((2, 6, 7, 5),), {"channels": 4, "kernel": 2, "stride": 2}),
        Example(
            ((2, 4, 5, 5),), {"channels": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "groups": 2}
        ),
        Example(((2, 3, 9),), {"channels": 2, "kernel": 4, "stride": 3, "padding": 1, "dilation": 2, "bias": False}),
        Example(((2, 3, 3, 4, 5),), {"channels": 2, "kernel": (2, 2, 3), "stride": (2, 2, 1)}),
    )

    def axes(self, call: Call) -> tuple[tuple[WindowAxis, int], ...] | None:
        """The window on each spatial axis and its output padding; None after reporting a wrong number of axes."""
        words = spatial_words(call)
        kernels = call.per_axis("kernel", len(words))
        strides = call.per_axis("stride", len(words))
        dilations = call.per_axis("dilation", len(words))
        paddings = call.per_axis("padding", len(words))
        extras = call.per_axis("output_padding", len(words))
        if kernels is None or strides is None or dilations is None or paddings is None or extras is None:
            return None
        numbers = zip(words, call.x.spatial, kernels, strides, dilations, paddings, extras, strict=True)
        return tuple((WindowAxis(word, n, k, s, d, p, p), extra) for word, n, k, s, d, p, extra in numbers)

    def infer(self, call: Call) -> TensorType | None:
        """``[N, channels, ...]`` with enlarged sizes."""
        if not rank_is_one_of(call, 3, 4, 5, help=NO_SPACE_TO_CONVOLVE):
            return None
        channels = fixed_channels(call)
        if channels is not None:
            groups_divide_channels(call, channels)
        axes = self.axes(call)
        if axes is None:
            return None
        if not all(output_padding_is_below_stride_or_dilation(call, axis, extra) for axis, extra in axes):
            return None
        if not all(something_is_left(call, axis, extra) for axis, extra in axes) or call.problems:
            return None
        sizes = (transposed_size(axis, extra) for axis, extra in axes)
        return TensorType((call.x.shape[0], call.integer("channels"), *sizes))

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """One kernel per input channel over the output channels of its group."""
        kernels = call.per_axis("kernel", call.x.rank - 2)
        assert kernels is not None
        assert isinstance(call.x.channels, int)
        channels = call.integer("channels")
        weight = {"weight": (call.x.channels, channels // call.integer("groups"), *kernels)}
        return weight | {"bias": (channels,)} if call.arguments["bias"] else weight

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Every input place is multiplied with every weight of the kernels once."""
        return product((*call.x.spatial, *self.weights(call)["weight"]))

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """An output place is reached by at most ``ceil(k/s)`` inputs, and the next input is s outputs away."""
        axes = self.axes(call)
        return None if axes is None else tuple(_window(axis) for axis, _ in axes)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """The formula of a spatial axis."""
        axes = self.axes(call)
        if not axes or axis < 2:
            return None
        window, extra = axes[axis - 2]
        spread = f"({term(window.size)} {MINUS} 1){TIMES}{window.stride}"
        tail = f" + {extra}" if extra else ""
        return f"{spread} {MINUS} {window.padding} + {window.extent}{tail} = {transposed_size(window, extra)}"

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.ConvTranspose2d`` and its siblings."""
        return TorchModule(
            by_rank("nn.ConvTranspose", call),
            (InputSize(1), Argument("channels")),
            (
                ("kernel_size", Argument("kernel")),
                *keywords(
                    call,
                    stride="stride",
                    padding="padding",
                    output_padding="output_padding",
                    groups="groups",
                    bias="bias",
                    dilation="dilation",
                ),
            ),
        )
