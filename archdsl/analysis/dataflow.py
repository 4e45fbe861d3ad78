"""Follows the values of a network from its inputs to its outputs, with the path of every module on the way.

What a value is, is up to a ``Meaning``: a digest, a number. How steps are grouped into blocks, loops and conditions,
and in which order independent ones stand, makes no difference to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from archdsl.analysis.costs import call_of
from archdsl.analysis.flatten import bind_turn, is_single, joined_path, label_text, module_name
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value

V = TypeVar("V")


class Meaning(Protocol[V]):
    """What layers and joins make of values. A step that runs more than once is asked about each time."""

    def layer(self, node: t.TypedLayer, path: str, x: V) -> V:
        """The value behind a layer; ``path`` is that of its tensors in ``state_dict``, empty for one without any."""

    def join(self, node: t.TypedMerge, ends: Sequence[V]) -> V:
        """The value behind a join of these."""


def outputs_of(
    design: t.TypedDesign, inputs: Sequence[V], meaning: Meaning[V]
) -> tuple[tuple[str, str | None, V], ...]:
    """The name of each output, when it exists, and its value. Every layer is looked at, repetitions one by one."""
    labels = {name: value for (name, _), value in zip(design.inputs, inputs, strict=True)}
    scope = _Scope("", [0], dict(design.root.arguments), {**labels, d.X: inputs[0]})
    _Flow(meaning).body(design.root.body, scope, inputs[0])
    return tuple(scope.outputs)


@dataclass(slots=True)
class _Scope(Generic[V]):
    """One block: its path, the next position in it, its variables and its labelled values."""

    prefix: str
    counter: list[int]
    variables: dict[str, Value]
    labels: dict[str, V]
    ports: dict[str, Mapping[str, V]] = field(default_factory=dict)
    outputs: list[tuple[str, str | None, V]] = field(default_factory=list)
    inherited: str = ""

    def under(self, name: str) -> _Scope[V]:
        """The inside of a group: a path of its own, the same names."""
        prefix = joined_path(self.prefix, name)
        return _Scope(prefix, [0], self.variables, self.labels, self.ports, self.outputs)


class _Flow(Generic[V]):
    """Follows the values of one network."""

    def __init__(self, meaning: Meaning[V]) -> None:
        self._meaning = meaning
        self._with_tensors: dict[int, bool] = {}

    def body(self, body: t.TypedBody, scope: _Scope[V], x: V) -> V:
        """A body's last value."""
        for node in body.nodes:
            x, ports = self._node(node, scope, x)
            label = getattr(node.node, "label", None)
            if isinstance(label, NameTemplate):
                name = label_text(label, scope.variables)
                scope.labels[name], scope.ports[name] = x, ports
        return x

    def _node(self, node: t.TypedNode, scope: _Scope[V], x: V) -> tuple[V, Mapping[str, V]]:
        match node:
            case t.TypedLayer():
                return self._layer(node, scope, x), {}
            case t.TypedMerge(paths=paths):
                return self._meaning.join(node, [self.body(path, scope, x) for path in paths]), {}
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

    def _layer(self, node: t.TypedLayer, scope: _Scope[V], x: V) -> V:
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if node.op == "identity":
            return x
        path = ""
        if self._has_tensors(node):
            label = label_text(node.node.label, scope.variables) if node.node.label is not None else node.op
            path = joined_path(scope.prefix, name or label)
        return self._meaning.layer(node, path, x)

    def _has_tensors(self, node: t.TypedLayer) -> bool:
        known = self._with_tensors.get(id(node))
        if known is None:
            call = call_of(node)
            known = self._with_tensors[id(node)] = bool(call.op.weights(call) or call.op.buffers(call))
        return known

    def _apply(self, node: t.TypedApply, scope: _Scope[V], x: V) -> tuple[V, Mapping[str, V]]:
        instance = node.instance
        prefix = joined_path(scope.prefix, module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        given = (x, *(scope.labels[name] for name in node.tensors))
        labels = dict(zip((d.X, *instance.block.tensor_parameters), given, strict=True))
        inner = _Scope(prefix, [0], dict(instance.arguments), labels)
        end = self.body(instance.body, inner, x)
        ports = {name: value for name, _, value in inner.outputs}
        return (ports[instance.outputs[0][0]] if instance.outputs else end), ports

    def _group(self, node: t.TypedGroup | t.TypedChoice, scope: _Scope[V], x: V) -> V:
        if node.node.slot is None:
            return self.body(node.body, scope, x)
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if not (isinstance(node, t.TypedChoice) and is_single(node.body.body)):
            return self.body(node.body, scope.under(name), x)
        outer, scope.inherited = scope.inherited, name
        x = self.body(node.body, scope, x)
        scope.inherited = outer
        return x

    def _loop(self, node: t.TypedLoop, scope: _Scope[V], x: V) -> V:
        if node.node.slot is not None:
            scope = scope.under(module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        for turn in node.turns:
            for index in range(turn.first, turn.first + turn.count):
                bind_turn(node, index, scope.variables)
                x = self.body(turn.body, scope.under(str(index)) if node.node.own else scope, x)
        return x
