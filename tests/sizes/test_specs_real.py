"""The generated modules of specs/ with all their channels, run by torch at the sizes where the answer changes.

`test_specs.py` tries 50 sizes of every network with few channels. Here the code that users get runs as it is, once
beside each threshold: weights are left as the memory was, since only shapes count.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archdsl.analysis.sizes import accepted_sizes
from archdsl.ir.dim import SizeSet
from archdsl.ir.typed import TypedDesign
from tests.networks.support import execute, source, typed
from tests.ops.support import REFUSED

SMALLEST = [
    ("alexnet.arch", "alexnet"),
    ("vgg.arch", "vgg11"),
    ("googlenet.arch", "googlenet"),
    ("resnet.arch", "resnet18"),
    ("densenet.arch", "densenet121"),
    ("unet.arch", "unet"),
    ("unet.arch", "unet_padded"),
]
"""The smallest network with open sizes of each file."""


def module(file: str, name: str) -> nn.Module:
    """The generated module, made without spending time on its weights."""
    with torch.device("meta"):
        made = execute(source(file, name))[name]()
    return made.to_empty(device="cpu").eval()


def run(network: nn.Module, *shape: int) -> tuple[tuple[int, ...], ...] | None:
    """The shapes of the outputs; None where torch (or a guard) refuses."""
    try:
        with torch.no_grad():
            outputs = network(torch.zeros(shape))
    except REFUSED:
        return None
    return tuple(tuple(value.shape) for value in ((outputs,) if isinstance(outputs, Tensor) else outputs))


def thresholds(accepted: SizeSet) -> list[int]:
    """Sizes beside the first accepted ones: where a condition that is off by one shows."""
    first = accepted.minimum
    assert first is not None
    second = accepted.next_at_or_above(first + 1) or first
    beside = {first - 1, first, first + 1, second - 1, second, second + 1, first + accepted.modulus}
    return sorted(size for size in beside if 1 <= size <= 300)


def proven(design: TypedDesign, batch: int, sizes: dict[str, int]) -> tuple[tuple[int, ...], ...]:
    """The output shapes that the check states."""
    known = {"N": batch, **sizes}
    shapes = [type_.shape for _, type_, when in design.outputs if type_ is not None and when is None]
    return tuple(
        tuple(size if isinstance(size, int) else size.evaluate(known[size.symbol_name]) for size in shape)
        for shape in shapes
    )


@pytest.mark.parametrize(("file", "name"), SMALLEST)
def test_the_code_that_users_get_accepts_exactly_the_proven_sizes(file: str, name: str) -> None:
    design = typed(file, name)
    network = module(file, name)
    (_, image), *_ = design.inputs
    sets = {found.symbol: found.accepted for found in accepted_sizes(design)}
    assert set(sets) == {"H", "W"}
    home = {symbol: accepted.minimum or 1 for symbol, accepted in sets.items()}
    answers = set()
    for symbol, batch in (("H", 1), ("W", 2)):
        for size in thresholds(sets[symbol]):
            sizes = {**home, symbol: size}
            shapes = run(network, batch, int(image.channels), sizes["H"], sizes["W"])  # type: ignore[arg-type]
            assert (shapes is not None) == sets[symbol].contains(size), sizes
            assert shapes is None or shapes == proven(design, batch, sizes), sizes
            answers.add(shapes is not None)
    always = all(accepted.always for accepted in sets.values())
    assert answers == ({True} if always else {True, False})
