"""Reads files of a project as they were at a git revision, and executes nothing of the repository.

Only ``rev-parse``, ``ls-tree`` and ``cat-file`` run: they read objects, and call no hook, filter, pager or external
diff. What a repository's own configuration could start is switched off on the command line, which goes before it: file
system monitors, hooks, bare repositories lying inside another one, and every transport (a partial clone would
otherwise fetch what is missing, by a program that its configuration names).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from archdsl.source.loader import (
    MAX_FILE,
    MAX_FILES,
    MAX_PROJECT,
    STD_PREFIX,
    DiskLoader,
    Refusal,
    decode,
    shown_path,
)
from archdsl.source.source import Source

SECONDS = 60
"""No answer after so long is none."""

MOST_LISTED = 64 * 1024 * 1024
"""Bytes of a listing."""

_SAFE = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c", "core.fsmonitor=false",
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "safe.bareRepository=explicit",
    "-c", "protocol.allow=never",
)  # fmt: skip
_KEPT = ("HOME", "PATH", "SYSTEMROOT", "TMPDIR", "USERPROFILE", "XDG_CONFIG_HOME")
"""The variables that git gets: to find its programs, and the user's own list of trusted folders."""

_REGULAR = ("100644", "100755")


class GitError(Exception):
    """Why a revision cannot be read: a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: ``name`` as the user gave it, ``commit`` its id, ``top`` the real path of the repository's folder."""

    name: str
    commit: str
    top: str

    def path_of(self, place: str) -> str:
        """A file's path in the repository, with ``/``.

        :raises GitError: where it lies outside.
        """
        folder, name = os.path.split(os.path.abspath(place))
        real = os.path.join(os.path.realpath(folder), name)
        relative = os.path.relpath(real, self.top)
        if relative == os.pardir or relative.startswith(os.pardir + os.sep):
            raise GitError(f"`{shown_path(place)}` lies outside the repository `{shown_path(self.top)}`")
        return "" if relative == os.curdir else relative.replace(os.sep, "/")


def find_revision(folder: str, name: str) -> Revision:
    """The commit that a name means in the repository around a folder.

    :raises GitError: where there is no git, no repository, or no such revision.
    """
    # A name that looks like an option must not become one, and one with a colon would name a file, not a commit.
    if not name or name.startswith("-") or not name.isprintable() or ":" in name:
        raise GitError(f"`{name}` is no name of a git revision")
    top = _output(["rev-parse", "--show-toplevel"], folder)
    if top is None:
        raise GitError(_why_no_repository(folder))
    commit = _output(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], folder)
    if commit is None or not re.fullmatch(r"[0-9a-f]{40,64}", commit.strip()):
        raise GitError(
            f"git knows no revision `{name}` here\n"
            "a shallow clone has the last commit alone: fetch the other one first, as in\n"
            "  git fetch --depth=1 origin main"
        )
    return Revision(name, commit.strip(), os.path.realpath(top.rstrip("\n")))


def files_at(revision: Revision, path: str) -> list[str]:
    """The ``.arch`` files at or below a path of the repository (nothing: all), hidden names left out.

    :raises GitError: where git gives no listing.
    """
    below = ["--", path] if path else []
    listing = _output(["ls-tree", "-r", "-z", "--name-only", "--full-tree", revision.commit, *below], revision.top)
    if listing is None:
        raise GitError(f"git cannot list the files of `{revision.name}`")
    names = [name for name in listing.split("\0") if name.endswith(".arch")]
    return [name for name in names if not any(part.startswith(".") for part in name.split("/"))]


