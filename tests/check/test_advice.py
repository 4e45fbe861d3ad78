"""Warnings: silence where a layer may be meant, where its sizes are open, and in networks that have errors."""

from __future__ import annotations

import pytest

from tests.check.support import codes, network

NORMED = "batch_norm -> relu"

QUIET = [
    # A bias that something else takes as well, or that no norm directly follows.
    ("a: conv(8, 3, padding=1) -> batch_norm\nadd { identity; a }", "[N, 8, H, W]"),
    ("for i in 0..2 { a{i}: conv(8, 3, padding=1) -> bn{i}: batch_norm }\nadd { identity; a0; a1 }", "[N, 8, H, W]"),
    ("a: { conv(8, 3, padding=1) }\nbatch_norm\nadd { identity; a }", "[N, 8, H, W]"),
    (f"conv(8, 3) -> relu -> {NORMED}", "[N, 8, H, W]"),
    (f"conv(8, 3) -> group_norm(2) -> {NORMED}", "[N, 8, H, W]"),
    (f"conv(8, 3, bias=false) -> {NORMED}", "[N, 8, H, W]"),
    (f"add {{ identity; conv(8, 3, padding=1) }}\n{NORMED}", "[N, 8, H, W]"),
    (f"conv(8, 3, bias=false)\nif x.channels == 9 {{ conv(8, 1) }} else {{ relu }}\n{NORMED}", "[N, 8, H, W]"),
    # The bias is along the last axis, the mean along the second.
    ("linear(8) -> batch_norm", "[N, 6, 8]"),
    # Softmax that is no end.
    ("softmax -> linear(8)", "[N, 8]"),
    ("log_softmax", "[N, 8]"),
    # Sizes that come out even, that are open, or of which padding is all that is lost.
    ("max_pool(2)", "[N, 8, 8, 8]"),
    ("max_pool(2)", "[N, 8, H, W]"),
    ("max_pool(2)", "[N, 8, H = 7, W = 7]"),
    ("conv(8, 3, stride=2, padding=1)", "[N, 8, 224, 224]"),
    ("conv(8, 3, stride=2, padding=1)", "[N, 8, 7, 7]"),
    ("conv(8, 7, stride=2, padding=3) -> max_pool(3, stride=2, padding=1)", "[N, 8, 224, 224]"),
    ("conv(8, 1, stride=2)", "[N, 8, 56, 56]"),
    ("conv(8, 1, stride=2)", "[N, 8, 7, 7]"),
    ("max_pool(2, ceil=true)", "[N, 8, 8, 8]"),
    ("max_pool(2, ceil=true)", "[N, 8, H, W]"),
    ("max_pool(3, stride=2, ceil=true)", "[N, 8, 55, 55]"),
    ("adaptive_avg_pool(7)", "[N, 8, 7, 7]"),
    ("adaptive_avg_pool(7)", "[N, 8, H, W]"),
    # Dilated kernels reach far beyond their padding.
    ("conv(8, 3, padding=12, dilation=12)", "[N, 8, 32, 32]"),
    ("conv(8, 4, padding=3)", "[N, 8, 32, 32]"),
    # One axis of one place is no map of one pixel.
    ("conv(8, 3, padding=1)", "[N, 8, 1, 32]"),
    ("conv(8, (1, 3), padding=(0, 1))", "[N, 8, 1, 32]"),
    ("conv(8, 1)", "[N, 8, 1, 1]"),
    ('conv(8, 4, padding="same", dilation=2)', "[N, 8, 32, 32]"),
    ('conv(8, 1, padding="same")', "[N, 8, 32, 32]"),
    ("dropout(0.999)", "[N, 8]"),
]


@pytest.mark.parametrize(("steps", "given"), QUIET)
def test_nothing_is_said(steps: str, given: str) -> None:
    output = f"[{', '.join('N' if index == 0 else '_' for index in range(given.count(',') + 1))}]"
    assert codes(network(steps, given, output)) == []


