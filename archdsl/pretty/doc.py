"""Documents: what a text says and where it may break, before a width is chosen.

The algebra is Wadler's and Lindig's (text, line, indent, group) with four additions that formatters for
bracketed languages need: a group can be named, and content can depend on whether a named group broke;
``BestOf`` holds layouts to try in order; ``Bracketed`` adds brackets only where they make its content fit;
and ``BreakInside`` lets a group count as fitting although something inside it breaks.

Documents are immutable trees. The functions in lower case build them; ``layout.render`` turns them into text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class GroupId:
    """The name of a group, compared by identity."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Characters without a line break, each one column wide."""

    value: str
    forced = False


@dataclass(frozen=True, slots=True)
class Suffix:
    """A remark at the end of a line (a comment); ``width`` columns of it count when a layout is measured."""

    value: str
    width: int
    forced = False


@dataclass(frozen=True, slots=True)
class Line:
    """A place to break. Where the enclosing group stays flat it reads ``flat``; a hard line always breaks."""

    flat: str
    hard: bool = False

    @property
    def forced(self) -> bool:
        """Whether the enclosing groups must break."""
        return self.hard


@dataclass(frozen=True, slots=True)
class Concat:
    """Documents one after the other."""

    parts: tuple[Doc, ...]
    forced: bool


@dataclass(frozen=True, slots=True)
class Indent:
    """One level deeper for the lines broken inside; with ``only_if_broken`` only where that group broke."""

    body: Doc
    only_if_broken: GroupId | None
    forced: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Content that stays on one line if it fits, and otherwise breaks at all of its own lines.

    ``forced``: it breaks in any case. ``only_if_broken``: it is a group only where that other group broke,
    and else part of what encloses it.
    """

    body: Doc
    id: GroupId | None
    only_if_broken: GroupId | None
    forced: bool


@dataclass(frozen=True, slots=True)
class IfBroken:
    """``broken`` where the group (None: the enclosing one) broke, ``flat`` where it did not."""

    broken: Doc
    flat: Doc
    group: GroupId | None
    forced: bool


@dataclass(frozen=True, slots=True)
class BreakInside:
    """Content that may break without breaking what encloses it, as long as ``unless_broken`` stays flat."""

    body: Doc
    unless_broken: GroupId | None
    forced = False


@dataclass(frozen=True, slots=True)
class BestOf:
    """Layouts of one thing: the first that fits, else the last, which is then broken.

    ``all_lines``: a layout fits only if all of its lines do; otherwise only its first line is measured.
    """

    layouts: tuple[Doc, ...]
    all_lines: bool
    forced = False


@dataclass(frozen=True, slots=True)
class Bracketed:
    """Content that goes between brackets on lines of its own if it fits there and does not fit without them."""

    opening: str
    body: Doc
    closing: str
    id: GroupId
    forced = False


Doc = Text | Suffix | Line | Concat | Indent | Group | IfBroken | BreakInside | BestOf | Bracketed

EMPTY = Text("")
SPACE = Text(" ")
LINE = Line(" ")
SOFT_LINE = Line("")
HARD_LINE = Line("", hard=True)
BREAK_PARENT = Concat((), forced=True)
"""Nothing to see, but the enclosing groups break."""


def concat(*parts: Doc | str) -> Doc:
    """The parts one after the other; a string stands for its text."""
    docs = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Concat(docs, any(doc.forced for doc in docs))


def join(separator: Doc, docs: Iterable[Doc]) -> Doc:
    """The documents with the separator between each two of them."""
    parts: list[Doc] = []
    for doc in docs:
        if parts:
            parts.append(separator)
        parts.append(doc)
    return concat(*parts)


def indent(body: Doc, only_if_broken: GroupId | None = None) -> Doc:
    """One level deeper, always or only where a group broke."""
    return Indent(body, only_if_broken, body.forced)


def group(body: Doc, *, id: GroupId | None = None, forced: bool = False) -> Doc:
    """A group; it breaks in any case if ``forced`` or if the body holds a hard line."""
    return Group(body, id, None, forced or body.forced)


def group_if_broken(body: Doc, other: GroupId) -> Doc:
    """A group where ``other`` broke, else no group of its own."""
    return Group(body, None, other, body.forced)


def if_broken(broken: Doc | str, flat: Doc | str = EMPTY, group: GroupId | None = None) -> Doc:
    """One of two documents, by whether a group (None: the enclosing one) broke."""
    first = Text(broken) if isinstance(broken, str) else broken
    second = Text(flat) if isinstance(flat, str) else flat
    return IfBroken(first, second, group, first.forced or second.forced)


def soft_block(body: Doc) -> Doc:
    """The body on indented lines of its own where the enclosing group broke."""
    return concat(indent(concat(SOFT_LINE, body)), SOFT_LINE)


def best_of(layouts: Sequence[Doc], *, all_lines: bool = False) -> Doc:
    """The first layout that fits; there must be at least one."""
    assert layouts
    return BestOf(tuple(layouts), all_lines)
