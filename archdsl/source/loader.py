"""Where source text comes from: the only module that opens files for checking.

A file is read only if it is regular, inside the project root after links are followed, within the
size limits and strict UTF-8. Whatever is refused comes back as data, never as an exception.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from archdsl.source.source import Source

MAX_FILE = 1024 * 1024
MAX_PROJECT = 16 * 1024 * 1024
MAX_FILES = 256
MAX_IMPORT_DEPTH = 32
ROOT_MARKS = ("archdsl.toml", "pyproject.toml", ".git")
STD_PREFIX = "archdsl/std/"
STD_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "std")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file was not read: a code of the registry and a sentence."""

    code: str
    message: str
    offset: int | None = None
    """For text that is not UTF-8: the byte where it stops being so."""
    before: str | None = None
    """For text that is not UTF-8: what stands before that byte, so that its line and column can be shown."""


class Loader(Protocol):
    """Reads sources by display path."""

    def load(self, path: str) -> Source | Refusal:
        """The source at a display path, or why there is none."""

    def import_path(self, importer: str, dots: int, module: tuple[str, ...]) -> str | Refusal:
        """The display path that an import means, seen from the importing file."""

    def std_path(self, name: str) -> str | None:
        """The display path of the standard file that defines a block."""


def decode(path: str, data: bytes) -> Source | Refusal:
    """Bytes as a source: strict UTF-8, one byte-order mark dropped, CRLF and CR as LF."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    nul = data.find(b"\0")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text: byte {error.start} is wrong"
        return _no_text(_BINARY if nul >= 0 else message, data, error.start if nul < 0 else min(nul, error.start))
    if nul >= 0:
        return _no_text(_BINARY, data, nul)
    return Source(path, _with_plain_newlines(text))


_BINARY = "the file is binary: it holds a NUL byte"


def _no_text(message: str, data: bytes, offset: int) -> Refusal:
    before = data[:offset].decode("utf-8")
    return Refusal("E0104", message, offset, _with_plain_newlines(before))


def _with_plain_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class DiskLoader:
    """Reads from a project on disk. Display paths are relative to the working directory where possible."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._sources: dict[str, Source | Refusal] = {}
        self._bytes = 0
        self._std: dict[str, str] | None = None
        self._missing: set[str] = set()

    @property
    def looked_for(self) -> set[str]:
        """The display paths of all files of the project that were asked for, those that are not there as well."""
        return {path for path in self._sources if not path.startswith(STD_PREFIX)} | self._missing

    def load(self, path: str) -> Source | Refusal:
        """The source at a display path; each file is read once."""
        known = self._sources.get(path)
        if known is None:
            known = self._read(path)
            self._sources[path] = known
        return known

    def import_path(self, importer: str, dots: int, module: tuple[str, ...]) -> str | Refusal:
        """``.blocks`` is beside the importing file, ``..a.b`` one folder up; never outside the root."""
        folder = os.path.dirname(importer)
        for _ in range(dots - 1):
            folder = os.path.join(folder, os.pardir)
        path = os.path.normpath(os.path.join(folder, *module)) + ".arch"
        if not self._inside(os.path.realpath(path)):
            return Refusal("E0213", f"`{shown_path(path)}` lies outside the project root `{shown_path(self.root)}`")
        if not os.path.lexists(path):
            self._missing.add(path)
            return Refusal("E0214", f"there is no file `{shown_path(path)}`")
        return path.replace(os.sep, "/")

    def std_path(self, name: str) -> str | None:
        """Standard blocks are found by a scan of the files that ship with the package."""
        if self._std is None:
            self._std = scan_std()
        return self._std.get(name)

    def _inside(self, real: str) -> bool:
        return real == self.root or real.startswith(self.root + os.sep)

    def _read(self, path: str) -> Source | Refusal:
        if path.startswith(STD_PREFIX):
            return self._read_file(path, os.path.join(STD_FOLDER, path[len(STD_PREFIX) :]))
        if not self._inside(os.path.realpath(path)):
            return Refusal("E0213", f"`{shown_path(path)}` leads outside the project root `{shown_path(self.root)}`")
        if len(self._sources) >= MAX_FILES:
            return Refusal("E0106", f"a project may import at most {MAX_FILES} files")
        return self._read_file(path, path)

    def _read_file(self, path: str, place: str) -> Source | Refusal:
        data = read_bytes(path, place)
        if isinstance(data, Refusal):
            return data
        self._bytes += len(data)
        if self._bytes > MAX_PROJECT:
            return Refusal("E0106", f"the project is larger than {MAX_PROJECT // 1024 // 1024} MiB")
        return decode(path, data)


def read_bytes(path: str, place: str) -> bytes | Refusal:
    """What the regular file at ``place`` holds, within the limit for a file; messages call it ``path``."""
    try:
        # Opened without blocking: a pipe in a hostile tree must not hang the check.
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        return Refusal("E0214", f"`{shown_path(path)}` cannot be read: {getattr(error, 'strerror', None) or error}")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return Refusal("E0214", f"`{shown_path(path)}` is not a regular file")
    with open(descriptor, "rb") as stream:
        data = stream.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        return Refusal("E0106", f"`{shown_path(path)}` is larger than {MAX_FILE // 1024:,} KiB, the limit for a file")
    return data


class MemoryLoader:
    """Reads from a mapping of paths to text: tests, editors, standard input. Standard blocks come from disk."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._disk = DiskLoader(STD_FOLDER)

    def load(self, path: str) -> Source | Refusal:
        """The text under a path."""
        text = self._files.get(path)
        if text is not None:
            return decode(path, text.encode("utf-8", "surrogatepass"))
        if path.startswith(STD_PREFIX):
            return self._disk.load(path)
        return Refusal("E0214", f"there is no file `{shown_path(path)}`")

    def import_path(self, importer: str, dots: int, module: tuple[str, ...]) -> str | Refusal:
        """As on disk, with the top of the mapping as the root."""
        folder = os.path.dirname(importer)
        path = os.path.normpath(os.path.join(folder, *([os.pardir] * (dots - 1)), *module)) + ".arch"
        path = path.replace(os.sep, "/")
        if path.startswith(("../", "/")):
            return Refusal("E0213", f"`{shown_path(path)}` lies outside the project root")
        return path if path in self._files else Refusal("E0214", f"there is no file `{shown_path(path)}`")

    def std_path(self, name: str) -> str | None:
        """The same standard library as on disk."""
        return self._disk.std_path(name)


def scan_std() -> dict[str, str]:
    """Which standard file defines which block, read off the lines that begin with ``block``."""
    found: dict[str, str] = {}
    for entry in sorted(os.listdir(STD_FOLDER)):
        if not entry.endswith(".arch"):
            continue
        with open(os.path.join(STD_FOLDER, entry), encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("block "):
                    found[line[6 : line.index("(")].strip()] = STD_PREFIX + entry
    return found


def find_root(path: str) -> str:
    """The project root of a file: the nearest folder above it that holds a project file, else its own folder."""
    folder = os.path.dirname(os.path.realpath(path))
    probe = folder
    while True:
        if any(os.path.lexists(os.path.join(probe, mark)) for mark in ROOT_MARKS):
            return probe
        parent = os.path.dirname(probe)
        if parent == probe:
            return folder
        probe = parent


def shown_path(path: str) -> str:
    """A path fit for a message: relative to the working directory where that is shorter, unprintables escaped."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    chosen = relative if len(relative) < len(path) else path
    return chosen.encode("unicode_escape").decode("ascii")
