"""The product behind ``archdsl compile``: the PyTorch source of some networks of one file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from archdsl.codegen import emit
from archdsl.driver.compilation import Compilation
from archdsl.ir.design import Design
from archdsl.ir.typed import TypedDesign


def source_of(compilation: Compilation, path: str, designs: Sequence[Design]) -> str | None:
    """The source of networks of one file; None where there are none, or errors are in the sink.

    :raises Refused: where a network is in order but cannot be written as classes.
    """
    typed = [compilation.typed(path, design) for design in designs]
    whole: list[TypedDesign] = [design for design in typed if design is not None and design.complete]
    if not whole or len(whole) < len(designs) or compilation.sink.has_errors:
        return None
    return emit(whole, source_name=os.path.basename(path))
