"""A set of sizes in a person's words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from archdsl.ir.complexity import DimTooComplex
from archdsl.ir.natural_set_operations import complement, difference, intersection, pattern, tail
from archdsl.ir.natural_sets import EVERYTHING, Members, Ranges
from archdsl.ir.residues import flat_residues

_LISTED = 4
"""Intervals, or single numbers, that are written out; longer lists are told by their first numbers or their count."""


def describe_sizes(symbol: str, members: Members) -> str:
    """The elements n >= 1 of a set: "every H", "no H", "H = 224", "16 divides H and H >= 32", "H mod 4 is 1 or 2"."""
    if members.next(1) is None:
        return f"no {symbol}"
    listed = _intervals(members)
    if listed is not None:
        return _finite(symbol, listed)
    try:
        return (
            _bounded_pattern(symbol, members, pattern(members))
            or _start_and_tail(symbol, members)
            or _examples(symbol, members)
        )
    except DimTooComplex:
        return _examples(symbol, members)


def _intervals(members: Members) -> list[range] | None:
    """The elements >= 1 as at most `_LISTED` intervals, or None where there are more."""
    if members.end is None:
        return None
    outside = complement(members)
    found: list[range] = []
    start = members.next(1)
    while start is not None:
        stop = outside.next(start)
        if stop is None or len(found) == _LISTED:
            return None
        found.append(range(start, stop))
        start = members.next(stop)
    return found


def _finite(symbol: str, listed: list[range]) -> str:
    first, last = listed[0][0], listed[0][-1]
    if len(listed) == 1 and last - first >= 2:
        return f"{symbol} <= {last}" if first == 1 else f"{first} <= {symbol} <= {last}"
    return f"{symbol} = {_either(_items(listed))}"


def _bounded_pattern(symbol: str, members: Members, periodic: Members) -> str | None:
    """A periodic set from the first to the last element, or None where the set is not of this kind."""
    first, end = members.next(1), members.end
    assert first is not None
    window = Ranges((first,) if end is None else (first, end))
    if difference(intersection(periodic, window), members).next(1) is not None:
        return None
    bounds = symbol if periodic.next(1) == first else f"{symbol} >= {first}"
    if end is not None:
        bounds = f"{symbol} <= {end - 1}" if bounds == symbol else f"{first} <= {symbol} <= {end - 1}"
    if periodic == EVERYTHING:
        return f"every {bounds}"
    remainders = _remainders(symbol, periodic)
    return remainders if remainders is None or bounds == symbol else f"{remainders} and {bounds}"


def _remainders(symbol: str, periodic: Members) -> str | None:
    modulus, residues = flat_residues(periodic)
    edges = [0, *chain.from_iterable((found.start, found.stop) for found in residues), modulus]
    others = [range(*pair) for pair in zip(edges[::2], edges[1::2], strict=True) if pair[0] < pair[1]]
    inside, outside = _items(residues), _items(others)
    if modulus == 2:
        return f"{symbol} is {'even' if inside == ['0'] else 'odd'}"
    if inside == ["0"]:
        return f"{modulus} divides {symbol}"
    if outside == ["0"]:
        return f"{modulus} does not divide {symbol}"
    if min(len(inside), len(outside)) > _LISTED:
        return None
    relation, items = ("is", inside) if len(inside) <= len(outside) else ("is not", outside)
    return f"{symbol} mod {modulus} {relation} {_either(items)}"


def _start_and_tail(symbol: str, members: Members) -> str | None:
    """A few first elements, then a periodic set; None where either is not short."""
    if members.end is not None:
        return None
    repeating = tail(members)
    odd_ones = (difference(members, repeating).end or 0, difference(repeating, members).end or 0)
    settled = max(odd_ones)
    start = _intervals(intersection(members, Ranges((0, settled))))
    later = _bounded_pattern(symbol, intersection(members, Ranges((settled,))), repeating)
    return f"{_finite(symbol, start)}, or {later}" if start and later is not None else None


def _examples(symbol: str, members: Members) -> str:
    shown: list[int] = []
    found = members.next(1)
    while found is not None and len(shown) < _LISTED:
        shown.append(found)
        found = members.next(found + 1)
    end = members.end
    last = "and more" if end is None else f"up to {end - 1}"
    return f"{symbol} = {', '.join(map(str, shown))}, ... {last}"


def _items(ranges: Iterable[range]) -> list[str]:
    """Each interval as one text, those of two numbers as two."""
    items: list[str] = []
    for found in ranges:
        first, last = found[0], found[-1]  # not len(): residues may be longer than it can tell
        items += map(str, found) if last - first < 2 else [f"{first} to {last}"]
    return items


def _either(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"
