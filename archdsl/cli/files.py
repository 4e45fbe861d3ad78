"""Where commands may write, and how: inside the working directory unless asked, aside first, never half."""

from __future__ import annotations

import errno
import os
import stat

from archdsl.cli.paths import reason
from archdsl.cli.refusal import CommandError


def check_place(path: str, place: str, *, allow_outside: bool) -> None:
    """Refuses a file (``place`` is its real path) that lies outside of the working directory or in no folder.

    :raises CommandError: with the reason.
    """
    here = os.path.join(os.path.realpath(os.getcwd()), "")
    if os.path.isdir(place) or path.endswith(("/", os.sep)):
        raise CommandError(f"`{path}` is a folder: name the file to write")
    if not place.startswith(here) and not allow_outside:
        raise CommandError(f"`{path}` lies outside the working directory; --allow-outside writes there")
    folder = os.path.dirname(place)
    if not os.path.isdir(folder):
        raise CommandError(f"`{path}` cannot be written: there is no folder `{os.path.dirname(path) or folder}`")


def rewrite(path: str, place: str, data: bytes) -> None:
    """Gives a file (``place`` is its real path) other bytes; its permissions stay.

    :raises CommandError: where it is read-only, or the system refuses.
    """
    try:
        mode = stat.S_IMODE(os.stat(place).st_mode)
    except OSError as error:
        raise CommandError(f"`{path}` cannot be written: {reason(error)}") from None
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise CommandError(f"`{path}` is read-only, so it stays as it is")
    replace(path, place, data, mode=mode)


def replace(path: str, place: str, data: bytes, *, mode: int | None = None) -> None:
    """Writes beside the place and renames: whoever looks sees the old text or the new one, never a part.

    ``mode``: the permissions of the new file, where they are not to be those of any new file.

    :raises CommandError: where the system refuses.
    """
    try:
        aside, descriptor = _open_aside(place)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(data)
            if mode is not None:
                os.chmod(aside, stat.S_IMODE(mode))
            os.replace(aside, place)
        except BaseException:
            os.unlink(aside)
            raise
    except (OSError, ValueError) as error:
        raise CommandError(f"`{path}` cannot be written: {reason(error)}") from None


def _open_aside(place: str) -> tuple[str, int]:
    """A new file beside ``place``, of a name that nothing has: a killed process may have left its own."""
    folder, name = os.path.split(place)
    beginning = os.path.join(folder, f".{_shortened(name)}.{os.getpid()}")
    for number in range(_MOST_LEFT):
        aside = f"{beginning}.{number}.tmp" if number else f"{beginning}.tmp"
        try:
            return aside, os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
    raise FileExistsError(errno.EEXIST, f"killed processes have left {beginning}.tmp and many others")


_MOST_LEFT = 100


def _shortened(name: str) -> str:
    """As much of a name as a file beside it may have, in bytes."""
    return os.fsdecode(os.fsencode(name)[:100])
