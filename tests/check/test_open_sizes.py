"""Open sizes: what is derived for all inputs at once holds for every single one.

Each network is checked once with open sizes, then with numbers in their place, one size after the other: the
conditions must accept exactly the sizes for which the fixed network has no error, and the shapes must agree.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import Size
from tests.check.support import checked, errors, network
from tests.corpus.cases import GOOD

SIZES = [*range(1, 140), 160, 192, 223, 224, 225, 256, 299, 320, 511, 512]
WIDTH = 768
"""Of the other axis, while one is tried out: large and even enough for everything here."""

NETWORKS = {
    "a chain of windows": network("conv(8, 3) -> max_pool(3, stride=2) -> conv(8, 5, padding=1) -> avg_pool(2)"),
    "with rounding up": network("max_pool(3, stride=2, ceil=true) -> max_pool(2, ceil=true) -> conv(4, 2)"),
    "dilated": network("conv(8, 3, dilation=4) -> conv(8, 3, stride=3)"),
    "unpadded skip": network("add { conv(8, 3)\nidentity }"),
    "projection": network("add { conv(16, 3, stride=2, padding=1)\nconv(16, 1, stride=2) }"),
    "floor against ceil": network("add { max_pool(2)\nconv(8, 3, stride=2, padding=1) }"),
    "up and down": network("a: conv(8, 1)\nmax_pool(2) -> max_pool(2) -> upsample(4)\nadd { identity; a }"),
    "thirds": network("a: conv(8, 1)\navg_pool(3) -> conv_transpose(8, 3, stride=3)\nadd { identity; a }"),
    "halves and thirds": network("concat { max_pool(2) -> upsample(2)\navg_pool(3) -> upsample(3)\nidentity }"),
    "a stated size": network("conv(8, 3, stride=2) -> [N, 8, 10, _]"),
    "a stated size twice": network("conv(8, 3) -> [N, 8, 30, _] -> max_pool(2) -> [N, 8, 15, _]"),
    "unshuffle": network("pixel_unshuffle(4) -> conv(8, 3)"),
    "cropped by a transposed convolution": network("conv_transpose(8, 3, stride=2, padding=2, output_padding=1)"),
    "reflected": network('conv(8, 7, padding=3, padding_mode="reflect") -> max_pool(2)'),
    "a linear layer": network("max_pool(4) -> flatten -> [N, 512] -> linear(3)", "[N, 8, H, 32]", "[N, 3]"),
    "in a block": network(
        "u(8, 2)\nu(8, 3)",
        before="block u(c: int, s: int) { add { conv(c, 3, stride=s, padding=1)\nconv(c, 2, stride=s) } }\n",
    ),
    "in a loop": network("repeat 3 { conv(8, 3) -> max_pool(2) }"),
    "unet": (GOOD / "unet.arch").read_text("utf-8"),
}


def at(size: Size, values: dict[str, int]) -> int | None:
    """A size with numbers in place of open ones; None for the batch."""
    if isinstance(size, Dim):
        return size.evaluate(values[size.symbol_name]) if size.symbol_name in values else None
    return size


def accepts(typed: TypedDesign, values: dict[str, int]) -> bool:
    met = [condition.accepted for condition in typed.conditions]
    return all(found.contains(values[found.symbol]) for found in met if found.symbol in values)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_size(name: str) -> None:
    text = NETWORKS[name]
    typed = checked(text)[0]
    refused = bool(errors(text))
    if not refused:
        assert typed is not None
        assert typed.complete
    verdicts: set[bool] = set()
    for size in SIZES:
        values = {"H": size, "W": WIDTH}
        fixed, faults = checked(text, values)
        assert bool(faults) == (refused or not accepts(typed, values)), (size, [fault.message for fault in faults])
        verdicts.add(bool(faults))
        if faults:
            continue
        assert typed is not None
        assert fixed is not None
        for (_, left, _), (_, right, _) in zip(typed.outputs, fixed.outputs, strict=True):
            assert left is not None
            assert right is not None
            assert [at(part, values) for part in left.shape] == [at(part, values) for part in right.shape]
        assert typed.root.body.weights == fixed.root.body.weights
    assert verdicts == ({True} if refused else {False} if name == "projection" else {True, False})


def test_the_corpus_has_the_five_probes() -> None:
    texts = [path.read_text("utf-8") for path in Path(GOOD.parent).rglob("*.arch")]
    assert {f"Probe {number} of open sizes" for number in range(1, 6)} <= {
        probe for text in texts for number in range(1, 6) if (probe := f"Probe {number} of open sizes") in text
    }
