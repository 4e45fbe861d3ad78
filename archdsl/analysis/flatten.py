"""The flat view of a checked network: every layer in order, with the path that is its ``state_dict`` prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import Environment, EvaluationError, evaluate_name
from archdsl.ir.expr import NameTemplate
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ir.walk import only_step
from archdsl.source.span import Span


@dataclass(frozen=True, slots=True)
class FlatLayer:
    """One layer or join. ``is_module`` tells whether ``path`` names a module of the generated class."""

    path: str
    op: str
    arguments: Mapping[str, Value]
    inputs: tuple[TensorType, ...]
    output: TensorType | None
    weights: int
    span: Span
    is_module: bool
    blocks: tuple[str, ...]
    """The blocks around it, from the network inwards."""
    when: str | None = None
    """``training`` for layers that only run in training."""


def flatten(design: t.TypedDesign) -> Iterator[FlatLayer]:
    """All layers of a network in the order in which they run; repeated ones are repeated."""
    root = design.root
    walker = _Walker((root.block.name,), None)
    yield from walker.body(root.body, "", [0], dict(root.arguments))


class _Walker:
    """Walks one block instance."""

    def __init__(self, blocks: tuple[str, ...], when: str | None) -> None:
        self._blocks = blocks
        self._when = when

    def body(
        self, body: t.TypedBody, prefix: str, counter: list[int], variables: dict[str, Value], inherited: str = ""
    ) -> Iterator[FlatLayer]:
        """The layers of a body. ``counter`` holds the next position of the ``nn.Sequential`` around it."""
        for node in body.nodes:
            yield from self._node(node, prefix, counter, variables, inherited)

    def _node(
        self, node: t.TypedNode, prefix: str, counter: list[int], variables: dict[str, Value], inherited: str
    ) -> Iterator[FlatLayer]:
        match node:
            case t.TypedLayer():
                name = module_name(node.node.slot, counter, variables, inherited)
                own = node.node.slot is not None
                path = joined_path(prefix, name or own_label(node.node, variables) or node.op)
                yield self._flat(path, node.op, node.arguments, node.inputs, node.output, node.weights, node.node, own)
            case t.TypedMerge():
                for path_body in node.paths:
                    yield from self.body(path_body, prefix, counter, variables)
                path = joined_path(prefix, own_label(node.node, variables) or node.node.op)
                inputs = tuple(body.output for body in node.paths if body.output is not None)
                yield self._flat(path, node.node.op, node.arguments, inputs, node.output, 0, node.node, False)
            case t.TypedApply(instance=instance):
                name = module_name(node.node.slot, counter, variables, inherited)
                inner = _Walker((*self._blocks, instance.block.name), self._when)
                yield from inner.body(instance.body, joined_path(prefix, name), [0], dict(instance.arguments))
            case t.TypedInline(arguments=arguments, body=body):
                yield from self.body(body, prefix, counter, dict(arguments))
            case t.TypedGroup(body=body):
                if node.node.slot is None:
                    yield from self.body(body, prefix, counter, variables)
                else:
                    name = module_name(node.node.slot, counter, variables, inherited)
                    yield from self.body(body, joined_path(prefix, name), [0], variables)
            case t.TypedChoice():
                yield from self._choice(node, prefix, counter, variables, inherited)
            case t.TypedLoop():
                yield from self._loop(node, prefix, counter, variables, inherited)
            case t.TypedLet(values=values):
                variables.update(zip(node.node.names, values, strict=True))
            case t.TypedOutput(body=t.TypedBody() as body):
                walker = _Walker(self._blocks, node.node.when)
                yield from walker.body(body, prefix, counter, variables)

    def _choice(
        self, node: t.TypedChoice, prefix: str, counter: list[int], variables: dict[str, Value], inherited: str
    ) -> Iterator[FlatLayer]:
        if node.node.slot is None:
            yield from self.body(node.body, prefix, counter, variables)
            return
        name = module_name(node.node.slot, counter, variables, inherited)
        if is_single(node.body.body):
            yield from self.body(node.body, prefix, counter, variables, inherited=name)
        else:
            yield from self.body(node.body, joined_path(prefix, name), [0], variables)

    def _loop(
        self, node: t.TypedLoop, prefix: str, counter: list[int], variables: dict[str, Value], inherited: str
    ) -> Iterator[FlatLayer]:
        if node.node.slot is not None:
            prefix, counter = joined_path(prefix, module_name(node.node.slot, counter, variables, inherited)), [0]
        for turn in node.turns:
            for index in range(turn.first, turn.first + turn.count):
                bind_turn(node, index, variables)
                if node.node.own:
                    yield from self.body(turn.body, joined_path(prefix, str(index)), [0], variables)
                else:
                    yield from self.body(turn.body, prefix, counter, variables)

    def _flat(
        self,
        path: str,
        op: str,
        arguments: Mapping[str, Value],
        inputs: tuple[TensorType, ...],
        output: TensorType | None,
        weights: int,
        node: d.Layer | d.Apply | d.Merge,
        own: bool,
    ) -> FlatLayer:
        return FlatLayer(path, op, arguments, inputs, output, weights, node.span, own, self._blocks, self._when)


def bind_turn(node: t.TypedLoop, index: int, variables: dict[str, Value]) -> None:
    """Gives the loop variables their values in one turn."""
    if node.node.is_repeat:
        return
    item = node.items[index]
    values = item if node.node.unpacks else (item,)
    assert isinstance(values, tuple)
    variables.update(zip(node.node.names, values, strict=True))


def is_single(body: d.Body) -> bool:
    """Whether the body of a named condition is one module, which then has the condition's name."""
    slot = getattr(only_step(body), "slot", None)
    return isinstance(slot, d.Slot) and slot.inherited


def module_name(slot: d.Slot | None, counter: list[int], variables: Mapping[str, Value], inherited: str) -> str:
    """The name of a module in the class around it; taking a position moves ``counter`` on."""
    if slot is None:
        return ""
    if slot.inherited:
        return inherited
    if slot.name is None:
        counter[0] += 1
        return str(counter[0] - 1)
    return label_text(slot.name, variables)


def label_text(template: NameTemplate, variables: Mapping[str, Value]) -> str:
    """A label with its computed parts filled in."""
    return evaluate_name(template, Environment(variables, _no_shapes))


def own_label(node: d.Layer | d.Apply | d.Merge, variables: Mapping[str, Value]) -> str:
    """The label of a node, or nothing."""
    return label_text(node.label, variables) if node.label is not None else ""


def _no_shapes(name: str | None, span: Span) -> TensorType:
    raise EvaluationError("E0405", "labels are made of variables, not of shapes", span)


def joined_path(prefix: str, name: str) -> str:
    """A path and a name below it; either may be empty."""
    return f"{prefix}.{name}" if prefix and name else prefix or name