class RevisionLoader:
    """Reads a project at a revision. Display paths are ``REVISION:PATH``, the path seen from the repository's top.

    Imports work as on disk, inside the same root. Standard blocks are those of the archdsl that runs.
    """

    def __init__(self, revision: Revision, root: str) -> None:
        self._revision = revision
        self._prefix = f"{revision.name}:"
        self._root = revision.path_of(os.path.join(root, "x"))[:-1]
        self._known: dict[str, Source | Refusal] = {}
        self._std = DiskLoader(root)
        self._bytes = 0

    def display(self, place: str) -> str:
        """What a file is called at this revision.

        :raises GitError: where it lies outside the repository.
        """
        return self._prefix + self._revision.path_of(place)

    def load(self, path: str) -> Source | Refusal:
        """The source at a display path; each file is read once."""
        if path.startswith(STD_PREFIX):
            return self._std.load(path)
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._read(path)
        return known

    def import_path(self, importer: str, dots: int, module: tuple[str, ...]) -> str | Refusal:
        """As on disk; a file that is not there is refused when it is read."""
        folder = os.path.dirname(importer.removeprefix(self._prefix))
        path = os.path.normpath(os.path.join(folder, *([os.pardir] * (dots - 1)), *module)) + ".arch"
        path = path.replace(os.sep, "/")
        if path.startswith(("../", "/")) or not path.startswith(self._root):
            return Refusal("E0213", f"`{shown_path(path)}` lies outside the project root")
        return self._prefix + path

    def std_path(self, name: str) -> str | None:
        """The same standard library as on disk."""
        return self._std.std_path(name)

    def _read(self, path: str) -> Source | Refusal:
        if len(self._known) >= MAX_FILES:
            return Refusal("E0106", f"a project may import at most {MAX_FILES} files")
        place, revision = path.removeprefix(self._prefix), self._revision
        listing = _output(["ls-tree", "-z", "-l", "--full-tree", revision.commit, "--", place], revision.top)
        if listing is None:
            return Refusal("E0214", f"`{path}` cannot be read: git gives no answer")
        entry = listing.partition("\0")[0].partition("\t")[0].split()
        if len(entry) != 4:
            return Refusal("E0214", f"there is no file `{path}`")
        mode, _, blob, size = entry
        if mode not in _REGULAR:
            return Refusal("E0214", f"`{path}` is not a regular file")
        if not size.isdigit() or int(size) > MAX_FILE:
            return Refusal("E0106", f"`{path}` is larger than {MAX_FILE // 1024:,} KiB, the limit for a file")
        self._bytes += int(size)
        if self._bytes > MAX_PROJECT:
            return Refusal("E0106", f"the project is larger than {MAX_PROJECT // 1024 // 1024} MiB")
        data = _bytes(["cat-file", "blob", blob], revision.top)
        return (
            Refusal("E0214", f"`{path}` cannot be read: its object is missing") if data is None else decode(path, data)
        )


# --- running git ----------------------------------------------------------------------------------------


def _output(arguments: list[str], folder: str) -> str | None:
    data = _bytes(arguments, folder)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def _bytes(arguments: list[str], folder: str) -> bytes | None:
    """What git prints; None where it fails.

    :raises GitError: where there is no git, or it does not end.
    """
    return _run(arguments, folder)[0]


def _run(arguments: list[str], folder: str) -> tuple[bytes | None, str]:
    try:
        done = subprocess.run(
            [_program(), *_SAFE, *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git gave no answer within {SECONDS} seconds") from None
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror or error}") from None
    if done.returncode or len(done.stdout) > MOST_LISTED:
        return None, done.stderr.decode("utf-8", "replace")
    return done.stdout, ""


def _program() -> str:
    """git by its absolute path: a name alone would be looked up in the working directory on some systems."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    found = shutil.which("git", path=os.pathsep.join(folders))
    if found is None:
        raise GitError("git is not installed, or not in PATH")
    return found


def _environment() -> dict[str, str]:
    """No GIT_ variable of the caller's counts: a hook sets some, and others would start programs or write traces."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _why_no_repository(folder: str) -> str:
    _, told = _run(["rev-parse", "--show-toplevel"], folder)
    if "dubious ownership" in told:
        return (
            f"git does not trust the repository around `{shown_path(folder)}`: it belongs to another user\n"
            "`git config --global --add safe.directory FOLDER` makes it trusted"
        )
    return f"`{shown_path(folder)}` lies in no git repository"
