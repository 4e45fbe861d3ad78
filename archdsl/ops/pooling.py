"""Pools: the largest or the mean value of each window, of given windows or of a given number of them."""

from __future__ import annotations

from math import gcd
from typing import ClassVar

from archdsl.ir.kinds import BOOL, SIZES, Parameter
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Call, Example, Op, Problem, Window
from archdsl.ops.form import Argument, Literal, TorchForm, TorchModule
from archdsl.ops.limits import COUNT, EXTENT, PADDING, unless
from archdsl.ops.memory import INPUTS, NOTHING, Kept, Scratch
from archdsl.ops.rules import NO_SPACE_TO_POOL, rank_is_one_of, volume
from archdsl.ops.torch_forms import by_rank, keywords
from archdsl.ops.window import WindowLayer, kernel_fits_into_padded_input, spatial_words
from archdsl.ops.window_axis import WindowAxis

KERNEL = Parameter("kernel", SIZES, constraint=EXTENT, doc="size of the window")
STRIDE = Parameter("stride", SIZES, None, unless(None, EXTENT), "step of the window; the kernel where it is left out")
PADDED = Parameter("padding", SIZES, 0, PADDING, "places added on each side, at most half the kernel")
CEIL = Parameter("ceil", BOOL, False, doc="whether a last window may overhang the end")


def padding_is_at_most_half_the_kernel(call: Call, axis: WindowAxis) -> bool:
    """No window lies in the padding alone; torch compares with the plain kernel, dilation does not count."""
    half = axis.kernel // 2
    if axis.leading <= half:
        return True
    call.fail(
        "E0307",
        f"`{call.op.name}` needs a padding of at most half its kernel",
        argument="padding",
        here=f"{axis.word}: padding {axis.leading} > \u230a{axis.kernel}/2\u230b = {half}",
        help=f"use padding={half} or less; a wider border is a `zero_pad` step",
    )
    return False


def volume_holds_the_kernel(call: Call, axis: WindowAxis) -> bool:
    """torch's mean over volumes compares the kernel with the input alone, however much padding there is."""
    sentence = f"`{call.op.name}` of a volume needs a {axis.word} of at least {axis.kernel}"
    if axis.kernel == 1 or call.at_least(axis.size, axis.kernel, sentence, argument="kernel"):
        return True
    call.fail(
        "E0301",
        sentence,
        argument="kernel",
        here=f"{axis.word} {axis.size} < kernel {axis.kernel}; for volumes torch does not count padding here",
        help="use a smaller kernel, or a `zero_pad` step instead of padding",
        actual=call.x,
    )
    return False


def every_window_sees_the_input(call: Call, axis: WindowAxis) -> bool:
    """No dilated window steps over the whole input from the padding before it to the padding behind it.

    The window that starts at place -p first meets the input at place -p mod d, which has to exist. Where it does not,
    torch gives minus infinity and, in training, writes outside of its memory. Padding is at most half of the kernel:
    only windows of two places, padded by one, can step over an input into which they fit, and one of them begins there.
    """
    smallest = 1 + -axis.leading % axis.dilation
    if smallest == 1:
        return True
    sentence = f"`{call.op.name}` with this padding and dilation needs a {axis.word} of at least {smallest}"
    if call.at_least(axis.size, smallest, sentence, argument="dilation"):
        return True
    call.fail(
        "E0307",
        sentence,
        argument="dilation",
        here=f"from the padding, steps of {axis.dilation} lead over the whole {axis.word} {axis.size}: nothing is seen",
        help="use less padding or less dilation",
        actual=call.x,
    )
    return False


def kept_with_maxima(op: Op, call: Call, output: TensorType) -> Kept:
    """The input, and where in it each maximum lies."""
    return Kept(inputs=True, indices=volume(output))


def maxima_found(op: Op, call: Call, output: TensorType) -> Scratch:
    """torch notes where the maxima lie in inference as well."""
    return Scratch(indices=volume(output))


