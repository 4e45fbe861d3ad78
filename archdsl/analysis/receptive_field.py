"""What a value sees of the network's input: one interval per spatial axis, followed through layers and joins.

A ``Seen`` says that the value at place i of an axis depends on the input's places ``start + i*jump`` up to
``start + i*jump + extent - 1``, borders included (they may lie in the padding). Windows move and widen the
interval; a join takes the hull of its paths. Where a layer enlarges, places share inputs and the numbers are
fractions: an extent of 3/2 means that some places see one, some two.

Both steps commute with a change of the starting point, so that the way through a block is worked out once,
from a single pixel, and then placed behind whatever comes before (``behind``); and a block applied n times
in a row is a power (``times``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil

from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Window

FARTHEST = 2**40
"""Intervals are not followed beyond this size: no image is so large, and repeated strides would grow for ever."""

Number = int | Fraction


@dataclass(frozen=True, slots=True)
class Seen:
    """The interval of one axis; see the module's text."""

    start: Number
    extent: Number
    jump: Number


class Blind(Enum):
    """What is known where there are no intervals."""

    NOTHING = "no input at all reaches this value"
    UNKNOWN = "what it sees depends on open sizes"


Field = tuple[Seen, ...] | Blind
"""An interval per spatial axis; the empty tuple where a value has no space (any more)."""

Windows = tuple[Window, ...] | None
"""What ``Op.window`` says of a layer."""

PIXEL = Seen(0, 1, 1)


def input_field(value: TensorType) -> Field:
    """What an input sees of itself."""
    return (PIXEL,) * max(0, value.rank - 2)


def through_windows(field: Field, windows: Windows, output: TensorType) -> Field:
    """What a layer's output sees if its input sees ``field``; no windows: each place sees its own place."""
    if isinstance(field, Blind):
        return field
    axes = max(0, output.rank - 2)
    if windows is None or not axes:
        return field if len(field) == axes else (() if not axes else Blind.UNKNOWN)
    if len(windows) != len(field):
        return Blind.UNKNOWN
    found = [_through_window(seen, window) for seen, window in zip(field, windows, strict=True)]
    known = tuple(seen for seen in found if seen is not None)
    return known if len(known) == len(found) else Blind.UNKNOWN


def joined(fields: Sequence[Field]) -> Field:
    """What a value sees that is made of several."""
    seeing = [field for field in fields if field is not Blind.NOTHING]
    if not seeing:
        return Blind.NOTHING
    hull = seeing[0]
    for field in seeing[1:]:
        if isinstance(hull, Blind) or isinstance(field, Blind) or len(hull) != len(field):
            return Blind.UNKNOWN
        hull = tuple(_hull(left, right) for left, right in zip(hull, field, strict=True))
    return hull


def behind(field: Field, way: Field) -> Field:
    """What a value sees that sees ``way`` of something that itself sees ``field``."""
    if isinstance(way, Blind) or isinstance(field, Blind):
        return way if way is Blind.NOTHING or not isinstance(field, Blind) else field
    if not way:
        return ()
    if len(way) != len(field):
        return Blind.UNKNOWN
    return tuple(_behind(outer, inner) for outer, inner in zip(field, way, strict=True))


def times(way: Field, count: int) -> Field:
    """The way through ``count`` equal steps, one behind the other, in log(count) steps."""
    if isinstance(way, Blind):
        return way
    result: Field = (PIXEL,) * len(way)
    power: Field = way
    while count:
        if count & 1:
            result = behind(result, power)
        power = behind(power, power)
        count >>= 1
    return result


def extents(field: Field) -> tuple[int, ...] | None:
    """The receptive field in input pixels per axis, as published tables count it; None where there is none."""
    if isinstance(field, Blind) or not field or any(seen.extent >= FARTHEST for seen in field):
        return None
    return tuple(ceil(seen.extent) for seen in field)


def depends_on_size(call: Call, windows: Windows) -> bool:
    """Whether a layer's windows depend on the size of its input, as those of adaptive and global pools do."""
    if windows is None:
        return False
    larger = TensorType((*call.x.shape[:2], *(size + 1 for size in call.x.spatial)))
    return call.op.window(Call(call.op, call.arguments, (larger,))) != windows


def _through_window(seen: Seen, window: Window) -> Seen | None:
    extent, stride = window.extent, window.stride
    if not isinstance(extent, int) or not isinstance(stride, int | Fraction):
        return None
    return _behind(seen, Seen(-window.padding, extent, stride))


def _behind(outer: Seen, inner: Seen) -> Seen:
    return Seen(
        _near(outer.start + outer.jump * inner.start),
        _near(outer.extent + outer.jump * (inner.extent - 1)),
        _near(outer.jump * inner.jump),
    )


def _hull(left: Seen, right: Seen) -> Seen:
    """The smallest interval around both. With different jumps (a gate beside its value) places drift apart; then
    the wider one counts, at the first path's places."""
    if left.jump != right.jump:
        return Seen(left.start, max(left.extent, right.extent), left.jump)
    start = min(left.start, right.start)
    return Seen(start, max(left.start + left.extent, right.start + right.extent) - start, left.jump)


def _near(number: Number) -> Number:
    limited = max(-FARTHEST, min(number, FARTHEST))
    return limited.numerator if limited.denominator == 1 else limited
