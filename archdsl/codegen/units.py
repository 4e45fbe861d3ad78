"""A Unit is one class to be written: a block (or a group with joins) with everything it was applied to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import Expr, NameTemplate, sizes_in
from archdsl.ir.kinds import Kind, Value
from archdsl.ir.lines import is_sequential
from archdsl.ir.types import Size, TensorType, size_of
from archdsl.ir.walk import every, expressions, from_outside, label_of, referred_to, values_read

UnitKey = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter of the class: a block's own, or a variable that a group takes from around it."""

    name: str
    kind: Kind | None
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class Outside:
    """The values that a class gets beside its input: labels, each with its parameter of ``forward``.

    ``sized`` are those whose channels count: each has a parameter ``..._channels`` of ``__init__``.
    """

    read: Mapping[str, str] = field(default_factory=dict)
    sized: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One use of a unit: the values of its variables, its typed body, the types that flow in.

    ``x`` is the type of the value of that name; in a group it is what flows into the block around it.
    """

    variables: Mapping[str, Value]
    body: t.TypedBody
    inputs: tuple[TensorType, ...]
    x: TensorType


@dataclass(slots=True, eq=False)
class Unit:
    """One class. ``blocks`` binds its block-valued parameters; ``index`` lists what each node became."""

    key: UnitKey
    name: str
    body: d.Body
    formals: tuple[Formal, ...]
    doc: str
    is_network: bool
    outside: Outside
    block: d.Block | None = None
    class_name: str | None = None
    """The name that the spec gives to the class."""
    blocks: Mapping[str, d.BlockValue] = field(default_factory=dict)
    occurrences: list[Occurrence] = field(default_factory=list)
    index: dict[int, list[t.TypedNode]] = field(default_factory=dict)
    _layers: dict[int, tuple[t.TypedLayer, ...]] = field(default_factory=dict)

    def uses(self, node: d.Node) -> Sequence[t.TypedNode]:
        """What a node became in every occurrence and turn."""
        return self.index.get(_identity(node), ())

    def layers(self, node: d.Node) -> Sequence[t.TypedLayer]:
        """The layers that a node became, each once: turns that are alike are many."""
        known = self._layers.get(_identity(node))
        if known is None:
            uses = (use for use in self.uses(node) if isinstance(use, t.TypedLayer))
            known = tuple({(use.op, *use.arguments.items(), use.inputs, use.output): use for use in uses}.values())
            self._layers[_identity(node)] = known
        return known

    def own_size(self, attribute: str) -> int | None:
        """A size of the block's own input, if it is the same number in every use."""
        return _common(size_of(type_, attribute) for type_ in self.inputs_of(None))

    def spliced_size(self, node: d.Inline, attribute: str) -> int | None:
        """A size of what flows into a spliced block, if it is the same number in every use."""
        return _common(size_of(type_, attribute) for type_ in self.inputs_of(node))

    def inputs_of(self, node: d.Inline | None) -> list[TensorType]:
        """The types of ``x`` in every use: of what flows into a spliced block, or into the block itself."""
        if node is None:
            return [occurrence.x for occurrence in self.occurrences]
        types = (use.body.input for use in self.uses(node) if isinstance(use, t.TypedInline))
        return [type_ for type_ in types if type_ is not None]

    def size_of(self, label: str, attribute: str) -> int | None:
        """A size of a labelled value or input, if it is the same number in every use."""
        nodes = [node for node in every(self.body) if (name := label_of(node)) is not None and name.plain == label]
        types = [use.output for node in nodes for use in self.uses(node)]
        inputs = [node.name for node in self.body.nodes if isinstance(node, d.Input)]
        if label in inputs:
            types += [occurrence.inputs[inputs.index(label)] for occurrence in self.occurrences]
        return _common(size_of(type_, attribute) if type_ is not None else None for type_ in types)

    def value_of(self, name: str) -> tuple[bool, Value]:
        """(True, value) if a parameter has the same value in every occurrence."""
        values = {occurrence.variables.get(name) for occurrence in self.occurrences}
        return (True, next(iter(values))) if len(values) == 1 else (False, None)


def _common(sizes: Iterable[Size | None]) -> int | None:
    """The number that all sizes are, if they are one number."""
    found = set(sizes)
    size = found.pop() if len(found) == 1 else None
    return size if isinstance(size, int) else None


def _identity(node: d.Node) -> int:
    """What tells nodes apart; a loop is its body, so that a loop in another place is still known."""
    return id(node.body if isinstance(node, d.Loop) else node)


def block_bindings(instance_arguments: Mapping[str, Value]) -> dict[str, d.BlockValue]:
    """The block-valued arguments of an instance: they choose the class."""
    return {name: value for name, value in instance_arguments.items() if isinstance(value, d.BlockValue)}


def instance_key(instance: t.BlockInstance) -> UnitKey:
    """Instances of one block with the same block-valued arguments share a class."""
    return (instance.block, *sorted(block_bindings(instance.arguments).items(), key=lambda item: item[0]))


def _group_key(body: d.Body, blocks: Mapping[str, d.BlockValue]) -> UnitKey:
    """Groups share a class if the blocks that they read from around them are the same."""
    read = values_read(body)
    return (id(body), *sorted((item for item in blocks.items() if item[0] in read), key=lambda item: item[0]))


_BLOCK_INPUT = "block_input"


