"""Operations on sets of natural numbers: complement, intersection, the numbers x with ``p*x + r`` in a set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import gcd

from archdsl.ir.complexity import MAX_CELLS, MAX_STEPS, DimTooComplex
from archdsl.ir.natural_sets import EVERYTHING, NOTHING, Members, Ranges, Split, split

_REMEMBERED = 256
"""Answers that are kept: height and width mostly ask the same, and so do the turns of a loop."""


@lru_cache(maxsize=_REMEMBERED)
def complement(members: Members) -> Members:
    """The natural numbers that are not in the set."""

    def toggled(ranges: Ranges) -> Ranges:
        bounds = ranges.bounds
        return Ranges(bounds[1:] if bounds[:1] == (0,) else (0, *bounds))

    return map_ranges(members, toggled)


def tail(members: Members) -> Members:
    """The periodic set that large numbers are in exactly if they are in the given set."""
    return map_ranges(members, lambda ranges: NOTHING if ranges.end is not None else EVERYTHING)


def pattern(members: Members) -> Members:
    """The periodic set of all numbers whose remainders leave some quotient allowed."""
    return map_ranges(members, lambda ranges: EVERYTHING if ranges.bounds else NOTHING)


def map_ranges(members: Members, change: Callable[[Ranges], Ranges]) -> Members:
    """The set with every `Ranges` in it replaced."""
    if isinstance(members, Ranges):
        return change(members)
    return split(members.modulus, ((start, map_ranges(part, change)) for start, _, part in members.cells()))


@lru_cache(maxsize=_REMEMBERED)
def intersection(left: Members, right: Members) -> Members:
    """The numbers in both sets.

    :raises DimTooComplex: where two moduli without a common factor each allow thousands of remainders.
    """
    if left in (right, NOTHING) or right == EVERYTHING:
        return left
    if left == EVERYTHING or right == NOTHING:
        return right
    if isinstance(left, Ranges) and isinstance(right, Ranges):
        return _common_ranges(left, right)
    modulus = gcd(*(members.modulus for members in (left, right) if isinstance(members, Split)))
    if modulus > 1:
        pairs = _paired(_by_remainder(left, modulus), _by_remainder(right, modulus))
        return split(modulus, ((start, intersection(*parts)) for start, *parts in pairs))
    assert isinstance(left, Split)
    assert isinstance(right, Split)
    if _cost(left, right) > _cost(right, left):
        left, right = right, left
    return _intersection_by_remainders(left, right)


def union(left: Members, right: Members) -> Members:
    """The numbers in one of the sets."""
    return complement(intersection(complement(left), complement(right)))


def difference(left: Members, right: Members) -> Members:
    """The numbers in the first set only."""
    return intersection(left, complement(right))


def pull_back(members: Members, factor: int, addend: int) -> Members:
    """The natural numbers x with ``factor * x + addend`` in the set; factor >= 1, addend >= 0."""
    if isinstance(members, Ranges):
        return _without_pairs(max(0, -((addend - bound) // factor)) for bound in members.bounds)
    common = gcd(factor, members.modulus)
    if common == 1:
        return _pull_back_coprime(members, factor, addend)
    # all x give the same remainder by the common divisor; what is left is a question about the quotient
    return pull_back(_quotients(members, common, addend % common), factor // common, addend // common)


def _common_ranges(left: Ranges, right: Ranges) -> Ranges:
    edges = sorted({*left.bounds, *right.bounds})
    bounds: list[int] = []
    for edge in edges:
        if (left.contains(edge) and right.contains(edge)) != (len(bounds) % 2 == 1):
            bounds.append(edge)
    return Ranges(tuple(bounds))


def _without_pairs(bounds: Iterable[int]) -> Ranges:
    """Ranges of ascending bounds; two equal ones are an empty interval, or no gap between two."""
    kept: list[int] = []
    for bound in bounds:
        if kept and kept[-1] == bound:
            kept.pop()
        else:
            kept.append(bound)
    return Ranges(tuple(kept))


def _by_remainder(members: Members, modulus: int) -> list[tuple[int, Members]]:
    """The set as cells of a modulus, which divides the set's own where it has one."""
    if isinstance(members, Ranges):
        starts = sorted({0, *(bound % modulus for bound in members.bounds)})
        return [(start, pull_back(members, modulus, start)) for start in starts]
    if members.modulus == modulus:
        return list(zip(members.starts, members.parts, strict=True))
    starts = sorted({start % modulus for start in members.starts})
    if len(starts) * len(members.starts) > 16 * MAX_CELLS:
        raise DimTooComplex("conditions on sizes with thousands of remainders each are too complex")
    return [(start, _quotients(members, modulus, start)) for start in starts]


