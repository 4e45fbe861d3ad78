"""Open sizes: exact functions of one input symbol, such as ``⌊(H + 1)/2⌋``.

A size along an axis is ``int | Dim``. Arithmetic with ``+ - * // %`` keeps it exact, floors included; a result that no
longer depends on the symbol is a plain int. Questions about sizes are answered by sets of inputs (`SizeSet`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

from archdsl.ir.complexity import DimTooComplex
from archdsl.ir.dim_text import python_text, unicode_text
from archdsl.ir.natural_set_operations import complement
from archdsl.ir.quasi_affine import Floor, QuasiAffine, build, tabulate
from archdsl.ir.roots import first_at_least, where_not_negative, where_zero
from archdsl.ir.size_set import SizeSet

__all__ = ["Dim", "DimTooComplex", "SizeSet", "dim_max", "dim_min"]

_PLAIN = QuasiAffine(0, (Floor(1, 0, 1),))


@dataclass(frozen=True, slots=True, eq=False)
class Dim:
    """An integer-valued function of one open input size, a natural number n >= 1; never constant.

    Made by `Dim.symbol` and arithmetic. Values at small n may be zero or negative: that a size must be positive is a
    requirement of the layers, not of the arithmetic. Two sizes are ``==`` if they have the same symbol and are equal
    for every n; where that is too complex to decide, only if they are written alike.

    Arithmetic raises `DimTooComplex` for two different symbols, for products and quotients of two open sizes, and where
    the exact result is too long (see `archdsl.ir.complexity`).
    """

    symbol_name: str
    function: QuasiAffine

    @staticmethod
    def symbol(name: str) -> Dim:
        """The open input size of this name itself."""
        return Dim(name, _PLAIN)

    # --- values ---

    def evaluate(self, n: int) -> int:
        """The size for one input size; n may be any integer."""
        return self.function.evaluate(n)

    def substitute(self, replacement: int | Dim) -> int | Dim:
        """The size as a function of what the symbol itself is replaced by."""
        if isinstance(replacement, int):
            return self.function.evaluate(replacement)
        return _size(replacement.symbol_name, self.function.after(replacement.function))

    # --- arithmetic ---

    def __add__(self, other: int | Dim) -> int | Dim:
        if isinstance(other, int):
            return Dim(self.symbol_name, self.function.plus_constant(other)) if other else self
        if not isinstance(other, Dim):
            return NotImplemented
        return _size(_common_symbol(self, other), self.function.plus(other.function))

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim(self.symbol_name, self.function.times(-1))

    def __sub__(self, other: int | Dim) -> int | Dim:
        if not isinstance(other, int | Dim):
            return NotImplemented
        if isinstance(other, Dim):
            _common_symbol(self, other)
        return self + -other

    def __rsub__(self, other: int) -> int | Dim:
        if not isinstance(other, int):
            return NotImplemented
        return -self + other

    def __mul__(self, other: int | Dim) -> int | Dim:
        if isinstance(other, int):
            return _size(self.symbol_name, self.function.times(other)) if other != 1 else self
        if not isinstance(other, Dim):
            return NotImplemented
        raise DimTooComplex(f"the product of two open sizes, {self} and {other}, is not followed")

    __rmul__ = __mul__

    def __floordiv__(self, other: int | Dim) -> int | Dim:
        if isinstance(other, int):
            return _size(self.symbol_name, self.function.divided_by(_checked_divisor(other))) if other != 1 else self
        if not isinstance(other, Dim):
            return NotImplemented
        raise DimTooComplex(f"the quotient of two open sizes, {self} and {other}, is not followed")

    def __rfloordiv__(self, other: int) -> int | Dim:
        if not isinstance(other, int):
            return NotImplemented
        raise DimTooComplex(f"{other} divided by an open size, {self}, is not followed")

    def __mod__(self, other: int) -> int | Dim:
        if not isinstance(other, int):
            return NotImplemented
        return self - self // other * other

    # --- questions ---

    @staticmethod
    def solve_equal(left: int | Dim, right: int | Dim) -> SizeSet:
        """The input sizes for which two sizes are equal.

        :raises DimTooComplex: for two different symbols, or if the answer is out of the solver's limits.
        """
        difference = left - right
        if isinstance(difference, int):
            return SizeSet.of(difference == 0, _symbol_of(left, right))
        return SizeSet(difference.symbol_name, where_zero(difference.function))

    @staticmethod
    def solve_at_least(left: int | Dim, minimum: int | Dim) -> SizeSet:
        """The input sizes for which ``left >= minimum``; raises as `solve_equal`."""
        difference = left - minimum
        if isinstance(difference, int):
            return SizeSet.of(difference >= 0, _symbol_of(left, minimum))
        return SizeSet(difference.symbol_name, where_not_negative(difference.function))

    @staticmethod
    def solve_divides(divisor: int, size: int | Dim) -> SizeSet:
        """The input sizes for which a divisor of at least 1 divides a size; raises as `solve_equal`."""
        return Dim.solve_equal(size // _checked_divisor(divisor) * divisor, size)

    def smallest_at_least(self, minimum: int) -> int | None:
        """The smallest input size n >= 1 for which this size is at least ``minimum``; None if it never is."""
        if self.function.is_nondecreasing:
            return max(1, first_at_least(self.function, minimum))
        return Dim.solve_at_least(self, minimum).minimum

    # --- identity ---

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dim) or self.symbol_name != other.symbol_name:
            return False
        if self.function == other.function:
            return True
        difference = self.function.plus(other.function.times(-1))
        if any(difference.evaluate(n) for n in _PROBES) or difference.rise(difference.period):
            return False
        try:
            return complement(where_zero(difference)).next(1) is None
        except DimTooComplex:
            return False

    def __hash__(self) -> int:
        # the same for every way to write a function, as `__eq__` demands
        return hash((self.symbol_name, self.function.evaluate(11), self.function.evaluate(1_000_003)))

    # --- text ---

    def __str__(self) -> str:
        return unicode_text(self.symbol_name, self.function)

    def __repr__(self) -> str:
        return f"Dim({self.ascii()})"

    def ascii(self) -> str:
        """A Python expression of the symbol in ASCII, such as ``(H + 1) // 2``, that gives the same value."""
        return python_text(self.symbol_name, self.function)

    def text_for(self, sizes: SizeSet) -> str:
        """As ``str``, but simplified with what is known of the input: ``H/32`` and ``H`` where 32 divides H."""
        f, exact = _with_remainders(self.function, sizes)
        return unicode_text(self.symbol_name, f, exact)


