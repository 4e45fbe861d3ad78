"""Which parts of a network cost most: rows compared by weights, multiply-adds or values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from archdsl.analysis.costs import Costs
from archdsl.analysis.table import Row
from archdsl.ir.amount import Amount, Polynomial

COSTS: Mapping[str, Callable[[Costs], Amount | None]] = {
    "weights": lambda costs: costs.weights,
    "macs": lambda costs: costs.macs,
    "activations": lambda costs: costs.activations,
}
"""What rows can be compared by."""

TYPICAL = 224
"""Formulas are compared at this value of every open size."""


def counted(row: Row) -> Costs:
    """The costs of all that a row stands for; what runs in training only has its weights alone."""
    costs = row.costs.in_training_only() if row.when else row.costs
    return costs * row.count


def cost_of(row: Row, metric: Callable[[Costs], Amount | None]) -> int:
    """A number to compare rows by; 0 where nothing is known."""
    return typical(metric(counted(row)))


def typical(amount: Amount | None) -> int:
    """A formula's value for an image of the usual size; a number as it is."""
    if isinstance(amount, Polynomial):
        return amount.evaluate(dict.fromkeys(amount.symbols, TYPICAL))
    return amount or 0


def heaviest(parts: Sequence[Row], metric: Callable[[Costs], Amount | None], count: int) -> list[Row]:
    """The parts that cost most, the most costly first; those that cost nothing are left out."""
    costly = [part for part in parts if cost_of(part, metric)]
    return sorted(costly, key=lambda part: -cost_of(part, metric))[:count]
