"""What windows do that torch runs and hardly anybody means; certain by fixed sizes alone.

Nothing is said where a size is open. A kernel of one place with a stride is left in peace: that is how shortcuts
of residual networks halve an image (He et al., 2016).
"""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.ops.base import Call, Problem
from archdsl.ops.rules import MINUS, TIMES
from archdsl.ops.window_axis import WindowAxis


def window_warnings(call: Call, axes: Sequence[WindowAxis]) -> tuple[Problem, ...]:
    """The warnings of one layer, each for the first axis that it is true of."""
    over_one_pixel = _over_one_pixel(call, axes)
    if over_one_pixel is not None:
        return (over_one_pixel,)
    checks = (_skips, _drops, _overhangs, _pads_too_much, _shifts)
    found = (next((problem for axis in axes if (problem := check(call, axis))), None) for check in checks)
    return tuple(problem for problem in found if problem is not None)


def _over_one_pixel(call: Call, axes: Sequence[WindowAxis]) -> Problem | None:
    """Of a map of one pixel, only the middle of the window ever meets anything but padding."""
    widest = max(axis.kernel for axis in axes)
    if widest == 1 or any(axis.size != 1 for axis in axes):
        return None
    here = f"in {call.x} all places of the window but one lie on padding"
    help = "use `kernel=1`, or look at the image before it is pooled to one pixel"
    return Problem("W0325", f"`{call.op.name}` slides a window over a map of one pixel", "kernel", here, help)


def _skips(call: Call, axis: WindowAxis) -> Problem | None:
    if axis.kernel == 1 or axis.stride <= axis.extent or axis.size == 1:
        return None
    skipped, rows = axis.stride - axis.extent, _lines(axis.word)
    here = (
        f"{axis.word}: stride {axis.stride} > {axis.kernel_text}, so {skipped} of {axis.stride} {rows} are never seen"
    )
    message = f"`{call.op.name}` skips pixels between its windows"
    return Problem("W0320", message, "stride", here, f"use a stride of at most {axis.extent}")


def _drops(call: Call, axis: WindowAxis) -> Problem | None:
    """The last window ends before the image does."""
    n, out = axis.size, axis.output
    if axis.stride > axis.extent or not isinstance(n, int) or not isinstance(out, int):
        return None
    seen = (out - 1) * axis.stride + axis.extent - axis.leading
    if seen >= n:
        return None
    lost, rows = n - seen, _lines(axis.word)
    what = f"the last {rows.removesuffix('s')}" if lost == 1 else f"the last {lost} {rows}"
    here = f"{axis.word} {n}: the windows cover {seen} of {n} {rows}, {n} becomes {axis.arithmetic()}"
    help = "pad so that the last window reaches the end, or choose sizes that the stride divides"
    return Problem("W0319", f"`{call.op.name}` never looks at {what}", "stride", here, help)


def _overhangs(call: Call, axis: WindowAxis) -> Problem | None:
    """With rounding up, the last window reaches beyond the padded image."""
    n, out = axis.size, axis.output
    if not axis.ceil or not isinstance(n, int) or not isinstance(out, int):
        return None
    start = (out - 1) * axis.stride - axis.leading
    outside = start + axis.extent - (n + axis.trailing)
    if outside <= 0:
        return None
    rows = _lines(axis.word)
    here = f"{axis.word} {n}: the last window has {axis.extent} {rows}, {outside} of them outside"
    help = "leave out `ceil`, or pad so that the windows come out even"
    return Problem("W0321", f"the last window of `{call.op.name}` reaches beyond the image", "ceil", here, help)


def _pads_too_much(call: Call, axis: WindowAxis) -> Problem | None:
    widest = max(axis.leading, axis.trailing)
    if widest < axis.extent:
        return None
    here = f"{axis.word}: padding {widest} >= {axis.kernel_text}"
    message = f"at the border `{call.op.name}` sees nothing but padding"
    half = f"`padding={axis.extent // 2}`" if axis.extent > 1 else "no padding"
    help = f"a window of {axis.extent} needs {half} to keep the {axis.word}"
    return Problem("W0324", message, "padding", here, help)


def _shifts(call: Call, axis: WindowAxis) -> Problem | None:
    """Padding ``"same"`` that cannot be split evenly; a number is the same on both sides."""
    if axis.leading == axis.trailing:
        return None
    here = f"{axis.word}: padding {axis.leading} before, {axis.trailing} behind"
    if axis.dilation > 1:
        here += f" ({axis.dilation}{TIMES}({axis.kernel} {MINUS} 1) is odd)"
    message = f'`{call.op.name}` with an even kernel and padding="same" shifts the image by half a pixel'
    return Problem("W0340", message, "kernel", here, "use an odd kernel")


def _lines(word: str) -> str:
    """What an axis is made of."""
    return {"height": "rows", "width": "columns"}.get(word, "places")
