r"""What a stranger wrote, made safe and measurable for a screen.

Nothing that a user wrote reaches a terminal or a log raw: characters that steer the terminal, turn the
direction of writing or show nothing at all appear as ``\x1b`` or ``\u202e``, and text that a CI service would
obey (``##[command]`` anywhere, ``::command`` at the start of a line) is broken visibly. Only the renderers
import this module; whoever composes a message puts the user's text into it as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from unicodedata import category, east_asian_width

TAB = 4
"""A tab reaches to the next multiple of this many columns."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u180e\u200b-\u200d\u2060-\u2064\ufeff"  # zero width, soft hyphen, joiners
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # directions of writing
    "\u2028\u2029"  # line and paragraph separator
    "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # fillers: letters that show nothing
    "\ufff9-\ufffb\U000e0000-\U000e0fff"  # annotations, tags, variation selectors beyond the first sixteen
    "\ud800-\udfff"  # lone surrogates cannot even be encoded
    "]"
    "|#(?=#[A-Za-z]{0,16}\\[)"  # ##[group], ##vso[, ##teamcity[: obeyed by CI services wherever they stand
)
_COMMAND = re.compile(r"\A(\s*):(?=:)")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(text: str) -> str:
    r"""The text with every unsafe character shown as ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``; the rest is untouched."""
    return _UNSAFE.sub(lambda match: _shown(match.group()), text)


def escape_start(text: str) -> str:
    """As ``escape``, for text that begins a line of output: there, ``::`` starts a command of GitHub's runner."""
    return _COMMAND.sub(r"\1\\x3a", escape(text))


class Cells:
    """A piece of a source line as it appears on the screen, with the column at which each character appears.

    ``columns[i]`` is where character i of the text begins, ``columns[-1]`` the width of the whole; columns
    count terminal cells from 0. Wide East Asian characters take two cells, combining marks none, tabs reach
    to the next stop.
    """

    __slots__ = ("_pieces", "columns")

    def __init__(self, text: str) -> None:
        self._pieces: Sequence[str] = text
        self.columns: Sequence[int] = range(len(text) + 1)
        if not (text.isascii() and text.isprintable() and "##" not in text):
            self._measure(text)

    def _measure(self, text: str) -> None:
        unsafe = {match.start() for match in _UNSAFE.finditer(text)}
        pieces: list[str] = []
        columns = [0]
        for index, char in enumerate(text):
            column = columns[-1]
            if char == "\t":
                piece = " " * (TAB - column % TAB)
                width = len(piece)
            elif index in unsafe:
                piece = _shown(char)
                width = len(piece)
            else:
                piece = char
                width = _width(char)
            pieces.append(piece)
            columns.append(column + width)
        self._pieces = pieces
        self.columns = columns

    @property
    def width(self) -> int:
        """How many columns the whole takes."""
        return self.columns[-1]

    def column(self, index: int) -> int:
        """The column at which a character begins; indices past the end belong to the end."""
        return self.columns[min(index, len(self.columns) - 1)]

    def cut(self, left: int, right: int) -> tuple[str, int, int]:
        """The text of the characters that lie wholly within two columns, and the columns where it begins and ends."""
        columns = self.columns
        left = min(left, self.width)
        first = bisect_right(columns, left) - 1 if left > 0 else 0
        if columns[first] < left:
            first += 1  # the window begins in the middle of a wide character
        last = max(first, bisect_right(columns, right) - 1)
        return "".join(self._pieces[first:last]), columns[first], columns[last]


def width_of(text: str) -> int:
    """How many columns a text without unsafe characters takes on the screen."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0  # marks, and the later parts of a Korean syllable, join the character before them
    return 2 if east_asian_width(char) in "WF" else 1


def _shown(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    number = ord(char)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