class _WindowPool(WindowLayer):
    """What max and average pools share."""

    torch_stem: ClassVar[str]

    def axes(self, call: Call) -> tuple[WindowAxis, ...] | None:
        """The window on each spatial axis; without a stride it steps by its own kernel."""
        words = spatial_words(call)
        kernels = call.per_axis("kernel", len(words))
        strides = kernels if call.arguments["stride"] is None else call.per_axis("stride", len(words))
        paddings = call.per_axis("padding", len(words))
        dilations = call.per_axis("dilation", len(words)) if "dilation" in call.arguments else (1,) * len(words)
        if kernels is None or strides is None or paddings is None or dilations is None:
            return None
        ceil = call.arguments["ceil"] is True
        numbers = zip(words, call.x.spatial, kernels, strides, dilations, paddings, strict=True)
        return tuple(WindowAxis(word, n, k, s, d, p, p, ceil) for word, n, k, s, d, p in numbers)

    def kernel_fits(self, call: Call, axis: WindowAxis) -> bool:
        """There is at least one window on an axis; what a kind of pool asks for besides."""
        raise NotImplementedError

    def infer(self, call: Call) -> TensorType | None:
        """The same channels, and one value per window."""
        if not rank_is_one_of(call, 3, 4, 5, help=NO_SPACE_TO_POOL):
            return None
        axes = self.axes(call)
        if axes is None or not all(padding_is_at_most_half_the_kernel(call, axis) for axis in axes):
            return None
        if not all(self.kernel_fits(call, axis) for axis in axes):
            return None
        return TensorType((*call.x.shape[:2], *(axis.output for axis in axes)))

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.MaxPool2d`` and its siblings; a stride equal to the kernel is torch's default as well."""
        axes = self.axes(call)
        assert axes is not None
        steps_by_kernel = all(axis.stride == axis.kernel for axis in axes)
        names = {
            "padding": "padding",
            "dilation": "dilation",
            "ceil_mode": "ceil",
            "count_include_pad": "count_include_pad",
        }
        rest = {torch_name: name for torch_name, name in names.items() if name in call.arguments}
        stride = {} if steps_by_kernel else {"stride": "stride"}
        kernel = ("kernel_size", Argument("kernel"))
        return TorchModule(by_rank(self.torch_stem, call), (), (kernel, *keywords(call, **stride, **rest)))


class MaxPool(_WindowPool):
    """The largest value of each window, per channel; 1-D, 2-D or 3-D by what flows in.

    Sizes as for ``conv``; the stride is the kernel where it is left out. With ``ceil=true`` a last window may
    overhang the end, but none starts in the padding behind it. Stricter than torch where a dilated window would see
    nothing but padding: its maximum is minus infinity.
    """

    name = "max_pool"
    role = "maxpool"
    kept, scratch = kept_with_maxima, maxima_found
    torch_stem = "nn.MaxPool"
    parameters = (
        KERNEL,
        STRIDE,
        PADDED,
        Parameter("dilation", SIZES, 1, EXTENT, "distance between the places that the window looks at"),
        CEIL,
    )
    examples = (
        Example(((2, 3, 8, 9),), {"kernel": 2}),
        Example(((2, 3, 11, 12),), {"kernel": 3, "stride": 2, "padding": 1}),
        Example(((2, 3, 10, 7),), {"kernel": (3, 2), "stride": (2, 3), "dilation": (2, 1), "ceil": True}),
        Example(((2, 3, 15),), {"kernel": 3, "stride": 2, "ceil": True}),
        Example(((2, 2, 6, 6, 7),), {"kernel": 2, "stride": 2, "padding": 1}),
    )

    def kernel_fits(self, call: Call, axis: WindowAxis) -> bool:
        """There is at least one window, and each looks at the input somewhere."""
        return kernel_fits_into_padded_input(call, axis) and every_window_sees_the_input(call, axis)


