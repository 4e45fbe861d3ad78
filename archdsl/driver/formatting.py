"""One text in the one style, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.driver.refused import finding_of
from archdsl.format.layout import lay_out
from archdsl.format.verify import says_the_same
from archdsl.source.loader import MAX_FILE, Refusal
from archdsl.source.source import Source
from archdsl.syntax import ast
from archdsl.syntax.parser import parse


@dataclass(frozen=True, slots=True)
class Formatted:
    """The text before and after. Without ``text`` the ``findings`` say why, and ``source`` is what to show of it."""

    source: Source | None
    text: str | None
    findings: tuple[Diagnostic, ...] = ()

    @property
    def sources(self) -> dict[str, Source]:
        """The source by its path."""
        return {self.source.path: self.source} if self.source is not None else {}


def format_loaded(path: str, loaded: Source | Refusal) -> Formatted:
    """A text in the one style. What it says, comments included, is compared before it is handed out.

    :raises RuntimeError: where the comparison fails, which is a fault of the formatter.
    """
    if isinstance(loaded, Refusal):
        finding, shown = finding_of(path, loaded)
        return Formatted(shown, None, (finding,))
    findings: list[Diagnostic] = []
    file = parse(loaded, findings.append)
    if not file.whole:
        return Formatted(loaded, None, tuple(findings))
    text = lay_out(loaded, file)
    passed = _compared(loaded, file, text) if text != loaded.text else None
    return Formatted(loaded, text) if passed is None else Formatted(loaded, None, (passed,))


def _compared(source: Source, file: ast.File, text: str) -> Diagnostic | None:
    """The limit of the language that the new text would pass, if any: indentation and parentheses count, too.

    :raises RuntimeError: where the new text says something else.
    """
    if len(text.encode()) > MAX_FILE:
        return _limit(source, f"the file would be larger than {MAX_FILE // 1024:,} KiB")
    faults: list[Diagnostic] = []
    again = parse(Source(source.path, text), faults.append)
    if faults and all(fault.code == "E0106" for fault in faults):
        return _limit(source, faults[0].message)
    if not again.whole or not says_the_same(file, again):
        raise RuntimeError("the formatted text would say something else, so nothing was changed")
    return None


def _limit(source: Source, message: str) -> Diagnostic:
    return Diagnostic("E0106", f"when formatted, {message}", source.span(0, 0))
