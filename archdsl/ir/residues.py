"""The remainders that a periodic set of natural numbers consists of, by its smallest period."""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm

from archdsl.ir.complexity import MAX_STEPS, DimTooComplex
from archdsl.ir.natural_sets import EVERYTHING, Members, Ranges, Split, split


def flat_residues(members: Members) -> tuple[int, tuple[range, ...]]:
    """The smallest period of a periodic set, and the remainders in it as ascending ranges that do not touch.

    :raises DimTooComplex: if there are more than `MAX_STEPS` ranges.
    """
    flat = _flat(members)
    if isinstance(flat, Ranges):
        return 1, ((range(1),) if flat.bounds else ())
    modulus, starts, first = flat.modulus, flat.starts, flat.parts[0] == EVERYTHING
    edges = [*starts, modulus] if first else [*starts[1:], modulus]
    found = [range(*pair) for pair in zip(edges[::2], edges[1::2], strict=False)]
    for prime in _prime_factors(modulus):
        while modulus % prime == 0 and (shorter := _one_period(found, modulus, modulus // prime)) is not None:
            modulus, found = modulus // prime, shorter
    return modulus, tuple(found)


def _flat(members: Members) -> Members:
    """The same periodic set without splits below splits."""
    if isinstance(members, Ranges):
        return members
    parts = [_flat(part) for part in members.parts]
    modulus = lcm(*(part.modulus for part in parts if isinstance(part, Split)))
    cells = zip(members.starts, (_repeated(part, modulus) for part in parts), strict=True)
    flat = split(members.modulus, cells, flat=2 * MAX_STEPS)
    if isinstance(flat, Split) and flat.depth > 1:
        raise DimTooComplex(f"a set of sizes with more than {MAX_STEPS:,} separate remainders is not listed")
    return flat


def _repeated(part: Members, modulus: int) -> Members:
    if isinstance(part, Ranges) or part.modulus == modulus:
        return part
    turns = range(0, modulus, part.modulus)
    if len(turns) * len(part.parts) > 2 * MAX_STEPS:
        raise DimTooComplex(f"a set of sizes with more than {MAX_STEPS:,} separate remainders is not listed")
    starts = tuple(turn + start for turn in turns for start in part.starts)
    return Split(modulus, starts, part.parts * len(turns), len(starts), 1, modulus.bit_length())


def _one_period(found: list[range], modulus: int, shorter: int) -> list[range] | None:
    """The residues by a divisor of the modulus, or None where they do not repeat after it."""
    edges: set[int] = set()
    for residues in found:
        edges ^= {residues.start}
        edges ^= {residues.stop % modulus}
    first_belongs, next_belongs = (any(place in residues for residues in found) for place in (0, shorter))
    if first_belongs != next_belongs or any((edge + shorter) % modulus not in edges for edge in edges):
        return None
    return [range(residues.start, min(residues.stop, shorter)) for residues in found if residues.start < shorter]


def _prime_factors(number: int) -> Iterator[int]:
    """The primes up to 4,096 that divide the number: strides and their products have no others."""
    candidate = 2
    while number > 1 and candidate <= MAX_STEPS:
        if number % candidate == 0:
            yield candidate
        while number % candidate == 0:
            number //= candidate
        candidate += 1
