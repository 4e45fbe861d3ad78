"""A network as a tree of modules, in which equal parts have equal numbers: what two networks are compared by.

Loops are written out, conditions decided, spliced blocks spliced: only what runs is left, under the names that
``state_dict`` has. A block instance is walked once and shared by all its applications.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from archdsl.analysis.costs import Costs, call_of, layer_macs
from archdsl.analysis.flatten import bind_turn, is_single, label_text, module_name
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.source.span import Span

MOST_LAYERS = 100_000
"""Networks of more layers are not compared."""


class Form(Enum):
    """What a part is."""

    LAYER = "layer"
    JOIN = "join"
    BLOCK = "block"
    GROUP = "group"
    PATH = "path"
    BRANCH = "branch"
    """What computes an output beside the running value."""
    REFERENCE = "reference"


Tensors = tuple[tuple[str, tuple[int, ...]], ...]
Arguments = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A layer, or what holds layers. Three numbers tell what two parts have in common, each less than the next.

    ``shallow``: the same kind with the same arguments. ``content``: the same layers inside, whatever their names.
    ``exact``: nothing differs at all, shapes and names included.
    """

    form: Form
    kind: str
    """The layer's name or the block's; for references the label."""
    arguments: Arguments
    children: tuple[Child, ...]
    output: TensorType | None
    tensors: Tensors
    """Name behind the path, and shape, of what the layer has in ``state_dict``."""
    own: Costs
    """What the layer itself costs; nothing for what holds layers."""
    span: Span
    shallow: int
    content: int
    exact: int
    layers: int


@dataclass(frozen=True, slots=True)
class Child:
    """A part at its place. ``name`` is the attribute in the class around it, or nothing for what is no module.

    ``label`` is that name where it was chosen: a position says nothing, and so does the name that a layer gets.
    """

    name: str
    label: str
    part: Part
    when: str | None = None


