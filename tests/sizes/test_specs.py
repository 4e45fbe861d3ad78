"""Every network of specs/ at 50 sizes: the proven set, the check with fixed sizes, and real torch say the same.

Torch runs the layers of the network with real tensors of one sample, with as few channels as its groups allow:
whether a size works depends on the sizes alone, and specs have thousands of channels.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archdsl.analysis.sizes import accepted_sizes, open_symbols
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Design
from archdsl.ir.dim import SizeSet
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader
from tests.house import ROOT
from tests.sizes.slim import SlimRun

SIZES = [*range(1, 30), 31, 32, 33, 47, 48, 63, 64, 65, 96, 97, 111, 128]
BESIDE = 9
"""So many further sizes beside the first ones that are accepted: 50 in all."""
FILES = sorted((ROOT / "specs").rglob("*.arch"))


def networks(file: Path) -> tuple[Compilation, list[tuple[Design, TypedDesign]]]:
    compilation = Compilation(DiskLoader(str(ROOT)))
    found = [(design, compilation.typed(str(file), design)) for design in compilation.designs(str(file))]
    assert not compilation.sink.has_errors
    return compilation, [(design, typed) for design, typed in found if typed is not None]


def sizes_to_try(accepted: SizeSet | None) -> list[int]:
    """Small sizes, and those beside the first that work, which may lie far above (188 in the U-Net of the paper)."""
    beside: list[int] = []
    size = accepted.minimum if accepted is not None else None
    while accepted is not None and size is not None and len(beside) < BESIDE:
        beside += [near for near in (size, size - 1, size + 1) if near >= 1 and near not in (*SIZES, *beside)]
        size = accepted.next_at_or_above(size + 2)
    return [*SIZES, *beside[:BESIDE]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_networks_of_a_spec(file: Path) -> None:
    """The first and the last of a family: they differ the most."""
    _, found = networks(file)
    for design, typed in (found[0], *found[1:][-1:]):
        assert_agreement(design, typed)


@pytest.mark.nightly
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_other_networks_of_a_spec(file: Path) -> None:
    _, found = networks(file)
    for design, typed in found[1:-1]:
        assert_agreement(design, typed)


def assert_agreement(design: Design, typed: TypedDesign) -> None:
    """Proven, checked with fixed sizes, and run by torch: the same answer for each of 50 sizes, and the same shapes."""
    symbols = open_symbols(typed)
    accepted = {found.symbol: found.accepted for found in accepted_sizes(typed)}
    run = SlimRun(typed)
    tried = sizes_to_try(accepted.get(symbols[0]) if symbols else None)
    assert len(tried) == 50 or not symbols
    answers = set()
    for number, size in enumerate(tried if symbols else SIZES[:1]):
        sizes = {symbol: size + index * (number % 2) for index, symbol in enumerate(symbols)}
        proven = all(accepted[symbol].contains(size) for symbol, size in sizes.items())
        fixed = check(design, Sink(), sizes=sizes)
        outputs = run(sizes)
        assert proven == (fixed is not None and fixed.complete) == (outputs is not None), (design.name, sizes)
        answers.add(proven)
        if outputs is None:
            continue
        for name, type_, _ in typed.outputs:
            assert type_ is not None
            spatial = tuple(
                size if isinstance(size, int) else size.evaluate(sizes[size.symbol_name]) for size in type_.shape[2:]
            )
            assert outputs[name][2:] == spatial, (design.name, sizes, name)
    assert True in answers, design.name


def test_a_size_that_torch_refuses_is_seen_by_the_slim_run() -> None:
    """The oracle itself: below 7 x 7 pixels AlexNet's first window does not fit."""
    _, found = networks(ROOT / "specs" / "alexnet.arch")
    (_, typed) = found[0]
    symbols = open_symbols(typed)
    if not symbols:
        pytest.skip("AlexNet's input is fixed")
    run = SlimRun(typed)
    assert run(dict.fromkeys(symbols, 62)) is None
    assert run(dict.fromkeys(symbols, 63)) is not None


assert torch.get_num_threads() == 1