def dim_max(left: int | Dim, right: int | Dim) -> int | Dim:
    """The larger of two sizes for every input n >= 1.

    :raises DimTooComplex: where two sizes of different slope cross, and as arithmetic does.
    """
    difference = left - right
    if isinstance(difference, int):
        return left if difference >= 0 else right
    if Dim.solve_at_least(left, right).always:
        return left
    if Dim.solve_at_least(right, left).always:
        return right
    f = difference.function
    period = f.period
    if f.rise(period):
        raise DimTooComplex(f"which of {left} and {right} is larger depends on {difference.symbol_name}")
    return right + _size(difference.symbol_name, tabulate(f, period, lambda value: max(value, 0)))


def dim_min(left: int | Dim, right: int | Dim) -> int | Dim:
    """The smaller of two sizes for every input n >= 1; raises as `dim_max`."""
    return left + right - dim_max(left, right)


_PROBES = (1, 2, 3, 4, 11, 224, 1_000_003)
"""Inputs that tell most different sizes apart."""


def _size(symbol: str, f: QuasiAffine) -> int | Dim:
    return Dim(symbol, f) if f.floors else f.constant


def _symbol_of(*sizes: int | Dim) -> str | None:
    return next((size.symbol_name for size in sizes if isinstance(size, Dim)), None)


def _common_symbol(left: Dim, right: Dim) -> str:
    if left.symbol_name != right.symbol_name:
        raise DimTooComplex(f"sizes of two open symbols, {left} and {right}, cannot be combined")
    return left.symbol_name


def _checked_divisor(divisor: int) -> int:
    if divisor < 0:
        raise ValueError(f"a size is divided by positive integers only, not by {divisor}")
    return divisor


def _with_remainders(f: QuasiAffine, sizes: SizeSet) -> tuple[QuasiAffine, set[tuple[int, int]]]:
    """f as it can be written on the given sizes, and the (divisor, offset) of floors that cut nothing off there."""
    floors: list[tuple[int, int, int]] = []
    for divisor, offset, factor in f.floors:
        remainder = _known_remainder(sizes, divisor)
        if remainder is None:
            floors.append((divisor, offset, factor))
            continue
        common = gcd(divisor, factor)
        exact_offset = offset - (remainder + offset) % divisor
        floors.append((divisor // common, exact_offset, factor // common))
    simple = build(f.constant, floors)
    exact = {(d, c) for d, c, _ in simple.floors if _known_remainder(sizes, d) == -c % d}
    return simple, exact


def _known_remainder(sizes: SizeSet, divisor: int) -> int | None:
    try:
        return sizes.remainder(divisor)
    except DimTooComplex:
        return None