def outer_values(body: d.Body) -> Outside:
    """The values from outside that the body of a group or turn reads, and those of which it asks the size."""
    read, sized = from_outside(body, referred_to), from_outside(body, _sized)
    parameters = {name: _BLOCK_INPUT if name == d.X else name for name in (*read, *sized)}
    return Outside({name: parameters[name] for name in read}, parameters)


def values_named(body: d.Body) -> frozenset[str | None]:
    """The labels that steps refer to or ask the size of; None stands for computed ones."""
    return frozenset(name for node in every(body) for name in (*referred_to(node), *_sized(node)))


def _sized(node: d.Node) -> Iterator[str | None]:
    """The values of which a node asks a size."""
    for expr in expressions(node):
        for size in sizes_in(expr):
            yield size.value.plain if size.value is not None else d.X


class Program:
    """All units of one generated file, gathered from its networks; callees come before callers."""

    def __init__(self) -> None:
        self.units: dict[UnitKey, Unit] = {}
        self._seen: set[int] = set()

    def add_network(self, design: t.TypedDesign) -> Unit:
        """The unit of a network, with the units of all blocks in it."""
        return self._instance(design.root)

    def unit_of(self, instance: t.BlockInstance) -> Unit:
        """The unit that an instance belongs to."""
        return self.units[instance_key(instance)]

    def group_unit(self, node: d.Group | d.Loop, blocks: Mapping[str, d.BlockValue]) -> Unit:
        """The unit of a group (or turn) that is a class of its own; ``blocks`` are bound around it."""
        return self.units[_group_key(node.body, blocks)]

    def _instance(self, instance: t.BlockInstance) -> Unit:
        key = instance_key(instance)
        unit = self.units.get(key)
        if unit is None:
            block = instance.block
            formals = tuple(
                Formal(parameter.name, parameter.kind, parameter.default)
                for parameter in block.parameters
                if parameter.kind is not d.BLOCK and parameter.kind is not d.TENSOR
            )
            given = {name: name for name in block.tensor_parameters}
            outside = Outside(given, given)
            unit = Unit(key, block.name, block.body, formals, block.doc, block.is_network, outside)
            unit.class_name = block.class_name
            unit.block, unit.blocks = block, block_bindings(instance.arguments)
            self.units[key] = unit
        if id(instance) not in self._seen:
            self._seen.add(id(instance))
            unit.occurrences.append(Occurrence(instance.arguments, instance.body, instance.inputs, instance.inputs[0]))
            self._walk(unit, instance.body, dict(instance.arguments), instance.inputs[0])
        return unit

    def _walk(self, unit: Unit, body: t.TypedBody, variables: dict[str, Value], x: TensorType) -> None:
        for node in body.nodes:
            unit.index.setdefault(_identity(node.node), []).append(node)
            self._descend(unit, node, variables, x)

    def _descend(self, unit: Unit, node: t.TypedNode, variables: dict[str, Value], x: TensorType) -> None:
        match node:
            case t.TypedApply(instance=instance):
                self._instance(instance)
            case t.TypedInline(arguments=arguments, body=body):
                assert body.input is not None
                self._walk(unit, body, dict(arguments), body.input)
            case t.TypedMerge(paths=paths):
                for path in paths:
                    self._walk(unit, path, variables, x)
            case t.TypedGroup(body=body):
                if node.node.slot is not None and not is_sequential(node.node.body):
                    self._group(unit, node.node, body, variables, x)
                else:
                    self._walk(unit, body, variables, x)
            case t.TypedLoop():
                self._loop(unit, node, variables, x)
            case t.TypedChoice(body=body):
                self._walk(unit, body, variables, x)
            case t.TypedLet(values=values):
                variables.update(zip(node.node.names, values, strict=True))
            case t.TypedOutput(body=t.TypedBody() as body):
                self._walk(unit, body, variables, x)

    def _loop(self, unit: Unit, node: t.TypedLoop, variables: dict[str, Value], x: TensorType) -> None:
        for turn in node.turns:
            if not node.node.is_repeat:
                item = node.items[turn.first]
                values = item if node.node.unpacks else (item,)
                assert isinstance(values, tuple)
                variables.update(zip(node.node.names, values, strict=True))
            if node.node.own or (node.node.slot is not None and not is_sequential(node.node.body)):
                self._group(unit, node.node, turn.body, variables, x)
            else:
                self._walk(unit, turn.body, variables, x)

    def _group(
        self, unit: Unit, node: d.Group | d.Loop, body: t.TypedBody, variables: Mapping[str, Value], x: TensorType
    ) -> None:
        """A group with joins is a class: what it reads from around it becomes its parameters."""
        key = _group_key(node.body, block_bindings(variables))
        inner = self.units.get(key)
        if inner is None:
            assert node.slot is not None and node.slot.name is not None
            label = node.slot.name
            read = values_read(node.body)
            taken = {key_: value for key_, value in variables.items() if key_ in read}
            blocks = block_bindings(taken)
            kinds = {formal.name: formal.kind for formal in unit.formals}
            formals = tuple(Formal(key_, kinds.get(key_)) for key_ in taken if key_ not in blocks)
            inner = Unit(key, f"{unit.name}_{words(label)}", node.body, formals, "", False, outer_values(node.body))
            inner.blocks = blocks
            self.units[key] = inner
        assert body.input is not None
        inner.occurrences.append(Occurrence(dict(variables), body, (body.input,), x))
        self._walk(inner, body, dict(variables), x)


def words(template: NameTemplate) -> str:
    """The written part of a label, in the singular."""
    text = "".join(part for part in template.parts if isinstance(part, str))
    return text[:-1] if text.endswith("s") and len(text) > 3 else text
