"""``python -m tests.numbers.campaign``: the figures of random networks against torch.

For every network, at two sizes that it accepts: weights are those of the module that is generated, multiply-adds half
of what ``torch.utils.flop_counter`` counts of it, and the formula for open sizes gives the same number. At the smaller
size memory is measured as well: what autograd keeps within 1 %, the peak of inference within 5 %. Exit 0: no
disagreement.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

import torch
from torch import nn

from archdsl.analysis.memory import Programs
from archdsl.analysis.sizes import accepted_sizes
from archdsl.analysis.totals import totals
from archdsl.codegen import Refused, emit
from archdsl.ir.amount import Polynomial
from archdsl.ir.typed import TypedDesign
from tests.analysis.support import fixed, inputs_of
from tests.codegen.interpreter import Interpreter
from tests.networks.support import execute
from tests.oracles.torch_memory import inference_peak, kept_for_backward
from tests.oracles.torchvision_models import flops, weight_count
from tests.sizes.campaign import compiled, fits
from tests.sizes.random_networks import Drawer

LEAST = (17, 24)
"""From these sizes on, the next one that is accepted is taken."""


LARGEST = 2**28
"""Bytes of weights or values of a network that is run."""
MOST_MACS = 10**10


@dataclass
class Tally:
    """What a campaign compared; ``wrong`` holds a sentence and the network of each disagreement."""

    networks: int = 0
    comparisons: int = 0
    not_written: int = 0
    formulas: int = 0
    memory: int = 0
    exact: int = 0
    """Of the measurements of memory, those that were met to the byte."""
    kept_off: float = 0.0
    peak_off: float = 0.0
    too_large: int = 0
    """Networks at a size that would need more memory or time than a comparison is worth."""
    wrong: list[str] = field(default_factory=list)


def compare(text: str, tally: Tally) -> bool:
    """One network; False where it accepts no size at all, and so has no figures."""
    _, _, typed = compiled(text)
    sizes = [chosen(typed, least) for least in LEAST] if typed is not None and typed.complete else [None]
    if typed is None or sizes[0] is None:
        return False
    tally.networks += 1
    formula = totals(typed).macs
    for index, values in enumerate(sizes):
        if values is None:
            continue
        design = fixed(typed, values)
        if not is_small(design):
            tally.too_large += 1
            continue
        module = written(design, tally)
        for sentence in wrong_counts(design, module or Interpreter(design), formula, values, tally):
            tally.wrong.append(f"{values}: {sentence}\n{text}")
        if index == 0 and module is not None:
            for sentence in wrong_memory(design, module, tally):
                tally.wrong.append(f"{values}: {sentence}\n{text}")
    return True


def is_small(design: TypedDesign) -> bool:
    """Whether a machine can run it, by the figures that are to be compared: a few enlargements fill any memory."""
    found, programs = totals(design), Programs.of(design)
    assert programs is not None
    values = programs.values(2, "fp32")
    macs = found.macs if isinstance(found.macs, int) else 0
    return found.weights < LARGEST // 4 and max(values.peak, values.kept) < LARGEST and macs < MOST_MACS


def chosen(design: TypedDesign, least: int) -> dict[str, int] | None:
    """A value for each open size; None where there is none that is small enough to run."""
    found = {each.symbol: each.accepted.next_at_or_above(least) for each in accepted_sizes(design)}
    found = {name: size or each for (name, size), each in zip(found.items(), _smallest(design), strict=True)}
    return {name: size for name, size in found.items() if size} if all(found.values()) else None


def _smallest(design: TypedDesign) -> list[int | None]:
    return [each.accepted.minimum for each in accepted_sizes(design)]


def written(design: TypedDesign, tally: Tally) -> nn.Module | None:
    """The generated module; None where no class can be written that is right for all uses."""
    try:
        module: nn.Module = execute(emit([design]))[design.design.name]()
    except Refused:
        tally.not_written += 1
        return None
    return module


def wrong_counts(
    design: TypedDesign, module: nn.Module, formula: object, values: Mapping[str, int], tally: Tally
) -> Iterator[str]:
    """Weights and multiply-adds."""
    found = totals(design)
    tally.comparisons += 1
    if found.weights != weight_count(module):
        yield f"{found.weights} weights, torch has {weight_count(module)}"
    counted = flops(module.eval(), *inputs_of(design))
    if found.flops != counted:
        yield f"{found.flops} flops, torch counts {counted}"
    if isinstance(formula, Polynomial):
        tally.formulas += 1
        if formula.evaluate(values) * 2 != counted:
            yield f"{formula} gives {formula.evaluate(values)}, torch counts {counted} flops"


def wrong_memory(design: TypedDesign, module: nn.Module, tally: Tally) -> Iterator[str]:
    """What is kept for the backward pass, and the peak of inference, for a batch of 2."""
    programs = Programs.of(design)
    assert programs is not None
    found, inputs = programs.values(2, "fp32"), inputs_of(design, 2)
    peak = inference_peak(module.eval(), inputs)
    try:
        kept = kept_for_backward(module.train(), lambda: module(*inputs))
    except ValueError:  # a norm over one value cannot be trained
        return
    tally.memory += 1
    tally.exact += (found.peak, found.kept) == (peak, kept)
    tally.kept_off = max(tally.kept_off, abs(found.kept - kept) / max(kept, 1))
    tally.peak_off = max(tally.peak_off, abs(found.peak - peak) / peak)
    if abs(found.kept - kept) > 0.01 * kept:
        yield f"{found.kept} bytes kept, torch keeps {kept}"
    if abs(found.peak - peak) > 0.05 * peak:
        yield f"{found.peak} bytes at the peak, torch has {peak}"


def campaign(networks: int, seed: int, *, say: bool = False) -> Tally:
    """So many random networks that accept some size."""
    tally, start, number = Tally(), time.monotonic(), 0
    while tally.networks < networks:
        random = Random(seed * 1_000_003 + number)
        number += 1
        text = Drawer(random, fits).network().text()
        done = compare(text, tally)
        if say and done and tally.networks % 250 == 0:
            print(
                f"{tally.networks:,} networks, {len(tally.wrong)} disagreements, {time.monotonic() - start:.0f} s",
                flush=True,
            )
    return tally


def main() -> int:
    """Runs a campaign and prints what was compared."""
    parser = argparse.ArgumentParser(prog="python -m tests.numbers.campaign", description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    tally = campaign(options.networks, options.seed, say=True)
    for sentence in tally.wrong[:10]:
        print(f"\nDISAGREEMENT at {sentence}")
    print(
        f"{tally.networks:,} networks, {tally.comparisons:,} comparisons of weights and multiply-adds "
        f"({tally.formulas:,} of them with a formula as well; {tally.not_written:,} without generated code; "
        f"{tally.too_large:,} left out as too large to run); "
        f"memory of {tally.memory:,}, {tally.exact:,} of them to the byte, kept at most {tally.kept_off:.2%} off, "
        f"peak at most {tally.peak_off:.2%}; {len(tally.wrong)} disagreements"
    )
    return int(bool(tally.wrong))


if __name__ == "__main__":
    # With one thread, torch transposes volumes by a kernel of its own, whose output is a part of a larger storage.
    torch.set_num_threads(2)
    sys.exit(main())
