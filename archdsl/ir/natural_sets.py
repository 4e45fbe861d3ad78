"""Sets of natural numbers (0, 1, 2, ...) by remainders: as small as the conditions that describe them.

A set is a `Ranges` (intervals), or a `Split`: which interval the remainder by a modulus lies in decides which set the
quotient is looked up in. "n mod 7^30 < 7^20, and n is even" takes two splits; a table of its residues could not be
stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archdsl.ir.complexity import MAX_CELLS, MAX_DEPTH, MAX_SET_BITS, DimTooComplex, counted

_FLAT = 8
"""A split of splits becomes a single one where that takes at most this many cells."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The numbers n with an odd count of ``bounds <= n``: bounds ascend, an odd number of them means no end."""

    bounds: tuple[int, ...]

    @property
    def is_constant(self) -> bool:
        """Whether this is no number at all or every one."""
        return self.bounds in ((), (0,))

    @property
    def bits(self) -> int:
        """How long the largest number is that the set is written with."""
        return self.bounds[-1].bit_length() if self.bounds else 0

    @property
    def end(self) -> int | None:
        """The smallest number above all elements (0 for the empty set); None without an end."""
        if len(self.bounds) % 2:
            return None
        return self.bounds[-1] if self.bounds else 0

    def contains(self, n: int) -> bool:
        """Whether the natural number n is in the set."""
        return bisect_right(self.bounds, n) % 2 == 1

    def next(self, n: int) -> int | None:
        """The smallest element >= n, for n >= 0."""
        index = bisect_right(self.bounds, n)
        if index % 2:
            return n
        return self.bounds[index] if index < len(self.bounds) else None

    def previous(self, n: int) -> int | None:
        """The largest element <= n, for any n."""
        index = bisect_right(self.bounds, n)
        if index % 2:
            return n
        return self.bounds[index - 1] - 1 if index else None


@dataclass(frozen=True, slots=True)
class Split:
    """The numbers ``modulus * q + r`` with q in the part for r; ``parts[i]`` serves r from ``starts[i]`` to the next.

    Made by `split` only. ``size`` counts the cells down to the ranges, ``depth`` the splits below each other, ``bits``
    how long a number is in which all of them meet.
    """

    modulus: int
    starts: tuple[int, ...]
    parts: tuple[Members, ...]
    size: int
    depth: int
    bits: int

    def cells(self) -> Iterator[tuple[int, int, Members]]:
        """(first remainder, remainder after the last, part)."""
        return zip(self.starts, (*self.starts[1:], self.modulus), self.parts, strict=True)

    def part(self, remainder: int) -> Members:
        """What the quotient must be in, for a remainder below the modulus."""
        return self.parts[bisect_right(self.starts, remainder) - 1]

    @property
    def end(self) -> int | None:
        """As for `Ranges`."""
        largest = 0
        for _, stop, part in self.cells():
            end = part.end
            if end is None:
                return None
            if end:
                largest = max(largest, self.modulus * (end - 1) + stop)
        return largest

    def contains(self, n: int) -> bool:
        """As for `Ranges`."""
        quotient, remainder = divmod(n, self.modulus)
        return self.part(remainder).contains(quotient)

    def next(self, n: int) -> int | None:
        """As for `Ranges`."""
        quotient, remainder = divmod(n, self.modulus)
        found = []
        for start, stop, part in self.cells():
            if stop > remainder and part.contains(quotient):
                return self.modulus * quotient + max(start, remainder)
            later = part.next(quotient + 1)
            if later is not None:
                found.append(self.modulus * later + start)
        return min(found, default=None)

    def previous(self, n: int) -> int | None:
        """As for `Ranges`."""
        quotient, remainder = divmod(n, self.modulus)
        here = [
            min(stop - 1, remainder)
            for start, stop, part in self.cells()
            if n >= 0 and start <= remainder and part.contains(quotient)
        ]
        if here:
            return self.modulus * quotient + here[-1]
        earlier = ((part.previous(quotient - 1), stop) for _, stop, part in self.cells())
        return max((self.modulus * found + stop - 1 for found, stop in earlier if found is not None), default=None)


Members = Ranges | Split

EVERYTHING = Ranges((0,))
NOTHING = Ranges(())


