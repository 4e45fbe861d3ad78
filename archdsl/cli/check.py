"""``archdsl check``: checks every network of every file.

Findings and the closing line go to standard output, in JSON the document alone. What is wrong with the
command itself goes to standard error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from archdsl.cli import terminal
from archdsl.cli.cache import Cache, open_cache
from archdsl.cli.paths import STDIN, display, select
from archdsl.driver.outcome import Outcome, check_path
from archdsl.source.loader import MAX_FILE, DiskLoader, find_root

FORMATS = ("full", "concise", "json")

EXAMPLES = """\
examples:
  archdsl check                               every .arch file below the working directory
  archdsl check specs/ model.arch
  archdsl check --format concise specs/       one line for each finding
  archdsl check - --stdin-filename a.arch     what comes in, as if it were a.arch

Exit codes: 0 nothing wrong, 1 findings, 2 wrong usage, files that cannot be read, an error of archdsl itself.
Warnings alone end with 0, unless --error-on-warning is given.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders, `-` for standard input")
    parser.add_argument("--format", choices=FORMATS, default="full", help="how findings are shown (default: full)")
    parser.add_argument("--error-on-warning", action="store_true", help="end with 1 on warnings too")
    parser.add_argument("--stdin-filename", metavar="NAME", help="the name that `-` stands for, also in its imports")
    parser.add_argument("--no-cache", action="store_true", help="check everything, even what has not changed")


def run(options: argparse.Namespace) -> int:
    """Checks, shows, and gives the exit code."""
    selection = select(options.paths)
    for _, problem in selection.problems:
        terminal.complain(problem)
    outcomes = _check_all(selection.files, options)
    networks = sum(outcome.networks for outcome in outcomes)
    if options.format != "json" and not any(outcome.findings for outcome in outcomes):
        if outcomes:
            terminal.show(f"{_count(len(outcomes), 'file')}, {_count(networks, 'network')}: no findings\n")
        return 2 if selection.problems else 0
    # Loaded only where there is something to show.
    from archdsl.cli.findings import Findings

    findings = Findings(outcomes)
    if options.format == "json":
        terminal.show(findings.as_json(selection.problems))
    else:
        terminal.show(findings.as_text(options.format))
    failed = findings.errors > 0 or (options.error_on_warning and findings.warnings > 0)
    return 2 if selection.problems else int(failed)


def empty_document() -> str:
    """What ``--format json`` prints where the command came to an end before any file was looked at."""
    from archdsl.cli.findings import Findings

    return Findings(()).as_json(())


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


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
