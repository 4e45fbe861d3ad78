"""The figures of a whole network."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.analysis.costs import CostTable
from archdsl.analysis.depth import depth
from archdsl.analysis.table import last_field, rows
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
        receptive_field=last_field(rows(design, depth=1)),
    )
