"""Checked networks at fixed sizes, and the modules that their generated source makes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import torch
from torch import nn

from archdsl.analysis.totals import Totals, totals
from archdsl.check.check import check
from archdsl.codegen import emit
from archdsl.diagnostics.sink import Sink
from archdsl.driver.summary import open_sizes
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from tests.codegen.programs import PROGRAMS
from tests.networks.support import check_text, execute, typed

OPEN = 16
"""What open sizes of test programs become; all of them accept it."""


def network(text: str) -> TypedDesign:
    """The only network of a spec."""
    (design,) = check_text(text)[1]
    return design


def fixed(design: TypedDesign, sizes: Mapping[str, int] | None = None) -> TypedDesign:
    """The network with its open sizes given a value: its nominal one, or ``OPEN``."""
    values = {**dict.fromkeys(open_sizes(design), OPEN), **design.nominal, **(sizes or {})}
    sink = Sink()
    made = check(design.design, sink, sizes=values)
    assert made is not None
    assert not sink.has_errors, list(sink)
    return made


@cache
def program(name: str) -> TypedDesign:
    """One of the test programs at fixed sizes."""
    return fixed(network(PROGRAMS[name]))


@cache
def spec(file: str, name: str) -> TypedDesign:
    """A network of specs/ at its nominal sizes."""
    return fixed(typed(file, name))


@cache
def spec_totals(file: str, name: str) -> Totals:
    """The figures of a network of specs/."""
    return totals(spec(file, name))


def module_of(design: TypedDesign) -> nn.Module:
    """What the generated source of a network makes."""
    made: nn.Module = execute(emit([design]))[design.design.name]()
    return made


def inputs_of(design: TypedDesign, batch: int = 1) -> list[torch.Tensor]:
    """A batch for each input."""
    shapes = [[batch if isinstance(size, Dim) else size for size in value.shape] for _, value in design.inputs]
    return [torch.randn(shape, generator=torch.Generator().manual_seed(1)) for shape in shapes]