class Numbers:
    """Gives equal things equal numbers; one table serves both networks."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, *key: Hashable) -> int:
        """The number of a key."""
        return self._known.setdefault(key, len(self._known))


@dataclass(slots=True)
class _Place:
    """Where modules go: the next position of the class around them, the variables that labels use."""

    counter: list[int]
    variables: dict[str, Value]
    inherited: str = ""
    when: str | None = None
    children: list[Child] = field(default_factory=list)


def tree(design: t.TypedDesign, numbers: Numbers) -> Part:
    """The tree of a checked network; its root is a block."""
    return _Builder(numbers).instance(design.root)


class _Builder:
    """Builds the tree of one network."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._instances: dict[t.BlockInstance, Part] = {}
        # By identity: nodes live as long as their network, and comparing them would walk them.
        self._layers: dict[int, Part] = {}

    def instance(self, instance: t.BlockInstance) -> Part:
        """The part of one block for one set of arguments and input types."""
        known = self._instances.get(instance)
        if known is None:
            place = _Place([0], dict(instance.arguments))
            self._body(instance.body, place)
            arguments = plain_arguments(instance.arguments)
            block = instance.block
            known = self._part(Form.BLOCK, block.name, arguments, place.children, instance.output, block.name_span)
            self._instances[instance] = known
        return known

    def _body(self, body: t.TypedBody, place: _Place) -> None:
        for node in body.nodes:
            self._node(node, place)

    def _node(self, node: t.TypedNode, place: _Place) -> None:
        match node:
            case t.TypedLayer():
                name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
                self._add(node.node, self._layer(node), place, name)
            case t.TypedMerge(paths=paths):
                inside = [self._within(Form.PATH, path, node.node.span, place) for path in paths]
                self._add(node.node, self._join(node, inside), place, "")
            case t.TypedApply(instance=instance):
                name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
                part = self.instance(instance)
                if node.tensors:
                    part = self._with_tensors(part, node.tensors)
                self._add(node.node, replace(part, span=node.node.span), place, name)
            case t.TypedInline(arguments=arguments, body=body):
                self._body(body, replace(place, variables=dict(arguments)))
            case t.TypedGroup():
                self._group(node, place)
            case t.TypedChoice():
                self._choice(node, place)
            case t.TypedLoop():
                self._loop(node, place)
            case t.TypedLet(values=values):
                place.variables.update(zip(node.node.names, values, strict=True))
            case t.TypedRefer(label=label):
                port = f".{node.node.output}" if isinstance(node.node, d.Port) else ""
                part = self._part(Form.REFERENCE, f"{label}{port}", (), [], node.output, node.node.span)
                self._add(node.node, part, place, "")
            case t.TypedOutput(body=t.TypedBody() as body):
                branch = replace(place, when=place.when or node.node.when)
                child = self._within(Form.BRANCH, body, node.node.span, branch, node.node.name)
                place.children.append(replace(child, when=branch.when))

    def _add(self, node: d.Node, part: Part, place: _Place, name: str) -> None:
        template = getattr(node, "label", None)
        label = label_text(template, place.variables) if template is not None else place.inherited
        place.children.append(Child(name, label, part, place.when))

    # --- what holds layers ----------------------------------------------------------------------------

    def _within(self, form: Form, body: t.TypedBody, span: Span, place: _Place, kind: str = "") -> Child:
        """A body whose modules belong to the class around it."""
        inside = replace(place, children=[])
        self._body(body, inside)
        return Child("", "", self._part(form, kind, (), inside.children, body.output, span), place.when)

    def _group(self, node: t.TypedGroup, place: _Place) -> None:
        if node.node.slot is None:
            self._body(node.body, place)
            return
        name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
        self._add(node.node, self._module(node.body, node.node.span, place), place, name)

    def _choice(self, node: t.TypedChoice, place: _Place) -> None:
        if node.node.slot is None:
            self._body(node.body, place)
            return
        name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
        if is_single(node.body.body):
            label = label_text(node.node.label, place.variables) if node.node.label is not None else ""
            inside = replace(place, inherited=name, children=[])
            self._body(node.body, inside)
            # The one module takes the name and the label of the condition.
            place.children += [replace(child, label=label) if child.name else child for child in inside.children]
            return
        self._add(node.node, self._module(node.body, node.node.span, place), place, name)

    def _module(self, body: t.TypedBody, span: Span, place: _Place) -> Part:
        inside = replace(place, counter=[0], inherited="", children=[])
        self._body(body, inside)
        return self._part(Form.GROUP, "", (), inside.children, body.output, span)

    def _loop(self, node: t.TypedLoop, place: _Place) -> None:
        outer, name = place, ""
        if node.node.slot is not None:
            name = module_name(node.node.slot, place.counter, place.variables, place.inherited)
            place = replace(outer, counter=[0], inherited="", children=[])
        for turn in node.turns:
            for index in range(turn.first, turn.first + turn.count):
                bind_turn(node, index, place.variables)
                if node.node.own:
                    part = self._module(turn.body, node.node.span, place)
                    place.children.append(Child(str(index), "", part, place.when))
                else:
                    self._body(turn.body, place)
        if place is not outer:
            part = self._part(Form.GROUP, "", (), place.children, node.output, node.node.span)
            self._add(node.node, part, outer, name)

    # --- parts ----------------------------------------------------------------------------------------

    def _layer(self, node: t.TypedLayer) -> Part:
        known = self._layers.get(id(node))
        if known is None:
            call = call_of(node)
            tensors = (*call.op.weights(call).items(), *call.op.buffers(call).items())
            macs = layer_macs(call, node.output) if node.output is not None else None
            part = self._part(
                Form.LAYER, node.op, plain_arguments(node.arguments), [], node.output, node.node.span, tensors
            )
            known = self._layers[id(node)] = replace(part, own=Costs(weights=node.weights, macs=macs, layers=1))
        return known

    def _join(self, node: t.TypedMerge, paths: list[Child]) -> Part:
        return self._part(Form.JOIN, node.node.op, plain_arguments(node.arguments), paths, node.output, node.node.span)

    def _with_tensors(self, part: Part, tensors: tuple[str, ...]) -> Part:
        """An application that takes other values beside the running one."""
        arguments = (*part.arguments, *((f"value {index + 1}", label) for index, label in enumerate(tensors)))
        numbers = self._numbers
        return replace(
            part,
            arguments=arguments,
            shallow=numbers.of(part.shallow, tensors),
            content=numbers.of(part.content, tensors),
            exact=numbers.of(part.exact, tensors),
        )

    def _part(
        self,
        form: Form,
        kind: str,
        arguments: Arguments,
        children: list[Child],
        output: TensorType | None,
        span: Span,
        tensors: Tensors = (),
    ) -> Part:
        numbers = self._numbers
        shallow = numbers.of(form, kind, arguments)
        is_module = form in (Form.BLOCK, Form.GROUP)
        own = Form.GROUP if is_module else shallow
        content = numbers.of(own, tuple((child.part.content, child.when) for child in children))
        names = tuple((child.name, child.label, child.part.exact, child.when) for child in children)
        shape: tuple[Size, ...] | None = output.shape if output is not None else None
        exact = numbers.of(shallow, names, shape, tensors)
        layers = sum(child.part.layers for child in children) + (form in (Form.LAYER, Form.JOIN))
        return Part(
            form, kind, arguments, tuple(children), output, tensors, Costs(), span, shallow, content, exact, layers
        )


def plain_arguments(arguments: Mapping[str, Value]) -> Arguments:
    """Arguments that equal the same ones of another network."""
    return tuple((name, _plain(value)) for name, value in arguments.items())


def _plain(value: Value) -> Value:
    """A value that equals the same one of another network: a block by its name."""
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, d.BlockValue):
        return d.BlockValue(value.name, tuple((name, _plain(inner)) for name, inner in value.arguments))
    return value
