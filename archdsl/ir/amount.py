"""Counts that depend on open sizes: sums of products, ``9,408·⌊(H + 1)/2⌋·⌊(W + 1)/2⌋ + 512,000``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd

from archdsl.ir.dim import Dim
from archdsl.ir.quasi_affine import Floor, QuasiAffine
from archdsl.ir.types import Size, factor_text

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MIDDLE DOT}"
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

Factors = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A sum of products of open sizes with integer factors; made by ``product`` and by arithmetic, never constant.

    ``terms`` has each product of sizes once, with its factor, which is not 0.
    """

    terms: tuple[tuple[Factors, int], ...]

    def __add__(self, other: Amount) -> Amount:
        added = other.terms if isinstance(other, Polynomial) else (((), other),)
        return _sum((*self.terms, *added))

    __radd__ = __add__

    def __mul__(self, other: Amount) -> Amount:
        factors = other.terms if isinstance(other, Polynomial) else (((), other),)
        return _sum((_in_order((*left, *right)), a * b) for left, a in self.terms for right, b in factors)

    __rmul__ = __mul__

    @property
    def symbols(self) -> tuple[str, ...]:
        """The open sizes on which the count depends, by name."""
        return tuple(sorted({size.symbol_name for sizes, _ in self.terms for size in sizes}))

    def evaluate(self, sizes: Mapping[str, int]) -> int:
        """The count for given sizes.

        :raises KeyError: where one of the sizes is missing.
        """
        total = 0
        for factors, value in self.terms:
            for size in factors:
                value *= size.evaluate(sizes[size.symbol_name])
            total += value
        return total

    def __str__(self) -> str:
        written = " + ".join(_term(factors, value) for factors, value in self.terms)
        return written.replace(f"+ {MINUS}", f"{MINUS} ")


Amount = int | Polynomial
"""A count: a number, or a formula of open sizes."""


def product(sizes: Iterable[Size]) -> Amount:
    """The product of sizes, open ones among them."""
    value, opened = 1, list[Dim]()
    for size in sizes:
        if isinstance(size, int):
            value *= size
        else:
            factor, rest = _without_factor(size)
            value *= factor
            opened.append(rest)
    return _sum([(_in_order(opened), value)])


def _without_factor(size: Dim) -> tuple[int, Dim]:
    """``2*⌊H/2⌋`` as 2 and ``⌊H/2⌋``."""
    f = size.function
    factor = gcd(f.constant, *(floor.factor for floor in f.floors))
    floors = tuple(Floor(floor.divisor, floor.offset, floor.factor // factor) for floor in f.floors)
    return factor, Dim(size.symbol_name, QuasiAffine(f.constant // factor, floors))


def _in_order(sizes: Iterable[Dim]) -> Factors:
    return tuple(sorted(sizes, key=lambda size: (size.symbol_name, str(size))))


def _sum(terms: Iterable[tuple[Factors, int]]) -> Amount:
    found: dict[Factors, int] = {}
    for sizes, value in terms:
        found[sizes] = found.get(sizes, 0) + value
    kept = [(sizes, value) for sizes, value in found.items() if value]
    if not any(sizes for sizes, _ in kept):
        return sum(value for _, value in kept)
    return Polynomial(tuple(sorted(kept, key=lambda term: (-len(term[0]), _fineness(term[0])))))


def _fineness(sizes: Factors) -> list[tuple[int, str]]:
    """Terms of large maps come before those of small ones, the constant last."""
    return [(max(floor.divisor for floor in size.function.floors), str(size)) for size in sizes]


def _term(sizes: Factors, value: int) -> str:
    parts = [_power(size, count) for size, count in Counter(sizes).items()]
    if value == 1 and parts:
        return TIMES.join(parts)
    if value < 0:
        return f"{MINUS}{_term(sizes, -value)}"
    return TIMES.join((f"{value:,}", *parts))


def _power(size: Dim, count: int) -> str:
    text = factor_text(size)
    return text if count == 1 else text + str(count).translate(_POWERS)
