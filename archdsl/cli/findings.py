"""The findings of a run on their way out: several files together, in one of the formats."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from archdsl.cli import terminal
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.render.full import render_full, summary_line
from archdsl.diagnostics.sink import Sink
from archdsl.driver.outcome import Outcome
from archdsl.source.source import Source
from archdsl.source.span import Span


class Findings:
    """What all files of a run gave; a cause that several files share is told once."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self._sink = Sink()
        self._sources: dict[str, Source] = {}
        self._files = len(outcomes)
        self._networks = sum(outcome.networks for outcome in outcomes)
        self._overflow = sum(outcome.overflow for outcome in outcomes)
        for outcome in outcomes:
            self._sink.extend(outcome.findings)
            self._sources.update(outcome.sources)

    @property
    def errors(self) -> int:
        """How many errors there are; what no file had room to keep counts as errors."""
        return self._sink.errors + self._overflow

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return self._sink.warnings

    def as_json(self, problems: Iterable[tuple[str, str]]) -> str:
        """The document of ``check``; paths that lead to no file are findings in it, too."""
        from archdsl.diagnostics.render.json import check_document, dump

        for path, problem in problems:
            self._sink.report(Diagnostic("E0109", problem, Span(path, 0, 0)))
        return dump(check_document(self._sink, self._sources, files=self._files, networks=self._networks)) + "\n"

    def as_text(self, form: str) -> str:
        """The findings for people, and the closing line that counts them."""
        shown, hidden = self._sink.shown()
        hidden += self._overflow
        if form == "concise":
            from archdsl.diagnostics.render.concise import render_concise

            body = render_concise(shown, self._sources)
        else:
            body = in_full(shown, self._sources, sys.stdout)
        separator = "\n" if form == "full" else ""
        return f"{body}{separator}{summary_line(self.errors, self.warnings, self._files, hidden)}\n"


def show_on_stderr(sink: Sink, sources: Mapping[str, Source]) -> None:
    """The findings of a command whose standard output is for data."""
    if not len(sink):
        return
    shown, hidden = sink.shown()
    files = len({diagnostic.span.path for diagnostic in shown})
    text = in_full(shown, sources, sys.stderr)
    terminal.remark(f"{text}\n{summary_line(sink.errors, sink.warnings, files, hidden)}\n")


def in_full(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], stream: object) -> str:
    """The full text for a stream, coloured where it is a terminal that wants it."""
    assert hasattr(stream, "write") or stream is None
    target = stream if stream is sys.stdout else sys.stderr
    return render_full(diagnostics, sources, width=terminal.columns(target), color=terminal.wants_color(target))
