"""Finds the files and revisions that a command compares, or says why there are none."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from archdsl.cli.choose import open_file
from archdsl.cli.paths import why_no_file
from archdsl.cli.refusal import CommandError
from archdsl.driver.comparison import Version
from archdsl.driver.compilation import Compilation
from archdsl.source.git import GitError, Revision, RevisionLoader, find_revision
from archdsl.source.loader import Refusal, find_root

_OPERAND = re.compile(r"(.*):([A-Za-z][A-Za-z0-9_]{0,63})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Operand:
    """``FILE`` or ``FILE:NETWORK``, as an argument of the command line."""

    path: str
    network: str | None


def operand_of(text: str) -> Operand:
    """An operand; a file whose name ends like a network's is taken for the file."""
    match = _OPERAND.fullmatch(text)
    if match is None or os.path.exists(text):
        return Operand(text, None)
    return Operand(match[1], match[2])


def version_now(path: str) -> Version:
    """A file as it is.

    :raises CommandError: where it cannot be read.
    """
    return Version(*open_file(path))


def revision_of(path: str, name: str) -> Revision:
    """A revision of the repository around a path.

    :raises CommandError: where there is no git, no repository or no such revision.
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path) or os.curdir
    while folder and not os.path.isdir(folder):  # a folder that is there no more may have been there
        folder = os.path.dirname(folder) or os.curdir
    try:
        return find_revision(folder, name)
    except GitError as error:
        raise CommandError(str(error)) from None


def version_at(path: str, revision: Revision) -> Version | None:
    """A file as it was at a revision; None where it was not there.

    :raises CommandError: where git does not give it.
    """
    try:
        loader = RevisionLoader(revision, find_root(path))
        shown = loader.display(path)
        found = loader.load(shown)
    except GitError as error:
        raise CommandError(str(error)) from None
    if isinstance(found, Refusal):
        if found.code == "E0214" and found.message.startswith("there is no file"):
            return None
        raise CommandError(found.message)
    return Version(shown, Compilation(loader))


def needs_file(path: str) -> None:
    """Refuses a path that is no file.

    :raises CommandError: with the reason.
    """
    problem = why_no_file(path)
    if problem is not None:
        raise CommandError(problem)
