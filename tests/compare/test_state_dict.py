"""What is said of ``state_dict``, against the written modules: keys, shapes, and strict loading."""

from __future__ import annotations

import pytest
from torch import nn

from archdsl.compare.difference import Difference, compare
from tests.compare.support import difference, module, side
from tests.networks.support import ROOT

NET = """\
block unit(channels: int, stride: int = 1) {
    add {
        conv1: conv(channels, 3, stride=stride, padding=1, bias=false) -> bn1: batch_norm -> relu
        short: conv(channels, 1, stride=stride)
    }
    relu
}

network net(classes: int = 10) {
    input image: [N, 3, 16, 16]
    stem: conv(8, 3, padding=1) -> norm: batch_norm -> relu
    body: {
        unit(8)
        conv(16, 3, padding=1) -> batch_norm -> relu
        conv(16, 3, padding=1) -> relu
        unit(16, stride=2)
    }
    global_avg_pool -> flatten
    fc: linear(classes)
    output logits: [N, classes]
}
"""

STEM = "stem: conv(8, 3, padding=1) -> norm: batch_norm -> relu"

RENAMES = {
    "a label": ("stem:", "first:"),
    "a label in a block that is applied twice": ("conv1:", "conv_a:"),
    "a group": ("body:", "layers:"),
    "layers put into a group": (STEM, f"own: {{ {STEM} }}"),
    "a layer without weights in between": (
        "batch_norm -> relu\n        conv(16",
        "batch_norm -> tanh -> relu\n        conv(16",
    ),
    "a layer without weights gone": ("        conv(16, 3, padding=1) -> relu\n", "        conv(16, 3, padding=1)\n"),
    "a named layer": ("        conv(16, 3, padding=1) -> relu\n", "        third: conv(16, 3, padding=1) -> relu\n"),
    "a block under another name": ("unit(", "other("),
}

RESHAPES = {
    "another width": ("conv(16, 3, padding=1) -> batch_norm", "conv(24, 3, padding=1) -> batch_norm"),
    "another kernel": ("stem: conv(8, 3, padding=1)", "stem: conv(8, 5, padding=2)"),
    "more classes": ("classes: int = 10", "classes: int = 12"),
    "groups": ("padding=1, bias=false", "padding=1, groups=4, bias=false"),
    "another layer of that name": ("norm: batch_norm", "norm: conv(8, 1)"),
    "a bias": (", bias=false", ""),
    "a layer gone": ("norm: batch_norm -> ", ""),
    "a layer more": ("flatten\n", "flatten -> hidden: linear(16) -> relu\n"),
    "a block more": ("        unit(8)\n", "        unit(8)\n        unit(8)\n"),
    "everything else": (NET[NET.index("    stem") : NET.index("    fc")], "    flatten\n"),
}


def entries(made: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in made.state_dict().items()}


def loads(found: Difference) -> bool:
    try:
        module(found.new).load_state_dict(module(found.old).state_dict(), strict=True)
    except RuntimeError:
        return False
    return True


def check_entries(found: Difference) -> None:
    """Every key of both modules is in the account once, with its shape."""
    old, new = entries(module(found.old)), entries(module(found.new))
    assert found.weights.old == old
    assert found.weights.new == new
    pairs = found.weights.counterparts
    assert sorted([pair.old[0] for pair in pairs] + [key for key, _ in found.weights.removed]) == sorted(old)
    assert sorted([pair.new[0] for pair in pairs] + [key for key, _ in found.weights.added]) == sorted(new)
    assert found.weights.fits == loads(found)


@pytest.mark.parametrize("edit", RENAMES.values(), ids=RENAMES)
def test_weights_under_other_names_load_once_their_keys_are_renamed(edit: tuple[str, str]) -> None:
    found = difference(NET, NET.replace(*edit))
    check_entries(found)
    assert not found.weights.added
    assert not found.weights.removed
    assert not found.weights.reshaped
    names = {pair.old[0]: pair.new[0] for pair in found.weights.counterparts}
    renamed = {names[key]: tensor for key, tensor in module(found.old).state_dict().items()}
    module(found.new).load_state_dict(renamed, strict=True)


@pytest.mark.parametrize("edit", RESHAPES.values(), ids=RESHAPES)
def test_weights_that_do_not_load(edit: tuple[str, str]) -> None:
    found = difference(NET, NET.replace(*edit))
    check_entries(found)
    assert not found.weights.fits


def test_nothing_changes() -> None:
    found = difference(NET, NET.replace("# ", "## "))
    check_entries(found)
    assert found.is_empty


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("resnet.arch", "resnet18", "resnet34"),
        ("squeezenet.arch", "squeezenet1_0", "squeezenet1_1"),
        ("shufflenet_v2.arch", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0"),
        ("mnasnet.arch", "mnasnet0_5", "mnasnet0_75"),
        ("resnet.arch", "resnet18", "resnet50"),
    ],
)
def test_networks_of_specs(file: str, old: str, new: str) -> None:
    text = (ROOT / "specs" / file).read_text(encoding="utf-8")
    before, after = side(text, old), side(text, new)
    assert before is not None
    assert after is not None
    check_entries(compare(before, after))
