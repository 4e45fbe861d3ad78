"""Types loops: turn by turn as long as something changes, once for all turns that are alike."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.check.activation import Activation
from archdsl.check.arguments import evaluated
from archdsl.check.names import NameCheck
from archdsl.check.state import MAX_LAYERS, State
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import describe
from archdsl.ir.kinds import Value, is_int
from archdsl.ir.types import TensorType
from archdsl.ir.walk import is_different_each_turn, labels, values_read
from archdsl.source.span import Span

InferBody = Callable[[d.Body, Activation, TensorType | None], t.TypedBody]


class LoopInference:
    """The loops of one check; ``infer_body`` types a turn."""

    def __init__(self, state: State, names: NameCheck, infer_body: InferBody) -> None:
        self._state = state
        self._names = names
        self._infer_body = infer_body
        self._alike: dict[int, bool] = {}

    def loop(self, node: d.Loop, activation: Activation, x: TensorType | None) -> t.TypedNode:
        """A loop with its turns; equal turns are kept once with their count."""
        items = self._items(node, activation)
        if items is None:
            return t.TypedUnknown(d.Unknown(node.span))
        if len(items) >= 2 and not self._names.loop_labels_differ(node):
            return t.TypedUnknown(d.Unknown(node.span))
        turns: list[t.Turn] = []
        alike = self._turns_are_alike(node, activation)
        index, total = 0, 0
        while index < len(items):
            if not self._bind(node, activation, items[index]):
                return t.TypedUnknown(d.Unknown(node.span))
            if node.own:
                outer, activation.taken = activation.taken, {}
                body = self._infer_body(node.body, activation, x)
                activation.taken = outer
            else:
                body = self._infer_body(node.body, activation, x)
            count = len(items) - index if alike and body.output == x else 1
            turns.append(t.Turn(index, count, body))
            total += body.layers * count
            if total > MAX_LAYERS:
                message = f"the loop makes {total:,} layers; the limit of a network is {MAX_LAYERS:,}"
                self._state.fail("E0404", message, node.iterable.span, here=f"{len(items):,} turns")
                return t.TypedUnknown(d.Unknown(node.span))
            if body.output is None or (count == 1 and not self._state.count_unrolled(1 + body.layers, node.span)):
                return t.TypedLoop(node, items, tuple(turns), None)
            x = body.output
            index += count
        self._unbind(node, activation)
        return t.TypedLoop(node, items, tuple(turns), x)

    def unpacked(
        self, names: tuple[str, ...], unpacks: bool, value: Value, span: Span
    ) -> tuple[Value, ...] | None:
        """A value as one value per name; None after reporting that it does not come apart so."""
        if not unpacks:
            return (value,)
        if isinstance(value, tuple) and len(value) == len(names):
            return value
        found = f"{len(value)}" if isinstance(value, tuple) else describe(value)
        self._state.fail("E0206", f"{len(names)} names are bound here, but the item has {found}", span)
        return None

    def _items(self, node: d.Loop, activation: Activation) -> range | tuple[Value, ...] | None:
        ok, value = evaluated(node.iterable, activation.environment(), self._state.report)
        if not ok:
            self._state.failed = True
            return None
        span = node.iterable.span
        if node.is_repeat:
            return self._count(value, span)
        if not isinstance(value, tuple | range):
            self._state.fail("E0206", f"a loop runs over a list or a range, not {describe(value)}", span)
            return None
        length = _length(value)
        if length > MAX_LAYERS:
            self._state.fail("E0404", f"the loop has {length:,} turns; the limit is {MAX_LAYERS:,}", span)
            return None
        return value

    def _count(self, value: Value, span: Span) -> range | None:
        if not is_int(value) or not isinstance(value, int):
            self._state.fail("E0206", f"`repeat` takes a whole number, not {describe(value)}", span)
            return None
        if value < 0:
            self._state.fail("E0401", f"`repeat` cannot repeat {value} times", span)
            return None
        if value > MAX_LAYERS:
            self._state.fail("E0404", f"{value:,} turns are more than the limit of {MAX_LAYERS:,} layers", span)
            return None
        return range(value)

    def _turns_are_alike(self, node: d.Loop, activation: Activation) -> bool:
        """Whether turns differ in nothing but labels, which nobody looks up by computed names."""
        if activation.unrolls_labels and next(labels(node.body), None) is not None:
            return False
        known = self._alike.get(id(node))
        if known is None:
            independent = not values_read(node.body) & frozenset(node.names)
            named_apart = all(
                template.plain is not None or (node.names and is_different_each_turn(template, node.names[0]))
                for template in labels(node.body)
            )
            known = self._alike.setdefault(id(node), bool(independent and named_apart))
        return known

    def _bind(self, node: d.Loop, activation: Activation, item: Value) -> bool:
        if node.is_repeat:
            return True
        values = self.unpacked(node.names, node.unpacks, item, node.iterable.span)
        if values is None:
            return False
        activation.variables.update(zip(node.names, values, strict=True))
        return True

    def _unbind(self, node: d.Loop, activation: Activation) -> None:
        for name in node.names:
            activation.variables.pop(name, None)


def _length(value: range | tuple[Value, ...]) -> int:
    """The number of turns; ``len`` of a range overflows beyond 2^63."""
    if isinstance(value, tuple):
        return len(value)
    span = (value.stop - value.start) if value.step > 0 else (value.start - value.stop)
    return max(0, -(-span // abs(value.step)))
