"""What a network computes, as digests: equal digests are equal functions, however and wherever it is written.

A value is digested by the layer that makes it, by that layer's arguments and by the values that go in (a Merkle tree of
the dataflow). So neither blocks, loops, conditions and expressions nor the names of files, blocks, variables, inputs,
outputs and open sizes are in a digest, and the order of independent steps is not. The other way round nothing is
promised: two networks with different digests may still compute the same. What the inputs declare (``where``,
``guarded``), stated shapes and expectations are not part of it.

Digests outlive the version that made them: an argument that has its default is left out, so that a layer may get a new
parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from archdsl.analysis.costs import call_of
from archdsl.analysis.flatten import bind_turn, is_single, joined_path, label_text, module_name
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import FLOAT, Parameter, Value
from archdsl.ir.types import TensorType

MAX_LAYERS = 100_000
"""A network of more layers, repetitions counted, has no digests: every one is looked at."""


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 in hexadecimal digits.

    Equal ``computation``: the same function, once its weights are the same. Equal ``weights``: besides, every tensor
    has the same name in ``state_dict`` and the same task, so that a checkpoint of the one gives the other its outputs.
    """

    computation: str
    weights: str


def digests(design: t.TypedDesign) -> Digests | None:
    """The digests of a checked network; None if it has errors or too many layers."""
    if not design.complete or design.root.body.layers > MAX_LAYERS:
        return None
    shapes = _shapes(design.inputs)
    inputs = [_value("input", index, shape) for index, shape in enumerate(shapes)]
    labels = {name: value for (name, _), value in zip(design.inputs, inputs, strict=True)}
    scope = _Scope("", [0], dict(design.root.arguments), {**labels, d.X: inputs[0]})
    _Flow().body(design.root.body, scope, inputs[0])
    outputs = [(when, value) for _, when, value in scope.outputs]
    return Digests(
        _digest("network", shapes, [(when, value.computation) for when, value in outputs]),
        _digest("network", shapes, [(when, value.weights) for when, value in outputs]),
    )


