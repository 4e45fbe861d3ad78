"""The memory of a network as a small table: what inference and training take, with their parts."""

from __future__ import annotations

from archdsl.analysis.budget import LARGEST_BATCH, Budget
from archdsl.report.figures import binary

Line = tuple[str, str, str]
"""What is counted, in inference, in training."""


def budget_table(budget: Budget) -> list[Line]:
    """The lines of the table, its headings first; with a limit, the largest batches within it last."""
    setting, values = budget.setting, budget.values
    own = binary(budget.weights + budget.buffers)
    lines = [
        (f"memory, batch {setting.batch:,}, {setting.dtype}", "inference", "training"),
        ("weights and buffers", own, own),
        ("gradients", "", binary(budget.gradients)),
        *([(f"state of {setting.optimizer}", "", binary(budget.state))] if budget.state else []),
        ("values: at the peak, kept", binary(values.peak), binary(values.kept)),
        ("together", binary(budget.inference), binary(budget.training)),
    ]
    if budget.fits is not None and setting.limit is not None:
        inference, training = map(_batch, budget.fits)
        lines.append((f"largest batch in {binary(setting.limit)}", inference, training))
    return lines


def render_budget(budget: Budget) -> list[str]:
    """The table as aligned text."""
    lines = budget_table(budget)
    widths = [max(len(line[index]) for line in lines) for index in range(3)]
    return [f"{name:<{widths[0]}}  {left:>{widths[1]}}  {right:>{widths[2]}}".rstrip() for name, left, right in lines]


def _batch(size: int) -> str:
    if not size:
        return "none"
    return f"{size:,}{' or more' if size == LARGEST_BATCH else ''}"
