"""The sink: every stage of a run reports its findings here; one cause is kept once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.source.span import Span

SHOWN_LIMIT = 200
"""How many findings of a run are shown; the rest is counted."""

MOST_WEIGHED = 10_000
"""How many known names are compared with misspelt ones in a run: did-you-mean must not take longer than the check."""

KEPT_LIMIT = 10_000
"""How many findings are held in memory (warnings: half of it, so that errors always find room): a megabyte of
wrong characters must not become a gigabyte of findings."""

_Cause = tuple[str, Span]


class Sink:
    """Collects findings, drops repeats, hands them out in the order of the text.

    Two findings have one cause when they have the same code at the same place: the first is kept with its
    trace, the others are counted in ``suppressed``. A block that is wrong in fifty applications is one
    finding, whose notes then tell the number of other applications.
    """

    __slots__ = ("_kept", "_traces", "_weighed", "errors", "overflow", "suppressed", "warnings")

    def __init__(self) -> None:
        self._kept: dict[_Cause, Diagnostic] = {}
        self._traces: dict[_Cause, set[int]] = {}
        self._weighed = 0
        self.errors = 0
        """How many distinct errors were reported."""
        self.warnings = 0
        """How many distinct warnings were reported."""
        self.suppressed = 0
        """How many reports were repeats of a cause that was known already."""
        self.overflow = 0
        """How many findings were counted in ``errors`` or ``warnings`` but not kept (``KEPT_LIMIT``)."""

    def report(self, diagnostic: Diagnostic) -> None:
        """Take one finding; a code that the registry does not know is a ``KeyError``."""
        severity = CODES[diagnostic.code].severity
        cause = (diagnostic.code, diagnostic.span)
        if cause in self._kept:
            self._suppress(cause, diagnostic)
            return
        if severity == "error":
            self.errors += 1
            room = KEPT_LIMIT
        else:
            self.warnings += 1
            room = KEPT_LIMIT // 2
        if len(self._kept) >= room:
            self.overflow += 1
            return
        self._kept[cause] = diagnostic

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take several findings in their order."""
        for diagnostic in diagnostics:
            self.report(diagnostic)

    @property
    def has_errors(self) -> bool:
        """Whether an error was reported; warnings do not count."""
        return self.errors > 0

    @property
    def is_full(self) -> bool:
        """Whether enough is known to fill the screen: costly extras such as did-you-mean no longer pay off."""
        return len(self._kept) >= SHOWN_LIMIT

    def may_weigh(self, names: int) -> bool:
        """Whether to look among so many names for the one that was meant; counts them."""
        if self.is_full:
            return False
        self._weighed += names
        return self._weighed <= MOST_WEIGHED

    def __len__(self) -> int:
        return self.errors + self.warnings

    def __iter__(self) -> Iterator[Diagnostic]:
        """The kept findings by path, then place, then code."""
        for cause in sorted(self._kept, key=_reading_order):
            yield self._with_count(cause)

    def shown(self, limit: int = SHOWN_LIMIT) -> tuple[tuple[Diagnostic, ...], int]:
        """The findings to show, in the order of the text, and how many more there are.

        Where not all fit, errors come before warnings, so that no error hides behind warnings.
        """
        causes = sorted(self._kept, key=_reading_order)
        if len(causes) > limit:
            gravest = sorted(causes, key=lambda cause: CODES[cause[0]].severity != "error")
            causes = sorted(gravest[:limit], key=_reading_order)
        return tuple(self._with_count(cause) for cause in causes), len(self) - len(causes)

    def _suppress(self, cause: _Cause, repeat: Diagnostic) -> None:
        self.suppressed += 1
        # Traces are compared by hash: fifty thousand applications are remembered as integers, not as traces.
        self._traces.setdefault(cause, {hash(self._kept[cause].trace)}).add(hash(repeat.trace))

    def _with_count(self, cause: _Cause) -> Diagnostic:
        diagnostic = self._kept[cause]
        others = len(self._traces.get(cause, ())) - 1
        if others < 1 or not diagnostic.trace:
            return diagnostic
        note = f"the same happens in {others} other application{'s' if others > 1 else ''}"
        return replace(diagnostic, notes=(*diagnostic.notes, note))


def _reading_order(cause: _Cause) -> tuple[str, int, int, str]:
    code, span = cause
    return span.path, span.start, span.end, code
