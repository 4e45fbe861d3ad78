"""Convolutions, plain and transposed, over one, two or three spatial axes."""

from __future__ import annotations

from math import prod

from archdsl.ir.amount import Amount, product
from archdsl.ir.kinds import BOOL, INT, SIZES, STRING, Parameter, one_of
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Example
from archdsl.ops.form import Argument, InputSize, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EXTENT, PADDING, PADDING_OR_SAME, unless
from archdsl.ops.memory import INPUTS, Kept, Scratch
from archdsl.ops.rules import NO_SPACE_TO_CONVOLVE, fixed, fixed_channels, groups_divide_channels, rank_is_one_of
from archdsl.ops.torch_forms import by_rank, keywords
from archdsl.ops.window import WindowLayer, kernel_fits_into_padded_input, spatial_words
from archdsl.ops.window_axis import WindowAxis


def stride_is_one_for_same(call: Call, strides: tuple[int, ...]) -> None:
    """Padding ``"same"`` keeps every size, which a stride cannot."""
    if call.arguments["padding"] != "same" or all(stride == 1 for stride in strides):
        return
    call.fail(
        "E0308",
        f'`{call.op.name}` with padding="same" needs stride 1',
        argument="stride",
        here=f"stride {max(strides)} makes the output smaller, so it cannot be the same",
        help="give the padding as a number, for example (kernel - 1) / 2",
    )


def padding_mode_can_fill(call: Call, axis: WindowAxis) -> bool:
    """The input has enough places to mirror (``reflect``, p < n) or to repeat (``circular``, p <= n) on each side."""
    mode = call.arguments["padding_mode"]
    widest = max(axis.leading, axis.trailing)
    smallest = {"reflect": widest + 1, "circular": widest}.get(str(mode), 1)
    if smallest <= 1:
        return True
    sentence = f'`{call.op.name}` with padding_mode="{mode}" needs a {axis.word} of at least {smallest}'
    if call.at_least(axis.size, smallest, sentence, argument="padding"):
        return True
    relation = "<=" if mode == "reflect" else "<"
    call.fail(
        "E0307",
        sentence,
        argument="padding",
        here=f"{axis.word} {axis.size} {relation} {widest} places of padding on one side",
        help='use less padding, or padding_mode="zeros"',
        actual=call.x,
    )
    return False


