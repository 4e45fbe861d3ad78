"""Where a quasi-affine function of a natural number n is zero, and where it is not negative: decided exactly.

Terms of one sign: the function is monotone, bisection finds the interval. Otherwise n is split into ``m*q + r``, with m
the common divisor of all divisors (or their common multiple, where they have none): between a few values of r the
function is linear in r plus a simpler function of q, and the question is asked of that one again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from math import gcd, lcm

from archdsl.ir.complexity import MAX_CELLS, MAX_DEPTH, MAX_STEPS, DimTooComplex, counted
from archdsl.ir.natural_sets import EVERYTHING, NOTHING, Members, Ranges, as_ranges, split
from archdsl.ir.quasi_affine import Floor, QuasiAffine, build, jumps

_MAX_SMALL_DIVISOR = 64
"""The largest divisor by which a function is taken apart remainder by remainder."""

_MAX_STRETCH = 256
"""The most single n at which a function is simply evaluated."""


@lru_cache(maxsize=512)
def where_zero(f: QuasiAffine) -> Members:
    """The natural numbers n with ``f(n) = 0``.

    :raises DimTooComplex: where neither a common divisor nor a small common multiple of the divisors helps.
    """
    return _Search(equality=True).solve(f, 0)


@lru_cache(maxsize=512)
def where_not_negative(f: QuasiAffine) -> Members:
    """The natural numbers n with ``f(n) >= 0``; raises as `where_zero`."""
    return _Search(equality=False).solve(f, 0)


def first_at_least(f: QuasiAffine, minimum: int) -> int:
    """The smallest natural number n with ``f(n) >= minimum``, for a nondecreasing f that is not constant."""
    if len(f.floors) == 1:
        divisor, offset, factor = f.floors[0]
        return max(0, -((f.constant - minimum) // factor) * divisor - offset)
    if f.evaluate(0) >= minimum:
        return 0
    high = 1
    while f.evaluate(high) < minimum:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if f.evaluate(middle) < minimum:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class _Cell:
    """Between two remainders r, f is ``rest(q) + slope * (r - start)``."""

    start: int
    stop: int
    rest: QuasiAffine
    slope: int


@dataclass(slots=True)
class _Search:
    """One question: f = 0 (``equality``) or f >= 0."""

    equality: bool
    known: dict[QuasiAffine, Members] = field(default_factory=dict)
    cases: int = 0

    def solve(self, f: QuasiAffine, depth: int) -> Members:
        """The natural numbers for which the relation holds."""
        if not f.floors:
            return self._everything_if(f.constant)
        found = self._monotone(f)
        if found is None:
            found = self._by_slope(f)
        if found is None:
            found = self.known.get(f)
        if found is None:
            found = self.known[f] = self._split(f, depth)
        return found

    def _everything_if(self, value: int) -> Members:
        return EVERYTHING if value == 0 or (value > 0 and not self.equality) else NOTHING

    def _monotone(self, f: QuasiAffine) -> Members | None:
        if f.is_nondecreasing:
            start = first_at_least(f, 0)
            return _interval(start, first_at_least(f, 1)) if self.equality else Ranges((start,))
        falling = f.times(-1)
        if not falling.is_nondecreasing:
            return None
        return _interval(first_at_least(falling, 0) if self.equality else 0, first_at_least(falling, 1))

    def _by_slope(self, f: QuasiAffine) -> Members | None:
        """Where f has a slope, its sign is known but for a stretch; None if it has none or the stretch is long."""
        period = f.period
        rise = f.rise(period)
        if rise == 0:
            return None
        low, high = (f.constant * period + distance for distance in _distance_from_line(f, period))
        first, stop = _where_sign_is_open(low, high, rise)
        if stop is None or stop - first > _MAX_STRETCH:
            return None
        cells = [(0, self._everything_if(-rise))] if first > 0 else []
        cells += [(n, self._everything_if(f.evaluate(n))) for n in range(first, stop)]
        return as_ranges([*cells, (stop, self._everything_if(rise))])

    def _split(self, f: QuasiAffine, depth: int) -> Members:
        modulus, cells = _cells(f)
        self.cases += sum(1 + len(cell.rest.floors) for cell in cells)
        if self.cases > MAX_CELLS or depth > MAX_DEPTH:
            raise DimTooComplex(f"a comparison of sizes with more than {MAX_CELLS:,} cases is too complex")
        return split(modulus, (part for cell in cells for part in self._in_cell(cell, depth + 1)))

    def _in_cell(self, cell: _Cell, depth: int) -> Iterator[tuple[int, Members]]:
        """The cell's part of a split; with a slope, remainders whose sign is open have a part each."""
        width = cell.stop - cell.start
        if cell.slope == 0:
            yield cell.start, self.solve(cell.rest, depth)
            return
        low, high = _bounds(cell.rest)
        first, stop = _where_sign_is_open(low, high, cell.slope)
        first, stop = min(first, width), width if stop is None else min(stop, width)
        self.cases += stop - first
        if stop - first > MAX_STEPS:
            raise DimTooComplex(
                f"a comparison of sizes with {counted(stop - first)} separate remainders is too complex"
            )
        if first > 0:
            yield cell.start, self._everything_if(-cell.slope)
        for x in range(first, stop):
            yield cell.start + x, self.solve(cell.rest.plus_constant(cell.slope * x), depth)
        if stop < width:
            yield cell.start + stop, self._everything_if(cell.slope)


