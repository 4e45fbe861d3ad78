"""The full text of findings on a screen, for the commands whose standard output is for data."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from archdsl.cli import terminal
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.ignores import INVALID, MARK, silence
from archdsl.diagnostics.render.full import render_full, summary_line
from archdsl.diagnostics.sink import Sink
from archdsl.source.source import Source


def show_on_stderr(sink: Sink, sources: Mapping[str, Source]) -> None:
    """The findings of a command whose standard output is for data."""
    if any(MARK in source.text for source in sources.values()):
        sink = _without_silenced(sink, sources)
    if not len(sink):
        return
    shown, hidden = sink.shown()
    files = len({diagnostic.span.path for diagnostic in shown})
    text = in_full(shown, sources, sys.stderr)
    terminal.remark(f"{text}\n{summary_line(sink.errors, sink.warnings, files, hidden)}\n")


def _without_silenced(sink: Sink, sources: Mapping[str, Source]) -> Sink:
    """The findings that no comment silences. Comments in vain are an affair of ``check``."""
    left = Sink()
    left.extend(finding for finding in silence(sink, sources) if finding.code != INVALID)
    return left


def in_full(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], stream: object) -> str:
    """The full text for a stream, coloured where it is a terminal that wants it."""
    assert hasattr(stream, "write") or stream is None
    target = stream if stream is sys.stdout else sys.stderr
    return render_full(diagnostics, sources, width=terminal.columns(target), color=terminal.wants_color(target))
