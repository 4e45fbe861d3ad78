"""What the tests of the checker share: one network checked, by its text."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.check import check
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.sink import Sink
from archdsl.driver.compilation import Compilation
from archdsl.ir.meter import Meter
from archdsl.ir.typed import TypedDesign
from archdsl.source.loader import MemoryLoader

PATH = "a.arch"


def checked(
    text: str, sizes: Mapping[str, int] | None = None, meter: Meter | None = None
) -> tuple[TypedDesign | None, list[Diagnostic]]:
    """The first network of a text, and every finding of lowering and checking it."""
    run = Compilation(MemoryLoader({PATH: text}))
    designs = run.designs(PATH)
    sink = Sink()
    typed = check(designs[0], sink, sizes=sizes, meter=meter) if designs else None
    return typed, [*run.sink, *sink]


def errors(text: str) -> list[Diagnostic]:
    """The findings that are no warnings."""
    return [found for found in checked(text)[1] if found.code.startswith("E")]


def network(steps: str, given: str = "[N, 8, H, W]", output: str = "[N, _, _, _]", before: str = "") -> str:
    """A network of these steps."""
    return f"{before}network n() {{\n    input i: {given}\n{steps}\n    output o: {output}\n}}\n"


def codes(text: str, sizes: Mapping[str, int] | None = None) -> list[str]:
    """The codes of all findings."""
    return [found.code for found in checked(text, sizes)[1]]
