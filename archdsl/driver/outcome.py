"""What checking one file gave: findings, and the texts in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.loader import STD_PREFIX, Loader
from archdsl.source.source import Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings of one file and of what it imports; ``overflow`` more were counted but not kept."""

    path: str
    networks: int
    findings: tuple[Diagnostic, ...]
    sources: Mapping[str, Source]
    overflow: int = 0

    @property
    def may_ignore(self) -> bool:
        """Whether some text may hold an ignore comment; the module that reads them is loaded only then."""
        return any(_MARK in source.text for source in self.sources.values())

    @property
    def has_errors(self) -> bool:
        """Whether there is an error; warnings do not count."""
        return any(CODES[finding.code].severity == "error" for finding in self.findings)


_MARK = "archdsl:"


def check_path(loader: Loader, path: str) -> Outcome:
    """Checks every network of the file at a display path."""
    # Here, so that an answer from the cache does not load the compiler.
    from archdsl.driver.compilation import Compilation

    compilation = Compilation(loader)
    networks = len(compilation.check_file(path))
    sink = compilation.sink
    return Outcome(path, networks, tuple(sink), compilation.sources, sink.overflow)


def heed_comments(findings: Iterable[Diagnostic], outcomes: Sequence[Outcome]) -> list[Diagnostic]:
    """The findings that no ignore comment silences, and those about comments that are in vain or name no warning.

    Comments are judged to be in vain only in files that hold a network and have no errors; what is no text whole has
    no comments.
    """
    if not any(outcome.may_ignore for outcome in outcomes):
        return list(findings)
    from archdsl.diagnostics.ignores import silence

    cut_off = {finding.span.path for outcome in outcomes for finding in outcome.findings if finding.code == "E0104"}
    sources = {path: source for outcome in outcomes for path, source in outcome.sources.items() if path not in cut_off}
    own = {path: source for path, source in sources.items() if not path.startswith(STD_PREFIX)}
    return silence(findings, own, [outcome.path for outcome in outcomes if outcome.networks and not outcome.has_errors])
