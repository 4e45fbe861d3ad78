"""What becomes of the entries of ``state_dict``: which keep their names, which have others, other shapes, none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from archdsl.compare.events import Action, Event, Place
from archdsl.compare.moves import leaves
from archdsl.compare.tree import Form, Part

Shape = tuple[int, ...]
Entry = tuple[str, Shape]
"""A key of ``state_dict`` with its tensor's shape."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """An entry of the old ``state_dict`` and the one of the new that holds the same weights."""

    old: Entry
    new: Entry

    @property
    def is_renamed(self) -> bool:
        """Whether the key differs."""
        return self.old[0] != self.new[0]

    @property
    def is_reshaped(self) -> bool:
        """Whether the shape differs."""
        return self.old[1] != self.new[1]


@dataclass(frozen=True, slots=True)
class Weights:
    """The entries of two networks: each is in one of the three."""

    counterparts: tuple[Counterpart, ...]
    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    old: Mapping[str, Shape]
    new: Mapping[str, Shape]

    @property
    def fits(self) -> bool:
        """Whether the old ``state_dict`` loads strictly: the same keys, each with its shape."""
        return self.old == self.new

    @property
    def renamed(self) -> tuple[Counterpart, ...]:
        """Those under another key."""
        return tuple(pair for pair in self.counterparts if pair.is_renamed)

    @property
    def reshaped(self) -> tuple[Counterpart, ...]:
        """Those with another shape."""
        return tuple(pair for pair in self.counterparts if pair.is_reshaped)


def weights(found: Sequence[Event]) -> Weights:
    """The entries of both networks, by what happened to their layers."""
    counterparts, added, removed = dict[str, Counterpart](), dict[str, Shape](), dict[str, Shape]()
    for event in found:
        for old, new in entries(event):
            if old is not None and new is not None:
                counterparts.setdefault(old[0], Counterpart(old, new))
            elif old is not None:
                removed.setdefault(*old)
            elif new is not None:
                added.setdefault(*new)
    # A module that is applied at several places has one set of weights; it is gone only where all of them are.
    taken = {pair.new[0] for pair in counterparts.values()}
    removed = {key: shape for key, shape in removed.items() if key not in counterparts}
    added = {key: shape for key, shape in added.items() if key not in taken}
    pairs = tuple(counterparts.values())
    return Weights(
        pairs,
        tuple(added.items()),
        tuple(removed.items()),
        {**{pair.old[0]: pair.old[1] for pair in pairs}, **removed},
        {**{pair.new[0]: pair.new[1] for pair in pairs}, **added},
    )


def entries(event: Event) -> Iterator[tuple[Entry | None, Entry | None]]:
    """The entries of what an event is about: the old one and the new one of each."""
    if event.action is Action.RENAMED:
        return
    if event.old is not None and event.new is not None:
        if event.action is Action.CHANGED and event.new.part.form is not Form.LAYER:
            return
        for before, after in zip(leaves(event.old), leaves(event.new), strict=True):
            yield from _paired(before, after)
    elif event.old is not None:
        yield from (((key, shape), None) for key, shape in _all_entries(event.old))
    elif event.new is not None:
        yield from ((None, (key, shape)) for key, shape in _all_entries(event.new))


def _paired(old: Place, new: Place) -> Iterator[tuple[Entry | None, Entry | None]]:
    before, after = dict(old.part.tensors), dict(new.part.tensors)
    for name in dict.fromkeys([*before, *after]):
        one = (_key(old.path, name), before[name]) if name in before else None
        other = (_key(new.path, name), after[name]) if name in after else None
        yield one, other


def _all_entries(place: Place) -> Iterator[Entry]:
    for leaf in leaves(place):
        for name, shape in leaf.part.tensors:
            yield _key(leaf.path, name), shape


def tensor_count(part: Part) -> int:
    """How many entries of ``state_dict`` a part has."""
    return len(part.tensors) + sum(tensor_count(child.part) for child in part.children)


def _key(path: str, name: str) -> str:
    return f"{path}.{name}" if name else path
