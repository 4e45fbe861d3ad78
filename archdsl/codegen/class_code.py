"""The result of writing one class, as its callers need it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.codegen.units import Formal
from archdsl.ir.expr import Expr


@dataclass(slots=True)
class ClassCode:
    """A class that is written: its name, the parameters it kept, the channels it hands on."""

    name: str
    formals: tuple[Formal, ...]
    """The constructor's parameters after the channel counts."""
    channel_formals: tuple[str, ...]
    """Leading parameters that callers fill with the channels of what flows in (``in_channels``)."""
    output: Expr | None
    """The channels of the result in terms of the parameters; None where there is no such expression."""
    ports: Mapping[str, Expr | None]
    """Likewise of each output of a block that names its outputs."""
    definition: ast.ClassDef
    output_count: int = 1
