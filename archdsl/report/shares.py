"""Where weights, multiply-adds and memory go: a bar for each part of a network."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.analysis.costs import Costs
from archdsl.analysis.heaviest import COSTS, cost_of, counted, typical
from archdsl.analysis.table import Row
from archdsl.diagnostics.escape import width_of
from archdsl.report.figures import path_range

COLUMNS = (("weights", "weights"), ("macs", "MACs"), ("activations", "values"))
MOST_PARTS = 14
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"
_GAP = "  "
_LEAST, _MOST = 6, 22
"""How wide a bar is."""


def render_shares(parts: Sequence[Row], width: int) -> list[str]:
    """A line for each part that costs something, in the order of the network; none where there is one part only."""
    costly = [part for part in parts if any(cost_of(part, metric) for metric in COSTS.values())]
    shown, others = _largest(costly)
    if len(shown) < 2:
        return []
    names = [path_range(part.path, part.last) for part in shown]
    costs = [counted(part) for part in shown]
    if others:
        names.append(f"{len(others)} others")
        costs.append(sum(map(counted, others), Costs()))
    column = min(max(map(width_of, (*names, "where they go"))), 24)
    bar = max(_LEAST, min(_MOST, (width - column) // len(COLUMNS) - len(_GAP) - 5))
    totals = {key: max(1, sum(typical(COSTS[key](one)) for one in costs)) for key, _ in COLUMNS}
    head = "".join(f"{_GAP}{title:<{bar + 5}}" for _, title in COLUMNS)
    lines = [f"{'where they go':<{column}}{head}".rstrip()]
    for name, one in zip(names, costs, strict=True):
        cells = (_cell(typical(COSTS[key](one)) / totals[key], bar) for key, _ in COLUMNS)
        lines.append(f"{_cut(name, column):<{column}}{_GAP}{_GAP.join(cells)}".rstrip())
    return lines


def _largest(parts: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The parts to show in their order, and the rest: those whose largest share is smallest."""
    if len(parts) <= MOST_PARTS:
        return list(parts), []
    totals = {key: max(1, sum(cost_of(part, metric) for part in parts)) for key, metric in COSTS.items()}

    def share(part: Row) -> float:
        return max(cost_of(part, metric) / totals[key] for key, metric in COSTS.items())

    kept = {id(part) for part in sorted(parts, key=share, reverse=True)[: MOST_PARTS - 1]}
    return [part for part in parts if id(part) in kept], [part for part in parts if id(part) not in kept]


def _cell(share: float, width: int) -> str:
    """``████▌        17%``; nothing for nothing."""
    if not share:
        return " " * (width + 5)
    eighths = max(1, round(share * width * 8))
    bar = _FULL * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
    percent = f"{share:.0%}" if share >= 0.005 else "<1%"
    return f"{bar:<{width}} {percent:>4}"


def _cut(name: str, width: int) -> str:
    return name if width_of(name) <= width else "\N{HORIZONTAL ELLIPSIS}" + name[-(width - 1) :]
