"""Folds events into what a person wants to be told: one change for each edit, however often it is applied.

A change that only follows from another one is not told: a layer whose call reads as before, in a block whose arguments
have changed. What follows adds to the figures of the change before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archdsl.compare.events import Action, Event, Place
from archdsl.compare.interface import shown_value
from archdsl.compare.tree import Child, Form, Part
from archdsl.ir.amount import Amount
from archdsl.source.source import Source
from archdsl.source.span import Span

Texts = Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a change takes effect, by the path it had and has; None where there is none."""

    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """An argument: its name and, over all uses, the distinct pairs of an old and a new value."""

    name: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of structure.

    ``level`` is the path of the module in which the first use stands (nothing: the network), ``block`` the block in
    which it is written. ``name`` is the label, or the name of the module, or nothing; ``kind`` the layer's or block's
    name, ``old_kind`` what stood there before if that is another one.
    """

    action: Action
    level: str
    block: str
    name: str
    kind: str
    old_kind: str
    uses: tuple[Use, ...]
    details: tuple[ValueChange, ...]
    counts: tuple[int, int] | None
    """For unnamed parts of a level: how many of the kind it had, and has."""
    position: str
    """For what was added or removed: what it stands behind, as in ``after each of 13 conv``."""
    old_span: Span | None
    new_span: Span | None
    weights: int
    macs: Amount | None
    is_block_run: bool = False
    """Whether it is about blocks without names of their own, of which no others of the kind remain."""

    @property
    def span(self) -> Span:
        """Where it is written, in the new text if it is there."""
        found = self.new_span or self.old_span
        assert found is not None
        return found


@dataclass(slots=True)
class _Draft:
    """A change that is being collected."""

    action: Action
    first: Event
    uses: list[Use] = field(default_factory=list)
    details: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)
    counts: tuple[int, int] | None = None
    position: str = ""
    weights: int = 0
    macs: Amount | None = 0

    def add_costs(self, event: Event, sign: int = 1) -> None:
        """The figures of what an event is about, new less old."""
        for place, factor in ((event.new, sign), (event.old, -sign)):
            if place is None:
                continue
            weights, macs = costs(place.child)
            self.weights += factor * weights
            self.macs = None if self.macs is None or macs is None else self.macs + macs * factor


def changes(found: Sequence[Event], old: Texts, new: Texts) -> tuple[Change, ...]:
    """What changed, in the order of the new network."""
    drafts: dict[Hashable, _Draft] = {}
    current: _Draft | None = None
    for event in found:
        if is_primary(event, old, new):
            current = drafts.setdefault(_cause(event), _Draft(event.action, event))
            _collect(current, event)
        if current is not None and _has_costs(event):
            current.add_costs(event)
    return _with_replacements([_change(draft) for draft in drafts.values()])


def _with_replacements(found: Sequence[Change]) -> tuple[Change, ...]:
    """Blocks that a level has lost, and others that it has instead, as one change."""
    lost = {change.level: change for change in found if change.action is Action.REMOVED and change.is_block_run}
    result = list[Change]()
    for change in found:
        other = lost.get(change.level)
        if other is None or not change.is_block_run or change.action is Action.MOVED:
            result.append(change)
        elif change.action is Action.ADDED:
            macs = None if change.macs is None or other.macs is None else change.macs + other.macs
            counts = (len(other.uses), len(change.uses))
            result.append(
                replace(
                    change,
                    action=Action.CHANGED,
                    old_kind=other.kind,
                    counts=counts,
                    uses=(*other.uses, *change.uses),
                    old_span=other.old_span,
                    weights=change.weights + other.weights,
                    macs=macs,
                )
            )
        elif not any(
            each.action is Action.ADDED and each.is_block_run and each.level == change.level for each in found
        ):
            result.append(change)
    return tuple(result)


def is_primary(event: Event, old: Texts, new: Texts) -> bool:
    """Whether an event is told for itself, and does not just follow from another one."""
    if event.action is Action.SAME:
        return False
    if event.action is not Action.CHANGED or not event.is_explained:
        return True
    return written(event.old, old) != written(event.new, new)


def written(place: Place | None, texts: Texts) -> str:
    """The text of a part, spaces between words being alike."""
    source = texts.get(place.part.span.path) if place is not None else None
    return " ".join(source.slice(place.part.span).split()) if place is not None and source is not None else ""


def costs(child: Child) -> tuple[int, Amount | None]:
    """Weights, and multiply-adds of a sample in inference, of all that is in a part."""
    part = child.part
    weights, macs = part.own.weights, 0 if child.when else part.own.macs
    for inner in part.children:
        more, amount = costs(inner)
        weights += more
        macs = None if macs is None or amount is None else macs + amount
    return weights, macs


def _has_costs(event: Event) -> bool:
    """Whether the layers of an event are in no other one."""
    if event.action is Action.RENAMED:
        return False
    if event.action is Action.SAME:
        return event.old is None or event.new is None or event.old.part.exact != event.new.part.exact
    return event.action is not Action.CHANGED or event.place.part.form is Form.LAYER


# --- which events are one change ----------------------------------------------------------------------


def _cause(event: Event) -> Hashable:
    """Events of one cause have one key."""
    old = event.old.part.span if event.old is not None else None
    new = event.new.part.span if event.new is not None else None
    match event.action:
        case Action.CHANGED:
            return (event.action, old, new, tuple(name for name, _, _ in event.details), event.place.part.kind)
        case Action.RENAMED:
            assert event.old is not None and event.new is not None
            return (event.action, old, new, _numberless(event.old.child.label), _numberless(event.new.child.label))
        case Action.MOVED:
            assert event.old is not None and event.new is not None
            return (event.action, event.old.level, event.new.level)
    part, label = event.place.part, event.place.child.label
    if _is_counted(event) or _is_run(event):
        return (event.action, part.form, part.kind, event.place.level)
    return (event.action, part.form, part.kind, old or new, label)


def _numberless(text: str) -> str:
    return "".join("#" if char.isdigit() else char for char in text)


def _is_counted(event: Event) -> bool:
    """Whether parts like it remain at its level, so that only their number tells what happened."""
    before, after = (level.alike(event.place.child) for level in event.siblings)
    child = event.place.child
    return bool(child.name) and not child.label and before > 0 and after > 0 and before != after


def _is_run(event: Event) -> bool:
    """Whether it is one of several blocks without names at its level: those come and go together."""
    child = event.place.child
    is_block = child.part.form is Form.BLOCK and not child.label
    return is_block and max(level.alike(child) for level in event.siblings) > 1


def _collect(draft: _Draft, event: Event) -> None:
    old, new = (place.path if place is not None else None for place in (event.old, event.new))
    draft.uses.append(Use(old, new))
    for name, before, after in event.details:
        draft.details.setdefault(name, {}).setdefault((shown_value(before), shown_value(after)))
    if len(draft.uses) > 1 or event.action not in (Action.ADDED, Action.REMOVED):
        return
    before, after = (level.alike(event.place.child) for level in event.siblings)
    if _is_counted(event):
        draft.counts = (before, after)
    draft.position = _position(event)


def _position(event: Event) -> str:
    """What the parts of this kind stand behind, where that is the same for all of them."""
    siblings = event.siblings[0 if event.new is None else 1]
    level = siblings.children
    child = event.place.child
    before = [
        level[index - 1] if index else None
        for index, other in enumerate(level)
        if other.part.form is child.part.form and other.part.kind == child.part.kind
    ]
    known = [other for other in before if other is not None]
    if not known or len(known) < len(before) or len({(other.part.form, other.part.kind) for other in known}) > 1:
        return ""
    first = known[0]
    if len(before) == 1:
        return f"after {first.label or name_of(first.part)}"
    every = siblings.alike(first)
    return f"after each of {every} {name_of(first.part)}" if every == len(before) else ""


def name_of(part: Part) -> str:
    """What a part is called: a layer's or a block's name."""
    return part.kind or {Form.PATH: "path", Form.GROUP: "group", Form.BRANCH: "branch"}.get(part.form, "part")


def _change(draft: _Draft) -> Change:
    event = draft.first
    old, new = (place.part if place is not None else None for place in (event.old, event.new))
    kind = name_of(event.place.part)
    before = name_of(old) if old is not None else kind
    return Change(
        draft.action,
        event.place.level,
        event.place.block,
        event.place.child.label or event.place.child.name,
        kind,
        "" if before == kind else before,
        tuple(draft.uses),
        tuple(ValueChange(name, tuple(values)) for name, values in draft.details.items()),
        draft.counts,
        draft.position,
        old.span if old is not None else None,
        new.span if new is not None else None,
        draft.weights,
        draft.macs,
        _is_run(event) and draft.counts is None,
    )
