"""What checking one file gave: findings, and the texts in which they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.loader import Loader
from archdsl.source.source import Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings of one file and of what it imports; ``overflow`` more were counted but not kept."""

    path: str
    networks: int
    findings: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    overflow: int = 0


def check_path(loader: Loader, path: str) -> Outcome:
    """Checks every network of the file at a display path."""
    # Here, so that an answer from the cache does not load the compiler.
    from archdsl.driver.compilation import Compilation

    compilation = Compilation(loader)
    networks = len(compilation.check_file(path))
    sink = compilation.sink
    return Outcome(path, networks, tuple(sink), compilation.sources, sink.overflow)
