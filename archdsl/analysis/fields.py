"""Receptive fields through blocks, loops and references, without rows: for the parts that a table folds.

The way through a block instance, or through one turn of a loop, is worked out once and then placed behind
whatever comes before it (``receptive_field.behind``), so that the cost grows with what is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archdsl.analysis import receptive_field as rf
from archdsl.analysis.costs import call_of
from archdsl.analysis.flatten import bind_turn, label_text
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value
from archdsl.ops import REGISTRY
from archdsl.ops.base import Sight

Ports = Mapping[str, rf.Field]
Variables = dict[str, Value]


@dataclass(slots=True)
class Values:
    """What the labelled values of one block see; names that it does not know see nothing."""

    labels: dict[str, rf.Field]
    ports: dict[str, Ports]

    @staticmethod
    def of_network(design: t.TypedDesign) -> Values:
        """The inputs of a network, each seeing itself."""
        labels = {name: rf.input_field(type_) for name, type_ in design.inputs}
        return Values({**labels, d.X: next(iter(labels.values()))}, {})

    @staticmethod
    def of_block(instance: t.BlockInstance, fields: Sequence[rf.Field]) -> Values:
        """The inputs of a block: its running value, then its tensor parameters."""
        names = (d.X, *instance.block.tensor_parameters)
        return Values(dict(zip(names, fields, strict=True)), {})

    @staticmethod
    def spliced(x: rf.Field) -> Values:
        """The names of a block spliced in."""
        return Values({d.X: x}, {})

    @property
    def x(self) -> rf.Field:
        """The block's own input."""
        return self.of(d.X)

    def of(self, label: str) -> rf.Field:
        """What a labelled value sees."""
        return self.labels.get(label, rf.Blind.NOTHING)

    def referred(self, node: t.TypedRefer) -> rf.Field:
        """What a reference to an earlier value, or to one output of a block, sees."""
        if isinstance(node.node, d.Port):
            return self.ports.get(node.label, {}).get(node.node.output, rf.Blind.NOTHING)
        return self.of(node.label)

    def name(self, node: t.TypedNode, variables: Mapping[str, Value], field: rf.Field, ports: Ports) -> None:
        """Remembers a value under its label, if it has one."""
        label = getattr(node.node, "label", None)
        if isinstance(label, NameTemplate):
            text = label_text(label, variables)
            self.labels[text] = field
            self.ports[text] = ports


