"""The figures of a whole network."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.costs import CostTable
from archdsl.analysis.depth import depth
from archdsl.analysis.table import Row, rows
from archdsl.ir import typed as t
from archdsl.ir.amount import Amount


@dataclass(frozen=True, slots=True)
class Totals:
    """What a network comes to.

    ``weights``, ``training_weights`` (those of branches that only run in training) and ``buffers`` count
    single values, ``macs`` multiply-adds and ``activations`` values for one sample (formulas where sizes are open),
    ``layers`` layers and joins with all repetitions, ``depth`` the weighted layers on the longest way from input to
    output.
    """

    weights: int
    training_weights: int
    buffers: int
    macs: Amount | None
    activations: Amount
    layers: int
    depth: int
    receptive_field: tuple[int, ...] | None

    @property
    def flops(self) -> Amount | None:
        """As ``torch.utils.flop_counter`` counts: 2 for each multiply-add."""
        return None if self.macs is None else self.macs * 2


def totals(design: t.TypedDesign) -> Totals:
    """The figures of a network whose check found no error."""
    costs = CostTable().body(design.root.body)
    return Totals(
        weights=costs.weights,
        training_weights=costs.training_weights,
        buffers=costs.buffers,
        macs=costs.macs,
        activations=costs.activations,
        layers=costs.layers,
        depth=depth(design),
        receptive_field=receptive_field(rows(design, depth=1)),
    )


def receptive_field(found: list[Row]) -> tuple[int, ...] | None:
    """What one place of the last feature map sees of the input, as published tables have it; None without one.

    The last feature map is the last value with space before a pool that takes it all in, however large it is:
    behind a global pool every network sees the whole image.
    """
    seen = None
    for row in found:
        if row.when is not None:
            continue
        if row.is_adaptive or row.output is None or row.output.rank < 3:
            break
        seen = rf.extents(row.field)
    return seen
