"""``archdsl check --fix`` and ``--diff``: what can be repaired with certainty is, in memory; then written, or shown.

Only files that were asked for are changed, each as a whole or not at all, and none that has changed on disk meanwhile.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archdsl.cli import terminal
from archdsl.cli.checking import check_files, check_overlaid, read_stdin, stdin_path
from archdsl.cli.difference import difference
from archdsl.cli.files import check_place, rewrite
from archdsl.cli.paths import STDIN
from archdsl.cli.refusal import CommandError
from archdsl.cli.reports import report, run_of, tell
from archdsl.cli.settings import Settings, selection_of
from archdsl.diagnostics.fixes import choose, edited
from archdsl.diagnostics.render.run import Run
from archdsl.driver.outcome import Outcome
from archdsl.driver.overlay import place_of
from archdsl.source.loader import STD_PREFIX, decode, read_bytes
from archdsl.source.source import Source

MOST_PASSES = 10
"""A repair may show what was hidden by its fault; behind so many passes, the next call goes on."""


def repair(options: argparse.Namespace, settings: Settings) -> int:
    """Repairs, shows what is left, and gives the exit code.

    :raises CommandError: where standard output would be for two things, or a file cannot be written.
    """
    if options.diff or STDIN in options.paths:
        _check_stdout_is_free(options)
    if STDIN in options.paths:
        return _repair_stdin(options, settings)
    selection = selection_of(options.paths, settings)
    for _, problem in selection.problems:
        terminal.complain(problem)
    files, refused = _editable(selection.files, allow_outside=options.allow_outside)
    repairs = _Repairs(settings, selection.problems, check_files(selection.files, options), files)
    run = repairs.made()
    for place in refused.keys() & choose(run.findings, refused, place_of)[0].keys():
        terminal.remark(f"not repaired: {terminal.escaped(refused[place])}\n")
    told = [path for path, _ in selection.problems]
    if options.diff:
        return _show_diff(repairs, run, told, statistics=options.statistics)
    faults = _write(repairs)
    if faults:  # what is on disk now is not what was made here
        run = run_of(check_files(selection.files, options), selection.problems, settings)
    report(run, settings.outputs, told=told, statistics=options.statistics)
    for fault in faults:
        terminal.complain(fault)
    terminal.remark(repairs.summary("repaired") if not faults else "")
    return 2 if faults else run.exit_code


def _check_stdout_is_free(options: argparse.Namespace) -> None:
    asked = [*options.output, *([options] if options.format else [])]
    if any(getattr(each, "path", None) is None for each in asked):
        what = "the difference" if options.diff else "the repaired text"
        raise CommandError(f"standard output is for {what}: give each format a file, as in -o json:out.json")
    if STDIN in options.paths and len(options.paths) > 1:
        raise CommandError("with --fix and --diff, `-` stands alone")


def _repair_stdin(options: argparse.Namespace, settings: Settings) -> int:
    path, data = stdin_path(options.stdin_filename), read_stdin()
    place = place_of(path)
    repairs = _Repairs(settings, (), [check_overlaid(path, {place: data})], {place: path}, {place: data})
    run = repairs.made()
    if options.diff:
        return _show_diff(repairs, run, (), statistics=options.statistics)
    terminal.show_bytes(repairs.texts.get(place, data))
    terminal.show_bytes(read_stdin(rest=True))  # too long to be checked, but nobody's text is cut off
    report(run, [each for each in settings.outputs if each.path is not None])
    tell(run, statistics=options.statistics)
    return run.exit_code


def _editable(paths: Sequence[str], *, allow_outside: bool) -> tuple[dict[str, str], dict[str, str]]:
    """The files that may be changed, by real path, and of the others why not; those of the library are never."""
    files: dict[str, str] = {}
    refused: dict[str, str] = {}
    for path in paths:
        place = place_of(path)
        try:
            check_place(path, place, allow_outside=allow_outside)
        except CommandError as error:
            refused[place] = str(error)
            continue
        if not path.startswith(STD_PREFIX):
            files.setdefault(place, path)
    return files, refused


@dataclass(slots=True)
class _Repairs:
    """Files on their way to their repaired texts; ``originals`` are their bytes as they were checked."""

    settings: Settings
    problems: Sequence[tuple[str, str]]
    outcomes: list[Outcome]
    files: dict[str, str]
    """The files that may be changed: display paths by real path."""
    originals: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    """The new bytes, by real path, of files that are to be changed."""
    repaired: int = 0
    faults: list[str] = field(default_factory=list)
    """Why files could not be repaired."""

    def made(self) -> Run:
        """Repairs until nothing is left to repair; gives the findings that remain."""
        for _ in range(MOST_PASSES):
            run = run_of(self.outcomes, self.problems, self.settings)
            chosen, repaired = choose(run.findings, self.files, place_of)
            unread = [place for place in chosen if not self._read(place)]
            if not chosen:
                return run
            if unread:
                continue
            changed = {place: edited(self._now(place), edits) for place, edits in chosen.items()}
            outcomes = [self._checked(outcome, changed) for outcome in self.outcomes]
            spoilt = [place for place in changed if _is_spoilt(place, self.outcomes, outcomes)]
            for place in spoilt:
                del self.files[place]
            if not spoilt:
                self.texts |= changed
                self.outcomes = outcomes
                self.repaired += repaired
        return run_of(self.outcomes, self.problems, self.settings)

    def summary(self, verb: str) -> str:
        """``repaired 2 findings in 1 file``, if any were."""
        if not self.texts:
            return ""
        findings = f"{self.repaired:,} finding{'' if self.repaired == 1 else 's'}"
        return f"{verb} {findings} in {len(self.texts):,} file{'' if len(self.texts) == 1 else 's'}\n"

    def _now(self, place: str) -> bytes:
        return self.texts.get(place, self.originals[place])

    def _read(self, place: str) -> bool:
        """Fetches the bytes of a file; one that is not what was checked is left alone from here on."""
        if place in self.originals:
            return True
        path = self.files[place]
        data = _bytes_of(place)
        now = decode(path, data) if data is not None else None
        if isinstance(now, Source) and now.text in _texts_of(place, self.outcomes) and data is not None:
            self.originals[place] = data
            return True
        self.faults.append(_changed(path))
        del self.files[place]
        return False

    def _checked(self, outcome: Outcome, changed: dict[str, bytes]) -> Outcome:
        """An outcome, anew if it rests on a file that has changed."""
        if not any(place_of(path) in changed for path in outcome.sources):
            return outcome
        return check_overlaid(outcome.path, {**self.originals, **self.texts, **changed})


def _changed(path: str) -> str:
    return f"`{path}` has changed meanwhile, so it stays as it is"


def _bytes_of(place: str) -> bytes | None:
    found = read_bytes(place, place)
    return found if isinstance(found, bytes) else None


def _texts_of(place: str, outcomes: Iterable[Outcome]) -> set[str]:
    return {source.text for outcome in outcomes for path, source in outcome.sources.items() if place_of(path) == place}


def _is_spoilt(place: str, before: Sequence[Outcome], after: Sequence[Outcome]) -> bool:
    """Whether a file cannot be parsed after an edit that could be before: no edit is meant to, whatever it was."""
    return _faults_of_syntax(place, after) > _faults_of_syntax(place, before)


def _faults_of_syntax(place: str, outcomes: Sequence[Outcome]) -> int:
    found = {each for outcome in outcomes for each in outcome.findings if each.code.startswith("E01")}
    return sum(place_of(finding.span.path) == place for finding in found)


# --- what becomes of the new texts ------------------------------------------------------------------------------------


def _write(repairs: _Repairs) -> list[str]:
    """Writes the new texts; gives what went wrong, a sentence for each file."""
    faults = list(repairs.faults)
    for place, data in repairs.texts.items():
        path = repairs.files[place]
        if _bytes_of(place) != repairs.originals[place]:
            faults.append(_changed(path))
            continue
        try:
            rewrite(path, place, data)
        except CommandError as error:
            faults.append(str(error))
    return faults


def _show_diff(repairs: _Repairs, run: Run, told: Sequence[str], *, statistics: bool) -> int:
    """Shows what would change on standard output, and everything else on standard error."""
    for place, data in repairs.texts.items():
        path = repairs.files[place]
        before, after = decode(path, repairs.originals[place]), decode(path, data)
        if isinstance(before, Source) and isinstance(after, Source):
            terminal.show("".join(difference(path, before.text, after.text)))
    report(run, [each for each in repairs.settings.outputs if each.path is not None], told=told)
    tell(run, told=told, statistics=statistics)
    for fault in repairs.faults:
        terminal.complain(fault)
    terminal.remark(repairs.summary("would repair"))
    if run.exit_code == 2 or repairs.faults:
        return 2
    return 1 if repairs.texts else run.exit_code