def _quotients(members: Split, modulus: int, remainder: int) -> Members:
    """The x with ``modulus * x + remainder`` in the set, where the modulus divides the set's own."""
    count = members.modulus // modulus
    cells: dict[int, Members] = {}
    for start, part in zip(members.starts, members.parts, strict=True):
        first = max(0, -((remainder - start) // modulus))
        if first < count:
            cells[first] = part
    return split(count, cells.items())


def _paired(
    left: list[tuple[int, Members]], right: list[tuple[int, Members]]
) -> Iterator[tuple[int, Members, Members]]:
    """The cells of two sets on the starts of both."""
    at_left, at_right = dict(left), dict(right)
    first, second = left[0][1], right[0][1]
    for start in sorted({*at_left, *at_right}):
        first, second = at_left.get(start, first), at_right.get(start, second)
        yield start, first, second


def _cost(outer: Split, inner: Split) -> int:
    """How many cells `_intersection_by_remainders` looks at."""
    allowed = sum(stop - start for start, stop, part in outer.cells() if part != NOTHING)
    passes = (outer.modulus + 1) * len(inner.parts)
    return allowed * (passes if passes <= MAX_STEPS else _outside_widest(inner))


def _outside_widest(members: Split) -> int:
    """How many remainders lie outside the widest cell."""
    return members.modulus - max(stop - start for start, stop, _ in members.cells())


def _intersection_by_remainders(outer: Split, inner: Split) -> Members:
    """The intersection where the moduli have no common factor: by each remainder that the outer set allows."""
    if _cost(outer, inner) > MAX_CELLS:
        raise DimTooComplex(
            "conditions on sizes with thousands of remainders each and no common period are too complex"
        )
    cells: list[tuple[int, Members]] = []
    for start, stop, part in outer.cells():
        if part == NOTHING:
            cells.append((start, NOTHING))
            continue
        cells += [(r, intersection(part, pull_back(inner, outer.modulus, r))) for r in range(start, stop)]
    return split(outer.modulus, cells)


def _pull_back_coprime(members: Split, factor: int, addend: int) -> Members:
    """`pull_back` without a common divisor of factor and modulus: x = modulus·t + u, ``factor·u + addend`` decides.

    That number passes the starts of the set's cells ``factor`` times while u runs through the modulus; where this is
    often, only the few remainders outside the widest cell are looked up.
    """
    if (factor + 1) * len(members.parts) > MAX_STEPS:
        return _pull_back_sparse(members, factor, addend)
    modulus = members.modulus
    cells: dict[int, Members] = {}
    for turn in range(addend // modulus, (factor * (modulus - 1) + addend) // modulus + 1):
        for start, part in zip(members.starts, members.parts, strict=True):
            first = max(0, -((addend - turn * modulus - start) // factor))
            if first < modulus:
                cells[first] = pull_back(part, factor, turn)
    return split(modulus, cells.items())


def _pull_back_sparse(members: Split, factor: int, addend: int) -> Members:
    modulus = members.modulus
    *others, (_, _, background) = sorted(members.cells(), key=lambda cell: cell[1] - cell[0])
    others = [cell for cell in others if cell[2] != background]
    if background not in (NOTHING, EVERYTHING) or sum(stop - start for start, stop, _ in others) > MAX_STEPS:
        raise DimTooComplex(
            "conditions on sizes with thousands of remainders each and no common period are too complex"
        )
    inverse = pow(factor, -1, modulus)
    found: dict[int, Members] = {}
    for start, stop, part in others:
        for remainder in range(start, stop):
            place = (remainder - addend) * inverse % modulus
            found[place] = pull_back(part, factor, (factor * place + addend) // modulus)
    cells: dict[int, Members] = {0: background}
    for place in sorted(found):
        cells[place] = found[place]
        if place + 1 < modulus:
            cells[place + 1] = background
    return split(modulus, cells.items())
