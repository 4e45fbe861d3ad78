"""Which rows of a table are shown: all in their order, or the most costly first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from archdsl.analysis.costs import Costs
from archdsl.analysis.table import Row
from archdsl.driver.summary import Summary
from archdsl.ir.amount import Amount, Polynomial

Place = tuple[str, int]

METRICS: Mapping[str, Callable[[Costs], Amount | None]] = {
    "weights": lambda costs: costs.weights,
    "macs": lambda costs: costs.macs,
    "activations": lambda costs: costs.activations,
}
"""What rows can be sorted by."""

TYPICAL = 224
"""Formulas are compared at this value of every open size."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows to show with their places, and the sum of those that are left out (``left`` many)."""

    rows: tuple[tuple[Row, Place], ...]
    left: int
    rest: Costs
    in_order: bool
    """Whether the rows stand in the order in which they run."""


def choose(summary: Summary, sort: str | None, top: int | None) -> Chosen:
    """The rows of a summary, by falling cost where ``sort`` names one; ``top`` alone sorts by multiply-adds."""
    pairs = list(zip(summary.rows, summary.places, strict=True))
    metric = METRICS[sort or "macs"] if sort or top is not None else None
    if metric is None:
        return Chosen(tuple(pairs), 0, Costs(), True)
    pairs.sort(key=lambda pair: -cost_of(pair[0], metric))
    shown, left = pairs[:top], pairs[top:] if top is not None else []
    rest = sum((counted(row) for row, _ in left), Costs())
    return Chosen(tuple(shown), len(left), rest, False)


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
