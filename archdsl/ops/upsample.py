"""Larger and smaller maps without a kernel: interpolation, and pixels traded for channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

from archdsl.ir.expr import Expr
from archdsl.ir.kinds import FLOAT, INT, STRING, Constraint, Parameter, one_of
from archdsl.ir.terms import over, power, times
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Call, Example, Op, Window
from archdsl.ops.form import Argument, TorchForm, TorchModule
from archdsl.ops.limits import EXTENT, LONGEST_PERIOD, WINDOW_LIMIT
from archdsl.ops.memory import NOTHING
from archdsl.ops.rules import TIMES, axis_word, channels_are_divisible, rank_is_one_of, size_is_divisible, term
from archdsl.ops.torch_forms import keywords

SCALE = Constraint(
    f"greater than 0 and at most {WINDOW_LIMIT:,}",
    lambda value: isinstance(value, int | float) and 0 < value <= WINDOW_LIMIT,
)
FACTOR = Parameter(
    "factor", INT, constraint=EXTENT, doc="pixels per side that one pixel becomes, or the other way round"
)


class Upsample(Op):
    """Enlarges an image by a factor, by repetition (nearest) or by linear interpolation (bilinear).

    A size becomes ``floor(n * scale)``, computed in double precision as torch does; factors such as 1.5 or 0.25 are
    taken. An open size needs a factor whose denominator is a power of two up to 4,096, for then the product is exact.
    ``nearest`` works on volumes too. Stricter than torch, which also takes rank 3 and then scales one axis only:
    that is what happens to an image whose batch or channel axis is missing.
    """

    name = "upsample"
    keeps = NOTHING
    parameters = (
        Parameter("scale", FLOAT, constraint=SCALE, doc="factor of every spatial axis"),
        Parameter("mode", STRING, "nearest", one_of("nearest", "bilinear"), "how values between pixels are made"),
    )
    examples = (
        Example(((2, 3, 4, 5),), {"scale": 2}),
        Example(((2, 3, 4, 5),), {"scale": 3, "mode": "bilinear"}),
        Example(((2, 3, 4, 5),), {"scale": 1.5}),
        Example(((2, 3, 2, 3, 4),), {"scale": 2}),
    )

    def infer(self, call: Call) -> TensorType | None:
        """Every spatial size times the scale, rounded down."""
        ranks = (4,) if call.arguments["mode"] == "bilinear" else (4, 5)
        if not rank_is_one_of(
            call, *ranks, help="an image needs its batch and channel axes; sequences grow by `conv_transpose`"
        ):
            return None
        scale = _scale(call)
        sizes: list[Size] = []
        for axis in range(2, call.x.rank):
            size = self._scaled(call, axis, scale)
            if size is None:
                return None
            sizes.append(size)
        return TensorType((*call.x.shape[:2], *sizes))

    def _scaled(self, call: Call, axis: int, scale: int | float) -> Size | None:
        """The size of an axis times the scale; None after a report."""
        size = call.x.shape[axis]
        if isinstance(scale, int):
            return size * scale
        exact = Fraction(scale)
        if not isinstance(size, int) and not _is_exact(exact):
            call.fail(
                "E0305",
                "`upsample` cannot follow an open size with this scale",
                argument="scale",
                here=f"{size} times {scale} is rounded in torch",
                help="use a scale such as 2, 1.5 or 0.25, or fix the size of the input",
                actual=call.x,
            )
            return None
        scaled = scaled_size(size, scale)
        word, smallest = axis_word(call.x, axis), _smallest(scale)
        sentence = f"`upsample` needs a {word} of at least {smallest}"
        if call.at_least(scaled, 1, sentence, argument="scale"):
            return scaled
        here = f"{word} {size} times {scale} is less than one pixel"
        call.fail("E0306", sentence, argument="scale", here=here, help="use a larger scale", actual=call.x)
        return None

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """One place, or the two neighbours that are interpolated; the next place is ``scale`` outputs away."""
        scale = Fraction(_scale(call))
        if call.arguments["mode"] != "bilinear" or scale.numerator > LONGEST_PERIOD:
            return (Window(2 if call.arguments["mode"] == "bilinear" else 1, 1 / scale),) * len(call.x.spatial)
        middles = [(output + Fraction(1, 2)) / scale - Fraction(1, 2) for output in range(scale.numerator)]
        spans = tuple((floor(middle), ceil(middle)) for middle in middles)
        return (Window(2, 1 / scale, 0, spans),) * len(call.x.spatial)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``28·2 = 56``, ``⌊7·1.5⌋ = 10``."""
        size, scale = call.x.shape[axis], _scale(call)
        if axis < 2:
            return None
        product = f"{term(size)}{TIMES}{scale}"
        return f"{product if Fraction(scale).denominator == 1 else f'⌊{product}⌋'} = {scaled_size(size, scale)}"

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.Upsample(scale_factor=2)``."""
        return TorchModule("nn.Upsample", (), (("scale_factor", Argument("scale")), *keywords(call, mode="mode")))


def _scale(call: Call) -> int | float:
    scale = call.arguments["scale"]
    assert isinstance(scale, int | float)
    return scale


def _smallest(scale: int | float) -> int:
    """The smallest size of which something is left; the one below ``1 / scale`` where its product is rounded to 1."""
    enough = ceil(1 / Fraction(scale))
    return enough - 1 if scaled_size(enough - 1, scale) else enough


def _is_exact(scale: Fraction) -> bool:
    """Whether n * scale is computed without rounding for every size of an axis, and stays a simple function of n.

    The scale is at most 2^12 and then its numerator 2^24, as is n: no product needs more than a double's 53 bits.
    """
    return scale.denominator <= WINDOW_LIMIT


def scaled_size(size: Size, scale: int | float) -> Size:
    """``floor(n * scale)``; of a number as torch computes it, in double precision (49 * (1/49) gives 0)."""
    if isinstance(size, int):
        return int(float(size) * float(scale))
    exact = Fraction(scale)
    return size * exact.numerator // exact.denominator


class PixelShuffle(Op):
    """Trades channels for pixels: ``[N, C, H, W]`` to ``[N, C/r^2, r*H, r*W]`` (Shi et al., 2016).

    Images only: in a volume torch would take the depth for the channels.
    """

    name = "pixel_shuffle"
    keeps = NOTHING
    parameters = (FACTOR,)
    examples = (Example(((2, 8, 3, 4),), {"factor": 2}), Example(((2, 9, 1, 2),), {"factor": 3}))

    def infer(self, call: Call) -> TensorType | None:
        """r^2 channels become r x r pixels."""
        if not rank_is_one_of(call, 4):
            return None
        factor, (batch, channels, height, width) = call.integer("factor"), call.x.shape
        if not channels_are_divisible(call, factor * factor, channels, argument="factor"):
            return None
        return TensorType((batch, channels // (factor * factor), height * factor, width * factor))

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """``channels // factor**2``."""
        return over(incoming[1], power(arguments["factor"], 2)) if incoming[1] is not None else None

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """One place; the next is ``factor`` outputs away."""
        return (Window(1, Fraction(1, call.integer("factor"))),) * 2

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``28·2 = 56``, and ``64/4 = 16`` for the channels."""
        factor = call.integer("factor")
        if axis == 1:
            return _over(call.x.channels, factor * factor)
        return None if axis == 0 else _times(call.x.shape[axis], factor)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.PixelShuffle``."""
        return TorchModule("nn.PixelShuffle", (Argument("factor"),))


