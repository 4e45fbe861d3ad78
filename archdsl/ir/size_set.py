"""The sizes for which a condition holds: an exact set of natural numbers >= 1, with what people ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archdsl.ir.complexity import DimTooComplex
from archdsl.ir.natural_set_operations import complement, difference, intersection, tail
from archdsl.ir.natural_sets import EVERYTHING, NOTHING, Members, Ranges, residue_class
from archdsl.ir.residues import flat_residues
from archdsl.ir.size_set_text import describe_sizes


@dataclass(frozen=True, slots=True, eq=False)
class SizeSet:
    """Sizes n >= 1 of the input symbol; ``symbol`` is None where no open size was involved (then all or none).

    ``members`` is the representation (see `archdsl.ir.natural_sets`; whether it holds 0 means nothing); two sets are
    equal if they have the same symbol and elements, however they came about (and, where that is too complex to decide,
    if they are represented alike).
    """

    symbol: str | None
    members: Members

    @classmethod
    def of(cls, holds: bool, symbol: str | None = None) -> SizeSet:
        """All sizes or none."""
        return cls(symbol, EVERYTHING if holds else NOTHING)

    @classmethod
    def between(cls, symbol: str, first: int, last: int | None = None) -> SizeSet:
        """The sizes ``first <= n <= last``; None: without an end."""
        first = max(first, 1)
        if last is None:
            return cls(symbol, Ranges((first,)))
        return cls(symbol, Ranges((first, last + 1)) if first <= last else NOTHING)

    @classmethod
    def among(cls, symbol: str, sizes: Iterable[int]) -> SizeSet:
        """Exactly these sizes; numbers below 1 are none. A range keeps its form, however long it is."""
        if isinstance(sizes, range):
            ordered = sizes if sizes.step > 0 else sizes[::-1]
            first = ordered[0] if ordered else 0
            within = cls.between(symbol, first, ordered[-1] if ordered else 0)
            return within.intersect(cls(symbol, residue_class(ordered.step, first % ordered.step)))
        edges: set[int] = set()
        for size in {size for size in sizes if size >= 1}:
            edges ^= {size, size + 1}
        return cls(symbol, Ranges(tuple(sorted(edges))))

    @property
    def always(self) -> bool:
        """Whether every size n >= 1 is in the set."""
        return complement(self.members).next(1) is None

    @property
    def never(self) -> bool:
        """Whether no size is in the set."""
        return self.members.next(1) is None

    @property
    def minimum(self) -> int | None:
        """The smallest size in the set."""
        return self.members.next(1)

    @property
    def maximum(self) -> int | None:
        """The largest size in the set; None if there is none, or no end."""
        end = self.members.end
        return None if end is None or end < 2 else end - 1

    @property
    def modulus(self) -> int:
        """The smallest D such that, from `settles_at` on, n is in the set exactly if n + D is; raises as `residues`."""
        return flat_residues(tail(self.members))[0]

    @property
    def residues(self) -> tuple[range, ...]:
        """From `settles_at` on, n is in the set exactly if ``n % modulus`` lies in one of these ranges.

        The ranges ascend and do not touch: ``16 | n`` has the one range(0, 1), every n has range(0, 1) with modulus 1.

        :raises DimTooComplex: if there are more than `archdsl.ir.complexity.MAX_STEPS` ranges.
        """
        return flat_residues(tail(self.members))[1]

    @property
    def settles_at(self) -> int:
        """The smallest size from which on membership repeats with the period `modulus`; 1 for a purely periodic set.

        :raises DimTooComplex: as `intersect`.
        """
        repeating = tail(self.members)
        extra, missing = difference(self.members, repeating), difference(repeating, self.members)
        return 1 + max(0, (extra.end or 0) - 1, (missing.end or 0) - 1)

    def contains(self, n: int) -> bool:
        """Whether the size n is in the set."""
        return n >= 1 and self.members.contains(n)

    def next_at_or_above(self, n: int) -> int | None:
        """The smallest size >= n in the set, None if there is none."""
        return self.members.next(max(n, 1))

    def previous_at_or_below(self, n: int) -> int | None:
        """The largest size <= n in the set, None if there is none."""
        found = self.members.previous(n)
        return found or None

    def intersect(self, other: SizeSet) -> SizeSet:
        """The sizes in both sets.

        :raises ValueError: if they speak of two different symbols.
        :raises DimTooComplex: see `archdsl.ir.natural_set_operations.intersection`.
        """
        if self.symbol is not None and other.symbol not in (None, self.symbol):
            raise ValueError(f"sizes of {self.symbol} and of {other.symbol} are different things")
        return SizeSet(self.symbol or other.symbol, intersection(self.members, other.members))

    def without(self, other: SizeSet) -> SizeSet:
        """The sizes of this set that are not in the other; raises as `intersect`."""
        return self.intersect(SizeSet(other.symbol, complement(other.members)))

    def remainder(self, divisor: int) -> int | None:
        """The remainder by the divisor that all sizes in the set share; None if they differ or there are none.

        :raises DimTooComplex: as `intersect`.
        """
        first = self.minimum
        if first is None or divisor == 1:
            return None if first is None else 0
        remainder = first % divisor
        rest = difference(self.members, residue_class(divisor, remainder))
        return remainder if rest.next(1) is None else None

    def describe(self) -> str:
        """The set in a person's words: "every H >= 32", "16 divides H and H >= 32", "H = 224", "H mod 4 is 1 or 2"."""
        if self.symbol is None:
            return "always" if self.always else "never"
        return describe_sizes(self.symbol, self.members)

    __str__ = describe

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SizeSet):
            return NotImplemented
        if self.symbol != other.symbol:
            return False
        if self.members == other.members:
            return True
        pairs = ((self.members, other.members), (other.members, self.members))
        try:
            return all(difference(left, right).next(1) is None for left, right in pairs)
        except DimTooComplex:
            return self.members == other.members

    def __hash__(self) -> int:
        return hash((self.symbol, self.minimum, self.maximum))
