"""Which input sizes a network accepts: all conditions on a symbol as one set, and the conditions that matter for it.

A condition matters if the set would be larger without it. What a stronger one implies is left out: in a U-Net the
joins ask for multiples of 16, so that its pools ask for at least 16 rows needs no mention.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.ir.dim import Dim, DimTooComplex, SizeSet
from archdsl.ir.typed import SizeCondition, TypedDesign

MOST_COMPARED = 2_000
"""So many different conditions on one symbol are weighed against each other; of more, all are said to matter."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One set of sizes, and every place that asks for exactly it, in the order of the check.

    A place may stand there several times: the same line in different turns of a loop.
    """

    accepted: SizeSet
    places: tuple[SizeCondition, ...]


@dataclass(frozen=True, slots=True)
class SymbolSizes:
    """What a network accepts of one open size, and the demands without which it would accept more."""

    symbol: str
    accepted: SizeSet
    demands: tuple[Demand, ...]


def open_symbols(design: TypedDesign) -> tuple[str, ...]:
    """The names of a network's open sizes in the order of its inputs, the batch left out."""
    sizes = (size for _, value in design.inputs for size in value.shape[1:])
    return tuple(dict.fromkeys(size.symbol_name for size in sizes if isinstance(size, Dim)))


def accepted_sizes(design: TypedDesign) -> tuple[SymbolSizes, ...]:
    """The sizes that a checked network accepts, one entry per open size.

    Exact for a complete design: with a size of the set for each symbol the same network checks with fixed sizes.
    """
    return tuple(_sizes_of(symbol, design.conditions) for symbol in open_symbols(design))


def _sizes_of(symbol: str, conditions: tuple[SizeCondition, ...]) -> SymbolSizes:
    places: dict[SizeSet, list[SizeCondition]] = {}
    for condition in conditions:
        if condition.accepted.symbol == symbol:
            places.setdefault(condition.accepted, []).append(condition)
    demands = [Demand(accepted, tuple(found)) for accepted, found in places.items()]
    accepted = SizeSet.of(True, symbol)
    for demand in demands:
        accepted = accepted.intersect(demand.accepted)
    return SymbolSizes(symbol, accepted, _needed(demands, accepted))


def _needed(demands: list[Demand], accepted: SizeSet) -> tuple[Demand, ...]:
    """Demands that together leave the same set, none of which can be left out; in the order of the check.

    Weak ones are tried first, so that the strong one stays where either would do. With what is tried at the end of
    the list, one pass is enough: what stays was needed beside everything before it and all that stays behind it.
    """
    if len(demands) > MOST_COMPARED:
        return tuple(demands)
    ranked = sorted(demands, key=_strength)
    everything = SizeSet.of(True, accepted.symbol)
    try:
        before = [everything]
        for demand in ranked:
            before.append(before[-1].intersect(demand.accepted))
        kept, behind = set[int](), everything
        for index in reversed(range(len(ranked))):
            if before[index].intersect(behind) != accepted:
                kept.add(id(ranked[index]))
                behind = behind.intersect(ranked[index].accepted)
    except DimTooComplex:
        return tuple(demands)
    return tuple(demand for demand in demands if id(demand) in kept)


def _strength(demand: Demand) -> tuple[int, int]:
    """Finite sets first, then remainders from coarse to fine, then bounds from high to low."""
    accepted = demand.accepted
    if accepted.maximum is not None:
        return 0, accepted.maximum
    try:
        modulus = accepted.modulus
    except DimTooComplex:
        return 1, 0
    return (1, modulus) if modulus > 1 else (2, -(accepted.minimum or 0))