class PixelUnshuffle(Op):
    """Trades pixels for channels: ``[N, C, H, W]`` to ``[N, C*r^2, H/r, W/r]``; the inverse of ``pixel_shuffle``."""

    name = "pixel_unshuffle"
    keeps = NOTHING
    parameters = (FACTOR,)
    examples = (Example(((2, 3, 6, 4),), {"factor": 2}), Example(((2, 1, 3, 6),), {"factor": 3}))

    def infer(self, call: Call) -> TensorType | None:
        """r x r pixels become r^2 channels."""
        if not rank_is_one_of(call, 4):
            return None
        factor, (batch, channels, height, width) = call.integer("factor"), call.x.shape
        if not all(size_is_divisible(call, axis, factor, argument="factor") for axis in (2, 3)):
            return None
        return TensorType((batch, channels * (factor * factor), height // factor, width // factor))

    def channels(self, x: TensorType, incoming: Sequence[Expr | None], arguments: Mapping[str, Expr]) -> Expr | None:
        """``channels * factor**2``."""
        return times(incoming[1], power(arguments["factor"], 2)) if incoming[1] is not None else None

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """The ``factor`` places that one place was made of."""
        factor = call.integer("factor")
        return (Window(factor, factor),) * 2

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """``56/2 = 28``, and ``16·4 = 64`` for the channels."""
        factor = call.integer("factor")
        if axis == 1:
            return _times(call.x.channels, factor * factor)
        return None if axis == 0 else _over(call.x.shape[axis], factor)

    def to_torch(self, call: Call) -> TorchForm:
        """``nn.PixelUnshuffle``."""
        return TorchModule("nn.PixelUnshuffle", (Argument("factor"),))


def _times(size: Size, factor: int) -> str:
    return f"{term(size)}{TIMES}{factor} = {size * factor}"


def _over(size: Size, divisor: int) -> str:
    return f"{term(size)}/{divisor} = {size // divisor}"
