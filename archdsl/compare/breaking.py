"""What of an earlier version no longer fits a network: findings, each under the gravest of four categories.

A finding stands where the edit is, and its notes tell what follows from it: a layer inserted into an ``nn.Sequential``
is one finding, whose notes name the layers behind it that have other indices now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from archdsl.compare.changes import is_primary, name_of
from archdsl.compare.difference import Difference
from archdsl.compare.events import Action, Event
from archdsl.compare.interface import InterfaceChange, shown_value
from archdsl.compare.tree import Form
from archdsl.compare.weights import Entry, entries
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir import typed as t
from archdsl.source.span import Span

MOST_NOTES = 4
"""Entries of ``state_dict`` that a finding names."""

MOST_NETWORKS = 6


class Category(Enum):
    """What breaks, the gravest first; the value is the code of its findings."""

    STATE_DICT = "E0901"
    SHAPE = "E0902"
    API = "E0903"
    SEMANTICS = "E0904"


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that breaks in one network. ``old_span`` is a place in the old text."""

    category: Category
    network: str
    message: str
    span: Span
    old_span: Span | None
    here: str
    old_here: str
    notes: tuple[str, ...] = ()


def breaks(name: str, difference: Difference) -> list[Break]:
    """All that breaks between two versions of one network."""
    return [*_of_layers(name, difference), *_of_interface(name, difference)]


def findings(found: Iterable[Break], revision: str) -> list[Diagnostic]:
    """The findings, one for each category and place, whatever the number of networks in which it is one."""
    groups: dict[tuple[Category, Span, str], list[Break]] = {}
    for each in found:
        groups.setdefault((each.category, each.span, each.here), []).append(each)
    ordered = sorted(groups.items(), key=lambda group: group[0][0].value)
    merged: dict[tuple[Category, Span], Diagnostic] = {}
    for (category, span, _), group in ordered:
        diagnostic = _diagnostic(category, span, group, revision)
        known = merged.get((category, span))
        if known is None:
            merged[category, span] = diagnostic
        else:  # a second thing at the same place, such as two inputs of one line
            merged[category, span] = _joined(known, diagnostic)
    return list(merged.values())


def _diagnostic(category: Category, span: Span, group: Sequence[Break], revision: str) -> Diagnostic:
    first = group[0]
    names = list(dict.fromkeys(each.network for each in group))
    notes = list(first.notes)
    if len(names) > 1:
        more = f" and {len(names) - MOST_NETWORKS:,} more" if len(names) > MOST_NETWORKS else ""
        notes.append(f"in {len(names):,} networks: {', '.join(names[:MOST_NETWORKS])}{more}")
    labels = (Label(first.old_span, first.old_here),) if first.old_span is not None else ()
    help = Help(f"all keys: archdsl diff FILE --against {revision}") if category is Category.STATE_DICT else None
    return Diagnostic(category.value, first.message, span, first.here, labels, notes=tuple(notes), help=help)


def _joined(one: Diagnostic, other: Diagnostic) -> Diagnostic:
    return replace(one, notes=(*one.notes, other.here, *other.notes))


# --- layers -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cause:
    """An edit with the entries of ``state_dict`` that follow from it."""

    event: Event
    is_edit: bool
    entries: list[tuple[Entry | None, Entry | None]] = field(default_factory=list)
    has_followers: bool = False
    """Whether layers have other arguments because of it."""

    @property
    def computes(self) -> bool:
        """Whether it can change what is computed: a new name alone does not, nor an argument that nothing uses."""
        event = self.event
        if event.action is Action.RENAMED or not self.is_edit:
            return False
        if event.action is Action.CHANGED and event.place.part.form is Form.BLOCK:
            return self.has_followers
        return event.place.part.layers > 0 or event.place.part.form is Form.REFERENCE


def _of_layers(name: str, difference: Difference) -> Iterator[Break]:
    fits = difference.weights.fits
    found = False
    for cause in _causes(difference):
        if cause.entries and not fits:
            yield _lost_weights(name, cause, difference)
        elif cause.computes and not difference.computes_same:
            found = True
            yield _other_computation(name, cause, difference)
    if fits and not difference.computes_same and not found:
        span = difference.new.design.design.name_span
        message = f"`{name}` computes something else from the same weights"
        yield Break(Category.SEMANTICS, name, message, span, None, "its values flow in another way", "")


def _causes(difference: Difference) -> list[_Cause]:
    """The edits in the order of the network; what follows from one belongs to the one before it."""
    old, new = difference.old.texts, difference.new.texts
    by_place: dict[object, _Cause] = {}
    current: _Cause | None = None
    for event in difference.events:
        if is_primary(event, old, new):
            current = by_place.setdefault(_key(event), _Cause(event, True))
        elif current is not None and event.action is Action.CHANGED:
            current.has_followers = True
        broken = [pair for pair in entries(event) if pair[0] != pair[1]]
        if broken and current is None:
            current = by_place.setdefault(None, _Cause(event, False))
        if broken and current is not None:
            current.entries += broken
    return list(by_place.values())


