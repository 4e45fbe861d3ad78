"""Why a command cannot do what it was asked: raised anywhere below it, told by ``main``, exit code 2."""

from __future__ import annotations


class CommandError(Exception):
    """A sentence for the user: wrong usage, or files that cannot be read or written."""
