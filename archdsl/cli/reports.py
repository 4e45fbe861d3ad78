"""The findings of a run on their way out: filtered, counted, and written in every format that was asked for."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TextIO

from archdsl import __version__
from archdsl.cli import terminal
from archdsl.cli.files import check_place, replace
from archdsl.cli.findings import in_full
from archdsl.cli.outputs import FOR_PEOPLE, SUFFIXES, Output, clean_line
from archdsl.cli.refusal import CommandError
from archdsl.cli.settings import Settings
from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.filters import Filter
from archdsl.diagnostics.render.full import render_full, summary_line
from archdsl.diagnostics.render.run import Run
from archdsl.diagnostics.sink import Sink
from archdsl.driver.outcome import Outcome, heed_comments
from archdsl.source.loader import STD_PREFIX
from archdsl.source.source import Source
from archdsl.source.span import Span

FILE_WIDTH = 120
"""Columns of the full text in a file."""


def run_of(outcomes: Sequence[Outcome], problems: Sequence[tuple[str, str]], settings: Settings) -> Run:
    """The run as the formats take it: a cause that several files share once, warnings filtered.

    ``problems`` are the paths that lead to no file, with the reason; they are findings as well.
    """
    found, sources, overflow = Sink(), dict[str, Source](), 0
    for outcome in outcomes:
        found.extend(outcome.findings)
        sources.update(outcome.sources)
        overflow += outcome.overflow
    kept = Sink()
    filter = Filter(settings.select, settings.ignore)
    kept.extend(finding for finding in heed_comments(found, outcomes) if filter.reports(finding.code))
    failed = kept.errors > 0 or (settings.error_on_warning and kept.warnings > 0)
    kept.extend(Diagnostic("E0109", problem, Span(path, 0, 0)) for path, problem in problems)
    return Run(
        tuple(kept),
        sources,
        tuple(outcome.path for outcome in outcomes),
        networks=sum(outcome.networks for outcome in outcomes),
        hidden=overflow + kept.overflow,
        exit_code=2 if problems else int(failed),
        warnings_fail=settings.error_on_warning,
        version=__version__,
        in_repository=in_repository(),
    )


def run_of_faults(faults: Sequence[Diagnostic], source: Source) -> Run:
    """A run that ended at its configuration."""
    sink = Sink()
    sink.extend(faults)
    sources = {source.path: source}
    return Run(tuple(sink), sources, exit_code=2, version=__version__, in_repository=in_repository())


def failed_run(sentence: str) -> Run:
    """A run that came to an end before it had a result."""
    return Run((), {}, exit_code=2, failure=sentence, version=__version__, in_repository=in_repository())


def check_outputs(outputs: Sequence[Output], *, allow_outside: bool) -> None:
    """Refuses files that must not be written, before any work is done.

    :raises CommandError: with the reason.
    """
    for each in outputs:
        if each.path is not None:
            check_place(each.path, os.path.realpath(each.path), allow_outside=allow_outside)
            known = os.path.isfile(each.path) and each.path.endswith(SUFFIXES[each.format])
            if os.path.lexists(each.path) and not known:
                names = " or ".join(f"`{suffix}`" for suffix in SUFFIXES[each.format])
                raise CommandError(f"`{each.path}` stays as it is: only a file that ends in {names} is replaced")


def report(run: Run, outputs: Sequence[Output], *, told: Sequence[str] = (), statistics: bool = False) -> None:
    """Writes a run in every format; of paths that were ``told`` on standard error already, people are not told again.

    :raises CommandError: where a file cannot be written.
    """
    for each in outputs:
        if each.path is not None:
            text = _rendered(run, each.format, told, statistics)
            replace(each.path, os.path.realpath(each.path), text.encode("utf-8", "backslashreplace"))
            continue
        terminal.show(_rendered(run, each.format, told, statistics, sys.stdout))
        if statistics and each.format not in FOR_PEOPLE:
            terminal.remark(_statistics(run))
        if each.format == "github":
            _add_step_summary(run)


def tell(run: Run, *, told: Sequence[str] = (), statistics: bool = False) -> None:
    """The run in full on standard error, where standard output is for something else."""
    terminal.remark(_rendered(run, "full", told, statistics, sys.stderr))


def _rendered(run: Run, form: str, told: Sequence[str], statistics: bool, screen: TextIO | None = None) -> str:
    if form not in FOR_PEOPLE:
        return _MACHINES[form](run)
    sink = Sink()
    sink.extend(each for each in run.findings if each.code != "E0109" or each.span.path not in told)
    files = len(run.files) or len({finding.span.path for finding in sink})
    if not files:
        return ""  # why there is no result stands on standard error
    if not len(sink) and not run.hidden:
        return clean_line(files, run.networks)
    shown, hidden = sink.shown()
    if form == "concise":
        from archdsl.diagnostics.render.concise import render_concise

        body = render_concise(shown, run.sources)
    elif screen is not None:
        body = f"{in_full(shown, run.sources, screen)}\n"
    else:
        body = f"{render_full(shown, run.sources, width=FILE_WIDTH)}\n"
    counts = _statistics(run) if statistics else ""
    closing = summary_line(run.count("error"), run.count("warning"), files, hidden + run.hidden)
    return f"{body}{counts}{closing}{_offer(run)}\n"


def _offer(run: Run) -> str:
    """What ``--fix`` could do about it."""
    number = sum(
        bool(finding.help and finding.help.edits and finding.span.path in run.files) for finding in run.findings
    )
    return f"; --fix repairs {number:,} of them" if number else ""


def _statistics(run: Run) -> str:
    """How often each code was found, the most frequent first."""
    counts = Counter(finding.code for finding in run.findings)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    width = len(f"{rows[0][1]:,}") if rows else 0
    return "".join(f"{f'{count:,}':>{width}}  {code}  {CODES[code].slug}\n" for code, count in rows)


def in_repository() -> Callable[[str], str]:
    """Turns display paths into paths from the root of the repository around the working directory."""
    here = os.getcwd()
    root = probe = here
    while probe != os.path.dirname(probe):
        if os.path.lexists(os.path.join(probe, ".git")):
            root = probe
            break
        probe = os.path.dirname(probe)

    def in_repository(path: str) -> str:
        if path.startswith(STD_PREFIX):
            return path
        return os.path.relpath(os.path.join(here, path), root).replace(os.sep, "/")

    return in_repository


def _add_step_summary(run: Run) -> None:
    """Adds the findings to the page of a GitHub Actions run, where there is one."""
    from archdsl.diagnostics.render.github import render_step_summary

    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(render_step_summary(run))
    except OSError as error:
        terminal.complain(f"the step summary `{path}` cannot be written: {error.strerror}")


# --- formats for machines: each is loaded when it is asked for --------------------------------------------------------


def _json(run: Run) -> str:
    from archdsl.diagnostics.render.json import check_document, dump

    files = len(run.files)
    return dump(check_document(run.findings, run.sources, files=files, networks=run.networks)) + "\n"


def _jsonl(run: Run) -> str:
    from archdsl.diagnostics.render.jsonl import render_jsonl

    return render_jsonl(run)


def _github(run: Run) -> str:
    from archdsl.diagnostics.render.github import render_github

    return render_github(run)


def _markdown(run: Run) -> str:
    from archdsl.diagnostics.render.github import render_step_summary

    return render_step_summary(run)


def _gitlab(run: Run) -> str:
    from archdsl.diagnostics.render.gitlab import render_gitlab

    return render_gitlab(run)


def _junit(run: Run) -> str:
    from archdsl.diagnostics.render.junit import render_junit

    return render_junit(run)


def _sarif(run: Run) -> str:
    from archdsl.cli.pages import page_without_links
    from archdsl.diagnostics.render.sarif import render_sarif

    return render_sarif(run, page_without_links)


_MACHINES: dict[str, Callable[[Run], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "markdown": _markdown,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "sarif": _sarif,
}
