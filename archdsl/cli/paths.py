"""Which files a command looks at: paths from the command line, folders walked, links out of them left alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

STDIN = "-"
SUFFIX = ".arch"


@dataclass(slots=True)
class Selection:
    """The files to look at, by display path, in order and each once; and what is wrong with the paths given."""

    files: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    """(path, sentence) of every path that leads to no file."""


def select(paths: Sequence[str]) -> Selection:
    """The files that paths mean: a file itself, every ``*.arch`` file below a folder, ``-`` as it is."""
    selection = Selection()
    seen: set[str] = set()
    for path in paths or (".",):
        found, problem = ([STDIN], None) if path == STDIN else _expanded(path)
        if problem is not None:
            selection.problems.append((path, problem))
        for file in found:
            if file not in seen:
                seen.add(file)
                selection.files.append(file)
    return selection


def why_no_file(path: str) -> str | None:
    """Why a path is no file that can be read; None if it is one."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return f"`{path}` is a folder, not a file"
        if not stat.S_ISREG(mode):
            return f"`{path}` is not a regular file"
        os.close(os.open(path, os.O_RDONLY))
    except (OSError, ValueError) as error:
        return f"`{path}` cannot be read: {reason(error)}"
    return None


def reason(error: Exception) -> str:
    """The system's own words for a failure, as they stand in a sentence."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def display(path: str) -> str:
    """A path as findings show it: normal form, relative to the working directory where it lies inside, with ``/``."""
    normal = os.path.normpath(path)
    if os.path.isabs(normal):
        here = os.getcwd()
        if normal.startswith(here + os.sep):
            normal = normal[len(here) + 1 :]
    return normal.replace(os.sep, "/")


def _expanded(path: str) -> tuple[list[str], str | None]:
    if not os.path.isdir(path):
        problem = why_no_file(path)
        return ([], problem) if problem is not None else ([display(path)], None)
    failures: list[str] = []
    found = sorted(_walk(path, failures))
    if failures:
        return [display(file) for file in found], failures[0]
    if not found:
        return [], f"there is no {SUFFIX} file in `{path}`"
    return [display(file) for file in found], None


def _walk(folder: str, failures: list[str]) -> Iterator[str]:
    """The ``*.arch`` files below a folder; hidden names, links to folders and links that lead out are skipped."""
    inside = os.path.join(os.path.realpath(folder), "")

    def failed(error: OSError) -> None:
        failures.append(f"`{error.filename}` cannot be read: {reason(error)}")

    for place, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.endswith(SUFFIX) or name.startswith("."):
                continue
            file = os.path.join(place, name)
            if not os.path.islink(file) or os.path.realpath(file).startswith(inside):
                yield file
