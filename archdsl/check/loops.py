"""Types loops: turn by turn as long as something changes, once for all turns that are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archdsl.check.activation import Activation
from archdsl.check.arguments import evaluated
from archdsl.check.names import NameCheck
from archdsl.check.producers import last_producer
from archdsl.check.state import MAX_LAYERS, MAX_UNROLLED, State
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import describe, length_of
from archdsl.ir.kinds import UNKNOWN, Value, is_int
from archdsl.ir.types import TensorType
from archdsl.ir.walk import is_different_each_turn, labels, values_read
from archdsl.source.span import Span

InferBody = Callable[[d.Body, Activation, TensorType | None, Span | None], t.TypedBody]
Items = range | tuple[Value, ...]


class LoopInference:
    """The loops of one check; ``infer_body`` types a turn."""

    def __init__(self, state: State, names: NameCheck, infer_body: InferBody) -> None:
        self._state = state
        self._names = names
        self._infer_body = infer_body
        self._alike: dict[int, bool] = {}

    def loop(self, node: d.Loop, activation: Activation, x: TensorType | None, came_from: Span | None) -> t.TypedNode:
        """A loop with its turns; equal turns are kept once with their count."""
        items = self._items(node, activation)
        if items is None:
            return t.TypedUnknown(d.Unknown(node.span))
        with activation.own_module(node.label is not None):
            if len(items) >= 2 and not self._names.loop_labels_differ(node):
                return t.TypedUnknown(d.Unknown(node.span))
            typed = self._turns(node, items, activation, x, came_from)
        for name in node.names:
            activation.variables.pop(name, None)
        return typed or t.TypedUnknown(d.Unknown(node.span))

    def _turns(
        self, node: d.Loop, items: Items, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedLoop | None:
        turns: list[t.Turn] = []
        alike = self._turns_are_alike(node, activation)
        if not alike and len(items) > MAX_UNROLLED:
            self._state.count_unrolled(len(items), node.iterable.span)
            return None
        index, total = 0, 0
        while index < len(items):
            if not self._bind(node, activation, items[index]):
                return None
            turn = _shown_turn(node, index, items)
            with activation.own_module(node.own and node.label is not None), self._state.in_turn(turn):
                body = self._infer_body(node.body, activation, x, came_from)
            came_from = last_producer(body, came_from)
            count = len(items) - index if alike and body.output == x else 1
            turns.append(t.Turn(index, count, body))
            total += body.layers * count
            if total > MAX_LAYERS:
                self._too_many(node, items, body)
                return None
            if body.output is None or not self._paid_for(node, items, index, count, body, activation):
                return t.TypedLoop(node, items, tuple(turns), None)
            x = body.output
            index += count
        return t.TypedLoop(node, items, tuple(turns), x)

    def _paid_for(
        self, node: d.Loop, items: Items, index: int, count: int, body: t.TypedBody, activation: Activation
    ) -> bool:
        """Whether the budgets bear the turns from ``index`` on: those written out, and the labels of the others."""
        if count > 1:
            return node.own or self._names.take_all(node, items[index + 1 :], activation)
        return len(items) == 1 or self._state.count_unrolled(max(1, body.layers), node.span)

    def _too_many(self, node: d.Loop, items: Items, body: t.TypedBody) -> None:
        turns = f"{len(items):,} turns of {body.layers:,} layers"
        message = f"the loop makes more than {MAX_LAYERS:,} layers, the limit of a network"
        self._state.fail("E0404", message, node.iterable.span, here=turns)

    # --- what a loop runs over ------------------------------------------------------------------------

    def _items(self, node: d.Loop, activation: Activation) -> Items | None:
        ok, value = evaluated(node.iterable, activation.environment(), self._state)
        if not ok:
            return None
        span = node.iterable.span
        if node.is_repeat:
            return self._count(value, span)
        if not isinstance(value, tuple | range):
            help = f"to count, write `0..{describe(value)}`" if is_int(value) else None
            self._state.fail("E0206", f"a loop runs over a list or a range, not {describe(value)}", span, help=help)
            return None
        return value if self._is_bounded(length_of(value), span) else None

    def _count(self, value: Value, span: Span) -> range | None:
        if not is_int(value) or not isinstance(value, int):
            self._state.fail("E0206", f"`repeat` takes a whole number, not {describe(value)}", span)
            return None
        if value < 0:
            self._state.fail("E0401", f"nothing can be repeated {value} times", span)
            return None
        return range(value) if self._is_bounded(value, span) else None

    def _is_bounded(self, turns: int, span: Span) -> bool:
        if turns <= MAX_LAYERS:
            return True
        shown = f"{turns:,} turns" if turns < 10**30 else "so many turns"
        message = f"{shown} are more than a network may have layers ({MAX_LAYERS:,})"
        self._state.fail("E0404", message, span)
        return False

    # --- turns ----------------------------------------------------------------------------------------

    def _turns_are_alike(self, node: d.Loop, activation: Activation) -> bool:
        """Whether turns differ in nothing but labels, which nobody looks up by computed names."""
        if activation.unrolls_labels and next(labels(node.body), None) is not None:
            return False
        known = self._alike.get(id(node))
        if known is None:
            independent = not values_read(node.body) & frozenset(node.names)
            named_apart = all(
                template.plain is not None or (len(node.names) == 1 and is_different_each_turn(template, node.names[0]))
                for template in labels(node.body)
            )
            known = self._alike.setdefault(id(node), independent and named_apart)
        return known

    def _bind(self, node: d.Loop, activation: Activation, item: Value) -> bool:
        if node.is_repeat:
            return True
        values = unpacked(self._state, node.names, node.unpacks, item, node.iterable.span)
        activation.variables.update(zip(node.names, values or [UNKNOWN] * len(node.names), strict=True))
        return values is not None


def _shown_turn(node: d.Loop, index: int, items: Items) -> str:
    """``in turn 4 of 5, where i is 3``; nothing for a loop of one turn."""
    if len(items) == 1:
        return ""
    turn = f"in turn {index + 1:,} of {len(items):,}"
    if not node.names or node.unpacks:
        return turn
    return f"{turn}, where {node.names[0]} is {describe(items[index])}"


def unpacked(state: State, names: Sequence[str], unpacks: bool, value: Value, span: Span) -> tuple[Value, ...] | None:
    """A value as one value per name; None after reporting that it does not come apart so."""
    if not unpacks:
        return (value,)
    if isinstance(value, tuple) and len(value) == len(names):
        return value
    found = f"{len(value)} items" if isinstance(value, tuple) else describe(value)
    bound = " and ".join(f"`{name}`" for name in names)
    state.fail("E0206", f"{found} cannot be taken apart into {bound}", span)
    return None
