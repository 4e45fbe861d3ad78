"""What two networks compute, as numbers: equal numbers are equal functions of the inputs and of ``state_dict``.

Every value is numbered by the layer that makes it, its arguments, the key of its weights and the values that go in
(value numbering). How steps are grouped into blocks, and in which order independent ones stand, makes no difference.
The other way round nothing is promised: two networks with different numbers may still compute the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.analysis.costs import call_of
from archdsl.analysis.flatten import bind_turn, is_single, joined_path, label_text, module_name
from archdsl.compare.tree import Numbers, plain_arguments
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value

Outputs = tuple[tuple[str, str | None, int], ...]
"""The name of each output, when it exists, and the number of its value."""


@dataclass(slots=True)
class _Scope:
    """One block: its path, the next position in it, its variables and its labelled values."""

    prefix: str
    counter: list[int]
    variables: dict[str, Value]
    labels: dict[str, int]
    ports: dict[str, Mapping[str, int]] = field(default_factory=dict)
    outputs: list[tuple[str, str | None, int]] = field(default_factory=list)
    inherited: str = ""

    def under(self, name: str) -> _Scope:
        """The inside of a group: a path of its own, the same names."""
        prefix = joined_path(self.prefix, name)
        return _Scope(prefix, [0], self.variables, self.labels, self.ports, self.outputs)


def computed(design: t.TypedDesign, numbers: Numbers) -> Outputs:
    """The outputs of a network."""
    inputs = [numbers.of("input", index) for index in range(len(design.inputs))]
    labels = {name: value for (name, _), value in zip(design.inputs, inputs, strict=True)}
    scope = _Scope("", [0], dict(design.root.arguments), {**labels, d.X: inputs[0]})
    _Flow(numbers).body(design.root.body, scope, inputs[0])
    return tuple(scope.outputs)


def is_same(old: Outputs, new: Outputs) -> bool:
    """Whether the outputs that both networks have are the same functions; as many stand in one order, else by name."""
    if len(old) == len(new):
        return [each[1:] for each in old] == [each[1:] for each in new]
    after = {name: each for name, *each in new}
    return all(after.get(name, each) == each for name, *each in old)


class _Flow:
    """Follows the values of one network."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._arguments: dict[int, object] = {}

    def body(self, body: t.TypedBody, scope: _Scope, x: int) -> int:
        """The number of a body's last value."""
        for node in body.nodes:
            x, ports = self._node(node, scope, x)
            label = getattr(node.node, "label", None)
            if isinstance(label, NameTemplate):
                name = label_text(label, scope.variables)
                scope.labels[name], scope.ports[name] = x, ports
        return x

    def _node(self, node: t.TypedNode, scope: _Scope, x: int) -> tuple[int, Mapping[str, int]]:
        match node:
            case t.TypedLayer():
                return self._layer(node, scope, x), {}
            case t.TypedMerge(paths=paths):
                ends = tuple(self.body(path, scope, x) for path in paths)
                return self._numbers.of("join", node.node.op, self._stated(node), ends), {}
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

    def _layer(self, node: t.TypedLayer, scope: _Scope, x: int) -> int:
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if node.op == "identity":
            return x
        path = ""
        if node.weights or has_tensors(node):
            label = label_text(node.node.label, scope.variables) if node.node.label is not None else node.op
            path = joined_path(scope.prefix, name or label)
        return self._numbers.of("layer", node.op, self._stated(node), path, x)

    def _stated(self, node: t.TypedLayer | t.TypedMerge) -> object:
        known = self._arguments.get(id(node))
        return known if known is not None else self._arguments.setdefault(id(node), plain_arguments(node.arguments))

    def _apply(self, node: t.TypedApply, scope: _Scope, x: int) -> tuple[int, Mapping[str, int]]:
        instance = node.instance
        prefix = joined_path(scope.prefix, module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        given = (x, *(scope.labels[name] for name in node.tensors))
        labels = dict(zip((d.X, *instance.block.tensor_parameters), given, strict=True))
        inner = _Scope(prefix, [0], dict(instance.arguments), labels)
        end = self.body(instance.body, inner, x)
        ports = {name: value for name, _, value in inner.outputs}
        return (ports[instance.outputs[0][0]] if instance.outputs else end), ports

    def _group(self, node: t.TypedGroup | t.TypedChoice, scope: _Scope, x: int) -> int:
        if node.node.slot is None:
            return self.body(node.body, scope, x)
        name = module_name(node.node.slot, scope.counter, scope.variables, scope.inherited)
        if not (isinstance(node, t.TypedChoice) and is_single(node.body.body)):
            return self.body(node.body, scope.under(name), x)
        outer, scope.inherited = scope.inherited, name
        x = self.body(node.body, scope, x)
        scope.inherited = outer
        return x

    def _loop(self, node: t.TypedLoop, scope: _Scope, x: int) -> int:
        if node.node.slot is not None:
            scope = scope.under(module_name(node.node.slot, scope.counter, scope.variables, scope.inherited))
        for turn in node.turns:
            for index in range(turn.first, turn.first + turn.count):
                bind_turn(node, index, scope.variables)
                x = self.body(turn.body, scope.under(str(index)) if node.node.own else scope, x)
        return x


def has_tensors(node: t.TypedLayer) -> bool:
    """Whether a layer has entries in ``state_dict`` that are no weights."""
    call = call_of(node)
    return bool(call.op.buffers(call))
