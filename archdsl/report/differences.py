"""What changed between networks, in lines: for the terminal and for the block of text in Markdown.

One edit is told once, however many networks and places it reaches. What comes from the user is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archdsl.compare.changes import Change, Texts
from archdsl.compare.events import Action
from archdsl.compare.interface import Aspect, InterfaceChange
from archdsl.diagnostics.escape import escape, escape_start
from archdsl.driver.comparison import Pair
from archdsl.ir.amount import Amount, Polynomial
from archdsl.report.figures import rounded
from archdsl.source.loader import STD_PREFIX
from archdsl.source.span import Span

ARROW = "->"
MOST_CHANGES = 40
"""Changes of structure that are told; the rest is counted."""

MOST_NETWORKS = 6
MOST_VALUES = 3
LONGEST_VALUE = 48
_LONGEST_LINE = 160


@dataclass(slots=True)
class Edit:
    """One change with the networks in which it takes effect."""

    change: Change
    networks: list[tuple[Pair, Change]] = field(default_factory=list)

    @property
    def uses(self) -> int:
        """At how many places, over all networks."""
        return sum(len(change.uses) for _, change in self.networks)


def edits(pairs: Sequence[Pair]) -> list[Edit]:
    """The changes of all pairs, those of one cause together."""
    found, told = dict[object, Edit](), list[Edit]()
    for pair in pairs:
        for change in pair.difference.changes:
            own = not change.block or (change.action in (Action.ADDED, Action.REMOVED) and change.counts is not None)
            key = (
                change.action,
                change.old_span,
                change.new_span,
                change.name if not change.counts else change.level,
                change.counts,
                tuple(detail.name for detail in change.details),
                pair.name if own and not change.block else None,
            )
            edit = found.get(key)
            if edit is None or edit.networks[-1][0] is pair:
                edit = found[key] = Edit(change)
                told.append(edit)
            edit.networks.append((pair, change))
    return told


def structure(pairs: Sequence[Pair]) -> list[str]:
    """The lines about layers and blocks."""
    found = edits(pairs)
    lines: list[str] = []
    for edit in found[:MOST_CHANGES]:
        lines += edit_lines(edit, several=len(pairs) > 1)
    if len(found) > MOST_CHANGES:
        lines.append(f"... and {len(found) - MOST_CHANGES:,} more changes")
    return lines


def edit_lines(edit: Edit, *, several: bool) -> list[str]:
    """One change: what, where, at how many places, what it does to the figures; the edited line below it."""
    change = edit.change
    notes = [note for note in (_where_used(edit, several=several), _cost(edit)) if note]
    pair = edit.networks[0][0]
    line = f"{_place(change)}{_told(edit)}"
    return [f"{line}{'   ' if notes else ''}{'; '.join(notes)}", *_source_lines(change, pair)]


# --- the sentence -------------------------------------------------------------------------------------


def _place(change: Change) -> str:
    """Where it is: a path, or the name in a block that is applied more than once."""
    if change.action is Action.MOVED:
        return f"{change.level}: " if change.uses[0].old == change.uses[0].new and change.level else ""
    if change.counts is not None or (change.action in (Action.ADDED, Action.REMOVED) and not change.name):
        return f"{change.level if change.counts or _is_one_level(change) else change.block}: " if change.level else ""
    if len(change.uses) == 1:
        path = change.uses[0].new if change.uses[0].new is not None else change.uses[0].old
        return f"{path}: " if path else ""
    if change.action in (Action.ADDED, Action.REMOVED) and not _is_shared(change):
        return f"{change.level if _is_one_level(change) else change.block}: " if change.level else ""
    if change.action is Action.RENAMED or change.old_kind:
        return f"{change.block}: "
    name = f"{change.name} in " if change.name and not change.name.isdigit() else ""
    return f"{name}{change.block}: "


def _is_one_level(change: Change) -> bool:
    """Whether all its uses stand in one module."""
    paths = [use.new if use.new is not None else use.old or "" for use in change.uses]
    return len({path.rpartition(".")[0] if change.name else path for path in paths}) == 1


def _is_shared(change: Change) -> bool:
    """Whether all its uses have the same last name: one line of a block that is applied often."""
    names = {(use.new if use.new is not None else use.old or "").rpartition(".")[2] for use in change.uses}
    return len(names) == 1


def _told(edit: Edit) -> str:
    change = edit.change
    match change.action:
        case Action.CHANGED:
            values = [_value(edit, index) for index in range(len(change.details))]
            kind = f"{change.old_kind} {ARROW} {change.kind}" if change.old_kind else ""
            if change.counts is not None:
                return f"{change.counts[0]:,} {change.old_kind} {ARROW} {change.counts[1]:,} {change.kind}"
            if change.old_kind:
                return kind
            own = f"{change.kind} " if change.name and change.level else ""
            return own + ", ".join(values)
        case Action.RENAMED:
            old, new = _last(change.uses[0].old), _last(change.uses[0].new)
            return f"{old} is called {new} now"
        case Action.MOVED:
            return _moved(change)
    if change.counts is not None:
        before, after = change.counts
        return f"{before:,} {ARROW} {after:,} {change.kind}"
    word = "added" if change.action is Action.ADDED else "removed"
    many = len(change.uses) > 1 and not _is_shared(change)
    count = f"{len(change.uses):,} " if many else ""
    position = f", {change.position}" if change.position else ""
    return f"{count}{change.kind} {word}{position}"


def _moved(change: Change) -> str:
    first = change.uses[0]
    if first.old == first.new:
        return f"{change.kind} stands at another place now"
    listed = ", ".join(f"{use.old} {ARROW} {use.new}" for use in change.uses[:MOST_VALUES])
    more = len(change.uses) - MOST_VALUES
    return f"moved: {listed}{f' and {more:,} more' if more > 0 else ''}"


def _value(edit: Edit, index: int) -> str:
    """``stride 1 -> 2``; of many values, the first ones."""
    name = edit.change.details[index].name
    values = list(dict.fromkeys(pair for _, change in edit.networks for pair in change.details[index].values))
    shown = ", ".join(f"{_short(old)} {ARROW} {_short(new)}" for old, new in values[:MOST_VALUES])
    more = f", ... {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
    return f"{name} {shown}{more}"


def _short(value: str) -> str:
    return escape(value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}\N{HORIZONTAL ELLIPSIS}")


def _last(path: str | None) -> str:
    return (path or "").rpartition(".")[2]


# --- how often, and what it costs ---------------------------------------------------------------------


def _where_used(edit: Edit, *, several: bool) -> str:
    uses = edit.uses
    counted = edit.change.counts is not None or (
        edit.change.action in (Action.ADDED, Action.REMOVED) and not _is_shared(edit.change)
    )
    is_told = uses > len(edit.networks) and not counted and edit.change.action is not Action.MOVED
    text = f"{uses:,} uses" if is_told else ""
    if not several:
        return text
    names = [pair.name for pair, _ in edit.networks]
    listed = ", ".join(names[:MOST_NETWORKS])
    more = f" and {len(names) - MOST_NETWORKS:,} more" if len(names) > MOST_NETWORKS else ""
    return f"{text}{' ' if text else ''}in {listed}{more}"


def _cost(edit: Edit) -> str:
    """What it does to the figures of the network, or of the first one of several."""
    pair, change = edit.networks[0]
    figures = (("weights", change.weights), ("MACs", change.macs))
    parts = [f"{signed(amount)} {name}" for name, amount in figures if amount]
    where = f" in {pair.name}" if len(edit.networks) > 1 and parts else ""
    return ", ".join(parts) + where


def signed(amount: Amount) -> str:
    """``+8.45 k``, ``−64``; a formula by its being one."""
    if isinstance(amount, Polynomial):
        return "other"
    sign = "+" if amount >= 0 else "\N{MINUS SIGN}"
    return f"{sign}{rounded(abs(amount))}"


# --- the edited line ----------------------------------------------------------------------------------


def _source_lines(change: Change, pair: Pair) -> Iterator[str]:
    """The lines of both texts, where each is in its own text alone."""
    if pair.old != pair.new:
        return  # two networks, not two versions of one
    old, new = pair.difference.old.texts, pair.difference.new.texts
    before = _line(change.old_span, old, new)
    after = _line(change.new_span, new, old)
    for sign, found in (("-", before), ("+", after)):
        if found is not None:
            yield f"  {sign} {found}"


def _line(span: Span | None, own: Texts, other: Texts) -> str | None:
    source = own.get(span.path) if span is not None else None
    if span is None or source is None or span.path.startswith(STD_PREFIX):
        return None
    position = source.position(span.start)
    text = source.lines.line_text(position.line).strip()
    others = [each.text for path, each in other.items() if not path.startswith(STD_PREFIX)]
    if any(text == line.strip() for each in others for line in each.split("\n")):
        return None
    shown = text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}\N{HORIZONTAL ELLIPSIS}"
    return f"{escape(shown)}   {escape(span.path)}:{position.line}"


# --- the interface ------------------------------------------------------------------------------------

_NOUNS: Mapping[Aspect, str] = {
    Aspect.PARAMETER: "parameter ",
    Aspect.CLASS: "class ",
    Aspect.INPUT: "input ",
    Aspect.SIZES: "accepted ",
    Aspect.OUTPUT: "output ",
}


def interface(changes: Iterable[InterfaceChange]) -> list[str]:
    """The lines about parameters, inputs and outputs."""
    lines: list[str] = []
    for change in changes:
        name = "" if change.aspect is Aspect.CLASS else f"{change.name}: "
        if change.new is None:
            what = f"removed (was {change.old})"
        elif change.old is None:
            what = f"added ({change.new})"
        else:
            what = f"{change.old} {ARROW} {change.new}"
        lines.append(escape_start(f"{_NOUNS[change.aspect]}{name}{what}"))
    return lines
