"""Layers that slide a window over the spatial axes."""

from __future__ import annotations

from archdsl.ir.types import SPATIAL_WORDS
from archdsl.ops.base import Call, Op, Problem, Window
from archdsl.ops.rules import MINUS
from archdsl.ops.window_axis import WindowAxis
from archdsl.ops.window_warnings import window_warnings


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

    def warnings(self, call: Call) -> tuple[Problem, ...]:
        """Pixels that no window sees, windows that see none, shifts by half a pixel."""
        axes = self.axes(call)
        return () if axes is None else window_warnings(call, axes)

    def arithmetic(self, call: Call, axis: int) -> str | None:
        """The textbook formula of a spatial axis."""
        axes = self.axes(call)
        return axes[axis - 2].arithmetic() if axes and axis >= 2 else None


def spatial_words(call: Call) -> tuple[str, ...]:
    """``height`` and ``width``, or what the spatial axes of the input are called at its rank."""
    return SPATIAL_WORDS[call.x.rank]
