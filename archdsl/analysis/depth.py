"""How deep a network is: the most weighted layers on any way from an input to an output.

The graph of a block has a node for every value and an edge for every way from one value to the next, as
long as the way has weighted layers. A block applied inside is one edge per input and output; its own length
is worked out once. Equal turns of a loop are one turn and an edge as long as all others together: since
lengths only grow, whatever enters from outside enters best in the first turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import networkx as nx

from archdsl.analysis.costs import is_weighted
from archdsl.analysis.flatten import bind_turn, label_text
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call

Lengths = Mapping[str | None, Sequence[int | None]]
"""For each output of a block (None: its running value) the longest way from each of its inputs, if there is one."""


def depth(design: t.TypedDesign) -> int:
    """The depth of a network in inference: outputs that exist in training only do not count."""
    measure = _Measure()
    scope = _Scope(dict(design.root.arguments))
    inputs = [scope.value() for _ in design.inputs]
    scope.labels.update(zip((name for name, _ in design.inputs), inputs, strict=True))
    scope.labels[d.X] = inputs[0]
    measure.body(design.root.body, scope, inputs[0])
    ends = [node for node, when in scope.ends if when is None]
    before = set(ends).union(*(nx.ancestors(scope.graph, end) for end in ends))
    return int(nx.dag_longest_path_length(scope.graph.subgraph(before), weight="layers"))


@dataclass(slots=True)
class _Scope:
    """The graph of one block while it is walked: values are integers."""

    variables: dict[str, Value]
    graph: nx.DiGraph = field(default_factory=nx.DiGraph)
    labels: dict[str, int] = field(default_factory=dict)
    ports: dict[str, Mapping[str, int]] = field(default_factory=dict)
    ends: list[tuple[int, str | None]] = field(default_factory=list)
    outputs: dict[str | None, int] = field(default_factory=dict)

    def value(self, *before: tuple[int, int]) -> int:
        """A new value, with its (earlier value, layers in between)."""
        number: int = self.graph.number_of_nodes()
        self.graph.add_node(number)
        for earlier, layers in before:
            known = self.graph.get_edge_data(earlier, number, {"layers": 0})["layers"]
            self.graph.add_edge(earlier, number, layers=max(layers, known))
        return number

    def inner(self, variables: Mapping[str, Value], x: int) -> _Scope:
        """The scope of a block spliced in: its own names, the same graph."""
        return _Scope(dict(variables), self.graph, {d.X: x})


class _Measure:
    """Builds graphs; remembers the lengths of block instances."""

    def __init__(self) -> None:
        self._lengths: dict[t.BlockInstance, Lengths] = {}

    def body(self, body: t.TypedBody, scope: _Scope, x: int) -> int:
        """Adds the values of a body that starts from ``x``; gives its last value."""
        for node in body.nodes:
            x, ports = self._node(node, scope, x)
            label = getattr(node.node, "label", None)
            if isinstance(label, NameTemplate):
                name = label_text(label, scope.variables)
                scope.labels[name] = x
                scope.ports[name] = ports
        return x

    def _node(self, node: t.TypedNode, scope: _Scope, x: int) -> tuple[int, Mapping[str, int]]:
        match node:
            case t.TypedLayer(op=op, inputs=inputs, output=output):
                return scope.value((x, int(is_weighted(Call(REGISTRY[op], node.arguments, inputs), output)))), {}
            case t.TypedMerge(paths=paths):
                ends = [self.body(path, scope, x) for path in paths]
                return scope.value(*((end, 0) for end in ends)), {}
            case t.TypedApply():
                return self._apply(node, scope, x)
            case t.TypedInline(arguments=arguments, body=body):
                return self.body(body, scope.inner(arguments, x), x), {}
            case t.TypedGroup(body=body) | t.TypedChoice(body=body):
                return self.body(body, scope, x), {}
            case t.TypedLoop():
                return self._loop(node, scope, x), {}
            case t.TypedLet(values=values):
                scope.variables.update(zip(node.node.names, values, strict=True))
            case t.TypedRefer():
                return _referred(node, scope), {}
            case t.TypedInput():
                return scope.labels[node.node.name], {}
            case t.TypedOutput(body=body):
                end = self.body(body, scope, x) if body is not None else x
                scope.ends.append((end, node.node.when))
                scope.outputs[node.node.name] = end
        return x, {}

    def _apply(self, node: t.TypedApply, scope: _Scope, x: int) -> tuple[int, Mapping[str, int]]:
        lengths = self._instance(node.instance)
        given = (x, *(scope.labels[name] for name in node.tensors))
        values = {
            name: scope.value(*((value, way) for value, way in zip(given, ways, strict=True) if way is not None))
            for name, ways in lengths.items()
        }
        first = node.instance.outputs[0][0] if node.instance.outputs else None
        return values[first], {name: value for name, value in values.items() if name is not None}

    def _loop(self, node: t.TypedLoop, scope: _Scope, x: int) -> int:
        for turn in node.turns:
            bind_turn(node, turn.first, scope.variables)
            # A value of its own, so that what enters from outside is told from what comes round.
            start = scope.value((x, 0))
            x = self.body(turn.body, scope, start)
            if turn.count > 1:
                own = scope.graph.subgraph(range(start, scope.graph.number_of_nodes()))
                x = scope.value((x, (_longest(own, start, x) or 0) * (turn.count - 1)))
        return x

    def _instance(self, instance: t.BlockInstance) -> Lengths:
        known = self._lengths.get(instance)
        if known is not None:
            return known
        scope = _Scope(dict(instance.arguments))
        inputs = [scope.value() for _ in instance.inputs]
        scope.labels[d.X] = inputs[0]
        scope.labels.update(zip(instance.block.tensor_parameters, inputs[1:], strict=True))
        scope.outputs[None] = self.body(instance.body, scope, inputs[0])
        lengths = {name: [_longest(scope.graph, start, end) for start in inputs] for name, end in scope.outputs.items()}
        return self._lengths.setdefault(instance, lengths)


def _referred(node: t.TypedRefer, scope: _Scope) -> int:
    if isinstance(node.node, d.Port):
        return scope.ports[node.label][node.node.output]
    return scope.labels[node.label]


def _longest(graph: nx.DiGraph, start: int, end: int) -> int | None:
    """The length of the longest way between two values; None if there is none."""
    if start == end:
        return 0
    if end not in graph:
        return None
    between = nx.descendants(graph, start) & nx.ancestors(graph, end)
    if not between and not graph.has_edge(start, end):
        return None
    part = graph.subgraph({start, end, *between})
    return int(nx.dag_longest_path_length(part, weight="layers"))
