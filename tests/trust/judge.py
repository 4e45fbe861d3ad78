"""Judges a project: what archdsl says of it and makes of it, against what real torch does."""

from __future__ import annotations

import ast
import re
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.analysis.flatten import flatten
from archdsl.analysis.sizes import accepted_sizes
from archdsl.analysis.totals import totals
from archdsl.codegen import HEADER, Refused, emit
from archdsl.codegen.printer_allowed import check_allowed
from archdsl.diagnostics.codes import CODES
from archdsl.driver.compilation import Compilation
from archdsl.ir.amount import Polynomial
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from archdsl.ir.types import Size
from archdsl.source.loader import MemoryLoader
from tests.codegen.interpreter import Interpreter
from tests.format.support import faults_of
from tests.networks.support import execute
from tests.trust.draw import draw
from tests.trust.layers import set_weights
from tests.trust.programs import Program, Project, Ran, Variant

__all__ = ["Tally", "draw", "judge", "judge_project"]


@dataclass
class Tally:
    """What a campaign has seen."""

    programs: int = 0
    networks: int = 0
    layers: int = 0
    files: int = 0
    stricter: Counter[str] = field(default_factory=Counter)
    """Refused on purpose, by code: of ``check`` what nothing uses, of ``compile`` by the message."""
    wrong: list[str] = field(default_factory=list)
    is_sampled: bool = False
    """Whether what is generated next is kept for linters, which take their time."""
    sources: list[str] = field(default_factory=list)


STRICTER = {"E0502": "", "E0305": "makes a size that cannot be followed"}
"""With what archdsl may refuse what torch runs: a value that nothing uses; an open size of thousands of steps."""
NOT_WRITTEN = (
    "this size differs between the applications of the block, or is open",
    "the channel count after each turn has no expression that could be written in `__init__`",
    "the size that this layer takes differs between the applications of the block",
    "the channels that flow in here differ between applications",
    "a condition in `forward` rests on this size; give the block a parameter for it",
    r"`\w+` would be another PyTorch layer in each application of this block",
)
"""What ``compile`` may say of a network that ``check`` accepts: docs/trust.md says why."""
JOINS = ("add", "mul", "concat", "scale", "identity")

FORMATTED = 10
"""One project in so many is formatted twice."""


class Disagreement(Exception):
    """archdsl and torch differ; the message says in what."""


def judge(program: Program, image: Tensor, tally: Tally) -> str | None:
    """What is wrong with a program, or None."""
    return judge_project(Project.of(program, image), tally)


def judge_project(project: Project, tally: Tally) -> str | None:
    """What is wrong with a project, or None; an exception of archdsl is wrong too."""
    files = project.files()
    try:
        _judge(project, files, tally)
    except Disagreement as found:
        wrong = str(found)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        wrong = f"{type(error).__name__} in {last.name} of {Path(last.filename).name}: {error}"
    else:
        return None
    return f"{wrong}\n" + "\n".join(f"# {path}\n{text}" for path, text in files.items())


def _judge(project: Project, files: dict[str, str], tally: Tally) -> None:
    tally.programs += 1
    tally.files += len(files)
    if tally.is_sampled or tally.programs % FORMATTED == 1:
        _judge_format(files)
    compilation = Compilation(MemoryLoader(files))
    designs = [compilation.typed("a.arch", design) for design in compilation.check_file("a.arch")]
    errors = {(finding.code, finding.message) for finding in compilation.sink if _is_error(finding.code)}
    if errors and all(code in STRICTER and message.endswith(STRICTER[code]) for code, message in errors):
        tally.stricter.update(code for code, _ in errors)
        return
    if errors:
        raise Disagreement(f"refused: {sorted(errors)}")
    typed = {design.design.name: design for design in designs if design is not None}
    namespace = _written(list(typed.values()), tally)
    for program, image in project.programs:
        for variant in program.networks():
            # Where no class is right for all networks, each may have its own: `compile -n`.
            own = namespace or (_written([typed[variant.name]], tally) if len(typed) > 1 else None)
            if own is None:
                continue
            tally.networks += 1
            ran = program.ran(image, variant.arguments)
            tally.layers += len(ran.trace)
            _judge_network(program, variant, image, ran, typed[variant.name], own[variant.name]())


def _written(designs: list[TypedDesign], tally: Tally) -> dict[str, Any] | None:
    """What the generated file of some networks defines; None where it is refused for a known reason."""
    try:
        source = emit(designs)
    except Refused as refused:
        reason = next((pattern for pattern in NOT_WRITTEN if re.fullmatch(pattern, str(refused))), None)
        if reason is None:
            raise Disagreement(f"not written: {refused}") from refused
        tally.stricter[reason] += 1
        return None
    _judge_source(source)
    if tally.is_sampled:
        tally.sources.append(source)
    return execute(source)


