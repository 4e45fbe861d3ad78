"""Which rows of a table are shown: all in their order, or the most costly first."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.analysis.costs import Costs
from archdsl.analysis.heaviest import COSTS, cost_of, counted
from archdsl.analysis.table import Row
from archdsl.driver.summary import Summary

Place = tuple[str, int]


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
    metric = COSTS[sort or "macs"] if sort or top is not None else None
    if metric is None:
        return Chosen(tuple(pairs), 0, Costs(), True)
    pairs.sort(key=lambda pair: -cost_of(pair[0], metric))
    shown, left = pairs[:top], pairs[top:] if top is not None else []
    rest = sum((counted(row) for row, _ in left), Costs())
    return Chosen(tuple(shown), len(left), rest, False)
