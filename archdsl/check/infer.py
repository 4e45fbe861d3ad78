"""Infers the type of every value: walks a body once per distinct (block, arguments, input types)."""

from __future__ import annotations

from collections.abc import Mapping

from archdsl.check.activation import Activation
from archdsl.check.arguments import (
    block_arguments,
    check_layer_values,
    evaluated,
    layer_arguments,
    report_evaluation,
)
from archdsl.check.layers import apply_layer, apply_merge
from archdsl.check.loops import LoopInference
from archdsl.check.names import NameCheck
from archdsl.check.state import MAX_DEPTH, MAX_LAYERS, State
from archdsl.check.stated import compare_stated
from archdsl.diagnostics.diagnostic import Frame
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.binding import Given, bind
from archdsl.ir.evaluate import EvaluationError, describe, evaluate_name, truth
from archdsl.ir.expr import BoundArgument, Const
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ir.walk import refers_to_computed_labels
from archdsl.ops import REGISTRY
from archdsl.source.span import Span


class Inference:
    """Types blocks and bodies; findings go to ``state``."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._names = NameCheck(state)
        self._loops = LoopInference(state, self._names, self.body)
        self._unrolls: dict[d.Block, bool] = {}

    # --- blocks ---------------------------------------------------------------------------------------

    def activation(self, block: d.Block, arguments: Mapping[str, Value], x: TensorType | None) -> Activation:
        """A fresh application of a block."""
        unrolls = self._unrolls.get(block)
        if unrolls is None:
            unrolls = self._unrolls.setdefault(block, refers_to_computed_labels(block.body))
        return Activation(block.is_network, dict(arguments), x, unrolls)

    def instance(
        self, block: d.Block, arguments: Mapping[str, Value], inputs: tuple[TensorType, ...], at: Span
    ) -> t.BlockInstance | None:
        """The instance for these arguments and input types, made once; None after a report."""
        key = (block, tuple(arguments.items()), inputs)
        known = self._state.instances.get(key)
        if known is not None:
            return known
        if len(self._state.trace) >= MAX_DEPTH:
            self._state.fail("E0106", f"blocks are nested more than {MAX_DEPTH} deep", at)
            return None
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
        with self._state.applied(Frame(block.name, at, shown)):
            activation = self.activation(block, arguments, inputs[0])
            activation.labels.update(zip(block.tensor_parameters, inputs[1:], strict=True))
            body = self.body(block.body, activation, inputs[0])
        instance = t.BlockInstance(block, dict(arguments), inputs, body, declared_outputs(body))
        self._state.instances[key] = instance
        return instance

    # --- bodies ---------------------------------------------------------------------------------------

    def body(self, body: d.Body, activation: Activation, x: TensorType | None) -> t.TypedBody:
        """The nodes of a body in order, each with the value before it."""
        nodes: list[t.TypedNode] = []
        start, layers, weights = x, 0, 0
        came_from: Span | None = None
        for node in body.nodes:
            typed = self._node(node, activation, x, came_from)
            nodes.append(typed)
            x = typed.output
            label = getattr(node, "label", None)
            if label is not None:
                self._label(label, typed, activation)
            inner_layers, inner_weights = measure(typed)
            layers += inner_layers
            weights += inner_weights
            came_from = node.span if not isinstance(node, d.Let | d.Output | d.Assert) else came_from
        return t.TypedBody(body, tuple(nodes), start, x, layers, weights)

    def _label(self, label: d.NameTemplate, typed: t.TypedNode, activation: Activation) -> None:
        name = self._names.evaluated(label, activation)
        if name is None:
            return
        activation.labels[name] = typed.output
        if isinstance(typed, t.TypedApply) and typed.instance.outputs:
            activation.ports[name] = dict(typed.instance.outputs)

    def _node(self, node: d.Node, activation: Activation, x: TensorType | None, came_from: Span | None) -> t.TypedNode:
        match node:
            case d.Layer():
                return self._layer(node, activation, x, came_from)
            case d.Apply():
                return self._apply(node, activation, x, came_from)
            case d.Inline():
                return self._inline(node, activation, x)
            case d.Merge():
                return self._merge(node, activation, x)
            case d.Group(body=body):
                inner = self.body(body, activation, x)
                return t.TypedGroup(node, inner, inner.output)
            case d.Loop():
                return self._loops.loop(node, activation, x)
            case d.Choice():
                return self._choice(node, activation, x)
            case d.Let():
                return self._let(node, activation, x)
            case d.Refer() | d.Port():
                return self._refer(node, activation)
            case d.Assert(shape):
                if x is not None:
                    x = compare_stated(self._state, activation, shape, x, "the value", "E0311", came_from)
                return t.TypedAssert(node, x)
            case d.Input(name):
                known = activation.labels.get(name)
                first = not any(True for other in activation.labels if other == name) or x is None
                return t.TypedInput(node, known if first else x)
            case d.Output():
                return self._output(node, activation, x, came_from)
            case d.Unknown():
                self._state.failed = True
                return t.TypedUnknown(node)

    # --- layers and blocks ----------------------------------------------------------------------------

    def _layer(
        self, node: d.Layer, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedLayer:
        op = REGISTRY[node.op]
        env = activation.environment()
        arguments = layer_arguments(node.op, op.parameters, node.arguments, env, self._state.report)
        if arguments is None or x is None:
            return t.TypedLayer(node, node.op, arguments or {}, (x,) if x is not None else (), None)
        output, weights = apply_layer(self._state, op, arguments, node.arguments, (x,), node.name_span, came_from)
        return t.TypedLayer(node, node.op, arguments, (x,), output, weights)

    def _apply(
        self, node: d.Apply, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedNode:
        given = self._given(node, activation)
        if given is None:
            return t.TypedUnknown(d.Unknown(node.span))
        target, bound = given
        if isinstance(target, str):
            return self._apply_layer_value(node, target, bound, x, came_from)
        env = activation.environment()
        arguments = block_arguments(target, bound, env, self._state.report)
        tensors = self._tensors(node, activation)
        if arguments is None or x is None or tensors is None:
            return t.TypedUnknown(d.Unknown(node.span))
        inputs = (x, *(value for _, value in tensors))
        instance = self.instance(target, arguments, inputs, node.name_span)
        if instance is None:
            return t.TypedUnknown(d.Unknown(node.span))
        if instance.body.layers > MAX_LAYERS:
            self._state.fail("E0404", f"`{target.name}` would have more than {MAX_LAYERS:,} layers", node.name_span)
            return t.TypedUnknown(d.Unknown(node.span))
        return t.TypedApply(node, instance, inputs, tuple(name for name, _ in tensors), instance.output)

    def _given(
        self, node: d.Apply, activation: Activation
    ) -> tuple[d.Block | str, dict[str, tuple[Value, Span]]] | None:
        """The block that is applied and its arguments by parameter, a block-valued parameter looked up."""
        env = activation.environment()
        values: dict[str, tuple[Value, Span]] = {}
        whole = True
        for argument in node.arguments:
            ok, value = evaluated(argument.value, env, self._state.report)
            whole = whole and ok
            values[argument.name] = (value, argument.span)
        if not whole:
            return None
        if isinstance(node.target, d.Block):
            return node.target, values
        held = activation.variables.get(node.target.name)
        if not isinstance(held, d.BlockValue):
            return None
        return self._complete(node, held, values)

    def _complete(
        self, node: d.Apply, held: d.BlockValue, values: dict[str, tuple[Value, Span]]
    ) -> tuple[d.Block | str, dict[str, tuple[Value, Span]]] | None:
        """Arguments given here joined with those that the block value already carries."""
        target = held.target
        formals = REGISTRY[target].parameters if isinstance(target, str) else target.parameters
        fixed = {name: value for name, value in held.arguments if not name.startswith("#")}
        given = [
            Given(None if name.startswith("#") else name, Const(value, span), span, span)
            for name, (value, span) in values.items()
        ]
        open_formals = [formal for formal in formals if formal.name not in fixed]
        bound, faults = bind(held.name, open_formals, given, node.name_span)
        for fault in faults:
            self._state.report(fault)
        if faults:
            return None
        merged: dict[str, tuple[Value, Span]] = {name: (value, node.name_span) for name, value in fixed.items()}
        for argument in bound:
            assert isinstance(argument.value, Const)
            merged[argument.name] = (argument.value.value, argument.span)
        return target, merged

    def _apply_layer_value(
        self,
        node: d.Apply,
        name: str,
        bound: Mapping[str, tuple[Value, Span]],
        x: TensorType | None,
        came_from: Span | None,
    ) -> t.TypedNode:
        """A layer that came in through a block-valued parameter."""
        op = REGISTRY[name]
        if op.inputs is None:
            self._state.fail("E0206", f"`{name}` joins paths: it cannot stand for a block", node.name_span)
            return t.TypedUnknown(d.Unknown(node.span))
        values = {key: value for key, (value, _) in bound.items()}
        faults = check_layer_values(name, op.parameters, values, node.name_span)
        for fault in faults:
            self._state.report(fault)
        arguments = {parameter.name: values.get(parameter.name, parameter.default) for parameter in op.parameters}
        if faults or x is None:
            return t.TypedUnknown(d.Unknown(node.span))
        spans = tuple(BoundArgument(key, Const(value, span), span) for key, (value, span) in bound.items())
        output, weights = apply_layer(self._state, op, arguments, spans, (x,), node.name_span, came_from)
        return t.TypedLayer(node, name, arguments, (x,), output, weights)

    def _tensors(self, node: d.Apply, activation: Activation) -> list[tuple[str, TensorType]] | None:
        found: list[tuple[str, TensorType]] = []
        for _, template in node.tensors:
            try:
                name = evaluate_name(template, activation.environment())
                found.append((name, activation.shape_of(name if name != d.X else None, template.span)))
            except EvaluationError as error:
                report_evaluation(error, self._state.report)
                return None
        return found

    def _inline(self, node: d.Inline, activation: Activation, x: TensorType | None) -> t.TypedNode:
        env = activation.environment()
        values: dict[str, tuple[Value, Span]] = {}
        for argument in node.arguments:
            ok, value = evaluated(argument.value, env, self._state.report)
            if not ok:
                return t.TypedUnknown(d.Unknown(node.span))
            values[argument.name] = (value, argument.span)
        arguments = block_arguments(node.target, values, env, self._state.report)
        if arguments is None:
            return t.TypedUnknown(d.Unknown(node.span))
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
        with self._state.applied(Frame(node.target.name, node.name_span, shown)):
            inner = self.activation(node.target, arguments, x)
            inner.taken = activation.taken
            body = self.body(node.body, inner, x)
        return t.TypedInline(node, arguments, body, body.output)

    def _merge(self, node: d.Merge, activation: Activation, x: TensorType | None) -> t.TypedMerge:
        op = REGISTRY[node.op]
        env = activation.environment()
        arguments = layer_arguments(node.op, op.parameters, node.arguments, env, self._state.report)
        paths = tuple(self.body(path, activation, x) for path in node.paths)
        if arguments is None:
            return t.TypedMerge(node, {}, paths, None)
        output = apply_merge(self._state, op, arguments, node.arguments, paths, node.name_span)
        return t.TypedMerge(node, arguments, paths, output)

    # --- control, names, contracts --------------------------------------------------------------------

    def _choice(self, node: d.Choice, activation: Activation, x: TensorType | None) -> t.TypedNode:
        try:
            taken = truth(node.condition, activation.environment())
        except EvaluationError as error:
            report_evaluation(error, self._state.report)
            return t.TypedUnknown(d.Unknown(node.span))
        body = self.body(node.then if taken else node.otherwise, activation, x)
        return t.TypedChoice(node, taken, body, body.output)

    def _let(self, node: d.Let, activation: Activation, x: TensorType | None) -> t.TypedNode:
        ok, value = evaluated(node.value, activation.environment(), self._state.report)
        values = self._loops.unpacked(node.names, node.unpacks, value, node.value.span) if ok else None
        if values is None:
            self._state.failed = True
            return t.TypedLet(node, (), x)
        activation.variables.update(zip(node.names, values, strict=True))
        return t.TypedLet(node, values, x)

    def _refer(self, node: d.Refer | d.Port, activation: Activation) -> t.TypedNode:
        try:
            name = evaluate_name(node.name, activation.environment())
            if isinstance(node, d.Refer):
                found: TensorType | None = activation.shape_of(name if name != d.X else None, node.name.span)
                return t.TypedRefer(node, name, found)
        except EvaluationError as error:
            report_evaluation(error, self._state.report)
            return t.TypedUnknown(d.Unknown(node.span))
        ports = activation.ports.get(name)
        if ports is None or node.output not in ports:
            known = ", ".join(ports) if ports else "none"
            message = f"`{name}` has no output `{node.output}`"
            if name not in activation.labels or activation.labels[name] is not None:
                self._state.fail("E0222", message, node.span, notes=(f"its outputs: {known}",))
            return t.TypedUnknown(d.Unknown(node.span))
        return t.TypedRefer(node, name, ports[node.output])

    def _output(
        self, node: d.Output, activation: Activation, x: TensorType | None, came_from: Span | None
    ) -> t.TypedOutput:
        body = self.body(node.body, activation, x) if node.body is not None else None
        value = body.output if body is not None else x
        if body is not None and body.nodes:
            came_from = body.nodes[-1].node.span
        if value is not None and node.shape is not None:
            what = f"the output `{node.name}`"
            value = compare_stated(self._state, activation, node.shape, value, what, "E0312", came_from)
        return t.TypedOutput(node, value, body, x)


def declared_outputs(body: t.TypedBody) -> tuple[tuple[str, TensorType | None], ...]:
    """The outputs declared in a body, with their types."""
    return tuple((node.node.name, node.value) for node in body.nodes if isinstance(node, t.TypedOutput))


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


def _shown(value: Value) -> str:
    if isinstance(value, d.BlockValue):
        return value.name
    if isinstance(value, tuple):
        inner = ", ".join(_shown(item) for item in value[:6])
        return f"[{inner}{', …' if len(value) > 6 else ''}]"
    return describe(value) if not isinstance(value, str) else f'"{value}"'
