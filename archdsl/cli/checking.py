"""What ``check`` looks at, and the looking: from the cache where nothing has changed, else anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from archdsl.cli import terminal
from archdsl.cli.cache import Cache, open_cache
from archdsl.cli.paths import STDIN, display
from archdsl.driver.outcome import Outcome, check_path
from archdsl.source.loader import MAX_FILE, DiskLoader, find_root


def check_files(files: Sequence[str], options: argparse.Namespace) -> list[Outcome]:
    """The outcomes of files in their order; a long run shows how far it is."""
    cache = None if options.no_cache else open_cache()
    progress = terminal.Progress("checking", len(files))
    outcomes = []
    for number, file in enumerate(files, 1):
        progress.step(number)
        outcomes.append(_check_stdin(options.stdin_filename) if file == STDIN else _check_file(file, cache))
    progress.end()
    return outcomes


def stdin_path(name: str | None) -> str:
    """The display path of standard input."""
    return display(name) if name else "<stdin>"


def read_stdin(*, rest: bool = False) -> bytes:
    """Standard input: one byte more than a file may have at most, or all the ``rest``."""
    if sys.stdin is None:
        return b""
    return sys.stdin.buffer.read() if rest else sys.stdin.buffer.read(MAX_FILE + 1)


def check_overlaid(path: str, files: Mapping[str, bytes]) -> Outcome:
    """The outcome of a file where some files hold other bytes than on disk (``OverlayLoader``)."""
    from archdsl.driver.overlay import OverlayLoader

    return check_path(OverlayLoader(find_root(path), files), path)


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
    from archdsl.driver.overlay import place_of

    path = stdin_path(name)
    return check_overlaid(path, {place_of(path): read_stdin()})
