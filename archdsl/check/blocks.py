"""Applies blocks: matches their arguments, makes the instance for each set of arguments and inputs once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from archdsl.check.activation import Activation
from archdsl.check.advice import advise
from archdsl.check.arguments import block_arguments, bound_layer_arguments, evaluated, report_evaluation
from archdsl.check.layers import apply_layer
from archdsl.check.partial import bind_value, constant
from archdsl.check.state import MAX_DEPTH, MAX_LAYERS, InstanceKey, State
from archdsl.diagnostics.diagnostic import Frame
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import EvaluationError, PlacedValue, describe, evaluate_name
from archdsl.ir.expr import BoundArgument, Local
from archdsl.ir.kinds import Value
from archdsl.ir.meter import INSTANCE
from archdsl.ir.types import TensorType
from archdsl.ir.walk import refers_to_computed_labels
from archdsl.ops import REGISTRY
from archdsl.source.span import Span

InferBody = Callable[[d.Body, Activation, TensorType | None, Span | None], t.TypedBody]
_Placed = Mapping[str, tuple[Value, Span]]
"""Evaluated arguments by parameter, each with the place it was written at."""


class BlockInference:
    """The blocks of one check; ``infer_body`` types a body."""

    def __init__(self, state: State, infer_body: InferBody) -> None:
        self._state = state
        self._infer_body = infer_body
        self._unrolls: dict[d.Block, bool] = {}

    def activation(self, block: d.Block, arguments: Mapping[str, Value], x: TensorType | None) -> Activation:
        """A fresh application of a block."""
        return Activation(block.is_network, dict(arguments), x, self._unrolls_labels(block), self._state.meter)

    def apply(self, node: d.Apply, activation: Activation, x: TensorType | None, came_from: Span | None) -> t.TypedNode:
        """A block applied as a module, or a layer that came in through a block-valued parameter."""
        unknown = t.TypedUnknown(d.Unknown(node.span))
        arguments = self._evaluated(node.arguments, activation)
        if arguments is None:
            return unknown
        if isinstance(node.target, d.Block):
            placed = {part.name: (part.value, part.span) for part in arguments}
            return self._apply_block(node, node.target, placed, activation, x) or unknown
        value = self._held(node.target, activation)
        if value is None:
            return unknown
        bound, faults = bind_value(value, arguments, node.name_span, partial=False)
        for fault in faults:
            self._state.report(fault)
        if faults:
            return unknown
        # What the block value carries was written where it was made; errors in it show at this application.
        given = {name: (carried, node.name_span) for name, carried in value.arguments}
        given |= {argument.name: (constant(argument), argument.span) for argument in bound}
        if isinstance(value.target, d.Block):
            return self._apply_block(node, value.target, given, activation, x) or unknown
        return self._apply_layer(node, value.target, given, bound, x, came_from) or unknown

    def inline(
        self, node: d.Inline, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedNode:
        """A block spliced in: its own variables, in the module around it."""
        given = self._evaluated(node.arguments, activation)
        if given is None:
            return t.TypedUnknown(d.Unknown(node.span))
        placed = {part.name: (part.value, part.span) for part in given}
        arguments = block_arguments(node.target, placed, self._state)
        if arguments is None:
            return t.TypedUnknown(d.Unknown(node.span))
        with self._state.applied(Frame(node.target.name, node.name_span, shown_arguments(arguments))):
            inner = activation.inlined(arguments, x, self._unrolls_labels(node.target))
            body = self._infer_body(node.body, inner, x, came_from)
        return t.TypedInline(node, arguments, body, body.output)

    # --- one application ------------------------------------------------------------------------------

    def _apply_block(
        self, node: d.Apply, block: d.Block, given: _Placed, activation: Activation, x: TensorType | None
    ) -> t.TypedApply | None:
        arguments = block_arguments(block, given, self._state)
        tensors = self._tensors(node, activation)
        if arguments is None or x is None or tensors is None:
            return None
        inputs = (x, *(type_ for _, type_ in tensors))
        instance = self._instance(block, arguments, inputs, node.name_span)
        if instance is None:
            return None
        if instance.body.layers > MAX_LAYERS:
            self._state.fail("E0404", f"`{block.name}` would have more than {MAX_LAYERS:,} layers", node.name_span)
            return None
        return t.TypedApply(node, instance, inputs, tuple(name for name, _ in tensors), instance.output)

    def _instance(
        self, block: d.Block, arguments: Mapping[str, Value], inputs: tuple[TensorType, ...], at: Span
    ) -> t.BlockInstance | None:
        """The instance for these arguments and input types, made once; None after a report."""
        state = self._state
        key: InstanceKey = (block, tuple(arguments.items()), inputs)
        known = state.instances.get(key)
        if known is not None and state.depth + known[1] <= MAX_DEPTH:
            state.deepest = max(state.deepest, state.depth + known[1])
            return known[0]
        if key in state.open_instances:
            state.fail("E0211", f"`{block.name}` applies itself without end", at, help=_END)
            return None
        if known is not None or state.depth >= MAX_DEPTH:
            state.fail("E0106", f"braces and blocks nest more than {MAX_DEPTH} deep from here", at)
            return None
        if not state.count_work(INSTANCE, at):
            return None
        deepest, state.deepest = state.deepest, state.depth
        state.open_instances.append(key)
        with state.applied(Frame(block.name, at, shown_arguments(arguments))):
            activation = self.activation(block, arguments, inputs[0])
            activation.labels.values.update(zip(block.tensor_parameters, inputs[1:], strict=True))
            body = self._infer_body(block.body, activation, inputs[0], None)
            advise(state, block, body)
        state.open_instances.pop()
        instance = t.BlockInstance(block, dict(arguments), inputs, body, declared_outputs(body))
        state.instances[key] = (instance, state.deepest - state.depth)
        state.deepest = max(deepest, state.deepest)
        return instance

    def _apply_layer(
        self,
        node: d.Apply,
        name: str,
        given: _Placed,
        bound: Sequence[BoundArgument],
        x: TensorType | None,
        came_from: Span | None,
    ) -> t.TypedLayer | None:
        """A layer that came in through a block-valued parameter."""
        op = REGISTRY[name]
        arguments = bound_layer_arguments(name, op.parameters, given, self._state)
        if arguments is None or x is None:
            return None
        output, weights = apply_layer(self._state, op, arguments, bound, x, node.name_span, came_from)
        return t.TypedLayer(node, name, arguments, (x,), output, weights)

    # --- arguments ------------------------------------------------------------------------------------

    def _evaluated(self, arguments: Sequence[BoundArgument], activation: Activation) -> list[PlacedValue] | None:
        """The arguments evaluated; None after a report."""
        env = activation.environment()
        found: list[PlacedValue] = []
        whole = True
        for argument in arguments:
            ok, value = evaluated(argument.value, env, self._state)
            whole = whole and ok
            found.append(PlacedValue(argument.name, value, argument.span, argument.name_span or argument.span))
        return found if whole else None

    def _held(self, target: Local, activation: Activation) -> d.BlockValue | None:
        """The block that a parameter holds; None if it was reported."""
        held = activation.variables.get(target.name)
        if not isinstance(held, d.BlockValue):
            self._state.failed = True
            return None
        return held

    def _tensors(self, node: d.Apply, activation: Activation) -> list[tuple[str, TensorType]] | None:
        found: list[tuple[str, TensorType]] = []
        for _, template in node.tensors:
            try:
                name = evaluate_name(template, activation.environment())
                found.append((name, activation.shape_of(name if name != d.X else None, template.span)))
            except EvaluationError as error:
                report_evaluation(error, self._state)
                return None
        return found

    def _unrolls_labels(self, block: d.Block) -> bool:
        unrolls = self._unrolls.get(block)
        if unrolls is None:
            unrolls = self._unrolls.setdefault(block, refers_to_computed_labels(block.body, block.tensor_parameters))
        return unrolls


_END = "a block that is handed to itself never ends; hand it something smaller"


def declared_outputs(body: t.TypedBody) -> tuple[tuple[str, TensorType | None], ...]:
    """The outputs declared in a body, with their types."""
    return tuple((node.node.name, node.value) for node in body.nodes if isinstance(node, t.TypedOutput))


def shown_arguments(arguments: Mapping[str, Value]) -> str:
    """Arguments as a person would write them: ``channels=64, stride=2``."""
    return ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())


def _shown(value: Value) -> str:
    if isinstance(value, d.BlockValue):
        inner = ", ".join(f"{name}={_shown(given)}" for name, given in value.arguments[:4])
        return f"{value.name}({inner})" if inner else value.name
    if isinstance(value, tuple):
        inner = ", ".join(_shown(item) for item in value[:6])
        return f"[{inner}{', …' if len(value) > 6 else ''}]"
    return describe(value) if not isinstance(value, str) else f'"{value}"'
