"""What a layer does to memory in PyTorch, as data: what it allocates, and what it keeps for the backward pass.

The truth is torch's: ``tests/ops/test_memory.py`` compares every fact with ``saved_tensors_hooks`` and with the
storages that a layer allocates, on the examples of every layer kind.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kept(NamedTuple):
    """What autograd keeps of one call until the backward pass, the layer's weights and buffers aside.

    ``values`` are further numbers of the network's own type (statistics, masks, padded copies), ``indices`` further
    integers of 8 bytes (the places of maxima).
    """

    inputs: bool = False
    output: bool = False
    values: int = 0
    indices: int = 0
    sums: int = 0
    """Further numbers that take 4 bytes at least, whatever the network's own type."""
    trained_inputs: bool = False
    """The inputs too, but only where a gradient flows back into them."""


class Scratch(NamedTuple):
    """What a call allocates beside its output and frees before it returns, as far as torch's operators show it."""

    values: int = 0
    indices: int = 0


class Storage(Enum):
    """Where the output of a layer lies."""

    OWN = "in memory of its own"
    INPUT = "where its first input lies, in the same order"
    REORDERED = "where its first input lies, read in another order"
    RESHAPED = "where its first input lies if that is in order, otherwise in memory of its own"


EVERYTHING = Kept(inputs=True, output=True)
"""The most that a layer of one operator keeps: what is assumed of a layer that says nothing."""

NOTHING = Kept()
INPUTS = Kept(inputs=True)
OUTPUT = Kept(output=True)
