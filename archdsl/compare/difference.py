"""Two networks compared: a pure function of two checked designs and the texts in which they stand."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.compare.changes import Change, Texts, changes
from archdsl.compare.dataflow import computed, is_same
from archdsl.compare.events import Event, events
from archdsl.compare.interface import InterfaceChange, interface_changes
from archdsl.compare.moves import with_moves
from archdsl.compare.tree import MOST_LAYERS, Numbers, Part, tree
from archdsl.compare.weights import Weights, weights
from archdsl.ir.typed import TypedDesign


class TooManyLayers(Exception):
    """A network has more than ``MOST_LAYERS`` layers; the message tells how many."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two networks: the design, and the texts by display path.

    ``sized`` is the same network with values for its open sizes, for multiply-adds; left out, they stay formulas.
    """

    design: TypedDesign
    texts: Texts
    sized: TypedDesign | None = None

    def tree(self, numbers: Numbers) -> Part:
        """Its modules."""
        return tree(self.sized or self.design, numbers)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two networks.

    ``events`` tells of every layer, ``changes`` is the same folded for people. ``computes_same``: all outputs are the
    same functions of the inputs and of ``state_dict`` (certain where it is true).
    """

    old: Side
    new: Side
    events: tuple[Event, ...]
    changes: tuple[Change, ...]
    interface: tuple[InterfaceChange, ...]
    weights: Weights
    computes_same: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs that the user of a network or the reader of its layers could notice."""
        return not self.changes and not self.interface and self.weights.fits and self.computes_same


def compare(old: Side, new: Side) -> Difference:
    """What differs between two networks whose check found no error.

    :raises TooManyLayers: as its name says.
    """
    for side in (old, new):
        layers = side.design.root.body.layers
        if layers > MOST_LAYERS:
            raise TooManyLayers(f"`{side.design.design.name}` has {layers:,} layers; {MOST_LAYERS:,} can be compared")
    numbers = Numbers()
    found = with_moves(events(old.tree(numbers), new.tree(numbers)))
    return Difference(
        old,
        new,
        tuple(found),
        changes(found, old.texts, new.texts),
        tuple(interface_changes(old.design, new.design)),
        weights(found),
        is_same(computed(old.design, numbers), computed(new.design, numbers)),
    )