def _digest(*parts: object) -> str:
    """Of strings, numbers, None and lists and tuples of them: ``repr`` tells all of these apart."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _value(*parts: object) -> Digests:
    return Digests(digest := _digest(*parts), digest)


def _shapes(inputs: tuple[tuple[str, TensorType], ...]) -> list[tuple[object, ...]]:
    """The shapes of the inputs; open sizes are numbered by their first place."""
    numbers: dict[str, int] = {}
    return [
        tuple(
            f"size {numbers.setdefault(size.symbol_name, len(numbers))}" if isinstance(size, Dim) else size
            for size in type_.shape
        )
        for _, type_ in inputs
    ]


@dataclass(slots=True)
class _Scope:
    """One block: its path, the next position in it, its variables and its labelled values."""

    prefix: str
    counter: list[int]
    variables: dict[str, Value]
    labels: dict[str, Digests]
    ports: dict[str, Mapping[str, Digests]] = field(default_factory=dict)
    outputs: list[tuple[str, str | None, Digests]] = field(default_factory=list)
    inherited: str = ""

    def under(self, name: str) -> _Scope:
        """The inside of a group: a path of its own, the same names."""
        prefix = joined_path(self.prefix, name)
        return _Scope(prefix, [0], self.variables, self.labels, self.ports, self.outputs)


class _Flow:
    """Follows the values of one network."""

    def __init__(self) -> None:
        self._stated: dict[int, tuple[object, ...]] = {}
        """The arguments of each layer or join, and the tensors that it has in ``state_dict``."""

    def body(self, body: t.TypedBody, scope: _Scope, x: Digests) -> Digests:
        """A body's last value."""
        for node in body.nodes:
            x, ports = self._node(node, scope, x)
            label = getattr(node.node, "label", None)
            if isinstance(label, NameTemplate):
                name = label_text(label, scope.variables)
                scope.labels[name], scope.ports[name] = x, ports
        return x

    def _node(self, node: t.TypedNode, scope: _Scope, x: Digests) -> tuple[Digests, Mapping[str, Digests]]:
        match node:
            case t.TypedLayer():
                return self._layer(node, scope, x), {}
            case t.TypedMerge():
                return self._join(node, scope, x), {}
            case t.TypedApply():
                return self._apply(node, scope, x)
            case t.TypedInline(arguments=arguments, body=body):
                inner = _Scope(scope.prefix, scope.counter, dict(arguments), {d.X: x}, inherited=scope.inherited)
                return self.body(body, inner, x), {}
            case t.TypedGroup() | t.TypedChoice():
                return self._group(node, scope, x), {}
            case t.TypedLoop():
                return self._loop(node, scope, x), {}
            case t.TypedLet(values=values):
                scope.variables.update(zip(node.node.names, values, strict=True))
            case t.TypedRefer(label=label):
                named = node.node
                return (scope.ports[label][named.output] if isinstance(named, d.Port) else scope.labels[label]), {}
            case t.TypedInput():
                return scope.labels[node.node.name], {}
            case t.TypedOutput(body=body):
                end = self.body(body, scope, x) if body is not None else x
                scope.outputs.append((node.node.name, node.node.when, end))
        return x, {}

    def _layer(self, node: t.TypedLayer, scope: _Scope, x: Digests) -> Digests:
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if node.op == "identity":
            return x
        arguments, tensors = self._of(node)
        path = ""
        if tensors:
            label = label_text(node.node.label, scope.variables) if node.node.label is not None else node.op
            path = joined_path(scope.prefix, name or label)
        return Digests(
            _digest("layer", node.op, arguments, x.computation),
            _digest("layer", node.op, arguments, x.weights, path, tensors),
        )

    def _join(self, node: t.TypedMerge, scope: _Scope, x: Digests) -> Digests:
        ends = [self.body(path, scope, x) for path in node.paths]
        arguments, _ = self._of(node)
        return Digests(
            _digest("join", node.node.op, arguments, [end.computation for end in ends]),
            _digest("join", node.node.op, arguments, [end.weights for end in ends]),
        )

    def _of(self, node: t.TypedLayer | t.TypedMerge) -> tuple[object, ...]:
        known = self._stated.get(id(node))
        if known is None:
            call = call_of(node)
            tensors = sorted({**call.op.weights(call), **call.op.buffers(call)}.items())
            known = self._stated.setdefault(id(node), (_arguments(call.op.parameters, node.arguments), tensors))
        return known

    def _apply(self, node: t.TypedApply, scope: _Scope, x: Digests) -> tuple[Digests, Mapping[str, Digests]]:
        instance = node.instance
        prefix = joined_path(scope.prefix, module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        given = (x, *(scope.labels[name] for name in node.tensors))
        labels = dict(zip((d.X, *instance.block.tensor_parameters), given, strict=True))
        inner = _Scope(prefix, [0], dict(instance.arguments), labels)
        end = self.body(instance.body, inner, x)
        ports = {name: value for name, _, value in inner.outputs}
        return (ports[instance.outputs[0][0]] if instance.outputs else end), ports

    def _group(self, node: t.TypedGroup | t.TypedChoice, scope: _Scope, x: Digests) -> Digests:
        if node.node.slot is None:
            return self.body(node.body, scope, x)
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if not (isinstance(node, t.TypedChoice) and is_single(node.body.body)):
            return self.body(node.body, scope.under(name), x)
        outer, scope.inherited = scope.inherited, name
        x = self.body(node.body, scope, x)
        scope.inherited = outer
        return x

    def _loop(self, node: t.TypedLoop, scope: _Scope, x: Digests) -> Digests:
        if node.node.slot is not None:
            scope = scope.under(module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        for turn in node.turns:
            for index in range(turn.first, turn.first + turn.count):
                bind_turn(node, index, scope.variables)
                x = self.body(turn.body, scope.under(str(index)) if node.node.own else scope, x)
        return x


def _arguments(parameters: Iterable[Parameter], given: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The arguments that are not what they are by themselves, each in one form."""
    found = ((parameter, _plain(parameter, given[parameter.name])) for parameter in parameters)
    return sorted(
        (parameter.name, value) for parameter, value in found if value != _plain(parameter, parameter.default)
    )


def _plain(parameter: Parameter, value: Value) -> Value:
    """``(3, 3)`` kernels are ``3`` along every axis, and the number 1 is 1.0 where any number may stand."""
    if isinstance(value, tuple) and len(set(value)) == 1 and parameter.kind.accepts(value[0]):
        return value[0]
    if parameter.kind is FLOAT and isinstance(value, int):
        return float(value)
    return value
