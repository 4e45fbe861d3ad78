"""``archdsl check --watch``: checks again whenever something changes that a check looked at, until Ctrl-C."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from archdsl.cli import terminal
from archdsl.cli.outputs import FOR_PEOPLE, Output
from archdsl.cli.paths import STDIN
from archdsl.cli.refusal import CommandError
from archdsl.cli.reports import check_outputs, report, run_of, run_of_faults
from archdsl.cli.settings import selection_of, settings_of
from archdsl.diagnostics.render.run import Run
from archdsl.driver.outcome import Outcome, check_path
from archdsl.source.loader import DiskLoader, find_root

INTERVAL = 0.3
"""Seconds between two looks at the files."""
SLACK = 2_000_000_000
"""Nanoseconds: a file as young as that may change once more under the same time stamp."""

_CLEAR = "\x1b[2J\x1b[H"

_Stamp = tuple[int, int, int] | None
"""Time, size and number of a file; None where there is none."""


def watch(options: argparse.Namespace) -> int:
    """Checks and shows until it is interrupted; that is its normal end, so the exit code is 0.

    :raises CommandError: where the options make no sense from the start.
    """
    if STDIN in options.paths:
        raise CommandError("--watch watches files: it cannot be combined with `-`")
    asked = [options.format, *(each.format for each in options.output if each.path is None)]
    if any(form not in (None, *FOR_PEOPLE) for form in asked):
        raise CommandError("--watch shows findings to people: give other formats a file, as in -o json:out.json")
    check_outputs(settings_of(options).outputs, allow_outside=options.allow_outside)
    gc.enable()  # this run may take all day
    state = _State()
    try:
        while True:
            state.look(options)
            time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return 0


@dataclass(slots=True)
class _Known:
    """The outcome of a file, and the stamps of all files that it rests on."""

    outcome: Outcome
    stamps: dict[str, _Stamp]
    settled: bool

    @property
    def holds(self) -> bool:
        """Whether nothing has changed since."""
        return self.settled and all(_stamp(path) == stamp for path, stamp in self.stamps.items())


@dataclass(slots=True)
class _State:
    """What is known of the files, and what was shown last."""

    known: dict[str, _Known] = field(default_factory=dict)
    shown: object = None

    def look(self, options: argparse.Namespace) -> None:
        """Checks what has changed, and shows the findings if they are others than before."""
        complaints: list[str] = []
        outputs: tuple[Output, ...] = ()
        run: Run | None = None
        try:
            settings = settings_of(options)
            # A format for machines in the configuration is meant for CI.
            outputs = tuple(Output("full") if _is_for_machines(each) else each for each in settings.outputs)
            if settings.faults and settings.source is not None:
                run = run_of_faults(settings.faults, settings.source)
            else:
                selection = selection_of(options.paths, settings)
                complaints = [problem for _, problem in selection.problems]
                run = run_of(self._outcomes(selection.files), selection.problems, settings)
        except CommandError as error:
            complaints.append(str(error))
        facts = None if run is None else (run.findings, run.files, run.networks, _texts(run))
        if (facts, complaints) != self.shown:
            self.shown = (facts, complaints)
            _show(run, outputs, complaints, statistics=options.statistics)

    def _outcomes(self, files: Iterable[str]) -> list[Outcome]:
        self.known = {file: self._checked(file) for file in files}
        return [known.outcome for known in self.known.values()]

    def _checked(self, file: str) -> _Known:
        known = self.known.get(file)
        if known is not None and known.holds:
            return known
        began = time.time_ns()
        loader = DiskLoader(find_root(file))
        outcome = check_path(loader, file)
        stamps = {path: _stamp(path) for path in loader.looked_for}
        young = any(stamp is not None and abs(began - stamp[0]) < SLACK for stamp in stamps.values())
        return _Known(outcome, stamps, not young)


def _is_for_machines(output: Output) -> bool:
    return output.path is None and output.format not in FOR_PEOPLE


def _texts(run: Run) -> dict[str, str]:
    """The texts that findings show."""
    return {path: source.text for path, source in run.sources.items()} if run.findings else {}


def _stamp(path: str) -> _Stamp:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _show(run: Run | None, outputs: tuple[Output, ...], complaints: list[str], *, statistics: bool) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        terminal.show(_CLEAR)
    for complaint in complaints:
        terminal.complain(complaint)
    if run is not None:
        told = [finding.span.path for finding in run.findings if finding.code == "E0109" and complaints]
        report(run, outputs, told=told, statistics=statistics)
    terminal.show("watching for changes, Ctrl-C ends\n\n")
    terminal.show_pending()
