"""Writes the modules of layers and blocks with what they take from the values that flow in."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from archdsl.codegen import pytree as py
from archdsl.codegen.class_code import ClassCode
from archdsl.codegen.convert import to_python
from archdsl.codegen.decisions import IN_CHANNELS, local
from archdsl.codegen.flow import Flow, after_layer, common, literal_input, spatial_sizes
from archdsl.codegen.init_scope import InitScope
from archdsl.codegen.layer_forms import joint_form
from archdsl.codegen.refusal import Refused
from archdsl.codegen.sinks import Attributes, Discarded, ModuleSink
from archdsl.codegen.symbolic import substitute
from archdsl.codegen.units import Formal, Unit
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import Const, Expr, Local, UnaryOp, locals_in
from archdsl.ir.terms import NOWHERE
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.form import (
    Argument,
    Argumentlike,
    InputSize,
    Literal,
    Negated,
    Several,
    TorchFunction,
    TorchModule,
    TorchParameter,
)


class InitLayers(InitScope):
    """Layers and applied blocks as modules."""

    def _layer(self, node: d.Layer, sink: ModuleSink) -> None:
        arguments = {argument.name: self.term(argument.value) for argument in node.arguments}
        self._write_layer(node, arguments, self.unit.layers(node), sink)

    def _write_layer(
        self, node: d.Layer | d.Apply, arguments: dict[str, Expr], uses: Sequence[t.TypedLayer], sink: ModuleSink
    ) -> None:
        slot = node.slot
        if not uses:
            return  # a condition keeps every turn of every application from this step
        if isinstance(node, d.Apply) and not REGISTRY[uses[0].op].chains:
            raise Refused("this layer cannot be handed on as a block", node.span, "apply it by its own name")
        if slot is not None and not REGISTRY[uses[0].op].chains:
            self._refuse_in_sequential(slot, node, sink)
        if slot is not None and not (slot.shared and str(slot.name) in self._shared):
            self._add(slot, self._module(node, arguments, uses), sink)
        if uses[0].op == "flatten" and any(size != 1 for sizes in spatial_sizes(uses) for size in sizes):
            self._pin_space()
        self.flow = after_layer(self.flow, REGISTRY[uses[0].op], arguments, uses)

    def _refuse_in_sequential(self, slot: d.Slot, node: d.Layer | d.Apply, sink: ModuleSink) -> None:
        """A parameter, and a module that takes more than one tensor, are attributes of a class under a plain name."""
        plain = slot.name is not None and self._label_text(slot.name) is not None
        if not isinstance(sink, Attributes | Discarded) or slot.inherited or not plain:
            help = "apply it by its own name, under a label without computed parts"
            raise Refused("this layer is no module of an `nn.Sequential`", node.span, help)

    def _add(self, slot: d.Slot, module: ast.expr, sink: ModuleSink) -> None:
        """A module into its place; a shared one once, before the loops around it."""
        if not slot.shared:
            sink.add(self._name(slot), module)
            return
        self._shared.add(str(slot.name))
        if self._outer and isinstance(sink, Attributes):
            Attributes(self._outer[0]).add(self._name(slot), module)
        else:
            sink.add(self._name(slot), module)

    def _module(self, node: d.Layer | d.Apply, arguments: dict[str, Expr], uses: Sequence[t.TypedLayer]) -> ast.expr:
        form = joint_form(uses, arguments, node.span)
        if isinstance(form, TorchFunction):
            form = form.module
        if isinstance(form, TorchParameter):
            return py.call("nn.Parameter", [self._made(form.value, arguments, uses, node)])
        assert isinstance(form, TorchModule), "a step with a place in the class is a module"
        return self._made(form, arguments, uses, node)

    def _made(
        self,
        form: TorchModule | TorchFunction,
        arguments: dict[str, Expr],
        uses: Sequence[t.TypedLayer],
        node: d.Layer | d.Apply,
    ) -> ast.expr:
        positional = [self._value(value, arguments, uses, node) for value in form.positional]
        keywords = [(key, self._value(value, arguments, uses, node)) for key, value in form.keywords]
        return py.call(form.name, positional, keywords)

    def _value(
        self, value: Argumentlike, arguments: dict[str, Expr], uses: Sequence[t.TypedLayer], node: d.Layer | d.Apply
    ) -> ast.expr:
        match value:
            case Argument(name):
                return to_python(arguments.get(name, Const(uses[0].arguments[name], NOWHERE)))
            case Negated(name):
                given = arguments.get(name, Const(uses[0].arguments[name], NOWHERE))
                return to_python(UnaryOp("-", given, NOWHERE))
            case Literal(literal):
                return to_python(Const(literal, NOWHERE))
            case InputSize(axis):
                return to_python(self._input_size(axis, uses, node))
            case _:
                assert isinstance(value, Several), "tensors are no constructor arguments"
                return py.tuple_of([self._value(item, arguments, uses, node) for item in value.items])

    def _input_size(self, axis: int, uses: Sequence[t.TypedLayer], node: d.Layer | d.Apply) -> Expr:
        """The size of an input axis: the running channel count, or the number it always is."""
        value = uses[0].inputs[0]
        is_channels = axis % value.rank == value.channel_axis
        if is_channels and self.flow.channels is not None:
            return self.flow.channels
        size = literal_input(uses, axis)
        if size is None:
            message = "the size that this layer takes differs between the applications of the block"
            raise Refused(message, node.span, "give the block a parameter for it, or make two blocks")
        self._pin_space()
        return Const(size, NOWHERE)

    def _pin_space(self) -> None:
        """A number made of spatial sizes holds only for the parameters from which those sizes came."""
        for name in self.flow.space:
            self.decisions.pin_name(name)

    def _apply(self, node: d.Apply, sink: ModuleSink) -> None:
        uses = self.unit.uses(node)
        if not uses:
            return
        arguments = self._block_arguments(node)
        if isinstance(uses[0], t.TypedLayer):
            self._write_layer(node, arguments, self.unit.layers(node), sink)
            return
        applied = [use for use in uses if isinstance(use, t.TypedApply)]
        unit = self._program.unit_of(applied[0].instance)  # a class is made for each set of blocks
        callee = self._class_of(unit)
        incoming = self._incoming(node, unit, applied)
        self._complete(arguments, unit)
        assert node.slot is not None
        self._add(node.slot, self._construct(callee, self._channels_for(callee, incoming, node), arguments), sink)
        self.flow = self._after_block(callee, callee.output, incoming, arguments, [use.output for use in applied])
        label = self._label_text(node.label) if node.label is not None else None
        for port, output in callee.ports.items():
            types = [dict(use.instance.outputs)[port] for use in applied]
            self._labels[f"{label}.{port}"] = self._after_block(callee, output, incoming, arguments, types)

    def _incoming(self, node: d.Apply, unit: Unit, uses: list[t.TypedApply]) -> dict[str, Expr | None]:
        """The channels of everything that flows into a block, under the names that its class has for them."""
        values = [self.flow, *(self._value_of(self._label_text(template)) for _, template in node.tensors)]
        names = [IN_CHANNELS, *(f"{unit.outside.sized[name]}_channels" for name, _ in node.tensors)]
        found: dict[str, Expr | None] = {}
        for index, (name, value) in enumerate(zip(names, values, strict=True)):
            known = value.channels if value is not None else None
            found[name] = known if known is not None else common(use.inputs[index].channels for use in uses)
        return found

    def _channels_for(self, callee: ClassCode, incoming: Mapping[str, Expr | None], node: d.Node) -> list[Expr]:
        """What the leading parameters of a class are given."""
        found = []
        for formal in callee.channel_formals:
            channels = incoming[formal]
            if channels is None:
                raise Refused("the channels that flow in here differ between applications", node.span)
            found.append(channels)
        return found

    def _block_arguments(self, node: d.Apply) -> dict[str, Expr]:
        """The arguments in the class's terms, those that a block value already carries included."""
        arguments = {
            argument.name: self.term(argument.value) for argument in node.arguments if not _is_block(argument.value)
        }
        if not isinstance(node.target, Local):
            return arguments
        held = self._blocks[node.target.name]
        fixed: dict[str, Expr] = {name: Const(value, NOWHERE) for name, value in held.arguments}
        if isinstance(held.target, str):
            formals = [parameter.name for parameter in REGISTRY[held.target].parameters]
        else:
            formals = [parameter.name for parameter in held.target.parameters]
        free = [name for name in formals if name not in fixed]
        given = {free[int(name[1:])] if name.startswith("#") else name: value for name, value in arguments.items()}
        return fixed | given

    def _complete(self, arguments: dict[str, Expr], unit: Unit) -> None:
        """Adds the defaults of a block, those that read parameters before them computed from what these are here.

        Its class may have no such parameter, and hand on what is told by it even so.
        """
        for formal in unit.formals:
            if formal.default is not None and formal.name not in arguments:
                arguments[formal.name] = substitute(formal.default, arguments, self.size)

    def _construct(self, callee: ClassCode, channels: list[Expr], arguments: dict[str, Expr]) -> ast.expr:
        """``Bottleneck(256, 128, stride=2)``: positional as long as nothing is left out, then by name."""
        positional = [to_python(channel) for channel in channels]
        keywords: list[tuple[str, ast.expr]] = []
        leading = True
        for formal in callee.formals:
            value = arguments[formal.name]
            if value == formal.default:
                leading = False
                continue
            written = _as_kind(to_python(value), formal)
            if leading and formal.default is None:
                positional.append(written)
            else:
                keywords.append((formal.name, written))
        return py.call(callee.name, positional, keywords)

    def _after_block(
        self,
        callee: ClassCode,
        output: Expr | None,
        incoming: Mapping[str, Expr | None],
        arguments: dict[str, Expr],
        types: Sequence[TensorType | None],
    ) -> Flow:
        """What a class hands on; ``output`` are its channels in its own terms, ``types`` what it is in every use."""
        read = frozenset(name for value in arguments.values() for name in locals_in(value))
        space = self.flow.space | read
        terms = {name: value for name, value in incoming.items() if value is not None}
        unknown = incoming.keys() - terms.keys()
        if output is None or locals_in(output) & unknown:
            return Flow(common(type_.channels if type_ is not None else None for type_ in types), space)
        terms.update(arguments)
        for name in locals_in(output):
            if name not in terms and name in self.scope:
                terms[name] = self.scope[name]
        return Flow(substitute(output, terms, self.size), space)

    def _own_class(self, node: d.Group | d.Loop, bodies: Sequence[t.TypedBody]) -> ast.expr:
        """A group or turn that is a class; ``bodies`` are what it became."""
        unit = self._program.group_unit(node, self._blocks)
        callee = self._class_of(unit)
        incoming: dict[str, Expr | None] = {IN_CHANNELS: self.flow.channels}
        for label, name in unit.outside.sized.items():
            value = self._value_of(label)
            incoming[f"{name}_channels"] = value.channels if value is not None else None
        arguments = {formal.name: self.scope.get(formal.name, local(formal.name)) for formal in callee.formals}
        module = self._construct(callee, self._channels_for(callee, incoming, node), arguments)
        types = [body.output for body in bodies]
        self.flow = self._after_block(callee, callee.output, incoming, arguments, types)
        return module


def _is_block(expr: Expr) -> bool:
    return type(expr).__name__ == "BlockOf"


def _as_kind(written: ast.expr, formal: Formal) -> ast.expr:
    """A list where the parameter is one: constant lists are tuples inside the compiler."""
    if formal.kind is not None and str(formal.kind).startswith("[") and isinstance(written, ast.Tuple):
        return py.list_of(written.elts)
    return written
