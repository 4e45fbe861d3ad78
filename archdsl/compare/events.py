"""Walks two trees side by side and tells what happens, in the order in which the new network runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from archdsl.analysis.flatten import joined_path
from archdsl.compare.align import Pair, aligned
from archdsl.compare.tree import Child, Form, Part
from archdsl.ir.kinds import Value


class Action(Enum):
    """What happened to a part."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Place:
    """A part at its path; ``level`` is the path of the module around it, ``block`` the name of the block."""

    level: str
    child: Child
    block: str = ""

    @property
    def path(self) -> str:
        """Its path in the network; of what is no module, that of the module around it."""
        return joined_path(self.level, self.child.name)

    @property
    def part(self) -> Part:
        """The part."""
        return self.child.part

    def inside(self, child: Child) -> Place:
        """The place of something in it."""
        block = self.part.kind if self.part.form is Form.BLOCK else self.block
        return Place(joined_path(self.level, self.child.name), child, block)


class Level:
    """What stands at one level, with the number of parts of each kind."""

    __slots__ = ("children", "counts")

    def __init__(self, children: Sequence[Child] = ()) -> None:
        self.children = children
        self.counts = Counter((child.part.form, child.part.kind) for child in children)

    def alike(self, child: Child) -> int:
        """How many parts it has of one's kind."""
        return self.counts[child.part.form, child.part.kind]


_NOWHERE = Level()

Detail = tuple[str, Value, Value]
"""An argument with its old and its new value; None where there is none."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one part; ``SAME`` also tells of whole parts in which nothing differs but perhaps the path.

    Every layer of both networks is in exactly one of the events ``SAME``, ``ADDED``, ``REMOVED``, ``MOVED``, or
    ``CHANGED`` about a layer; ``RENAMED`` and ``CHANGED`` about what holds layers come before those inside.
    """

    action: Action
    old: Place | None
    new: Place | None
    details: tuple[Detail, ...] = ()
    is_explained: bool = False
    """Whether arguments of a part around it have changed."""
    siblings: tuple[Level, Level] = (_NOWHERE, _NOWHERE)
    """The levels in which it stood and stands."""

    @property
    def place(self) -> Place:
        """Where it is now, or was."""
        found = self.new or self.old
        assert found is not None
        return found


def events(old: Part, new: Part) -> list[Event]:
    """Everything that happens between two networks."""
    before, after = Place("", Child("", "", old)), Place("", Child("", "", new))
    details = differing(old, new)
    root = [Event(Action.CHANGED, before, after, details)] if details else []
    return [*root, *_Walk().level(before, after, is_explained=bool(details))]


def differing(old: Part, new: Part) -> tuple[Detail, ...]:
    """The arguments in which two parts differ."""
    before, after = dict(old.arguments), dict(new.arguments)
    names = dict.fromkeys([*before, *after])
    return tuple((name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name))


class _Walk:
    """Aligns each pair of equal levels once."""

    def __init__(self) -> None:
        self._aligned: dict[Pair, list[Pair]] = {}

    def level(self, old: Place, new: Place, *, is_explained: bool) -> Iterator[Event]:
        """The events inside two counterparts."""
        lefts, rights = old.part.children, new.part.children
        key = (old.part.exact, new.part.exact)
        pairs = self._aligned.get(key)
        if pairs is None:
            pairs = self._aligned.setdefault(key, aligned(lefts, rights))
        siblings = (Level(lefts), Level(rights))
        one = other = 0
        for left, right in (*pairs, (len(lefts), len(rights))):
            for child in lefts[one:left]:
                yield Event(Action.REMOVED, old.inside(child), None, siblings=siblings)
            for child in rights[other:right]:
                yield Event(Action.ADDED, None, new.inside(child), siblings=siblings)
            if left < len(lefts):
                before, after = old.inside(lefts[left]), new.inside(rights[right])
                for event in self._pair(before, after, is_explained=is_explained):
                    yield replace(event, siblings=siblings) if event.siblings[0] is _NOWHERE else event
            one, other = left + 1, right + 1

    def _pair(self, old: Place, new: Place, *, is_explained: bool) -> Iterator[Event]:
        if old.child.label != new.child.label:
            yield Event(Action.RENAMED, old, new)
        if old.part.exact == new.part.exact:
            yield Event(Action.SAME, old, new)
            return
        details = differing(old.part, new.part)
        has_changed = bool(details) or (old.part.form, old.part.kind) != (new.part.form, new.part.kind)
        if has_changed or old.part.form in (Form.LAYER, Form.REFERENCE):
            action = Action.CHANGED if has_changed else Action.SAME
            yield Event(action, old, new, details, is_explained)
        if old.part.form is new.part.form and old.part.form is Form.LAYER:
            return
        yield from self.level(old, new, is_explained=is_explained or (has_changed and new.part.form is Form.BLOCK))
