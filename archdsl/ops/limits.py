"""The constraints that layer parameters share: PyTorch's own ranges, and the limits of the language."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.ir.kinds import SIZES, Constraint, Kind, Value, between, is_int

WINDOW_LIMIT = 4096
"""The largest kernel, stride or dilation. No published network comes near; beyond it int64 sums in torch overflow."""

DIMENSION_LIMIT = 2**24
"""The largest size of one axis, hence the largest sensible padding."""

EXTENT = between(1, WINDOW_LIMIT)
"""Kernel, stride, dilation, scale factor."""

PADDING = between(0, DIMENSION_LIMIT)
COUNT = between(1, DIMENSION_LIMIT)
"""Channels, groups, features: what becomes the size of an axis or divides one."""

PROBABILITY = between(0, 1)


def _above_zero(value: Value) -> bool:
    return isinstance(value, int | float) and 0 < value <= 1


EPSILON = Constraint("between 0 and 1 (the channels are inferred)", between(0, 1).holds)
"""Stricter than torch, so that ``layer_norm(64)``, meant as a number of channels, is no epsilon of 64."""
POSITIVE_EPSILON = Constraint("greater than 0, at most 1 (the channels are inferred)", _above_zero)


def unless(exempt: Value, constraint: Constraint) -> Constraint:
    """A constraint from which one value is exempt: the absent stride of a pool, the padding ``"same"``."""
    holds: Callable[[Value], bool] = lambda value: value == exempt or constraint.holds(value)  # noqa: E731
    return Constraint(constraint.sentence, holds)


PADDING_OR_SAME = Kind('int, one int per axis, or "same"', lambda value: value == "same" or SIZES.accepts(value))


def every_part_is(default: Value, value: Value) -> bool:
    """Whether a value equals a default, be it written once for all axes or once per axis."""
    if is_int(default) and isinstance(value, tuple):
        return all(part == default for part in value)
    return value == default


LONGEST_PERIOD = 4096
"""Enlarging further than that, without reducing in between, is not followed."""