def _interval(start: int, stop: int) -> Ranges:
    return Ranges((start, stop)) if start < stop else NOTHING


def _cells(f: QuasiAffine) -> tuple[int, list[_Cell]]:
    """A modulus and the cells of its remainders, by the way that needs the fewest."""
    floors = [term for term in f.floors if term.divisor > 1]
    divisors = [term.divisor for term in floors]
    common = gcd(*divisors)
    if common > 1:
        return common, _cells_by_common_divisor(f, floors, common)
    period = lcm(*divisors)
    if sum(period // divisor for divisor in divisors) <= MAX_STEPS:
        return period, _cells_by_period(f, floors, period)
    smallest = min(divisors)
    if smallest > _MAX_SMALL_DIVISOR:
        raise DimTooComplex(f"sizes that repeat only every {counted(period)} steps are too complex to compare")
    inner = (build(remainder, [(1, 0, smallest)]) for remainder in range(smallest))
    return smallest, [_Cell(r, r + 1, f.after(n), 0) for r, n in enumerate(inner)]


def _cells_by_common_divisor(f: QuasiAffine, floors: list[Floor], modulus: int) -> list[_Cell]:
    """floor((m·q + r + c) / (m·e)) = floor((q + floor((r + c) / m)) / e), which changes at r = -c (mod m) only."""
    slope = f.linear_factor
    starts = sorted({0, *(-term.offset % modulus for term in floors)})
    return [
        _Cell(
            start,
            stop,
            build(
                f.constant + slope * start,
                [(1, 0, slope * modulus), *((d // modulus, (start + c) // modulus, a) for d, c, a in floors)],
            ),
            slope,
        )
        for start, stop in zip(starts, [*starts[1:], modulus], strict=True)
    ]


def _cells_by_period(f: QuasiAffine, floors: list[Floor], period: int) -> list[_Cell]:
    """f(period·q + r) = q · (what f gains in a period) + f(r), and f(r) is linear in r between two jumps."""
    slope = f.linear_factor
    gain = f.rise(period)
    steps = jumps(floors, period)
    starts = sorted({0, *steps})
    value = f.evaluate(0)
    cells = []
    for start, stop in zip(starts, [*starts[1:], period], strict=True):
        if start > 0:
            value += steps[start]
        cells.append(_Cell(start, stop, build(value, [(1, 0, gain)]), slope))
        value += slope * (stop - start)
    return cells


def _distance_from_line(f: QuasiAffine, period: int) -> tuple[int, int]:
    """Between which numbers ``period * f(n)`` minus the line ``period * f.constant + f.rise(period) * n`` stays.

    The reason: floor((n + c) / d) lies between (n + c - d + 1) / d and (n + c) / d.
    """
    low = high = 0
    for divisor, offset, factor in f.floors:
        ends = (offset - divisor + 1, offset) if factor > 0 else (offset, offset - divisor + 1)
        low += factor * (period // divisor) * ends[0]
        high += factor * (period // divisor) * ends[1]
    return low, high


def _bounds(f: QuasiAffine) -> tuple[int | None, int | None]:
    """Numbers that f(n) never falls below and never exceeds for n >= 0, or None where it does without end."""
    period = f.period
    rise = f.rise(period)
    low, high = _distance_from_line(f, period)
    return (
        f.constant + -(-low // period) if rise >= 0 else None,
        f.constant + high // period if rise <= 0 else None,
    )


def _where_sign_is_open(low: int | None, high: int | None, slope: int) -> tuple[int, int | None]:
    """The x >= 0, as first and stop, for which some v in low..high makes ``v + slope * x`` zero or of either sign.

    Before them all these numbers have the sign of ``-slope``, from the stop on that of ``slope``; None: no stop.
    """
    if slope < 0:  # the same with all signs turned
        low, high, slope = (None if high is None else -high), (None if low is None else -low), -slope
    first = 0 if high is None else max(0, -(high // slope))
    return first, None if low is None else max(first, -low // slope + 1)
