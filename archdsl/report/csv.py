"""The table of a network as comma-separated values, for spreadsheets and data frames: a line for each row."""

from __future__ import annotations

import csv
import io

from archdsl.analysis import receptive_field as rf
from archdsl.driver.summary import Summary
from archdsl.report.chosen import choose

HEADINGS = (
    "path", "last", "count", "kind", "inputs", "output", "weights", "buffers", "macs", "flops", "activations",
    "receptive_field", "stride", "offset", "when", "file", "line",
)  # fmt: skip


def render_csv(summary: Summary, *, sort: str | None = None, top: int | None = None) -> str:
    """RFC 4180, lines ended by a line feed. Figures are those of one of ``count`` equal rows; formulas are text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    for row, (file, line) in choose(summary, sort, top).rows:
        costs = row.costs
        fields = (rf.extents(row.field), rf.strides(row.field), rf.offsets(row.field))
        writer.writerow((
            row.path, row.last or "", row.count, row.kind, "; ".join(map(str, row.inputs)), row.output or "",
            costs.weights, costs.buffers, _shown(costs.macs), _shown(costs.flops), costs.activations,
            *(" x ".join(map(str, field)) if field else "" for field in fields), row.when or "", file, line,
        ))  # fmt: skip
    return text.getvalue()


def _shown(value: object) -> object:
    return "" if value is None else value
