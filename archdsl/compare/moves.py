"""Finds what was removed at one place and added at another: it has moved, and its weights go with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from archdsl.compare.events import Action, Event, Place
from archdsl.compare.sequences import common
from archdsl.compare.tree import Form

Matches = list[tuple["_Leaf", "_Leaf"]]


class _Leaf:
    """A layer or a join in something that was removed or added."""

    __slots__ = ("event", "place")

    def __init__(self, event: int, place: Place) -> None:
        self.event = event
        self.place = place

    @property
    def has_tensors(self) -> bool:
        """Whether it has a part in ``state_dict``."""
        return bool(self.place.part.tensors)


def with_moves(found: Sequence[Event]) -> list[Event]:
    """The events, with ``MOVED`` for what was removed and added."""
    found = _moved_whole(found)
    removed, added = _leaves(found, Action.REMOVED), _leaves(found, Action.ADDED)
    weighted = Counter(leaf.event for leaf in (*removed, *added) if leaf.has_tensors)
    position = {id(leaf): index for index, leaf in enumerate(removed)}
    inside = defaultdict[int, list[_Leaf]](list)
    for leaf in (*removed, *added):
        inside[leaf.event].append(leaf)
    matches = [
        pair
        for group in _groups(_matched([leaf for leaf in removed if leaf.has_tensors], added))
        if _is_all_of(group, weighted)
        for pair in _with_weightless(group, removed, position, inside)
    ]
    return _replaced(found, matches, inside) if matches else list(found)


# --- whole parts --------------------------------------------------------------------------------------


def _moved_whole(found: Sequence[Event]) -> list[Event]:
    """Parts removed and added as they are: with one label, or the only ones of their content."""
    removed, added = _by_content(found, Action.REMOVED), _by_content(found, Action.ADDED)
    partners: dict[int, int] = {}
    for content, olds in removed.items():
        news = added.get(content, [])
        if len(olds) == len(news) == 1 and _may_move(found[olds[0]], found[news[0]]):
            partners[news[0]] = olds[0]
    gone = set(partners.values())
    kept: list[Event] = []
    for index, event in enumerate(found):
        if index in partners:
            old = found[partners[index]]
            kept.append(replace(event, action=Action.MOVED, old=old.old))
        elif index not in gone:
            kept.append(event)
    return kept


def _by_content(found: Sequence[Event], action: Action) -> dict[tuple[int, str], list[int]]:
    places = defaultdict[tuple[int, str], list[int]](list)
    for index, event in enumerate(found):
        if event.action is action and event.place.part.layers:
            label = event.place.child.label if event.place.part.tensors else ""
            places[event.place.part.content, label].append(index)
    return places


def _may_move(old: Event, new: Event) -> bool:
    """What has no name of its own and no weights is at home in its level."""
    same_level = old.place.level == new.place.level
    return same_level or (bool(old.place.child.label) and old.place.part.form is not Form.PATH)


# --- layers -------------------------------------------------------------------------------------------


def _leaves(found: Sequence[Event], action: Action) -> list[_Leaf]:
    return [
        _Leaf(index, place)
        for index, event in enumerate(found)
        if event.action is action
        for place in leaves(event.place)
    ]


def leaves(place: Place) -> Iterator[Place]:
    """The layers, joins and references in a part, with their paths."""
    part = place.part
    for child in part.children:
        yield from leaves(place.inside(child))
    if part.form in (Form.LAYER, Form.JOIN, Form.REFERENCE):
        yield place


def _matched(removed: Sequence[_Leaf], added: Sequence[_Leaf]) -> Matches:
    rights = [leaf for leaf in added if leaf.has_tensors]
    pairs = common([_key(leaf) for leaf in removed], [_key(leaf) for leaf in rights])
    return [(removed[one], rights[other]) for one, other in pairs]


def _key(leaf: _Leaf) -> object:
    return (leaf.place.part.content, leaf.place.part.tensors)


def _groups(matches: Matches) -> list[Matches]:
    """Matches that share a removed or an added part."""
    groups: list[Matches] = []
    for pair in matches:
        last = groups[-1][-1] if groups else None
        if last is not None and (pair[0].event == last[0].event or pair[1].event == last[1].event):
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return groups


def _is_all_of(group: Matches, weighted: Mapping[int, int]) -> bool:
    """Whether everything with weights in the parts of a group is matched: else it is a chance likeness."""
    events = {leaf.event for pair in group for leaf in pair}
    return sum(weighted[event] for event in events) == 2 * len(group) and any(
        old.place.path != new.place.path for old, new in group
    )


def _with_weightless(
    group: Matches, removed: Sequence[_Leaf], position: Mapping[int, int], inside: Mapping[int, Sequence[_Leaf]]
) -> Matches:
    """The same with what lies between and follows up to the next weights: activations, joins."""
    first, last = position[id(group[0][0])], position[id(group[-1][0])]
    while last + 1 < len(removed) and not removed[last + 1].has_tensors:
        last += 1
    lefts = removed[first : last + 1]
    rights = [leaf for event in dict.fromkeys(new.event for _, new in group) for leaf in inside[event]]
    pairs = common([_key(leaf) for leaf in lefts], [_key(leaf) for leaf in rights])
    return [(lefts[one], rights[other]) for one, other in pairs]


def _replaced(found: Sequence[Event], matches: Matches, inside: Mapping[int, Sequence[_Leaf]]) -> list[Event]:
    """The events with moved layers told one by one, and what is left of the parts in which they were."""
    partner = {id(new): old for old, new in matches}
    moved = {id(old) for old, _ in matches} | set(partner)
    touched = {leaf.event for pair in matches for leaf in pair}
    result: list[Event] = []
    for index, event in enumerate(found):
        if index not in touched:
            result.append(event)
            continue
        for leaf in inside[index]:
            if id(leaf) in partner:
                result.append(Event(Action.MOVED, partner[id(leaf)].place, leaf.place))
            elif id(leaf) not in moved:
                old, new = (leaf.place, None) if event.old is not None else (None, leaf.place)
                result.append(Event(event.action, old, new))
    return result