def _judge_format(files: dict[str, str]) -> None:
    for path, text in files.items():
        for fault in faults_of(text):
            raise Disagreement(f"fmt: {fault} in {path}")


def _is_error(code: str) -> bool:
    return CODES[code].severity == "error"


def _judge_source(source: str) -> None:
    """Every generated file is ASCII, begins with our line, and has no syntax but what is on the list."""
    if not source.isascii() or not source.startswith(f"# {HEADER}\n"):
        raise Disagreement("the generated file does not begin with the fixed line, or is not ASCII")
    try:
        check_allowed(ast.parse(source))
    except TypeError as error:
        raise Disagreement(f"{error} in\n{source}") from error


def _judge_network(
    program: Program, variant: Variant, image: Tensor, ran: Ran, design: TypedDesign, module: nn.Module
) -> None:
    sizes = _open_sizes(program, image)
    _judge_sizes(program, design, sizes)
    _judge_shapes(design, {"N": image.shape[0], **sizes}, ran)
    set_weights(module.eval())
    inputs = program.inputs(image)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        made = module(*inputs)
    _judge_outputs(_several(made), ran.outputs, f"torch, {variant}")
    oracle = Interpreter(design).eval()
    try:
        oracle.load(module.state_dict())
    except AssertionError as error:
        raise Disagreement(f"the keys of the module and of the interpreter differ in {error}") from error
    with torch.no_grad():
        told = oracle(*inputs)
    always = [told[name] for name, _, when in design.outputs if when is None]
    _judge_outputs(_several(made), always, "the interpreter")
    if ran.training:
        with torch.no_grad():
            trained = _several(module.train()(*inputs))
        shapes = [value.shape for value in trained]
        if shapes != [value.shape for value in (*ran.outputs, *ran.training)]:
            raise Disagreement(f"in training the outputs are {shapes}")
    _judge_figures(design, sizes, module, counter.get_total_flops() // (2 * image.shape[0]))


def _open_sizes(program: Program, image: Tensor) -> dict[str, int]:
    pairs = zip(program.input, image.shape[1:], strict=True)
    return {size: real for size, real in pairs if isinstance(size, str)}


def _judge_sizes(program: Program, design: TypedDesign, sizes: dict[str, int]) -> None:
    """The sizes that ran have to be accepted; of two open sizes a norm asks more: docs/open-sizes.md."""
    rejected = [found for found in accepted_sizes(design) if not found.accepted.contains(sizes[found.symbol])]
    has_norm = any("norm" in layer.op for layer in flatten(design))
    if rejected and not (len(sizes) > 1 and has_norm):
        symbols = [f"{found.symbol} = {sizes[found.symbol]}" for found in rejected]
        raise Disagreement(f"{symbols} said not to be accepted")


def _judge_shapes(design: TypedDesign, values: dict[str, int], ran: Ran) -> None:
    told = [
        (layer.op, tuple(_at(size, values) for size in layer.output.shape))
        for layer in flatten(design)
        if layer.op not in JOINS and layer.output is not None
    ]
    made = [(op, shape) for op, shape in ran.trace if op not in JOINS]
    if told != made:
        first = next((pair for pair in zip(told, made, strict=False) if pair[0] != pair[1]), (len(told), len(made)))
        raise Disagreement(f"shapes differ: {first}")


def _judge_outputs(made: list[Tensor], expected: list[Tensor], by: str) -> None:
    """Bit for bit; long products overflow in both alike."""
    if len(made) != len(expected):
        raise Disagreement(f"{len(made)} outputs, by {by} {len(expected)}")
    for index, (mine, theirs) in enumerate(zip(made, expected, strict=True)):
        if not torch.equal(mine.nan_to_num(), theirs.nan_to_num()):
            raise Disagreement(f"output {index} differs from that of {by}")


def _judge_figures(design: TypedDesign, sizes: dict[str, int], module: nn.Module, macs: int) -> None:
    figures = totals(design)
    weights = sum(weight.numel() for weight in module.parameters())
    if figures.weights != weights:
        raise Disagreement(f"{figures.weights} weights said, {weights} found")
    said = figures.macs.evaluate(sizes) if isinstance(figures.macs, Polynomial) else figures.macs
    if said != macs:
        raise Disagreement(f"{figures.macs} MACs said, {macs} found")


def _several(made: object) -> list[Tensor]:
    return list(made) if isinstance(made, tuple) else [made]  # type: ignore[list-item]


def _at(size: Size, values: dict[str, int]) -> int:
    return size.evaluate(values[size.symbol_name]) if isinstance(size, Dim) else size
