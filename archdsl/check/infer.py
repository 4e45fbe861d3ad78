"""Infers the type of every value: walks a body once per distinct (block, arguments, input types)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from archdsl.check.activation import Activation
from archdsl.check.arguments import evaluated, layer_arguments, report_evaluation
from archdsl.check.blocks import BlockInference
from archdsl.check.joins import apply_merge
from archdsl.check.layers import apply_layer
from archdsl.check.loops import LoopInference, unpacked
from archdsl.check.names import NameCheck
from archdsl.check.producers import last_producer, producer
from archdsl.check.state import MAX_DEPTH, State
from archdsl.check.stated import compare_stated
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import EvaluationError, evaluate_name, truth
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import UNKNOWN, Value
from archdsl.ir.meter import JOIN, PATH, STATEMENT
from archdsl.ir.types import TensorType
from archdsl.ir.walk import label_of
from archdsl.ops import REGISTRY
from archdsl.source.span import Span


class Inference:
    """Types blocks and bodies; findings go to ``state``."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._names = NameCheck(state)
        self._loops = LoopInference(state, self._names, self.body)
        self._blocks = BlockInference(state, self.body)

    def activation(self, block: d.Block, arguments: Mapping[str, Value], x: TensorType | None) -> Activation:
        """A fresh application of a block."""
        return self._blocks.activation(block, arguments, x)

    # --- bodies ---------------------------------------------------------------------------------------

    def body(
        self, body: d.Body, activation: Activation, x: TensorType | None, came_from: Span | None = None
    ) -> t.TypedBody:
        """The nodes of a body in order, each with the value before it and the place that this comes from."""
        state = self._state
        nodes: list[t.TypedNode] = []
        start, layers, weights = x, 0, 0
        if state.depth >= MAX_DEPTH:
            state.fail("E0106", f"braces and blocks nest more than {MAX_DEPTH} deep here", body.span)
            return t.TypedBody(body, (), x, None, 0, 0)
        if not state.count_work(STATEMENT * len(body.nodes), body.span):
            return t.TypedBody(body, (), x, None, 0, 0)
        state.enter()
        for node in body.nodes:
            typed = self._node(node, activation, x, came_from)
            nodes.append(typed)
            x = typed.output
            label = label_of(node)
            if label is not None:
                self._label(label, typed, activation)
            inner_layers, inner_weights = measure(typed)
            layers += inner_layers
            weights += inner_weights
            came_from = producer(typed, came_from)
        state.leave()
        return t.TypedBody(body, tuple(nodes), start, x, layers, weights)

    def _label(self, label: NameTemplate, typed: t.TypedNode, activation: Activation) -> None:
        labels = activation.labels
        name = self._names.evaluated(label, activation)
        if name is None:
            labels.is_incomplete = True
            return
        labels.values[name] = typed.output
        labels.spans[name] = label.span
        if isinstance(typed, t.TypedApply) and typed.instance.outputs:
            labels.ports[name] = dict(typed.instance.outputs)

    def _node(self, node: d.Node, activation: Activation, x: TensorType | None, came_from: Span | None) -> t.TypedNode:
        match node:
            case d.Layer():
                return self._layer(node, activation, x, came_from)
            case d.Apply():
                return self._blocks.apply(node, activation, x, came_from)
            case d.Inline():
                return self._blocks.inline(node, activation, x, came_from)
            case d.Merge():
                return self._merge(node, activation, x, came_from)
            case d.Group(body=body, label=label):
                with activation.own_module(label is not None):
                    inner = self.body(body, activation, x, came_from)
                return t.TypedGroup(node, inner, inner.output)
            case d.Loop():
                return self._loops.loop(node, activation, x, came_from)
            case d.Choice():
                return self._choice(node, activation, x, came_from)
            case d.Let():
                return self._let(node, activation, x)
            case d.Refer() | d.Port():
                return self._refer(node, activation)
            case d.Assert(shape):
                if x is not None:
                    x = compare_stated(self._state, activation, shape, x, "the value", "E0311", came_from)
                return t.TypedAssert(node, x)
            case d.Input():
                # Typed before the body; the first is the running value from the start, the others are only labels.
                return t.TypedInput(node, x)
            case d.Output():
                return self._output(node, activation, x, came_from)
            case d.Unknown():
                self._state.failed = True
                return t.TypedUnknown(node)
        assert_never(node)

    # --- layers and joins -----------------------------------------------------------------------------

    def _layer(
        self, node: d.Layer, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedLayer:
        op = REGISTRY[node.op]
        env = activation.environment()
        arguments = layer_arguments(node.op, op.parameters, node.arguments, env, self._state)
        if arguments is None or x is None:
            return t.TypedLayer(node, node.op, arguments or {}, (x,) if x is not None else (), None)
        output, weights = apply_layer(self._state, op, arguments, node.arguments, x, node.name_span, came_from)
        return t.TypedLayer(node, node.op, arguments, (x,), output, weights)

    def _merge(
        self, node: d.Merge, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedMerge:
        op = REGISTRY[node.op]
        arguments = layer_arguments(node.op, op.parameters, node.arguments, activation.environment(), self._state)
        paths = tuple(self.body(path, activation, x, came_from) for path in node.paths)
        if arguments is None:
            return t.TypedMerge(node, {}, paths, None)
        self._state.meter.spent += JOIN + PATH * len(paths)
        output = apply_merge(self._state, op, arguments, node, paths, activation.labels.spans)
        return t.TypedMerge(node, arguments, paths, output)

    # --- control, names, contracts --------------------------------------------------------------------

    def _choice(
        self, node: d.Choice, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedNode:
        try:
            taken = truth(node.condition, activation.environment())
        except EvaluationError as error:
            report_evaluation(error, self._state)
            return t.TypedUnknown(d.Unknown(node.span))
        with activation.own_module(node.label is not None):
            body = self.body(node.then if taken else node.otherwise, activation, x, came_from)
        return t.TypedChoice(node, taken, body, body.output)

    def _let(self, node: d.Let, activation: Activation, x: TensorType | None) -> t.TypedNode:
        ok, value = evaluated(node.value, activation.environment(), self._state)
        values = unpacked(self._state, node.names, node.unpacks, value, node.value.span) if ok else None
        activation.variables.update(zip(node.names, values or [UNKNOWN] * len(node.names), strict=True))
        return t.TypedLet(node, values or (), x)

    def _refer(self, node: d.Refer | d.Port, activation: Activation) -> t.TypedNode:
        try:
            name = evaluate_name(node.name, activation.environment())
            found: TensorType | None = activation.shape_of(name if name != d.X else None, node.name.span)
        except EvaluationError as error:
            report_evaluation(error, self._state)
            return t.TypedUnknown(d.Unknown(node.span))
        if isinstance(node, d.Refer):
            return t.TypedRefer(node, name, found)
        ports = activation.labels.ports.get(name, {})
        if node.output in ports:
            return t.TypedRefer(node, name, ports[node.output])
        known = ", ".join(f"`{port}`" for port in ports)
        message = f"`{name}` has no output `{node.output}`"
        help = f"its outputs are {known}" if known else f"`{name}` is one value; only a block with outputs has several"
        self._state.fail("E0222", message, node.span, help=help)
        return t.TypedUnknown(d.Unknown(node.span))

    def _output(
        self, node: d.Output, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedOutput:
        body = self.body(node.body, activation, x, came_from) if node.body is not None else None
        value = body.output if body is not None else x
        if body is not None:
            came_from = last_producer(body, came_from)
        if value is not None and node.shape is not None:
            what = f"the output `{node.name}`"
            value = compare_stated(self._state, activation, node.shape, value, what, "E0312", came_from)
        return t.TypedOutput(node, value, body, x)


def measure(node: t.TypedNode) -> tuple[int, int]:
    """(layers, weights) that a node expands to."""
    match node:
        case t.TypedLayer(weights=weights):
            return 1, weights
        case t.TypedApply(instance=instance):
            return instance.body.layers, instance.body.weights
        case t.TypedInline(body=body) | t.TypedGroup(body=body) | t.TypedChoice(body=body):
            return body.layers, body.weights
        case t.TypedMerge(paths=paths):
            return 1 + sum(path.layers for path in paths), sum(path.weights for path in paths)
        case t.TypedLoop(turns=turns):
            layers = sum(turn.body.layers * turn.count for turn in turns)
            return layers, sum(turn.body.weights * turn.count for turn in turns)
        case t.TypedOutput(body=t.TypedBody() as body):
            return body.layers, body.weights
    return 0, 0
