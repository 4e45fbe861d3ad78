"""What later versions have to reproduce of a network: digests of what it computes, of its sizes and its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import nn

from archdsl.analysis.digest import digests
from archdsl.analysis.flatten import flatten
from archdsl.codegen import Refused, emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader
from tests.networks.support import execute

FROZEN = Path(__file__).parent


def checked(path: Path) -> dict[str, TypedDesign]:
    """The networks of a file by name; it has no errors."""
    compilation = Compilation(DiskLoader(str(path.parent)))
    found = {design.name: compilation.typed(str(path), design) for design in compilation.check_file(str(path))}
    assert not compilation.sink.has_errors, [finding.message for finding in compilation.sink]
    return {name: typed for name, typed in found.items() if typed is not None}


def meaning(design: TypedDesign) -> dict[str, str]:
    """``computation`` and ``weights`` as ``archdsl networks`` gives them, and what they leave out: names and sizes."""
    public = digests(design)
    assert public is not None
    return {"computation": public.computation, "weights": public.weights, "sizes": _digest(_sizes(design))}


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


def _sizes(design: TypedDesign) -> Iterator[str]:
    yield from (f"input {name}: {value}" for name, value in design.inputs)
    yield from (f"{layer.op}: {layer.output}" for layer in flatten(design))
    yield from (f"output {name}: {value} {when or ''}" for name, value, when in design.outputs)
    yield from (f"accepted {symbol}: {sizes}" for symbol, sizes in sorted(design.accepted.items()))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
