"""Every network of specs/, at sizes small enough to run."""

from __future__ import annotations

from functools import cache

from archdsl.analysis.sizes import accepted_sizes
from archdsl.driver.compilation import Compilation
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import DiskLoader
from tests.analysis.support import fixed
from tests.networks.support import ROOT, typed

SMALL = 64
"""The least that open sizes become; the next larger one that is accepted."""


@cache
def every_network() -> list[tuple[str, str]]:
    """File and name, in the order of the folder."""
    compilation = Compilation(DiskLoader(str(ROOT)))
    files = sorted((ROOT / "specs").glob("*.arch"))
    return [(file.name, design.name) for file in files for design in compilation.designs(str(file))]


@cache
def small(file: str, name: str, least: int = SMALL) -> TypedDesign:
    """A network at small sizes, every one of which it accepts."""
    design = typed(file, name)
    sizes = {}
    for found in accepted_sizes(design):
        size = found.accepted.next_at_or_above(least)
        sizes[found.symbol] = size if size is not None else design.nominal[found.symbol]
    return fixed(design, sizes)