def split(modulus: int, cells: Iterable[tuple[int, Members]], flat: int = _FLAT) -> Members:
    """The set of a modulus and its cells (first remainder, part), the first at 0; in a smaller form where there is one.

    :raises DimTooComplex: beyond `MAX_CELLS`, `MAX_DEPTH` or `MAX_SET_BITS`.
    """
    starts: list[int] = []
    parts: list[Members] = []
    for start, part in cells:
        if not parts or part != parts[-1]:
            starts.append(start)
            parts.append(part)
    if modulus == 1:
        return parts[0]
    bits = modulus.bit_length() + max(part.bits for part in parts)
    if bits > MAX_SET_BITS:
        raise DimTooComplex(f"sizes with numbers of {bits:,} bits are too complex; {MAX_SET_BITS:,} are followed")
    if len(parts) == 1:
        return _scaled(parts[0], modulus)
    flattened = _flattened(modulus, starts, parts, flat)
    if flattened is not None:
        return flattened
    size = sum(part.size if isinstance(part, Split) else 1 for part in parts)
    depth = 1 + max(part.depth if isinstance(part, Split) else 0 for part in parts)
    if size > MAX_CELLS or depth > MAX_DEPTH:
        raise DimTooComplex(f"a set of sizes with {counted(size)} cases is too complex; {MAX_CELLS:,} are followed")
    return Split(modulus, tuple(starts), tuple(parts), size, depth, bits)


def residue_class(modulus: int, remainder: int) -> Members:
    """The numbers n with ``n % modulus == remainder``, for a modulus of at least 2."""
    cells: list[tuple[int, Members]] = [(remainder, EVERYTHING)]
    if remainder > 0:
        cells.insert(0, (0, NOTHING))
    if remainder < modulus - 1:
        cells.append((remainder + 1, NOTHING))
    return split(modulus, cells)


def _scaled(part: Members, modulus: int) -> Members:
    """The numbers whose quotient is in the part, whatever the remainder."""
    if isinstance(part, Ranges):
        return Ranges(tuple(bound * modulus for bound in part.bounds))
    starts = tuple(start * modulus for start in part.starts)
    bits = part.bits + modulus.bit_length()
    return Split(part.modulus * modulus, starts, part.parts, part.size, part.depth, bits)


def _flattened(modulus: int, starts: list[int], parts: list[Members], limit: int) -> Members | None:
    """The set with one level less: as ranges, or split by the product of both moduli; None beyond ``limit`` cells."""
    inner = {part.modulus for part in parts if isinstance(part, Split)}
    others = [part for part in parts if isinstance(part, Ranges)]
    if len(inner) > 1 or (inner and not all(part.is_constant for part in others)):
        return None
    edges = {0}.union(*(part.bounds if isinstance(part, Ranges) else part.starts for part in parts))
    cells = _flat_cells(modulus, starts, parts, sorted(edges), inner.pop() if inner else None, limit)
    if cells is None:
        return None
    if not any(isinstance(part, Split) for part in parts):
        return as_ranges(cells)
    product = modulus * next(part.modulus for part in parts if isinstance(part, Split))
    return split(product, cells)


def _flat_cells(
    modulus: int, starts: list[int], parts: list[Members], edges: list[int], end: int | None, limit: int
) -> list[tuple[int, Members]] | None:
    """Cells by the number itself; between two edges of the quotient no part changes. ``end``: of the quotients."""
    cells: list[tuple[int, Members]] = []
    for edge, stop in zip(edges, [*edges[1:], end], strict=True):
        row: list[tuple[int, Members]] = []
        for start, part in zip(starts, parts, strict=True):
            below = part.part(edge) if isinstance(part, Split) else EVERYTHING if part.contains(edge) else NOTHING
            if not row or below != row[-1][1]:
                row.append((start, below))
        if len(row) == 1:
            cells.append((modulus * edge, row[0][1]))
            continue
        if stop is None or len(cells) + (stop - edge) * len(row) > limit:
            return None
        cells += [(modulus * quotient + start, below) for quotient in range(edge, stop) for start, below in row]
    return cells


def as_ranges(cells: Iterable[tuple[int, Members]]) -> Ranges:
    """Cells of single numbers (first one, everything or nothing), ascending from 0, as ranges."""
    inside = False
    bounds = []
    for start, part in cells:
        if (part == EVERYTHING) != inside:
            inside = not inside
            bounds.append(start)
    return Ranges(tuple(bounds))
