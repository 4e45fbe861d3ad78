"""Quasi-affine functions of one integer: a constant plus a sum of ``factor * floor((n + offset) / divisor)``.

Everything that layers do to a size stays inside this class: it is closed under sums, integer multiples, division with
floor and composition. Python's floor is meant throughout, so every identity below holds for all integers n.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, lcm
from typing import NamedTuple

from archdsl.ir.complexity import MAX_BITS, MAX_STEPS, MAX_TERMS, DimTooComplex, counted

_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)


class Floor(NamedTuple):
    """The term ``factor * floor((n + offset) / divisor)`` with ``0 <= offset < divisor``; divisor 1 is plain n."""

    divisor: int
    offset: int
    factor: int


@dataclass(frozen=True, slots=True)
class QuasiAffine:
    """``constant`` plus the terms ``floors``, sorted, no two with the same divisor and offset, no factor 0.

    The same function can still be written in several ways (``n - floor(n/3)``): equality of two objects is equality of
    their text, equality of functions is decided by `archdsl.ir.roots`.
    """

    constant: int
    floors: tuple[Floor, ...] = ()

    def evaluate(self, n: int) -> int:
        """The value at any integer n."""
        total = self.constant
        for divisor, offset, factor in self.floors:
            total += factor * ((n + offset) // divisor)
        return total

    @property
    def period(self) -> int:
        """The smallest common multiple D of the divisors: ``f(n + D) - f(n)`` is the same for all n."""
        return lcm(*(term.divisor for term in self.floors))

    def rise(self, period: int) -> int:
        """``f(n + period) - f(n)``, for a multiple of the period."""
        return sum(term.factor * (period // term.divisor) for term in self.floors)

    @property
    def is_nondecreasing(self) -> bool:
        """Whether every term grows with n; a sum with falling terms may still grow, which is not looked at here."""
        return all(term.factor > 0 for term in self.floors)

    @property
    def linear_factor(self) -> int:
        """The factor of the term ``n``, 0 where there is none."""
        return self.floors[0].factor if self.floors and self.floors[0].divisor == 1 else 0

    def plus(self, other: QuasiAffine) -> QuasiAffine:
        """The sum of two functions."""
        return _sum(self, other)

    def plus_constant(self, addend: int) -> QuasiAffine:
        """The function, higher by ``addend`` everywhere."""
        return QuasiAffine(self.constant + addend, self.floors)

    def times(self, factor: int) -> QuasiAffine:
        """The function, multiplied by an integer."""
        if factor == 0:
            return QuasiAffine(0)
        floors = tuple(Floor(d, c, a * factor) for d, c, a in self.floors)
        for term in floors:
            _check_bits(term.factor)
        _check_bits(self.constant * factor)
        return QuasiAffine(self.constant * factor, floors)

    def after(self, inner: QuasiAffine) -> QuasiAffine:
        """The composition ``n -> self(inner(n))``."""
        terms = len(self.floors) * len(inner.floors)
        if terms > MAX_STEPS:
            raise DimTooComplex(f"a size put into another one, with {terms:,} terms, is too complex")
        constant = self.constant
        floors: list[Floor] = []
        for divisor, offset, factor in self.floors:
            part = inner.plus_constant(offset).divided_by(divisor).times(factor)
            constant += part.constant
            floors += part.floors
        return build(constant, floors)

    def divided_by(self, divisor: int) -> QuasiAffine:
        """``floor(f(n) / divisor)`` for a divisor of at least 1.

        :raises DimTooComplex: if the result jumps more than `MAX_STEPS` times per period or needs `MAX_TERMS` terms.
        """
        if divisor == 1:
            return self
        if len(self.floors) == 1 and self.floors[0].factor == 1:  # a chain: floors of floors compose
            d, c, _ = self.floors[0]
            _check_bits(d * divisor)
            carry, offset = divmod(c + d * self.constant, d * divisor)
            return QuasiAffine(carry, (Floor(d * divisor, offset, 1),))
        whole: list[Floor] = []
        rest: list[Floor] = []
        for d, c, a in self.floors:
            quotient, remainder = divmod(a, divisor)
            if 2 * remainder > divisor:  # 2n // 3 is n - (n + 2) // 3: the smaller remainder needs fewer terms
                quotient, remainder = quotient + 1, remainder - divisor
            if quotient:
                whole.append(Floor(d, c, quotient))
            if remainder:
                rest.append(Floor(d, c, remainder))
        divided = _divide_by_larger(QuasiAffine(self.constant, tuple(rest)), divisor)
        return divided.plus(QuasiAffine(0, tuple(whole))) if whole else divided


@lru_cache(maxsize=1_024)
def _sum(left: QuasiAffine, right: QuasiAffine) -> QuasiAffine:
    """Remembered, because height and width mostly have the same functions."""
    return build(left.constant + right.constant, left.floors + right.floors)


def build(constant: int, floors: Iterable[tuple[int, int, int]]) -> QuasiAffine:
    """The normal form of a constant and terms (divisor, offset, factor); offsets may be any integers.

    :raises DimTooComplex: beyond `MAX_TERMS` or `MAX_BITS`.
    """
    table: dict[int, dict[int, int]] = {}
    for divisor, offset, factor in floors:
        _check_bits(divisor)
        _check_bits(factor)
        carry, offset = divmod(offset, divisor)
        constant += factor * carry
        row = table.setdefault(divisor, {})
        _put(row, offset, row.get(offset, 0) + factor)
    _merge_families(table)
    terms = sorted(Floor(d, c, a) for d, row in table.items() for c, a in row.items())
    if len(terms) > MAX_TERMS:
        raise DimTooComplex(f"a size that is a sum of {len(terms):,} floors is too complex; {MAX_TERMS:,} are followed")
    return QuasiAffine(constant, tuple(terms))


def tabulate(f: QuasiAffine, period: int, image: Callable[[int], int]) -> QuasiAffine:
    """The function ``n -> image(f(n))`` as a sum of floors, one per jump within a period.

    ``period`` is a multiple of f's period, and what ``image(f(n))`` gains over it is the same wherever it starts.

    :raises DimTooComplex: if f jumps more than `MAX_STEPS` times within the period.
    """
    count = sum(period // term.divisor for term in f.floors)
    if count > MAX_STEPS:
        raise DimTooComplex(f"a size with {counted(count)} different steps is too complex; {MAX_STEPS:,} are followed")
    steps = jumps(f.floors, period)
    value = f.evaluate(-1)
    before = image(value)
    floors = []
    for position in sorted(steps):
        value += steps[position]
        after = image(value)
        floors.append(Floor(period, -position % period, after - before))
        before = after
    return build(image(f.evaluate(0)), floors)


def jumps(floors: Iterable[Floor], period: int) -> dict[int, int]:
    """How much the terms gain on entering each n in ``range(period)``; n where nothing can change are left out.

    The caller has made sure that the period is a multiple of every divisor and not too long to be listed.
    """
    gains: dict[int, int] = {}
    for divisor, offset, factor in floors:
        for position in range(-offset % divisor, period, divisor):
            gains[position] = gains.get(position, 0) + factor
    return gains


def _divide_by_larger(f: QuasiAffine, divisor: int) -> QuasiAffine:
    """``floor(f / divisor)`` where no factor of f is larger than half the divisor."""
    if not f.floors:
        return QuasiAffine(f.constant // divisor)
    # floor(g·z / (g·t)) = floor(floor(g·z / g) / t): a common factor divides out, the constant's rest is lost
    common = gcd(divisor, *(term.factor for term in f.floors))
    divisor //= common
    f = QuasiAffine(f.constant // common, tuple(Floor(d, c, a // common) for d, c, a in f.floors))
    if len(f.floors) == 1:
        return _divide_single(f, divisor)
    period = f.period
    period *= divisor // gcd(divisor, f.rise(period))
    return tabulate(f, period, lambda value: value // divisor)


def _divide_single(f: QuasiAffine, divisor: int) -> QuasiAffine:
    """``floor((a·x + k) / s)`` for one term ``a·x``: over s steps of x it gains a, one floor for each gain."""
    d, c, a = f.floors[0]
    if a < 0:  # floor(-z / s) = -floor((z + s - 1) / s)
        return _divide_single(f.times(-1).plus_constant(divisor - 1), divisor).times(-1)
    if a > MAX_STEPS:
        raise DimTooComplex(f"a size with {counted(a)} different steps is too complex; {MAX_STEPS:,} are followed")
    carry, k = divmod(f.constant, divisor)
    # the gain number j+1 comes at the smallest x with a·x + k >= s·(j+1); floors of floors compose
    firsts = (-((k - divisor * (gain + 1)) // a) for gain in range(a))
    return build(carry, [Floor(d * divisor, c + d * (divisor - first), 1) for first in firsts])


def _merge_families(table: dict[int, dict[int, int]]) -> None:
    """Shorten a sum by Hermite's identity: floor((x+0)/p) + ... + floor((x+p-1)/p) = x, where x = floor((n+c)/e).

    A family is the p terms of divisor e·p that add up to one term of divisor e. A multiple of the whole family moves to
    that parent where this leaves fewer terms, so ``n - floor(n/2)`` becomes ``floor((n+1)/2)``.
    """
    pending = sorted(table)
    while pending:
        divisor = pending.pop()
        for prime in _PRIMES:
            if prime > 2 * len(table[divisor]):
                break
            if divisor % prime:
                continue
            parent = divisor // prime
            above = table.get(parent, {})
            sizes = Counter(offset % parent for offset in table[divisor])
            # moving a family spares terms only where more of it (with its parent) is there than not
            large = [first for first, size in sizes.items() if 2 * size + (first in above) > prime]
            merged = [_merge_family(table, parent, prime, first) for first in large]
            if any(merged):
                insort(pending, parent)


def _merge_family(table: dict[int, dict[int, int]], parent: int, prime: int, first: int) -> bool:
    """Move the best multiple of one family to its parent; whether that changed anything."""
    family, parents = table[parent * prime], table.setdefault(parent, {})
    offsets = [first + parent * index for index in range(prime)]
    factors = [family.get(offset, 0) for offset in offsets]
    above = parents.get(first, 0)

    def cost(moved: int) -> tuple[int, int, int]:
        return prime - factors.count(moved) + (above + moved != 0), abs(moved), moved

    best = min({0, *factors}, key=cost)
    if best == 0:
        return False
    for offset, factor in zip(offsets, factors, strict=True):
        _put(family, offset, factor - best)
    _put(parents, first, above + best)
    return True


def _put(row: dict[int, int], offset: int, factor: int) -> None:
    row.pop(offset, None)
    if factor:
        row[offset] = factor


def _check_bits(number: int) -> None:
    if number.bit_length() > MAX_BITS:
        raise DimTooComplex(f"a size with numbers of more than {MAX_BITS:,} bits is too complex")