class FieldTable:
    """The ways through the parts of one network, each worked out once."""

    def __init__(self) -> None:
        self._blocks: dict[t.BlockInstance, list[dict[str | None, rf.Field]]] = {}
        # By identity: nodes and bodies live as long as the network, and comparing them would walk them.
        self._turns: dict[int, rf.Field] = {}
        self._windows: dict[int, tuple[rf.Windows, bool]] = {}

    def body(self, body: t.TypedBody, values: Values, variables: Variables, x: rf.Field) -> rf.Field:
        """What the last value of a body sees; its labels go into ``values``."""
        for node in body.nodes:
            x, ports = self.node(node, values, variables, x)
            values.name(node, variables, x, ports)
        return x

    def node(self, node: t.TypedNode, values: Values, variables: Variables, x: rf.Field) -> tuple[rf.Field, Ports]:
        """What the running value sees after a node, and the outputs of a block by name."""
        match node:
            case t.TypedLayer():
                return self.layer(node, x), {}
            case t.TypedMerge(paths=paths):
                return rf.joined([self.body(path, values, variables, x) for path in paths]), {}
            case t.TypedApply():
                return self.apply(node, values, x)
            case t.TypedInline(arguments=arguments, body=body):
                return self.body(body, Values.spliced(x), dict(arguments), x), {}
            case t.TypedGroup(body=body) | t.TypedChoice(body=body):
                return self.body(body, values, variables, x), {}
            case t.TypedLoop():
                return self._loop(node, values, variables, x), {}
            case t.TypedLet(values=found):
                variables.update(zip(node.node.names, found, strict=True))
            case t.TypedRefer():
                return values.referred(node), {}
            case t.TypedInput():
                return values.of(node.node.name), {}
            case t.TypedOutput(body=t.TypedBody() as body):
                self.body(body, values, variables, x)
        return x, {}

    def layer(self, node: t.TypedLayer, x: rf.Field) -> rf.Field:
        """What the output of a layer sees."""
        if node.output is None:
            return rf.Blind.UNKNOWN
        sight = REGISTRY[node.op].sight
        if sight is not Sight.WINDOWS:
            return rf.behind(x, rf.Blind.EVERYTHING if sight is Sight.EVERYTHING else rf.Blind.UNKNOWN)
        return rf.through_windows(x, self._windows_of(node)[0], node.output)

    def is_adaptive(self, node: t.TypedLayer) -> bool:
        """Whether a layer's windows depend on the size of its input."""
        return node.output is not None and self._windows_of(node)[1]

    def _windows_of(self, node: t.TypedLayer) -> tuple[rf.Windows, bool]:
        known = self._windows.get(id(node))
        if known is None:
            call = call_of(node)
            windows = call.op.window(call) if node.inputs[0].spatial else None
            known = self._windows.setdefault(id(node), (windows, rf.depends_on_size(call, windows)))
        return known

    def apply(self, node: t.TypedApply, values: Values, x: rf.Field) -> tuple[rf.Field, Ports]:
        """What the running value and the outputs of an applied block see."""
        given = (x, *(values.of(label) for label in node.tensors))
        ways = self._ways(node.instance)
        fields = {
            name: rf.joined([rf.behind(field, way[name]) for field, way in zip(given, ways, strict=True)])
            for name in ways[0]
        }
        first = node.instance.outputs[0][0] if node.instance.outputs else None
        return fields[first], {name: field for name, field in fields.items() if name is not None}

    def turn(self, turn: t.Turn, variables: Variables) -> rf.Field:
        """The way through one turn of a loop, from the value before it."""
        known = self._turns.get(id(turn.body))
        if known is None:
            start = rf.input_field(turn.body.input) if turn.body.input is not None else rf.Blind.UNKNOWN
            known = self.body(turn.body, Values({}, {}), dict(variables), start)
            self._turns[id(turn.body)] = known
        return known

    def _loop(self, node: t.TypedLoop, values: Values, variables: Variables, x: rf.Field) -> rf.Field:
        for turn in node.turns:
            bind_turn(node, turn.first, variables)
            x = self.body(turn.body, values, variables, x)
            if turn.count > 1:
                x = rf.behind(x, rf.times(self.turn(turn, variables), turn.count - 1))
        return x

    def _ways(self, instance: t.BlockInstance) -> list[dict[str | None, rf.Field]]:
        """For each input of a block what its outputs see of it (None: its running value), seen from that input."""
        known = self._blocks.get(instance)
        if known is not None:
            return known
        ways = []
        for number in range(len(instance.inputs)):
            fields: list[rf.Field] = [rf.Blind.NOTHING] * len(instance.inputs)
            fields[number] = rf.input_field(instance.inputs[number])
            values = Values.of_block(instance, fields)
            ways.append(self._outputs(instance, values, fields[0]))
        return self._blocks.setdefault(instance, ways)

    def _outputs(self, instance: t.BlockInstance, values: Values, x: rf.Field) -> dict[str | None, rf.Field]:
        variables = dict(instance.arguments)
        found: dict[str | None, rf.Field] = {}
        for node in instance.body.nodes:
            if isinstance(node, t.TypedOutput):
                found[node.node.name] = x if node.body is None else self.body(node.body, values, dict(variables), x)
                continue
            x, ports = self.node(node, values, variables, x)
            values.name(node, variables, x, ports)
        return {**found, None: x}
