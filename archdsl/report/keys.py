"""What became of the entries of ``state_dict``, in few lines: what differs in numbers alone is told together."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from archdsl.compare.events import Action, Event, Place
from archdsl.compare.moves import leaves
from archdsl.compare.weights import Counterpart, Shape, Weights, entries

MOST_LINES = 8
"""Lines of a kind; the rest is counted."""

MOST_NAMED = 3
"""Things of one line that are named."""

MOST_INSIDE = 5
"""Keys of one module that are named."""

ARROW = "->"

T = TypeVar("T")


def counts(weights: Weights) -> str:
    """``24 keys renamed, 65 new``; of all the rest, that they are as before."""
    same = sum(not pair.is_renamed and not pair.is_reshaped for pair in weights.counterparts)
    parts = [
        (len(weights.renamed), "renamed"),
        (len(weights.reshaped), "of another shape"),
        (len(weights.added), "new"),
        (len(weights.removed), "gone"),
        (same, "as before"),
    ]
    told = [f"{count:,} {what}" for count, what in parts if count]
    if not told:
        return "empty"
    first = f"{told[0].partition(' ')[0]} key{'' if told[0].startswith('1 ') else 's'} {told[0].partition(' ')[2]}"
    return ", ".join([first, *told[1:]])


def key_lines(weights: Weights, events: Sequence[Event]) -> list[str]:
    """The lines about renamed, reshaped, new and missing entries."""
    return [
        *_limited(_renamed(weights.renamed)),
        *_limited(_reshaped(weights.reshaped)),
        *_limited(_alone(events, Action.ADDED, "+", dict(weights.added))),
        *_limited(_alone(events, Action.REMOVED, "-", dict(weights.removed))),
    ]


def _limited(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"... and {more:,} more lines"] if more > 1 else list(lines)


def _renamed(pairs: Iterable[Counterpart]) -> list[str]:
    """``features.2 -> features.3, features.5 -> features.7 and 10 more``."""
    modules = list(dict.fromkeys(_different_part(pair.old[0], pair.new[0]) for pair in pairs))
    named = [(old, new, (*map(_numberless, (old, new)),)) for old, new in modules]
    return [
        _listed([f"{old} {ARROW} {new}" for old, new, _ in group]) for group in _grouped(named, lambda each: each[2])
    ]


def _different_part(old: str, new: str) -> tuple[str, str]:
    """Two keys without the end that they share; at least a module is left."""
    before, after = old.split("."), new.split(".")
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        before.pop()
        after.pop()
    return ".".join(before), ".".join(after)


def _reshaped(pairs: Iterable[Counterpart]) -> list[str]:
    """``conv1.weight: 64 x 3 x 7 x 7 -> 64 x 1 x 7 x 7``."""
    named = [(pair, _numberless(pair.new[0])) for pair in pairs]
    lines = list[str]()
    for group in _grouped(named, lambda each: each[1]):
        pair = group[0][0]
        more = f", and {len(group) - 1:,} more like it" if len(group) > 1 else ""
        lines.append(f"{pair.new[0]}: {_shape(pair.old[1])} {ARROW} {_shape(pair.new[1])}{more}")
    return lines


def _alone(found: Sequence[Event], action: Action, sign: str, keys: dict[str, Shape]) -> list[str]:
    """What has no counterpart, a line for each kind of module that came or went."""
    named = list[tuple[str, str, tuple[str, ...]]]()
    for event in found:
        if event.action is action:
            roots = list(_modules(event.place))
            named += [(place.path, _numberless(place.path), _names(place, keys)) for place in roots]
        elif action in (Action.ADDED, Action.REMOVED):
            named += [
                (entry[0], _numberless(entry[0]), ())
                for pair in entries(event)
                for entry, other in (pair if action is Action.REMOVED else pair[::-1],)
                if entry is not None and other is None and entry[0] in keys
            ]
    lines = list[str]()
    for group in _grouped([each for each in named if each[2] or each[0] in keys], lambda each: each[1:]):
        inside = group[0][2]
        held = f" ({', '.join(inside) if len(inside) <= MOST_INSIDE else f'{len(inside):,} keys'})" if inside else ""
        each = " each" if held and len(group) > 1 and len(inside) > MOST_INSIDE else ""
        lines.append(f"{sign} {_listed([path for path, _, _ in group])}{held[:-1] + each + ')' if held else ''}")
    return lines


def _modules(place: Place) -> Iterator[Place]:
    """A part, or of what is no module the modules directly in it."""
    if place.child.name or place.part.tensors:
        yield place
        return
    for child in place.part.children:
        yield from _modules(place.inside(child))


def _names(place: Place, keys: dict[str, Shape]) -> tuple[str, ...]:
    """The keys below a path, without it."""
    found = [f"{leaf.path}.{name}" if name else leaf.path for leaf in leaves(place) for name, _ in leaf.part.tensors]
    return tuple(key.removeprefix(place.path).lstrip(".") for key in found if key in keys and key != place.path)


def _grouped(items: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])} and {more:,} more" if more > 1 else ", ".join(names)


def _shape(shape: Shape) -> str:
    return " x ".join(map(str, shape)) or "one value"


def _numberless(path: str) -> str:
    return re.sub(r"\d+", "#", path)
