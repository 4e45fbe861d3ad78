"""What was checked before and has not changed since: a private folder with one record per file.

The folder is the user's own (``$XDG_CACHE_HOME/archdsl`` or ``~/.cache/archdsl``), readable by nobody else
and never inside the project that is checked: a stranger's tree must not bring its own verdict. A record
that is damaged, foreign or outdated is as good as none, and a folder that cannot be used means no cache,
not a failure.
"""

from __future__ import annotations

import hashlib
import os
import stat

from archdsl import __version__
from archdsl.driver.outcome import Outcome
from archdsl.driver.record import outcome_of, record_of
from archdsl.source.loader import Loader

MOST_RECORDS = 1_000
LARGEST_RECORD = 64 * 1024
"""Characters of a record; together with ``MOST_RECORDS`` at most 64 MiB. Large ones are made of many findings."""

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PRIVATE = 0o700


class Cache:
    """The records of one user."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._fingerprint = _fingerprint()

    def lookup(self, path: str, root: str, loader: Loader) -> Outcome | None:
        """The outcome of a file that was checked before, if nothing that it rests on has changed."""
        if self._lies_inside(root):
            return None
        try:
            with open(self._place(path, root), encoding="ascii") as stream:
                return outcome_of(stream.read(LARGEST_RECORD + 1), path, loader)
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def store(self, outcome: Outcome, root: str) -> None:
        """Keeps an outcome, aside first and then under its name, so that no reader sees half of it."""
        if self._lies_inside(root):
            return
        record = record_of(outcome)
        if record is None or len(record) > LARGEST_RECORD:
            return
        place = self._place(outcome.path, root)
        aside = f"{place}.{os.getpid()}"
        try:
            self._make_room()
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="ascii") as stream:
                stream.write(record)
            os.replace(aside, place)
        except OSError:
            return

    def _place(self, path: str, root: str) -> str:
        """Where the record of a file lies: named after all that decides the outcome but the texts themselves."""
        parts = (self._fingerprint, root, os.path.realpath(path), path)
        key = hashlib.sha256(b"\0".join(os.fsencode(part) for part in parts)).hexdigest()
        return os.path.join(self._folder, key)

    def _lies_inside(self, root: str) -> bool:
        return os.path.join(self._folder, "").startswith(os.path.join(root, ""))

    def _make_room(self) -> None:
        """Drops the older half once there are too many records."""
        with os.scandir(self._folder) as entries:
            records = [(entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries]
        if len(records) < MOST_RECORDS:
            return
        for _, place in sorted(records)[: len(records) // 2]:
            os.unlink(place)


def open_cache() -> Cache | None:
    """The user's cache, made where it is missing; None where there is no place that is private."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    if not os.path.isabs(base):
        return None
    folder = os.path.join(os.path.realpath(base), "archdsl")
    try:
        os.makedirs(folder, _PRIVATE, exist_ok=True)
        return Cache(folder) if _is_private(folder) else None
    except OSError:
        return None


def _is_private(folder: str) -> bool:
    """Whether a folder is the user's own and closed to everybody else."""
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True  # Windows: the user's profile is private by its access list
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _fingerprint() -> str:
    """Stands for this very compiler: its version, and size and time of each of its files.

    Times rather than contents, because reading 150 files would take as long as a check.
    """
    found: list[str] = [__version__]
    folders = [_PACKAGE]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                status = entry.stat()
                found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode("utf-8", "surrogateescape")).hexdigest()
