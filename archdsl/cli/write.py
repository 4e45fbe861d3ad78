"""Writes generated files: aside first, never over what archdsl did not write, never half."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from archdsl.cli.files import check_place, replace
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
    check_place(path, place, allow_outside=allow_outside)
    data = text.encode("ascii")
    known = _known(path, place)
    if known is not None:
        if any(_is_same(place, other) for other in inputs):
            raise CommandError(f"`{path}` is what the code is made from: nothing was written")
        if known == data:
            return False
        if not force and known.split(b"\n", 1)[0].rstrip(b"\r") != FIRST_LINE.encode("ascii"):
            raise CommandError(f"`{path}` was not written by archdsl, so it stays as it is; --force replaces it")
    replace(path, place, data)
    return True


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
