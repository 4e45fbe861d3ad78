"""``archdsl check``: checks every network of every file.

Findings and the closing line go to standard output, in formats for machines the document alone. What is wrong with
the command itself goes to standard error, and is a document there as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from archdsl.cli import terminal
from archdsl.cli.cache import Cache, open_cache
from archdsl.cli.outputs import FOR_PEOPLE, FORMATS, clean_line, output, outputs_in
from archdsl.cli.paths import STDIN, display
from archdsl.cli.refusal import CommandError
from archdsl.cli.settings import selection_of, settings_of
from archdsl.driver.outcome import Outcome, check_path
from archdsl.source.loader import MAX_FILE, DiskLoader, find_root

EXAMPLES = """\
examples:
  archdsl check                               every .arch file below the working directory
  archdsl check specs/ model.arch
  archdsl check --format concise specs/       one line for each finding
  archdsl check -o concise -o sarif:out.sarif two outputs in one run
  archdsl check --ignore W0341,unused-name    without some warnings
  archdsl check - --stdin-filename a.arch     what comes in, as if it were a.arch

Errors are always reported; --select and --ignore choose among warnings, by code, beginning of a code or name. The
project's own settings stand in [tool.archdsl] of pyproject.toml, or in archdsl.toml.

Exit codes: 0 nothing wrong, 1 findings, 2 wrong usage or configuration, files that cannot be read, an error of archdsl
itself. Warnings alone end with 0, unless --error-on-warning is given.
"""

_IGNORE_MARK = "archdsl:"
"""What every ignore comment holds; the module that reads them is loaded only for texts with it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders, `-` for standard input")
    parser.add_argument("--format", choices=FORMATS, help="how findings are shown (default: full)")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        type=output,
        default=[],
        metavar="FORMAT[:FILE]",
        help="a format, and the file that it goes to; may be repeated",
    )
    parser.add_argument("--allow-outside", action="store_true", help="let FILE lie outside the working directory")
    parser.add_argument(
        "--error-on-warning", action=argparse.BooleanOptionalAction, help="end with 1 on warnings too (default: no)"
    )
    parser.add_argument("--select", action="append", default=[], metavar="CODES", help="only these warnings")
    parser.add_argument("--ignore", action="append", default=[], metavar="CODES", help="all warnings but these")
    parser.add_argument("--statistics", action="store_true", help="count the findings by code, too")
    parser.add_argument("--stdin-filename", metavar="NAME", help="the name that `-` stands for, also in its imports")
    parser.add_argument("--no-config", action="store_true", help="pass over the project's configuration")
    parser.add_argument("--no-cache", action="store_true", help="check everything, even what has not changed")


def run(options: argparse.Namespace) -> int:
    """Checks, shows, and gives the exit code.

    :raises CommandError: where the options contradict each other, or an output cannot be written.
    """
    settings = settings_of(options)
    for_screen = all(each.path is None and each.format in FOR_PEOPLE for each in settings.outputs)
    if not for_screen:
        from archdsl.cli.reports import check_outputs

        check_outputs(settings.outputs, allow_outside=options.allow_outside)
    if settings.faults and settings.source is not None:
        from archdsl.cli.reports import report, run_of_faults

        report(run_of_faults(settings.faults, settings.source), settings.outputs)
        return 2
    selection = selection_of(options.paths, settings)
    for _, problem in selection.problems:
        terminal.complain(problem)
    outcomes = _check_all(selection.files, options)
    if for_screen and not any(outcome.findings or _may_ignore(outcome) for outcome in outcomes):
        if outcomes:
            terminal.show(clean_line(len(outcomes), sum(outcome.networks for outcome in outcomes)))
        return 2 if selection.problems else 0
    # Loaded only where there is something to show.
    from archdsl.cli.reports import report, run_of

    result = run_of(outcomes, selection.problems, settings)
    told = [path for path, _ in selection.problems]
    report(result, settings.outputs, told=told, statistics=options.statistics)
    return result.exit_code


def report_failure(arguments: Sequence[str], sentence: str) -> None:
    """What the formats for machines say of a run that came to an early end, as far as ``arguments`` can be read."""
    outputs = [each for each in outputs_in(arguments) if each.format not in FOR_PEOPLE]
    if not outputs:
        return
    from archdsl.cli.reports import check_outputs, failed_run, report

    for each in outputs:
        same = [other for other in outputs if other.path == each.path]
        if each is not same[0] or (each.path is not None and len(same) > 1):
            continue
        try:
            check_outputs([each], allow_outside="--allow-outside" in arguments)
            report(failed_run(sentence), [each])
        except CommandError:
            continue  # why the run failed is told already; that its document could not be written adds nothing


def _may_ignore(outcome: Outcome) -> bool:
    return any(_IGNORE_MARK in source.text for source in outcome.sources.values())


def _check_all(files: Sequence[str], options: argparse.Namespace) -> list[Outcome]:
    cache = None if options.no_cache else open_cache()
    progress = terminal.Progress("checking", len(files))
    outcomes = []
    for number, file in enumerate(files, 1):
        progress.step(number)
        outcomes.append(_check_stdin(options.stdin_filename) if file == STDIN else _check_file(file, cache))
    progress.end()
    return outcomes


def _check_file(path: str, cache: Cache | None) -> Outcome:
    root = find_root(path)
    known = cache.lookup(path, root, DiskLoader(root)) if cache else None
    if known is not None:
        return known
    outcome = check_path(DiskLoader(root), path)
    if cache:
        cache.store(outcome, root)
    return outcome


def _check_stdin(name: str | None) -> Outcome:
    from archdsl.driver.overlay import OverlayLoader

    path = display(name) if name else "<stdin>"
    data = sys.stdin.buffer.read(MAX_FILE + 1) if sys.stdin is not None else b""
    return check_path(OverlayLoader(find_root(path), path, data), path)
