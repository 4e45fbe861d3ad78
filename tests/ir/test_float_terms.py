"""Floats in generated expressions round as in the specification: the modules are those that were checked."""

from __future__ import annotations

from math import ceil

import pytest
import torch

from archdsl.codegen import emit
from tests.check.support import network
from tests.networks.support import check_text, execute

INNER = "block inner(q: float, k: int = 1) {{ {} -> batch_norm }}\nblock b(p: float) {{ {} -> conv(3, 1) }}\n"
NUMBERS = (0.05, 0.07, 0.29, 0.57, 1.15)
"""For the first, 5 * (12 * p) is a little more than 3, and 60 * p is 3."""

FAMILIES = [
    ("conv(ceil(5 * q), 1)", "inner(12 * p)"),
    ("conv(ceil(5 * q), 1)", "inline inner(12 * p)"),
    ("conv(8, 1) -> conv(max(1, round(5 * q)), 1)", "inner(12 * p)"),
    ("conv(round_to(5 * q, 1), 1)", "inner(12 * p)"),
    ("conv(4 if 5 * q > 3 else 2, 1)", "inline inner(12 * p)"),
    ("conv(3 + ceil((q - 1) + 1), 1)", "inner(p - 2)"),
    ("conv(1 + int((q + 0.5) + 2), 1)", "inner(p)"),
    ("conv(1 + int(100 * (q // k)), 1)", "inner(p * 1.0, 1)"),
]


def widths(steps: str, before: str) -> None:
    """The classes, generated once for all uses, make for each the weights that were counted, and fit together."""
    _, (design,) = check_text(network(steps, before=before))
    net = execute(emit([design]))["n"]()
    assert sum(weight.numel() for weight in net.parameters()) == design.root.body.weights
    net(torch.zeros(2, 8, 3, 3))


def test_the_numbers_tell_the_two_ways_apart() -> None:
    assert (ceil(5 * (12 * NUMBERS[0])), ceil(60 * NUMBERS[0])) == (4, 3)


@pytest.mark.parametrize(("step", "use"), FAMILIES)
def test_a_float_that_a_block_hands_on(step: str, use: str) -> None:
    widths("\n".join(f"b({p})" for p in NUMBERS), INNER.format(step, use))


@pytest.mark.parametrize("channels", ["ceil(5 * (12 * (i * 0.05 + 0.05)))", "int(i + 0.5 + 2)", "3 + int(i - 0.5 - 2)"])
def test_a_float_that_grows_with_a_loop(channels: str) -> None:
    widths("b(2)\nb(3)", f"block b(n: int) {{ for i in 0..n {{ conv({channels}, 1) }} }}\n")
