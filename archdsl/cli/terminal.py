"""What the commands know of the screen: streams, colours, columns, progress."""

from __future__ import annotations

import os
import sys
from typing import TextIO

PLAIN_WIDTH = 100
"""Columns of tables and findings where there is no terminal to ask."""

_CLEAR_LINE = "\r\x1b[K"


def prepare_streams() -> None:
    """The same bytes under every locale: UTF-8, and nothing that cannot be written ends the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def wants_color(stream: TextIO | None) -> bool:
    """Whether to colour: ``NO_COLOR``, then ``FORCE_COLOR``, then whether the stream is a terminal that can."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO | None) -> int:
    """The width to write for: ``COLUMNS``, the terminal's, or ``PLAIN_WIDTH``."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isascii() and stated.isdigit() and 0 < len(stated) < 5 and int(stated) > 0:
        return int(stated)
    if stream is None or not _is_terminal(stream):
        return PLAIN_WIDTH
    try:
        return os.get_terminal_size(stream.fileno()).columns or PLAIN_WIDTH
    except OSError:
        return PLAIN_WIDTH


def output() -> TextIO | None:
    """Where data goes."""
    return sys.stdout


def show(text: str) -> None:
    """Data or findings: to standard output, as they are."""
    if text and sys.stdout is not None:
        sys.stdout.write(text)


def show_bytes(data: bytes) -> None:
    """A file's own bytes to standard output."""
    if sys.stdout is not None:
        show_pending()
        sys.stdout.buffer.write(data)


def remark(text: str) -> None:
    """Text for people beside the data: to standard error, as it is."""
    if text and sys.stderr is not None:
        show_pending()
        sys.stderr.write(text)


def complain(sentence: str) -> None:
    """Why a command cannot do what it was asked: ``archdsl: error: ...`` on standard error."""
    remark(f"archdsl: error: {escaped(sentence)}\n")


def escaped(text: str) -> str:
    """A text whose lines may hold what a stranger wrote, safe for the screen."""
    # Here, because an answer from the cache has nothing to escape.
    from archdsl.diagnostics.escape import escape

    return "\n".join(escape(line) for line in text.split("\n"))


def show_pending() -> None:
    """What was shown so far leaves the program now, so that both streams keep their order."""
    if sys.stdout is not None:
        sys.stdout.flush()


class Progress:
    """``checking 12 of 300`` on a terminal while a long run lasts; nothing in a log."""

    LEAST = 8
    """Shorter runs are over before anybody could read a line."""

    def __init__(self, verb: str, total: int) -> None:
        self._verb = verb
        self._total = total
        self._shown = total >= self.LEAST and _is_terminal(sys.stderr)

    def step(self, number: int) -> None:
        """``number`` (from 1) is in work now."""
        if self._shown:
            sys.stderr.write(f"{_CLEAR_LINE}{self._verb} {number} of {self._total}")
            sys.stderr.flush()

    def end(self) -> None:
        """Takes the line away."""
        if self._shown:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # a closed stream
        return False