LOUD = [
    ("conv(8, 3) -> [N, 8, _, _] -> batch_norm", "[N, 8, H, W]", "W0341"),
    ("a: conv(8, 3) -> b: batch_norm", "[N, 8, H, W]", "W0341"),
    ("conv(8, 3) -> identity -> batch_norm", "[N, 8, H, W]", "W0341"),
    ("conv(8, 3)\nif x.channels == 8 { batch_norm }", "[N, 8, H, W]", "W0341"),
    ("{ conv(8, 3) }\n{ batch_norm -> relu }", "[N, 8, H, W]", "W0341"),
    ("add { identity; conv(8, 3, padding=1) -> batch_norm }", "[N, 8, H, W]", "W0341"),
    ("repeat 3 { conv(8, 3, padding=1) -> batch_norm -> relu }", "[N, 8, H, W]", "W0341"),
    ("conv_transpose(8, 2, stride=2) -> batch_norm", "[N, 8, H, W]", "W0341"),
    ("linear(8) -> batch_norm", "[N, 6]", "W0341"),
    ("linear(8) -> softmax", "[N, 6]", "W0335"),
    ("linear(8)\nhead: { relu -> softmax }", "[N, 6]", "W0335"),
    ("max_pool((2, 1))", "[N, 8, 7, W]", "W0319"),
    ("conv(8, 3, stride=2)", "[N, 8, 8]", "W0319"),
    ("avg_pool(2)", "[N, 8, 3, 4, 4]", "W0319"),
    ("conv(8, 3, stride=2, dilation=2)", "[N, 8, 8, 8]", "W0319"),
    ("max_pool(3, stride=2, ceil=true)", "[N, 8, 112, 112]", "W0321"),
    ("max_pool(3, stride=2, padding=1, ceil=true)", "[N, 8, 8, 9]", "W0321"),
    ("max_pool(2, stride=3)", "[N, 8, H, W]", "W0320"),
    ("conv(8, (1, 2), stride=(1, 3))", "[N, 8, H, W]", "W0320"),
    ("adaptive_max_pool((1, 7))", "[N, 8, H, 4]", "W0322"),
    ("conv(8, (3, 1), padding=(1, 1))", "[N, 8, H, W]", "W0324"),
    ("max_pool(3, stride=1, padding=1)", "[N, 8, 1, 1]", "W0325"),
    ("dropout2d(1)", "[N, 8, H, W]", "W0342"),
]


@pytest.mark.parametrize(("steps", "given", "code"), LOUD)
def test_one_thing_is_said(steps: str, given: str, code: str) -> None:
    output = f"[{', '.join('N' if index == 0 else '_' for index in range(given.count(',') + 1))}]"
    assert codes(network(steps, given, output)) == [code]


def test_probabilities_that_are_called_so() -> None:
    text = network("linear(8) -> softmax", "[N, 6]", "[N, 8]")
    assert codes(text) == ["W0335"]
    assert codes(text.replace("output o", "output probabilities")) == []


def test_errors_come_first() -> None:
    """Where sizes are wrong, a warning about them may be as well."""
    text = network("max_pool(2) -> max_pool(9)", "[N, 8, 7, 7]")
    assert codes(text) == ["E0301"]
    assert codes(text.replace("max_pool(9)", "max_pool(3)")) == ["W0319"]


@pytest.mark.parametrize("before", ["", "block unit() { linear(10) -> batch_norm }\n"])
def test_layers_of_unknown_shape_are_passed_over(before: str) -> None:
    """Behind an error there is no shape; this once ended in a traceback."""
    assert codes(network("unit" if before else "linear(10) -> batch_norm", before=before)) == ["E0304"]


def test_a_block_is_warned_of_once() -> None:
    unit = "block unit() { conv(8, 3, padding=1) -> batch_norm -> relu }\n"
    assert codes(network("unit -> unit -> repeat 9 { unit }", before=unit)) == ["W0341"]