class Conv(WindowLayer):
    """Convolution over the spatial axes; 1-D, 2-D or 3-D by what flows in.

    Each output size is ``floor((n - k + p + s)/s)``: n the input size, k the dilated kernel ``d(k-1)+1``,
    p the padding of both sides together, s the stride. ``padding="same"`` keeps every size (stride 1 only);
    an odd place of padding goes to the end. ``groups=x.channels`` is a depthwise convolution.
    """

    name = "conv"
    role = "conv"
    parameters = (
        Parameter("channels", INT, constraint=COUNT, doc="channels of the output"),
        Parameter("kernel", SIZES, constraint=EXTENT, doc="size of the window"),
        Parameter("stride", SIZES, 1, EXTENT, "step of the window"),
        Parameter(
            "padding",
            PADDING_OR_SAME,
            0,
            unless("same", PADDING),
            'places added on each side, or "same" to keep the size',
        ),
        Parameter("dilation", SIZES, 1, EXTENT, "distance between the places that the window looks at"),
        Parameter("groups", INT, 1, COUNT, "groups of channels that do not see each other"),
        Parameter("bias", BOOL, True, doc="whether a trained number is added to each channel"),
        Parameter(
            "padding_mode",
            STRING,
            "zeros",
            one_of("zeros", "reflect", "replicate", "circular"),
            "what the padding is filled with",
        ),
    )
    examples = (
        Example(((2, 3, 11, 9),), {"channels": 8, "kernel": 3}),
        Example(
            ((2, 4, 12, 12),),
            {"channels": 6, "kernel": (3, 5), "stride": 2, "padding": (1, 2), "groups": 2, "bias": False},
        ),
        Example(((2, 4, 10, 10),), {"channels": 4, "kernel": 4, "padding": "same", "dilation": 2, "groups": 4}),
        Example(((2, 3, 8, 7),), {"channels": 5, "kernel": 3, "padding": 2, "padding_mode": "reflect"}),
        Example(((2, 3, 16),), {"channels": 8, "kernel": 5, "stride": 3, "padding": 2, "padding_mode": "circular"}),
        Example(((2, 2, 5, 6, 7),), {"channels": 4, "kernel": 3, "padding": 1, "stride": (1, 2, 2)}),
    )

    def axes(self, call: Call) -> tuple[WindowAxis, ...] | None:
        """The window on each spatial axis, with the padding that ``"same"`` stands for."""
        words = spatial_words(call)
        kernels = call.per_axis("kernel", len(words))
        strides = call.per_axis("stride", len(words))
        dilations = call.per_axis("dilation", len(words))
        same = call.arguments["padding"] == "same"
        paddings = (0,) * len(words) if same else call.per_axis("padding", len(words))
        if kernels is None or strides is None or dilations is None or paddings is None:
            return None
        axes = []
        for word, n, k, s, d, p in zip(words, call.x.spatial, kernels, strides, dilations, paddings, strict=True):
            total = d * (k - 1) if same else 2 * p
            axes.append(WindowAxis(word, n, k, s, d, total // 2, total - total // 2))
        return tuple(axes)

    def infer(self, call: Call) -> TensorType | None:
        """``[N, channels, ...]`` with the textbook's sizes."""
        if not rank_is_one_of(call, 3, 4, 5, help=NO_SPACE_TO_CONVOLVE):
            return None
        channels = fixed_channels(call)
        if channels is None:
            return None
        groups_divide_channels(call, channels)
        axes = self.axes(call)
        if axes is None:
            return None
        stride_is_one_for_same(call, tuple(axis.stride for axis in axes))
        if not all(padding_mode_can_fill(call, axis) and kernel_fits_into_padded_input(call, axis) for axis in axes):
            return None
        if call.problems:
            return None
        return TensorType((call.x.shape[0], call.integer("channels"), *(axis.output for axis in axes)))

    def weights(self, call: Call) -> dict[str, tuple[int, ...]]:
        """One kernel per output channel over the input channels of its group."""
        kernels = call.per_axis("kernel", call.x.rank - 2)
        assert kernels is not None
        assert isinstance(call.x.channels, int)
        channels = call.integer("channels")
        weight = {"weight": (channels, call.x.channels // call.integer("groups"), *kernels)}
        return weight | {"bias": (channels,)} if call.arguments["bias"] else weight

    def macs(self, call: Call, output: TensorType) -> Amount:
        """Every output place applies every weight of the kernels once."""
        return product((*output.spatial, *self.weights(call)["weight"]))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input; where torch makes a padded copy first, that copy (and what the padding itself keeps)."""
        padded = self._padded(call)
        if padded is None:
            return INPUTS
        return Kept(trained_inputs=call.arguments["padding_mode"] in ("reflect", "replicate"), values=padded)

    def scratch(self, call: Call, output: TensorType) -> Scratch:
        """The padded copy."""
        return Scratch(values=self._padded(call) or 0)

    def _padded(self, call: Call) -> int | None:
        """The values of the copy that torch pads by itself; None where the convolution pads as it goes."""
        axes = self.axes(call)
        assert axes is not None
        if call.arguments["padding_mode"] != "zeros":
            borders = [axis.padding for axis in axes]
        else:
            borders = [axis.trailing - axis.leading for axis in axes]
            if not any(borders):
                return None
        sizes = [size + border for size, border in zip(fixed(call.x.spatial), borders, strict=True)]
        return prod(fixed(call.x.shape[:2])) * prod(sizes)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Conv2d`` and its siblings."""
        return TorchModule(
            by_rank("nn.Conv", call),
            (InputSize(1), Argument("channels")),
            (
                ("kernel_size", Argument("kernel")),
                *keywords(
                    call,
                    stride="stride",
                    padding="padding",
                    dilation="dilation",
                    groups="groups",
                    bias="bias",
                    padding_mode="padding_mode",
                ),
            ),
        )
