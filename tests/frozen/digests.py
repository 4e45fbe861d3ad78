"""What a network means, as a digest that does not depend on how archdsl is built: its layers, paths and numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from archdsl.analysis.flatten import FlatLayer, flatten
from archdsl.codegen import Refused, emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.ops import REGISTRY
from archdsl.source.loader import DiskLoader
from tests.networks.support import execute

FROZEN = Path(__file__).parent
Parameters = Mapping[str, Sequence[str]]
"""The parameters of each layer kind when a set was frozen: what later versions add to them has a default."""


def parameters() -> dict[str, list[str]]:
    """The parameters of all layer kinds as they are now."""
    return {name: [parameter.name for parameter in op.parameters] for name, op in sorted(REGISTRY.items())}


def checked(path: Path) -> dict[str, TypedDesign]:
    """The networks of a file by name; it has no errors."""
    compilation = Compilation(DiskLoader(str(path.parent)))
    found = {design.name: compilation.typed(str(path), design) for design in compilation.check_file(str(path))}
    assert not compilation.sink.has_errors, [finding.message for finding in compilation.sink]
    return {name: typed for name, typed in found.items() if typed is not None}


def meaning(design: TypedDesign, known: Parameters) -> str:
    """The digest of all inputs, layers in their order, outputs, and the sizes that are accepted."""
    return _digest(_said(design, known))


def keys(design: TypedDesign) -> str | None:
    """The digest of the ``state_dict``: its keys in order with their shapes. Torch makes it, without memory.

    None for a network that is in order but cannot be written as classes.
    """
    try:
        source = emit([design])
    except Refused:
        return None
    with torch.device("meta"):
        made = execute(source)[design.design.name]()
    assert isinstance(made, nn.Module)
    return _digest(f"{key} {tuple(value.shape)} {value.dtype}" for key, value in made.state_dict().items())


def _said(design: TypedDesign, known: Parameters) -> Iterator[str]:
    yield from (f"input {name}: {value}" for name, value in design.inputs)
    for layer in flatten(design):
        yield _line(layer, known[layer.op])
    yield from (f"output {name}: {value} {when or ''}" for name, value, when in design.outputs)
    yield from (f"accepted {symbol}: {sizes}" for symbol, sizes in sorted(design.accepted.items()))


def _line(layer: FlatLayer, known: Sequence[str]) -> str:
    arguments = ", ".join(f"{name}={layer.arguments[name]}" for name in known if name in layer.arguments)
    inputs = ", ".join(map(str, layer.inputs))
    return f"{layer.path}: {layer.op}({arguments}) {inputs} -> {layer.output} {layer.weights} {layer.when or ''}"


def _digest(lines: Iterator[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
