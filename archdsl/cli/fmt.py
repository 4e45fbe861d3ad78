"""``archdsl fmt``: lays files out in the one style, in place.

What was formatted is told on standard output, unless that is for data: the text of standard input, or differences.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field

from archdsl.cli import terminal
from archdsl.cli.difference import difference
from archdsl.cli.files import check_place, rewrite
from archdsl.cli.findings import show_on_stderr
from archdsl.cli.paths import STDIN, display
from archdsl.cli.refusal import CommandError
from archdsl.cli.settings import selection_of, settings_of
from archdsl.diagnostics.sink import Sink
from archdsl.driver.formatting import format_loaded
from archdsl.driver.overlay import OverlayLoader, place_of
from archdsl.source.loader import MAX_FILE, Refusal, decode, read_bytes
from archdsl.source.source import Source

EXAMPLES = """\
examples:
  archdsl fmt                              every .arch file below the working directory, in place
  archdsl fmt specs/ model.arch
  archdsl fmt --check specs/               tell what is not in the style, and write nothing
  archdsl fmt --diff model.arch            show what would change, and write nothing
  archdsl fmt - --stdin-filename a.arch    from standard input to standard output

There is one style and nothing to set. A file with errors of syntax is left as it is, and they are shown.

Exit codes: 0 nothing wrong, 1 errors of syntax, or with --check and --diff files that are not in the style, 2 wrong
usage or configuration, files that cannot be read or written, an error of archdsl itself.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders, `-` for standard input")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is not in the style")
    parser.add_argument("--diff", action="store_true", help="like --check, and show what would change")
    parser.add_argument("--stdin-filename", metavar="NAME", help="what messages call standard input")
    parser.add_argument("--allow-outside", action="store_true", help="also write outside the working directory")
    parser.add_argument("--no-config", action="store_true", help="pass over the project's configuration")
    # What else a configuration may say is for `check`.
    parser.set_defaults(output=[], format=None, select=[], ignore=[], error_on_warning=None)


@dataclass(slots=True)
class _Tally:
    """What came of the files so far."""

    changed: int = 0
    unchanged: int = 0
    failed: bool = False
    """Whether a file could not be read or written."""
    faults: Sink = field(default_factory=Sink)
    sources: dict[str, Source] = field(default_factory=dict)


def run(options: argparse.Namespace) -> int:
    """Formats, tells what was done, and gives the exit code.

    :raises CommandError: where the configuration cannot be used.
    """
    tally = _Tally()
    settings = settings_of(options)
    if settings.faults and settings.source is not None:
        tally.faults.extend(settings.faults)
        show_on_stderr(tally.faults, {settings.source.path: settings.source})
        return 2
    selection = selection_of(options.paths, settings)
    for _, problem in selection.problems:
        terminal.complain(problem)
    tally.failed = bool(selection.problems)
    progress = terminal.Progress("formatting", len(selection.files))
    for number, path in enumerate(selection.files, 1):
        progress.step(number)
        try:
            _format(path, options, tally)
        except CommandError as error:
            terminal.complain(str(error))
            tally.failed = True
    progress.end()
    show_on_stderr(tally.faults, tally.sources)
    if STDIN not in selection.files:
        _tell(_summary(tally, options), options)
    found = tally.faults.has_errors or (tally.changed > 0 and _is_dry(options))
    return 2 if tally.failed else int(found)


def _is_dry(options: argparse.Namespace) -> bool:
    return bool(options.check or options.diff)


def _format(path: str, options: argparse.Namespace, tally: _Tally) -> None:
    """Formats one file, or tells what would change in it.

    :raises CommandError: where it cannot be written.
    """
    name, data, loaded = _read(path, options.stdin_filename)
    result = format_loaded(name, loaded)
    if result.text is None or result.source is None:
        tally.faults.extend(result.findings)
        tally.sources.update(result.sources)
        return
    new = result.text.encode()
    if path == STDIN and not _is_dry(options):
        terminal.show(result.text)
    elif new == data:
        tally.unchanged += 1
        return
    elif _is_dry(options):
        _show_change(result.source, result.text, options)
    else:
        _write(path, new, allow_outside=options.allow_outside)
        _tell(f"formatted {terminal.escaped(name)}\n", options)
    tally.changed += 1


def _read(path: str, stdin_name: str | None) -> tuple[str, bytes, Source | Refusal]:
    """The name of a text, its bytes, and its source or why there is none."""
    if path == STDIN:
        name = display(stdin_name) if stdin_name else "<stdin>"
        data = sys.stdin.buffer.read(MAX_FILE + 1) if sys.stdin is not None else b""
        return name, data, OverlayLoader(os.curdir, {place_of(name): data}).load(name)
    found = read_bytes(path, path)
    return (path, b"", found) if isinstance(found, Refusal) else (path, found, decode(path, found))


def _write(path: str, data: bytes, *, allow_outside: bool) -> None:
    """Replaces a file, links followed, by one with the same permissions.

    :raises CommandError: where it may not be written, or cannot.
    """
    place = os.path.realpath(path)
    check_place(path, place, allow_outside=allow_outside)
    rewrite(path, place, data)


def _show_change(source: Source, text: str, options: argparse.Namespace) -> None:
    name = terminal.escaped(source.path)
    if not options.diff:
        terminal.show(f"would format {name}\n")
    elif text == source.text:
        terminal.remark(f"{name}: only its line ends or its byte-order mark would change\n")
    else:
        terminal.show("".join(difference(source.path, source.text, text)))


def _tell(text: str, options: argparse.Namespace) -> None:
    """Text for people: beside the data where there is any."""
    if options.diff or STDIN in options.paths:
        terminal.remark(text)
    else:
        terminal.show(text)


def _summary(tally: _Tally, options: argparse.Namespace) -> str:
    """What was done, in one line; nothing where nothing was there to be done."""
    verb = "would be formatted" if _is_dry(options) else "formatted"
    parts = [f"{_files(tally.changed)} {verb}"] if tally.changed else []
    if tally.unchanged:
        parts.append(f"{_files(tally.unchanged)} already in the style")
    left = len({finding.span.path for finding in tally.faults})
    if left:
        parts.append(f"{_files(left)} left as {'they are' if left > 1 else 'it is'}")
    return f"{', '.join(parts)}\n" if parts else ""


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count > 1 else ''}"
