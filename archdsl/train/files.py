"""Writes the files of a run: aside first, then renamed, so that a kill leaves the old file or the new one."""

from __future__ import annotations

import contextlib
import os


def write_file(path: str, data: bytes) -> None:
    """Puts bytes into a file, on the disk before the name is."""
    aside = f"{path}.{os.getpid()}.tmp"
    try:
        with open(aside, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(aside, path)
    except BaseException:
        remove_file(aside)
        raise


def write_text(path: str, text: str) -> None:
    """Puts text into a file."""
    write_file(path, text.encode("utf-8"))


def remove_file(path: str) -> None:
    """Takes a file away, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def append_line(path: str, line: str) -> None:
    """Adds a line to a file; a killed process leaves at most a part of it, which readers drop."""
    with open(path, "ab") as stream:
        stream.write(line.encode("utf-8") + b"\n")
