"""What stands between two tokens of a text, and what is written there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archdsl.pretty.doc import HARD_LINE, LINE, Doc, Suffix, Text, concat

MARK = "\0"
"""Stands before a comment behind code until its column is settled; no text that is formatted holds it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, and how many line ends stand before it: none behind code."""

    text: str
    newlines: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two tokens: comments, then ``newlines`` line ends before the second token.

    ``lines`` are those of the tokens. ``is_ruled``: an ignore comment speaks of one of them, so that what stood on one
    line stays on one line, and what did not does not.
    """

    remarks: tuple[Remark, ...]
    newlines: int
    lines: tuple[int, int]
    is_ruled: bool

    @property
    def is_broken(self) -> bool:
        """Whether the tokens stood on different lines."""
        return self.newlines > 0 or bool(self.remarks)

    @property
    def is_together(self) -> bool:
        """Whether the tokens have to stay on one line."""
        return self.is_ruled and self.lines[0] == self.lines[1]

    @property
    def is_apart(self) -> bool:
        """Whether the tokens must not come to stand on one line."""
        return self.is_ruled and self.lines[0] != self.lines[1]

    def joined(self, other: Gap) -> Gap:
        """This gap and the one behind the next token, as if that token were not there."""
        remarks = other.remarks
        if remarks:
            remarks = (replace(remarks[0], newlines=remarks[0].newlines + self.newlines), *remarks[1:])
        newlines = other.newlines if other.remarks else self.newlines + other.newlines
        lines = (self.lines[0], other.lines[1])
        return Gap(self.remarks + remarks, newlines, lines, self.is_ruled or other.is_ruled)

    def with_blank_line(self) -> Gap:
        """The gap with a blank line in it, before the comments that belong to what follows."""
        own = [index for index, remark in enumerate(self.remarks) if index or remark.newlines]
        if self.newlines > 1 or any(self.remarks[index].newlines > 1 for index in own):
            return self
        if not own:
            return replace(self, newlines=2)
        remarks = list(self.remarks)
        remarks[own[0]] = replace(remarks[own[0]], newlines=2)
        return replace(self, remarks=tuple(remarks))


def comments(gap: Gap, *, is_first: bool = False, opens_label: bool = False) -> Doc:
    """The comments of a gap: the first behind the code if it was there, the others on lines of their own.

    A blank line before a comment is kept, but not if what it belongs to ``is_first`` in its braces. ``opens_label``:
    the gap is the one behind the brace of a label, which has to touch what follows.
    """
    parts: list[Doc] = []
    for index, remark in enumerate(gap.remarks):
        if index == 0 and remark.newlines == 0:
            parts.append(Suffix(remark.text if opens_label else MARK + remark.text, 0))
            continue
        if remark.newlines > 1 and not (index == 0 and is_first):
            parts.append(HARD_LINE)
        parts += [HARD_LINE, Text(remark.text)]
    return concat(*parts)


def between(gap: Gap, line: Doc = LINE, *, flat: str = " ") -> Doc:
    """What separates two tokens: comments and a line end where there are any, else ``line``.

    ``flat`` is what ``line`` reads where it does not break; it stands where the line must not break.
    """
    if gap.remarks:
        return concat(comments(gap), HARD_LINE)
    if gap.is_together:
        return Text(flat)
    return HARD_LINE if gap.is_apart else line


def line_end(gap: Gap, *, flat: str = "; ", is_first: bool = False) -> Doc:
    """The end of a line and what stands before the next: comments, and a blank line if there was one."""
    if gap.is_together and not gap.remarks:
        return Text(flat)
    is_blank = gap.newlines > 1 and (bool(gap.remarks) or not is_first)
    return concat(comments(gap, is_first=is_first), *[HARD_LINE] * (1 + is_blank))
