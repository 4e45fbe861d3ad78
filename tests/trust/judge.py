"""Judges a program: what archdsl says of it and makes of it, against what real torch does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.analysis.flatten import flatten
from archdsl.analysis.sizes import accepted_sizes
from archdsl.analysis.totals import totals
from archdsl.codegen import emit
from archdsl.diagnostics.codes import CODES
from archdsl.driver.compilation import Compilation
from archdsl.ir.amount import Polynomial
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import Size
from archdsl.source.loader import MemoryLoader
from tests.networks.support import execute
from tests.trust.draw import Drawer
from tests.trust.layers import set_weights
from tests.trust.programs import Program


@dataclass
class Tally:
    """What a campaign has seen."""

    programs: int = 0
    layers: int = 0
    stricter: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


STRICTER = {"E0502": "a value that nothing uses"}
"""Codes with which archdsl may refuse what torch runs, and why."""


def judge(program: Program, image: Tensor, tally: Tally) -> str | None:
    """What is wrong, or None."""
    output, trace = program.run(image)
    text = program.text(output.dim())
    tally.programs += 1
    tally.layers += len(trace)
    compilation = Compilation(MemoryLoader({"a.arch": text}))
    designs = [compilation.typed("a.arch", design) for design in compilation.check_file("a.arch")]
    errors = [finding for finding in compilation.sink if CODES[finding.code].severity == "error"]
    if errors:
        return _judge_errors([error.code for error in errors], [error.message for error in errors], tally, text)
    (design,) = designs
    assert design is not None
    sizes = dict(zip(_symbols(program), _open(program, image), strict=True))
    return _judge_design(design, sizes, image, output, trace, text)


def _symbols(program: Program) -> list[str]:
    return [size for size in program.input if isinstance(size, str)]


def _open(program: Program, image: Tensor) -> list[int]:
    return [real for size, real in zip(program.input, image.shape[1:], strict=True) if isinstance(size, str)]


def _judge_errors(codes: list[str], messages: list[str], tally: Tally, text: str) -> str | None:
    if set(codes) <= STRICTER.keys():
        tally.stricter.update(codes)
        return None
    return f"refused: {list(zip(codes, messages, strict=True))}\n{text}"


def _judge_design(
    design: TypedDesign,
    sizes: dict[str, int],
    image: Tensor,
    output: Tensor,
    trace: list[tuple[str, tuple[int, ...]]],
    text: str,
) -> str | None:
    rejected = [
        f"{entry.symbol} = {sizes[entry.symbol]}"
        for entry in accepted_sizes(design)
        if not entry.accepted.contains(sizes[entry.symbol])
    ]
    if rejected and not (len(sizes) > 1 and "norm(" in text):  # of two open sizes a norm asks more: docs/open-sizes.md
        return f"{rejected} said not to be accepted\n{text}"
    values = {"N": image.shape[0], **sizes}
    layers = [(layer.op, tuple(_at(size, values) for size in layer.output.shape)) for layer in flatten(design)]
    ran = [(op, shape) for op, shape in trace if op not in ("add", "mul", "concat", "scale", "identity")]
    told = [(op, shape) for op, shape in layers if op not in ("add", "mul", "concat", "scale", "identity")]
    if told != ran:
        first = next((pair for pair in zip(told, ran, strict=False) if pair[0] != pair[1]), (len(told), len(ran)))
        return f"shapes differ: {first}\n{text}"
    source = emit([design])
    module: nn.Module = execute(source)["n"]().eval()
    set_weights(module)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        made = module(image)
    if not torch.equal(made.nan_to_num(), output.nan_to_num()):  # long products overflow in both alike
        return f"outputs differ\n{text}\n{source}"
    figures = totals(design)
    weights = sum(weight.numel() for weight in module.parameters())
    if figures.weights != weights:
        return f"{figures.weights} weights said, {weights} found\n{text}\n{source}"
    macs = counter.get_total_flops() // (2 * image.shape[0])
    said = figures.macs.evaluate(sizes) if isinstance(figures.macs, Polynomial) else figures.macs
    if said != macs:
        return f"{figures.macs} MACs said, {macs} found\n{text}\n{source}"
    return None


def _at(size: Size, values: dict[str, int]) -> int:
    return size.evaluate(values[size.symbol_name]) if isinstance(size, Dim) else size


def draw(seed: str) -> tuple[Program, Tensor]:
    """The program of a seed."""
    return Drawer(Random(seed)).program()
