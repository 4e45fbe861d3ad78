"""How an open size is written: for people (``⌊(H + 1)/2⌋``) and as a Python expression (``(H + 1) // 2``).

One rule for the many ways to write the same size: terms by ascending divisor, falling ones after growing ones, the
constant last. A lone floor with an offset takes the constant in (``⌊(H − 5)/2⌋``, not ``⌊(H + 1)/2⌋ − 3``); one
without stays plain (``⌊H/32⌋ − 1``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from archdsl.ir.quasi_affine import Floor, QuasiAffine

_MINUS = "\N{MINUS SIGN}"
_MAX_TERMS = 8
"""A longer sum is counted for people, not written out."""


def unicode_text(symbol: str, f: QuasiAffine, exact: Collection[tuple[int, int]] = ()) -> str:
    """The size as a person writes it; ``exact``: (divisor, offset) of floors that cut nothing off, without brackets."""
    if len(f.floors) > _MAX_TERMS:
        return f"a sum of {len(f.floors)} floors of {symbol}"

    def magnitude(term: Floor) -> str:
        text = _inner(symbol, term, _MINUS)
        if term.divisor > 1:
            text = f"({text})/{term.divisor}" if term.offset else f"{text}/{term.divisor}"
            text = text if (term.divisor, term.offset % term.divisor) in exact else f"⌊{text}⌋"
        return text if abs(term.factor) == 1 else f"{abs(term.factor)}*{text}"

    constant, floors = _folded(f)
    return _signed_sum(constant, ((term.factor < 0, magnitude(term)) for term in floors), _MINUS)


def python_text(symbol: str, f: QuasiAffine) -> str:
    """The size as an ASCII Python expression of the symbol, with the same value for every integer."""

    def magnitude(term: Floor) -> str:
        text = _inner(symbol, term, "-")
        if term.divisor > 1:
            text = f"({text}) // {term.divisor}" if term.offset else f"{text} // {term.divisor}"
        if abs(term.factor) == 1:
            # -H // 2 is (-H) // 2 in Python; only the first term of a sum can meet that
            return f"({text})" if term.divisor > 1 and term.factor < 0 else text
        return f"{abs(term.factor)} * ({text})" if term.divisor > 1 else f"{abs(term.factor)} * {text}"

    constant, floors = _folded(f)
    return _signed_sum(constant, ((term.factor < 0, magnitude(term)) for term in floors), "-")


def _folded(f: QuasiAffine) -> tuple[int, tuple[Floor, ...]]:
    """The constant and the terms after the rule for lone floors; the offset may leave ``0 <= offset < divisor``."""
    if len(f.floors) > 1 or not f.floors[0].offset:
        return f.constant, f.floors
    divisor, offset, factor = f.floors[0]
    if f.constant % factor:
        return f.constant, f.floors
    return 0, (Floor(divisor, offset + divisor * (f.constant // factor), factor),)


def _inner(symbol: str, term: Floor, minus: str) -> str:
    if not term.offset:
        return symbol
    return f"{symbol} + {term.offset}" if term.offset > 0 else f"{symbol} {minus} {-term.offset}"


def _signed_sum(constant: int, terms: Iterable[tuple[bool, str]], minus: str) -> str:
    parts = sorted(terms, key=lambda part: part[0])
    if constant and parts[0][0] and constant > 0:  # 5 - H rather than -H + 5
        parts.insert(0, (False, str(constant)))
    elif constant:
        parts.append((constant < 0, str(abs(constant))))
    (first_falls, first), *others = parts
    text = minus + first if first_falls else first
    return text + "".join(f" {minus if falls else '+'} {part}" for falls, part in others)
