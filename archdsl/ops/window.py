"""Layers that slide a window over the spatial axes: the geometry of one axis, and its arithmetic as text."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.types import SPATIAL_WORDS, Size
from archdsl.ops.base import Call, Op, Window
from archdsl.ops.rules import MINUS, TIMES, term


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """A window on one spatial axis: its input size and the layer's numbers for that axis."""

    word: str
    size: Size
    kernel: int
    stride: int
    dilation: int
    leading: int
    trailing: int
    ceil: bool = False

    @property
    def extent(self) -> int:
        """The places that the dilated kernel spans, ``d(k-1)+1``."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padding(self) -> int:
        """The padding of both sides together: the textbook's p."""
        return self.leading + self.trailing

    @property
    def kernel_text(self) -> str:
        """The dilated kernel in a message, with its own arithmetic where dilation takes part."""
        if self.dilation == 1:
            return f"kernel {self.kernel}"
        return f"dilated kernel {self.dilation}{TIMES}({self.kernel} {MINUS} 1) + 1 = {self.extent}"

    @property
    def _margin(self) -> int:
        """What is added to n before the division by the stride: ``p - k + s``, or less in ceil mode.

        With ceil, torch counts windows that overhang the end but not those that start in the trailing padding:
        out = min(ceil((n + p - k + s)/s), ceil((n + p_left)/s)), and the smaller sum decides for every n.
        """
        full = self.padding - self.extent + self.stride
        return min(full, self.leading) if self.ceil else full

    @property
    def smallest_input(self) -> int:
        """The smallest size that gives an output; may be below 1."""
        return 1 - self._margin if self.ceil else self.extent - self.padding

    @property
    def output(self) -> Size:
        """``floor((n - k + p + s)/s)``; in ceil mode the ceiling, without windows that start in the padding."""
        rounding = self.stride - 1 if self.ceil else 0
        return (self.size + (self._margin + rounding)) // self.stride

    def arithmetic(self) -> str:
        """The formula of ``output`` with its numbers: ``⌊(56 − 3 + 2 + 2)/2⌋ = 28``."""
        total = f"{term(self.size)} {MINUS} {self.extent} + {self.padding} + {self.stride}"
        if self.ceil and self._margin == self.leading:
            total = f"{term(self.size)} + {self.leading}"
        if self.stride == 1:
            return f"{total} = {self.output}"
        left, right = "⌈⌉" if self.ceil else "⌊⌋"
        return f"{left}({total})/{self.stride}{right} = {self.output}"


def kernel_fits_into_padded_input(call: Call, axis: WindowAxis) -> bool:
    """``n + p >= k`` (in ceil mode ``n + p + s - 1 >= k``): there is at least one window."""
    smallest = axis.smallest_input
    if smallest <= 1:
        return True
    sentence = f"`{call.op.name}` needs a {axis.word} of at least {smallest}"
    if call.at_least(axis.size, smallest, sentence, argument="kernel"):
        return True
    overhang = f" + stride {axis.stride} {MINUS} 1" if axis.ceil else ""
    call.fail(
        "E0301",
        sentence,
        argument="kernel",
        here=f"{axis.word} {axis.size} + padding {axis.padding}{overhang} < {axis.kernel_text}",
        help=f"use a smaller kernel, pad, or keep the {axis.word} larger with fewer strides before this layer",
        actual=call.x,
    )
    return False


class WindowLayer(Op):
    """A layer whose output sizes come from one window per spatial axis."""

    def axes(self, call: Call) -> tuple[WindowAxis, ...] | None:
        """The window on each spatial axis; None after reporting an argument with a wrong number of axes."""
        raise NotImplementedError

    def window(self, call: Call) -> tuple[Window, ...] | None:
        """Extent of the dilated kernel, stride and leading padding of each axis."""
        axes = self.axes(call)
        return None if axes is None else tuple(Window(axis.extent, axis.stride, axis.leading) for axis in axes)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """The textbook formula of a spatial axis."""
        axes = self.axes(call)
        return axes[axis - 2].arithmetic() if axes and axis >= 2 else None


def spatial_words(call: Call) -> tuple[str, ...]:
    """``height`` and ``width``, or what the spatial axes of the input are called at its rank."""
    return SPATIAL_WORDS[call.x.rank]