def _key(event: Event) -> object:
    """Edits of one place are one; so are layers that moved together."""
    if event.action is Action.MOVED and event.old is not None and event.new is not None:
        return (event.action, event.old.level, event.new.level)
    return (event.action, _span(event, new=True), _span(event, new=False))


def _span(event: Event, *, new: bool) -> Span | None:
    place = event.new if new else event.old
    return place.part.span if place is not None else None


def _lost_weights(name: str, cause: _Cause, difference: Difference) -> Break:
    renamed = [pair for pair in cause.entries if None not in pair]
    told = [_entry_told(pair) for pair in cause.entries]
    more = len(told) - MOST_NOTES
    notes = (*told[:MOST_NOTES], *([f"and {more:,} more"] if more > 0 else []))
    only_names = len(renamed) == len(told) and all(old[1] == new[1] for old, new in renamed if old and new)
    what = " under their keys" if only_names else ""
    message = f"weights of `{name}` no longer load{what}"
    return _placed(Category.STATE_DICT, name, message, cause, difference, notes)


def _entry_told(pair: tuple[Entry | None, Entry | None]) -> str:
    old, new = pair
    if old is None:
        assert new is not None
        return f"`{new[0]}` is new"
    if new is None:
        return f"`{old[0]}` is gone"
    shapes = f"{_shape(new[1])}, not {_shape(old[1])}"
    if old[0] == new[0]:
        return f"`{old[0]}` is {shapes}"
    return f"`{old[0]}` is `{new[0]}` now{f', and {shapes}' if old[1] != new[1] else ''}"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one value"


def _other_computation(name: str, cause: _Cause, difference: Difference) -> Break:
    message = f"`{name}` computes something else from the same weights"
    return _placed(Category.SEMANTICS, name, message, cause, difference, ())


def _placed(
    category: Category, name: str, message: str, cause: _Cause, difference: Difference, notes: tuple[str, ...]
) -> Break:
    """A break at its edit: in the new text, and where something is gone, at the block or network that had it."""
    event = cause.event
    here, old_here = _told(event) if cause.is_edit else ("this has other weights now", "")
    span, old_span = _span(event, new=True), _span(event, new=False)
    if event.place.path == "":  # arguments of the network itself
        span, old_span = difference.new.design.design.name_span, difference.old.design.design.name_span
    if span is None:
        span = _homes(difference.new.design).get(event.place.block, difference.new.design.root.block.name_span)
    return Break(category, name, message, span, old_span if old_here else None, here, old_here, notes)


def _homes(design: t.TypedDesign) -> dict[str, Span]:
    """Where the blocks of a network are defined, by their names."""
    homes: dict[str, Span] = {}
    waiting, seen = [design.root], {design.root}
    while waiting:
        instance = waiting.pop()
        homes.setdefault(instance.block.name, instance.block.name_span)
        found = {node.instance for node in _nodes(instance.body) if isinstance(node, t.TypedApply)} - seen
        seen |= found
        waiting += found
    return homes


def _nodes(body: t.TypedBody) -> Iterator[t.TypedNode]:
    for node in body.nodes:
        yield node
        if not isinstance(node, t.TypedApply):
            for inner in t.bodies_of(node):
                yield from _nodes(inner)


def _told(event: Event) -> tuple[str, str]:
    """What is to be said at the new and at the old place of an edit."""
    kind = name_of(event.place.part)
    match event.action:
        case Action.ADDED:
            return f"this {kind} is new", ""
        case Action.REMOVED:
            return f"a {kind} is gone from it", "it was here"
        case Action.RENAMED:
            assert event.old is not None and event.new is not None
            before, after = (place.child.label or "nothing" for place in (event.old, event.new))
            return f"this was called `{before}`", f"it is called `{after}` now"
        case Action.MOVED:
            return f"this {kind} stood at another place", "it was here"
    assert event.old is not None
    if not event.details or name_of(event.old.part) != kind:
        return f"this was {name_of(event.old.part)}", f"it is {kind} now"
    values = [f"{name} was {shown_value(old)}, is {shown_value(new)}" for name, old, new in event.details]
    return "; ".join(values), "it was here"


# --- the interface ----------------------------------------------------------------------------------------


def _of_interface(name: str, difference: Difference) -> Iterator[Break]:
    for change in difference.interface:
        if change.breaks is not None:
            yield _of_change(name, change, difference)


def _of_change(name: str, change: InterfaceChange, difference: Difference) -> Break:
    category = Category.SHAPE if change.is_shape else Category.API
    message = {
        Category.SHAPE: f"`{name}` takes or gives other shapes than before",
        Category.API: f"`{name}` cannot be built or called as before",
    }[category]
    span = change.span or difference.new.design.root.block.name_span
    assert change.breaks is not None
    old_here = "it was here" if change.old_span is not None else ""
    return Break(category, name, message, span, change.old_span, change.breaks, old_here)


CATEGORIES: Mapping[str, Category] = {category.name: category for category in Category}
"""The categories by their names, the gravest first."""
