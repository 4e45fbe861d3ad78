"""What a value sees of the network's input: one interval per spatial axis, followed through layers and joins.

A ``Seen`` gives, for every place of an axis, the first and the last place of the input's axis on which it
depends, borders included (they may lie in the padding). It is the same for every place but for a shift, or,
where a layer enlarges, for every ``period``-th place: after an upsampling by 2, places 0 and 1 see alike.
Windows move and widen the intervals; a join takes the hull of its paths.

Both steps commute with a change of the starting point, so that the way through a block is worked out once,
from a single pixel, and then placed behind whatever comes before (``behind``); and a block applied n times
in a row is a power (``times``).

Exact against real gradients, place by place; the extent that tables show is that of the place that sees most. Where
windows depend on the size of the input (adaptive pools), the largest is taken for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import gcd, lcm

from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Window
from archdsl.ops.limits import LONGEST_PERIOD

FARTHEST = 2**40
"""Intervals are not followed beyond this size: no image is so large, and repeated strides would grow for ever."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the places of one axis see: place n sees ``spans[n % period]``, shifted by ``jump`` per period."""

    spans: tuple[tuple[int, int], ...]
    """The first and the last place of the input, for each place of one period."""
    jump: int

    @property
    def extent(self) -> int:
        """How many places of the input are seen by the place that sees most."""
        return max(last - first + 1 for first, last in self.spans)

    @property
    def stride(self) -> Fraction:
        """How many places of the input lie between what two neighbouring places see, on average over a period."""
        return Fraction(self.jump, len(self.spans))

    @property
    def offset(self) -> Fraction:
        """The middle of what the first place sees, in places of the input; below 0 where that is padding."""
        return Fraction(sum(self.spans[0]), 2)

    def at(self, place: int) -> tuple[int, int]:
        """What one place sees."""
        periods, rest = divmod(place, len(self.spans))
        first, last = self.spans[rest]
        return first + periods * self.jump, last + periods * self.jump


class Blind(Enum):
    """What is known where there are no intervals."""

    NOTHING = "no input at all reaches this value"
    UNKNOWN = "what it sees depends on open sizes, or goes beyond what is followed"
    EVERYTHING = "every place of the input, whatever its size: attention between all places"


Field = tuple[Seen, ...] | Blind
"""An interval per spatial axis; the empty tuple where a value has no space (any more)."""

Windows = tuple[Window, ...] | None
"""What ``Op.window`` says of a layer."""

PIXEL = Seen(((0, 0),), 1)


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
    ways = [_way(window) for window in windows]
    return behind(field, Blind.UNKNOWN if None in ways else tuple(way for way in ways if way is not None))


def joined(fields: Sequence[Field]) -> Field:
    """What a value sees that is made of several."""
    seeing = [field for field in fields if field is not Blind.NOTHING]
    if not seeing:
        return Blind.NOTHING
    if Blind.EVERYTHING in seeing:
        return Blind.EVERYTHING
    hull: Field = seeing[0]
    for field in seeing[1:]:
        if isinstance(hull, Blind) or isinstance(field, Blind) or len(hull) != len(field):
            return Blind.UNKNOWN
        hull = _followed([_hull(left, right) for left, right in zip(hull, field, strict=True)])
    return hull


def behind(field: Field, way: Field) -> Field:
    """What a value sees that sees ``way`` of something that itself sees ``field``."""
    if isinstance(way, Blind) or isinstance(field, Blind):
        return _blind_behind(field, way)
    if not way:
        return ()
    if len(way) != len(field):
        return Blind.UNKNOWN
    return _followed([_behind(outer, inner) for outer, inner in zip(field, way, strict=True)])


def _blind_behind(field: Field, way: Field) -> Field:
    """Nothing stays nothing; a way that sees all places sees all that any of them sees, which is all as well."""
    for blind in (Blind.NOTHING, Blind.EVERYTHING):
        if blind in (field, way):
            return blind
    return Blind.UNKNOWN


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
    return tuple(seen.extent for seen in field)


def strides(field: Field) -> tuple[Fraction, ...] | None:
    """The effective stride per axis; None where there is no receptive field."""
    return None if extents(field) is None or isinstance(field, Blind) else tuple(seen.stride for seen in field)


def offsets(field: Field) -> tuple[Fraction, ...] | None:
    """The middle of the first place's field per axis; None where there is no receptive field."""
    return None if extents(field) is None or isinstance(field, Blind) else tuple(seen.offset for seen in field)


def depends_on_size(call: Call, windows: Windows) -> bool:
    """Whether a layer's windows depend on the size of its input, as those of adaptive and global pools do."""
    if windows is None:
        return False
    larger = call.x.with_spatial(size + 1 for size in call.x.spatial)
    return call.op.window(Call(call.op, call.arguments, (larger,))) != windows


def _way(window: Window) -> Seen | None:
    """What a window alone sees; None where it depends on open sizes."""
    if not isinstance(window.extent, int) or not isinstance(window.stride, int | Fraction):
        return None
    step, period = Fraction(window.stride).as_integer_ratio()
    if window.spans:
        return Seen(window.spans, step)
    if period > LONGEST_PERIOD:
        return None
    starts = [place * step // period - window.padding for place in range(period)]
    return Seen(tuple((start, start + window.extent - 1) for start in starts), step)


def _behind(outer: Seen, inner: Seen) -> Seen | None:
    rounds = len(outer.spans) // gcd(len(outer.spans), inner.jump)
    period = len(inner.spans) * rounds
    if period > LONGEST_PERIOD:
        return None
    spans = []
    for place in range(period):
        first, last = inner.at(place)
        spans.append((_near(outer.at(first)[0]), _near(outer.at(last)[1])))
    return Seen(tuple(spans), _near(outer.jump * (inner.jump * rounds // len(outer.spans))))


def _hull(left: Seen, right: Seen) -> Seen | None:
    """The smallest intervals around both. Where places of one path lie further apart than those of the other (a
    gate beside its value), they drift apart; then the wider one counts, at the first path's places."""
    if left.jump * len(right.spans) != right.jump * len(left.spans):
        extent = max(left.extent, right.extent)
        return Seen(tuple((first, first + extent - 1) for first, _ in left.spans), left.jump)
    period = lcm(len(left.spans), len(right.spans))
    if period > LONGEST_PERIOD:
        return None
    both = [(left.at(place), right.at(place)) for place in range(period)]
    spans = tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in both)
    return Seen(spans, left.jump * (period // len(left.spans)))


def _followed(axes: list[Seen | None]) -> Field:
    """The field, unless one of its axes is beyond what is followed."""
    known = tuple(seen for seen in axes if seen is not None)
    return known if len(known) == len(axes) else Blind.UNKNOWN


def _near(number: int) -> int:
    return max(-FARTHEST, min(number, FARTHEST))
