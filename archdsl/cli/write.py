"""Writes generated files: aside first, never over what archdsl did not write, never half."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from archdsl.cli.paths import reason
from archdsl.cli.refusal import CommandError
from archdsl.codegen import HEADER

FIRST_LINE = f"# {HEADER}"
"""What every generated file begins with."""


def write_generated(path: str, text: str, *, inputs: Sequence[str], force: bool, allow_outside: bool) -> bool:
    """Puts ``text`` into the file at ``path``; gives False where the file held exactly that already.

    ``inputs`` are files that must never be replaced: what the text was made from.

    :raises CommandError: where the path may not be written, or cannot.
    """
    place = os.path.realpath(path)
    _check_place(path, place, allow_outside=allow_outside)
    data = text.encode("ascii")
    known = _known(path, place)
    if known is not None:
        if any(_is_same(place, other) for other in inputs):
            raise CommandError(f"`{path}` is what the code is made from: nothing was written")
        if known == data:
            return False
        if not force and known.split(b"\n", 1)[0].rstrip(b"\r") != FIRST_LINE.encode("ascii"):
            raise CommandError(f"`{path}` was not written by archdsl, so it stays as it is; --force replaces it")
    _replace(path, place, data)
    return True


def _check_place(path: str, place: str, *, allow_outside: bool) -> None:
    here = os.path.join(os.path.realpath(os.getcwd()), "")
    if os.path.isdir(place) or path.endswith(("/", os.sep)):
        raise CommandError(f"`{path}` is a folder: name the file to write")
    if not place.startswith(here) and not allow_outside:
        raise CommandError(f"`{path}` lies outside the working directory; --allow-outside writes there")
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        raise CommandError(f"`{path}` cannot be written: there is no folder `{os.path.dirname(path) or folder}`")


def _known(path: str, place: str) -> bytes | None:
    """What the file holds now; None if there is none."""
    try:
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise CommandError(f"`{path}` is not a regular file")
        with open(place, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CommandError(f"`{path}` cannot be read: {reason(error)}") from None


def _is_same(place: str, other: str) -> bool:
    try:
        return os.path.samefile(place, other)
    except OSError:
        return False


def _replace(path: str, place: str, data: bytes) -> None:
    """Writes beside the place and renames: whoever looks sees the old text or the new one, never a part."""
    folder, name = os.path.split(place)
    aside = os.path.join(folder, f".{name[:100]}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(data)
            os.replace(aside, place)
        except BaseException:
            os.unlink(aside)
            raise
    except (OSError, ValueError) as error:
        raise CommandError(f"`{path}` cannot be written: {reason(error)}") from None