class AvgPool(_WindowPool):
    """The mean of each window, per channel; 1-D, 2-D or 3-D by what flows in.

    Sizes as for ``max_pool``. With ``count_include_pad=false`` the zeros of the padding do not count in the mean.
    """

    name = "avg_pool"
    role = "avgpool"
    keeps = INPUTS
    torch_stem = "nn.AvgPool"
    parameters = (
        KERNEL,
        STRIDE,
        PADDED,
        CEIL,
        Parameter("count_include_pad", BOOL, True, doc="whether zeros of the padding count in the mean"),
    )
    examples = (
        Example(((2, 3, 8, 9),), {"kernel": 2}),
        Example(((2, 3, 11, 12),), {"kernel": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
        Example(((2, 3, 15),), {"kernel": 4, "stride": 3, "padding": 2, "ceil": True}),
        Example(((2, 2, 6, 6, 7),), {"kernel": (2, 3, 2), "stride": 2}),
    )

    def kernel_fits(self, call: Call, axis: WindowAxis) -> bool:
        """There is at least one window; in a volume, one that needs no padding."""
        fits = kernel_fits_into_padded_input(call, axis)
        return fits and (call.x.rank < 5 or volume_holds_the_kernel(call, axis))


class _AdaptivePool(Op):
    """Pools that are told how many windows to make rather than how large they are."""

    forgets_sizes = True
    torch_stem: ClassVar[str]

    def sizes(self, call: Call) -> tuple[int, ...] | None:
        """The number of windows per spatial axis; None after reporting a wrong number of axes."""
        return call.per_axis("size", call.x.rank - 2)

    def infer(self, call: Call) -> TensorType | None:
        """The same channels, and the given sizes."""
        if not rank_is_one_of(call, 3, 4, 5, help=NO_SPACE_TO_POOL):
            return None
        sizes = self.sizes(call)
        return None if sizes is None else TensorType((*call.x.shape[:2], *sizes))

    def warnings(self, call: Call) -> tuple[Problem, ...]:
        """More windows than places: neighbouring ones see the same values, so the output repeats them."""
        sizes = self.sizes(call)
        words = spatial_words(call)
        for word, n, size in zip(words, call.x.spatial, sizes or (), strict=True):
            if isinstance(n, int) and n < size:
                here = f"{word} {n} < {size}: values are repeated, nothing is pooled"
                help = f"use a size of at most {n}, or `upsample` if it is meant"
                return (Problem("W0322", f"`{self.name}` makes its input larger", "size", here, help),)
        return ()

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """The largest of the windows; they start at ``floor(i*n/size)``, so neighbours are about ``n/size`` apart."""
        sizes = self.sizes(call)
        assert sizes is not None
        return tuple(adaptive_window(n, size) for n, size in zip(call.x.spatial, sizes, strict=True))

    def kept(self, call: Call, output: TensorType) -> Kept:
        """The input; a mean of everything needs none of its values."""
        return NOTHING if all(size == 1 for size in output.spatial) else INPUTS

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.AdaptiveAvgPool2d(7)``: the size is the module's one argument."""
        return TorchModule(by_rank(self.torch_stem, call), (Argument("size"),))


def adaptive_window(n: Size, size: int) -> Window:
    """The largest window ``[floor(i*n/size), ceil((i+1)*n/size))``; for an open n at most that large.

    The start of a window falls short of i*n/size by f/size, where f runs through the multiples of gcd(n, size):
    the longest has ``ceil((n + size - gcd)/size)`` places.
    """
    if size == 1:
        return Window(n, n)
    if isinstance(n, int):
        return Window((n + 2 * size - gcd(n, size) - 1) // size, max(1, n // size))
    return Window((n + (2 * size - 2)) // size, n // size)


class AdaptiveAvgPool(_AdaptivePool):
    """The means of as many windows as wanted, per channel: any input becomes ``[N, C, size, size]``."""

    name = "adaptive_avg_pool"
    role = "avgpool"
    torch_stem = "nn.AdaptiveAvgPool"
    parameters = (Parameter("size", SIZES, constraint=COUNT, doc="size of the output"),)
    examples = (
        Example(((2, 3, 9, 13),), {"size": 7}),
        Example(((2, 3, 9, 13),), {"size": (4, 20)}),
        Example(((2, 3, 11),), {"size": 3}),
        Example(((2, 3, 4, 5, 6),), {"size": (1, 2, 3)}),
    )


class AdaptiveMaxPool(_AdaptivePool):
    """The largest values of as many windows as wanted, per channel: any input becomes ``[N, C, size, size]``."""

    name = "adaptive_max_pool"
    role = "maxpool"
    kept, scratch = kept_with_maxima, maxima_found
    torch_stem = "nn.AdaptiveMaxPool"
    parameters = AdaptiveAvgPool.parameters
    examples = AdaptiveAvgPool.examples


class GlobalAvgPool(_AdaptivePool):
    """The mean of each channel: any input becomes ``[N, C, 1, 1]`` (Lin, Chen and Yan, Network in Network, 2014)."""

    name = "global_avg_pool"
    role = "avgpool"
    torch_stem = "nn.AdaptiveAvgPool"
    examples = (
        Example(((2, 3, 7, 9),)),
        Example(((2, 5, 1, 1),)),
        Example(((2, 3, 11),)),
        Example(((2, 3, 4, 5, 6),)),
    )

    def sizes(self, call: Call) -> tuple[int, ...] | None:
        """One window per axis."""
        return (1,) * (call.x.rank - 2)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.AdaptiveAvgPool2d(1)``."""
        return TorchModule(by_rank(self.torch_stem, call), (Literal(1),))
