"""What is told of an edit: once, at its place, with its number of uses, and nothing that only follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import pytest

from archdsl.compare.events import Action
from tests.compare.support import difference
from tests.compare.test_state_dict import NET

SHORT = "        short: conv"

EDITS = {
    "an argument in a block": (
        "padding=1, bias=false",
        "padding=1, dilation=1, groups=2, bias=false",
        [(Action.CHANGED, "conv", 2)],
    ),
    "a stride of one application": ("unit(16, stride=2)", "unit(16)", [(Action.CHANGED, "unit", 1)]),
    "an activation in a block": ("    relu\n}", "    silu\n}", [(Action.CHANGED, "silu", 2)]),
    "a label in a block": ("conv1:", "conv_a:", [(Action.RENAMED, "conv", 2)]),
    "a width": (
        "conv(16, 3, padding=1) -> batch_norm",
        "conv(24, 3, padding=1) -> batch_norm",
        [(Action.CHANGED, "conv", 1)],
    ),
    "classes": ("classes: int = 10", "classes: int = 12", [(Action.CHANGED, "net", 1)]),
    "a layer in a group": (
        "        unit(8)\n",
        "        unit(8)\n        dropout(0.5)\n",
        [(Action.ADDED, "dropout", 1)],
    ),
    "a layer gone": ("norm: batch_norm -> ", "", [(Action.REMOVED, "batch_norm", 1)]),
    "an order": ("norm: batch_norm -> relu\n", "relu -> norm: batch_norm\n", [(Action.MOVED, "relu", 1)]),
    "another name of a group": ("body:", "layers:", [(Action.RENAMED, "group", 1)]),
    "a path": (
        "        short: conv",
        "        other: conv(channels, 5, stride=stride, padding=2)\n" + SHORT,
        [(Action.ADDED, "path", 2)],
    ),
    "another join": ("    add {", "    mul {", [(Action.CHANGED, "mul", 2)]),
}


@pytest.mark.parametrize(("old", "new", "told"), EDITS.values(), ids=EDITS)
def test_an_edit_is_told_once(old: str, new: str, told: list[tuple[Action, str, int]]) -> None:
    found = difference(NET, NET.replace(old, new)).changes
    assert [(change.action, change.kind, len(change.uses)) for change in found] == told


REWRITTEN = {
    "a loop": ("        conv(16, 3, padding=1) -> relu\n", "        repeat 1 { conv(16, 3, padding=1) -> relu }\n"),
    "a variable": ("        unit(8)\n", "        let c = 8\n        unit(c)\n"),
    "a condition": ("        unit(8)\n", "        if classes > 0 { unit(8) }\n"),
    "an argument that is the default": ("unit(8)", "unit(8, stride=1)"),
    "a stated shape": ("    global_avg_pool", "    [N, 16, 8, 8]\n    global_avg_pool"),
    "an inline block": ("    global_avg_pool -> flatten\n", "    inline tail()\n"),
}


@pytest.mark.parametrize(("old", "new"), REWRITTEN.values(), ids=REWRITTEN)
def test_the_same_in_other_words_is_no_difference(old: str, new: str) -> None:
    tail = "block tail() { global_avg_pool -> flatten }\n" if "tail" in new else ""
    found = difference(NET, tail + NET.replace(old, new))
    assert found.is_empty, found.changes
    assert found.computes_same


def test_many_unnamed_blocks_are_counted() -> None:
    (change,) = difference(NET, NET.replace("        unit(8)\n", "        unit(8)\n" * 3)).changes
    assert (change.counts, change.level, change.kind) == ((2, 4), "body", "unit")


def test_what_is_added_behind_every_layer_of_a_kind_says_so() -> None:
    old = NET.replace("        conv(16, 3, padding=1) -> batch_norm -> relu\n", "")
    old = old.replace("conv(16, 3, padding=1) -> relu", "repeat 2 { conv(16, 3, padding=1) -> relu }")
    new = old.replace("conv(16, 3, padding=1) -> relu", "conv(16, 3, padding=1) -> batch_norm -> relu")
    (change,) = difference(old, new).changes
    assert (change.kind, len(change.uses), change.position) == ("batch_norm", 2, "after each of 2 conv")


def test_the_figures_of_a_change_hold_what_follows() -> None:
    found = difference(NET, NET.replace("conv(16, 3, padding=1) -> batch", "conv(24, 3, padding=1) -> batch"))
    (change,) = found.changes
    old, new = found.weights.old, found.weights.new
    assert change.weights == _trained(new) - _trained(old)


def _trained(entries: Mapping[str, tuple[int, ...]]) -> int:
    return sum(prod(shape) for key, shape in entries.items() if key.rpartition(".")[2] in ("weight", "bias"))
