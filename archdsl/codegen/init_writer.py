"""Writes ``__init__``: the modules of a class, with the channel counts that flow between them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from archdsl.codegen import pytree as py
from archdsl.codegen.class_code import ClassCode
from archdsl.codegen.convert import label_to_python, to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions, inline_scope, is_own_size, local
from archdsl.codegen.flow import Flow, after_layer, after_merge, common, literal_input, spatial_sizes
from archdsl.codegen.layer_forms import joint_form
from archdsl.codegen.naming import fresh
from archdsl.codegen.refusal import Refused
from archdsl.codegen.sinks import Attributes, Collected, ModuleSink, NotPure
from archdsl.codegen.symbolic import NOWHERE, added_per_turn, plus, substitute, times, turns_of
from archdsl.codegen.units import Formal, Program, Unit, is_sequential
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import BinaryOp, Const, Expr, Local, NameTemplate, SizeOf, locals_in
from archdsl.ops import REGISTRY
from archdsl.ops.base import Argument, Argumentlike, InputSize, Literal, TorchFunction, TorchModule

ClassOf = Callable[[Unit], ClassCode]
_RUNNING = ("channels", "in_channels", "width", "features")
_OPERATORS: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "//": ast.FloorDiv}


class InitWriter:
    """The modules of one class. ``class_of`` gives the written class of a callee."""

    def __init__(self, decisions: Decisions, program: Program, class_of: ClassOf) -> None:
        self.decisions = decisions
        self.unit = decisions.unit
        self._program = program
        self._class_of = class_of
        self.statements: list[ast.stmt] = []
        self.scope: dict[str, Expr] = decisions.base_scope()
        self.uses_in_channels = False
        start = self._entry()
        self.flow = Flow(start)
        self._block_flow = self.flow
        self._labels: dict[str, Flow] = {}
        for tensor in self.unit.tensor_names:
            self._labels[tensor] = Flow(local(f"{tensor}_channels"))
        self._taken = {formal.name for formal in self.unit.formals} | {IN_CHANNELS}
        self._shared: set[str] = set()
        self.closed: dict[str, Expr | None] = {}
        """Running channel counts: what each is at the end, in terms of the parameters, where that is plain."""
        self._outer: list[list[ast.stmt]] = []
        self._carrying: str | None = None

    def _entry(self) -> Expr | None:
        """The channels that flow into the class: a number in a network, a parameter in a block."""
        if not self.unit.is_network:
            return local(IN_CHANNELS)
        return common(occurrence.inputs[0].shape[1] for occurrence in self.unit.occurrences)

    # --- bodies ---------------------------------------------------------------------------------------

    def body(self, body: d.Body, sink: ModuleSink) -> None:
        """The modules of a body, in order."""
        for node in body.nodes:
            self._node(node, sink)
            label = getattr(node, "label", None)
            if isinstance(label, NameTemplate):
                plain = self._label_text(label)
                if plain is not None:
                    self._labels[plain] = self.flow

    def _label_text(self, label: NameTemplate) -> str | None:
        parts = [part if isinstance(part, str) else self.term(part) for part in label.parts]
        if any(not isinstance(part, str | Const) for part in parts):
            return None
        return "".join(part if isinstance(part, str) else str(part.value) for part in parts if isinstance(part, str | Const))

    def _node(self, node: d.Node, sink: ModuleSink) -> None:
        match node:
            case d.Layer():
                self._layer(node, sink)
            case d.Apply():
                self._apply(node, sink)
            case d.Inline(body=body):
                outer = self.scope
                self.scope = inline_scope(node, outer, self.size)
                outer_flow, self._block_flow = self._block_flow, self.flow
                self.body(body, sink)
                self.scope, self._block_flow = outer, outer_flow
            case d.Merge(paths=paths):
                self._merge(node, paths, sink)
            case d.Group(body=body, slot=None):
                self.body(body, sink)
            case d.Group(slot=slot):
                assert slot is not None
                sink.add(self._name(slot), self._group(node))
            case d.Loop(slot=None):
                self._loop(node, sink)
            case d.Loop(slot=slot):
                assert slot is not None
                sink.add(self._name(slot), self._module_list(node))
            case d.Choice():
                self._choice(node, sink)
            case d.Let(names=names, value=value):
                self._let(names, value, node)
            case d.Refer(name=name):
                text = self._label_text(name)
                self.flow = self._value_flow(text, node)
            case d.Port():
                uses = self.unit.uses(node)
                self.flow = Flow(common(use.output.shape[1] if use.output is not None else None for use in uses))
            case d.Input(name=name):
                types = [dict(zip(self._input_names(), o.inputs, strict=True))[name] for o in self.unit.occurrences]
                self._labels[name] = Flow(common(type_.shape[1] for type_ in types))
            case d.Output(body=d.Body() as body):
                before = self.flow
                self.body(body, sink)
                self.flow = before

    def _input_names(self) -> list[str]:
        return [node.name for node in self.unit.body.nodes if isinstance(node, d.Input)]

    def _value_flow(self, text: str | None, node: d.Node) -> Flow:
        if text == d.X:
            return self._block_flow
        known = self._labels.get(text) if text is not None else None
        if known is not None:
            return known
        uses = self.unit.uses(node)
        return Flow(common(use.output.shape[1] if use.output is not None else None for use in uses))

    def _let(self, names: tuple[str, ...], value: Expr, node: d.Let) -> None:
        term = self.term(value)
        if not node.unpacks:
            self.scope[names[0]] = term
            return
        parts = getattr(term, "items", None)
        for index, name in enumerate(names):
            if isinstance(parts, tuple):
                self.scope[name] = parts[index]
            else:
                uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLet)]
                values = {use.values[index] for use in uses}
                if len(values) != 1:
                    raise Refused("this `let` takes apart a value that differs between applications", node.span)
                self.decisions.pin(term)
                self.scope[name] = Const(values.pop(), NOWHERE)

    # --- terms ----------------------------------------------------------------------------------------

    def term(self, expr: Expr) -> Expr:
        """An expression of the spec in the terms of the class."""
        return substitute(expr, self.scope, self.size)

    def size(self, expr: SizeOf) -> Expr:
        """A size in the terms of the class: channels as an expression, the rest as the number it is."""
        if expr.attribute in ("channels", "features"):
            flow = self._block_flow if expr.value is None else self._labels.get(self._label_text(expr.value) or "")
            if flow is not None and flow.channels is not None:
                self._note(flow.channels)
                return flow.channels
        if expr.value is None:
            value = self._own_size(expr)
            if value is not None:
                return Const(value, NOWHERE)
        raise Refused("this size differs between the applications of the block, or is open", expr.span)

    def _own_size(self, expr: SizeOf) -> int | None:
        sizes = set()
        for occurrence in self.unit.occurrences:
            shape = occurrence.inputs[0].shape
            axis = {"height": -2, "width": -1, "length": 2, "depth": 2, "features": -1, "channels": 1}[expr.attribute]
            sizes.add(shape[axis])
        size = sizes.pop() if len(sizes) == 1 else None
        return size if isinstance(size, int) else None

    def _note(self, expr: Expr) -> None:
        if not is_constant(expr) and IN_CHANNELS in locals_in(expr):
            self.uses_in_channels = True

    def written(self, expr: Expr) -> ast.expr:
        """A term as Python."""
        self._note(expr)
        return to_python(expr)

    def _name(self, slot: d.Slot) -> ast.expr | None:
        """The attribute's name as a string or f-string; None for a position."""
        if slot.name is None:
            return None
        parts = tuple(part if isinstance(part, str) else self.term(part) for part in slot.name.parts)
        return label_to_python(NameTemplate(parts, slot.name.span))

    # --- layers and blocks ----------------------------------------------------------------------------

    def _layer(self, node: d.Layer, sink: ModuleSink) -> None:
        arguments = {argument.name: self.term(argument.value) for argument in node.arguments}
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLayer)]
        self._write_layer(node, arguments, uses, sink)

    def _write_layer(
        self, node: d.Layer | d.Apply, arguments: dict[str, Expr], uses: list[t.TypedLayer], sink: ModuleSink
    ) -> None:
        slot = node.slot
        if slot is not None and not (slot.shared and str(slot.name) in self._shared):
            self._add(slot, self._module(node, arguments, uses), sink)
        if not uses:
            return
        if uses[0].op == "flatten" and any(size != 1 for sizes in spatial_sizes(uses) for size in sizes):
            self._pin_space()
        self.flow = after_layer(self.flow, uses[0].op, arguments, uses)

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

    def _module(self, node: d.Layer | d.Apply, arguments: dict[str, Expr], uses: list[t.TypedLayer]) -> ast.expr:
        form = joint_form(uses, arguments, node.span)
        if isinstance(form, TorchFunction):
            form = form.module
        if not isinstance(form, TorchModule):
            raise Refused("this step has no counterpart as a module", node.span)
        positional = [self._value(value, arguments, uses, node) for value in form.positional]
        keywords = [(key, self._value(value, arguments, uses, node)) for key, value in form.keywords]
        return py.call(form.name, positional, keywords)

    def _value(
        self, value: Argumentlike, arguments: dict[str, Expr], uses: list[t.TypedLayer], node: d.Layer | d.Apply
    ) -> ast.expr:
        match value:
            case Argument(name):
                return self.written(arguments.get(name, Const(uses[0].arguments[name], NOWHERE)))
            case Literal(literal):
                return to_python(Const(literal, NOWHERE))
            case InputSize(axis):
                return self.written(self._input_size(axis, uses, node))
        raise AssertionError("tensors are no constructor arguments")

    def _input_size(self, axis: int, uses: list[t.TypedLayer], node: d.Layer | d.Apply) -> Expr:
        """The size of an input axis: the running channel count, or the number it always is."""
        rank = uses[0].inputs[0].rank
        is_channels = axis == 1 or (axis == -1 and rank == 2)
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
            layers = [use for use in uses if isinstance(use, t.TypedLayer)]
            self._write_layer(node, arguments, layers, sink)
            return
        applied = [use for use in uses if isinstance(use, t.TypedApply)]
        units = {id(self._program.unit_of(use.instance)): self._program.unit_of(use.instance) for use in applied}
        if len(units) != 1:
            raise Refused("this step applies different blocks in different applications", node.span)
        callee = self._class_of(next(iter(units.values())))
        channels = [self._callee_channels(node, index, applied) for index in range(len(callee.channel_formals))]
        assert node.slot is not None
        self._add(node.slot, self._construct(callee, channels, arguments), sink)
        self.flow = self._after_block(callee, channels, arguments, applied)

    def _block_arguments(self, node: d.Apply) -> dict[str, Expr]:
        """The arguments in the class's terms, those that a block value already carries included."""
        arguments = {argument.name: self.term(argument.value) for argument in node.arguments if not _is_block(argument.value)}
        if not isinstance(node.target, Local):
            return arguments
        held = self.unit.blocks[node.target.name]
        fixed: dict[str, Expr] = {name: Const(value, NOWHERE) for name, value in held.arguments}
        if isinstance(held.target, str):
            formals = [parameter.name for parameter in REGISTRY[held.target].parameters]
        else:
            formals = [parameter.name for parameter in held.target.parameters]
        free = [name for name in formals if name not in fixed]
        given = {free[int(name[1:])] if name.startswith("#") else name: value for name, value in arguments.items()}
        return fixed | given

    def _callee_channels(self, node: d.Apply, index: int, uses: list[t.TypedApply]) -> Expr:
        if index == 0 and self.flow.channels is not None:
            return self.flow.channels
        if index > 0:
            text = self._label_text(node.tensors[index - 1][1])
            known = self._block_flow if text == d.X else self._labels.get(text or "")
            if known is not None and known.channels is not None:
                return known.channels
        size = common(use.inputs[index].shape[1] for use in uses)
        if size is None:
            raise Refused("the channels that flow in differ between applications", node.span)
        return size

    def _construct(self, callee: ClassCode, channels: list[Expr], arguments: dict[str, Expr]) -> ast.expr:
        """``Bottleneck(256, 128, stride=2)``: positional as long as nothing is left out, then by name."""
        positional = [self.written(channel) for channel in channels]
        keywords: list[tuple[str, ast.expr]] = []
        leading = True
        for formal in callee.formals:
            value = arguments.get(formal.name, self.scope.get(formal.name) if formal.default is None else None)
            if value is None and formal.default is None:
                value = local(formal.name)
            if value is None or value == formal.default:
                leading = False
                continue
            written = _as_kind(self.written(value), formal)
            if leading and formal.default is None:
                positional.append(written)
            else:
                keywords.append((formal.name, written))
        return py.call(callee.name, positional, keywords)

    def _after_block(
        self, callee: ClassCode, channels: list[Expr], arguments: dict[str, Expr], uses: list[t.TypedApply]
    ) -> Flow:
        read = frozenset(name for value in arguments.values() for name in locals_in(value))
        space = self.flow.space | read
        if callee.output is None:
            return Flow(common(use.output.shape[1] if use.output is not None else None for use in uses), space)
        terms = dict(zip(callee.channel_formals, channels, strict=True))
        if IN_CHANNELS not in terms:
            terms[IN_CHANNELS] = self.flow.channels or channels[0]
        for formal in callee.formals:
            if formal.default is not None:
                terms.setdefault(formal.name, formal.default)
        terms.update(arguments)
        for name in locals_in(callee.output):
            if name not in terms and name in self.scope:
                terms[name] = self.scope[name]
        return Flow(substitute(callee.output, terms, self.size), space)

    # --- joins, groups, control -----------------------------------------------------------------------

    def _merge(self, node: d.Merge, paths: tuple[d.Body, ...], sink: ModuleSink) -> None:
        start = self.flow
        flows: list[Flow] = []
        for path in paths:
            self.flow = start
            self.body(path, sink)
            flows.append(self.flow)
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedMerge)]
        self.flow = after_merge(node.op, flows, uses)

    def _group(self, node: d.Group) -> ast.expr:
        """A labelled group: an ``nn.Sequential``, or a class of its own where it has joins."""
        if is_sequential(node.body):
            return self.sequential(node.body, _hint(node.slot))
        return self._own_class(node)

    def _own_class(self, node: d.Group | d.Loop) -> ast.expr:
        callee = self._class_of(self._program.group_unit(node))
        channels = [self.flow.channels or self._refuse_channels(node) for _ in callee.channel_formals]
        arguments = {formal.name: self.scope.get(formal.name, local(formal.name)) for formal in callee.formals}
        module = self._construct(callee, channels, arguments)
        self.flow = self._after_block(callee, channels or [self.flow.channels or local(IN_CHANNELS)], arguments, [])
        return module

    def _refuse_channels(self, node: d.Node) -> Expr:
        raise Refused("the channels that flow in here differ between applications", node.span)

    def sequential(self, body: d.Body, hint: str) -> ast.expr:
        """``nn.Sequential(...)``: one expression if it is a plain list, else built up in a variable before."""
        saved = self._save()
        try:
            collected = Collected()
            self.body(body, collected)
            if collected.named:
                raise NotPure
            return py.call("nn.Sequential", collected.modules)
        except NotPure:
            self._restore(saved)
        return self.build_up(body, hint)

    def build_up(self, body: d.Body, hint: str) -> ast.expr:
        """Statements that fill a list of modules; the expression that makes an ``nn.Sequential`` of it."""
        variable = fresh((hint, "modules"), self._taken)
        self._taken.add(variable)
        if body.numbered:
            sink: ModuleSink = ModuleSink.listed(self.statements, variable)
            empty: ast.expr = py.list_of([])
            annotation = py.subscript(py.name("list"), py.dotted("nn.Module"))
            self.statements.append(py.assign_typed(variable, annotation, empty))
        else:
            sink = ModuleSink.named(self.statements, variable)
            self.statements.append(py.assign(variable, py.call("nn.Sequential")))
        self.body(body, sink)
        if not body.numbered:
            return py.name(variable)
        return py.call("nn.Sequential", [ast.Starred(py.name(variable), py.LOAD)])

    def _module_list(self, node: d.Loop) -> ast.expr:
        """A loop that is a module: its turns in an ``nn.Sequential``."""
        if not node.own and is_sequential(node.body):
            body = d.Body((_open(node),), node.span, True, node.body.numbered)
            return self.sequential(body, _hint(node.slot))
        collected = Collected()
        try:
            self._own_turns(node, collected)
            return py.call("nn.Sequential", collected.modules)
        except NotPure:
            raise Refused("the turns of this loop differ in their channels: label them, or use a block", node.span) from None

    def _own_turns(self, node: d.Loop, sink: Collected) -> None:
        iterable = self.term(node.iterable)
        turns = self.decisions.written_out(node, iterable)
        if turns is not None:
            for values in turns:
                self.scope.update(zip(node.names, values, strict=True))
                sink.add(None, self._own_class(node))
            return
        before = self.flow.channels
        module = self._own_class(node)
        if self.flow.channels != before:
            raise NotPure
        sink.repeat(module, node.names, self.written_iterable(node, iterable))

    # --- loops ----------------------------------------------------------------------------------------

    def _loop(self, node: d.Loop, sink: ModuleSink) -> None:
        iterable = self.term(node.iterable)
        turns = self.decisions.written_out(node, iterable)
        if turns is not None:
            for values in turns:
                self.scope.update(zip(node.names, values, strict=True))
                self.body(node.body, sink)
            return
        for name in node.names:
            self.scope.pop(name, None)
        self._taken.update(node.names)
        after = self._channels_after_turn(node)
        if after == self.flow.channels:
            after = local("@channels")
        if after == local("@channels") and isinstance(sink, Collected):
            self._star(node, iterable, sink)
            return
        if isinstance(sink, Collected):
            raise NotPure
        self._kept_loop(node, iterable, after, sink)

    def _channels_after_turn(self, node: d.Loop) -> Expr | None:
        """The channels after one turn in terms of ``@channels``, those before it."""
        saved = self._save()
        self.flow = self.flow.with_channels(local("@channels"))
        self.body(node.body, ModuleSink.discarded())
        after = self.flow.channels
        self._restore(saved)
        return after

    def _star(self, node: d.Loop, iterable: Expr, sink: Collected) -> None:
        """``*(Bottleneck(256, 64) for _ in range(n))`` for turns of one module."""
        inner = Collected()
        self.body(node.body, inner)
        if len(inner.modules) != 1 or inner.named:
            raise NotPure
        sink.repeat(inner.modules[0], node.names, self.written_iterable(node, iterable))

    def _kept_loop(self, node: d.Loop, iterable: Expr, after: Expr | None, sink: ModuleSink) -> None:
        closed = self._closed_form(node, iterable, after)
        carried = after != local("@channels")
        variable = self.carry() if carried else None
        written = self.written_iterable(node, iterable)
        inner: list[ast.stmt] = []
        outer, self.statements = self.statements, inner
        self._outer.append(outer)
        outer_carrying, self._carrying = self._carrying, variable or self._carrying
        self.body(node.body, sink.into(inner))
        if variable is not None:
            self._settle(variable)
        self._carrying = outer_carrying
        self._outer.pop()
        self.statements = outer
        if inner:
            names = node.names if node.names else ("_",)
            outer.append(ast.For(py.target_of(_used_names(names, inner)), written, inner, [], None))
        if variable is not None:
            self.flow = self.flow.with_channels(local(variable))
            self.closed[variable] = closed

    def _closed_form(self, node: d.Loop, iterable: Expr, after: Expr | None) -> Expr | None:
        """The channels after all turns, where every turn adds the same."""
        if after is None or self.flow.channels is None:
            return None
        added = added_per_turn(after, local("@channels"))
        turns = turns_of(iterable, node.is_repeat)
        if added is None or turns is None or locals_in(added) & set(node.names):
            return None
        return plus(self.flow.channels, times(turns, added))

    def carry(self) -> str:
        """A variable that holds the channel count from here on."""
        current = self.flow.channels
        if self._carrying is not None:
            self._settle(self._carrying)
            return self._carrying
        if isinstance(current, Local) and current.name in self.closed:
            return current.name
        if isinstance(current, Local) and current.name == IN_CHANNELS and not self.unit.is_network:
            variable = fresh(("channels", "width", "features"), self._taken)
        else:
            variable = fresh(_RUNNING, self._taken if not self.unit.is_network else self._taken - {IN_CHANNELS})
        self._taken.add(variable)
        self.closed[variable] = None
        if current is None:
            raise Refused("the channel count cannot be followed through this loop", self.unit.body.span)
        self.statements.append(py.assign(variable, self.written(current)))
        self.flow = self.flow.with_channels(local(variable))
        return variable

    def _settle(self, variable: str) -> None:
        """Writes the current channel count into its variable."""
        current = self.flow.channels
        if current is None:
            raise Refused("the channel count cannot be followed through this loop", self.unit.body.span)
        if current == local(variable):
            return
        if isinstance(current, BinaryOp) and current.left == local(variable) and current.operator in _OPERATORS:
            operator = _OPERATORS[current.operator]()
            self.statements.append(py.augment(variable, operator, self.written(current.right)))
        else:
            self.statements.append(py.assign(variable, self.written(current)))
        self.flow = self.flow.with_channels(local(variable))

    def written_iterable(self, node: d.Loop, iterable: Expr) -> ast.expr:
        """What the loop runs over, as Python."""
        written = self.written(iterable)
        return py.call("range", [written]) if node.is_repeat else written

    # --- conditions -----------------------------------------------------------------------------------

    def _choice(self, node: d.Choice, sink: ModuleSink) -> None:
        tested = self.term(node.condition)
        decided = self.decisions.condition(node, tested)
        if node.slot is not None:
            self._named_choice(node, tested, decided, sink)
        elif decided is not None:
            self.body(node.then if decided else node.otherwise, sink)
        elif isinstance(sink, Collected):
            raise NotPure
        else:
            self._kept_choice(node, tested, sink)

    def _named_choice(self, node: d.Choice, tested: Expr, decided: bool | None, sink: ModuleSink) -> None:
        assert node.slot is not None
        name = self._name(node.slot)
        if decided is not None:
            sink.add(name, self._branch_module(node.then if decided else node.otherwise, node))
            return
        start = self.flow
        branches: list[tuple[list[ast.stmt], Flow]] = []
        outer = self.statements
        for index, branch in enumerate((node.then, node.otherwise)):
            self.flow, self.statements = start, []
            module = self._branch_module(branch, node)
            sink.into(self.statements).add(name, module, typed=index == 0)
            branches.append((self.statements, self.flow))
        self.statements = outer
        if isinstance(sink, Collected):
            raise NotPure
        outer.append(ast.If(self.written(tested), branches[0][0], branches[1][0]))
        self.flow = _joined(node, branches[0][1], branches[1][1], self.unit)

    def _branch_module(self, body: d.Body, node: d.Choice) -> ast.expr:
        if not body.nodes:
            return py.call("nn.Identity")
        slot = getattr(body.nodes[0], "slot", None)
        if len(body.nodes) == 1 and isinstance(slot, d.Slot) and slot.inherited:
            collected = Collected()
            self.body(body, collected)
            return collected.modules[0]
        if not is_sequential(body):
            raise Refused("a condition with joins in it needs a block for each branch", node.span)
        return self.sequential(body, _hint(node.slot))

    def _kept_choice(self, node: d.Choice, tested: Expr, sink: ModuleSink) -> None:
        flows = [self._dry(branch).channels for branch in (node.then, node.otherwise)]
        variable = self.carry() if flows[0] != flows[1] else None
        if variable is not None:
            self._settle(variable)
        start, outer = self.flow, self.statements
        written: list[list[ast.stmt]] = []
        for branch in (node.then, node.otherwise):
            self.flow, self.statements = start, []
            self.body(branch, sink.into(self.statements))
            if variable is not None:
                self._settle(variable)
            written.append(self.statements)
            after = self.flow
        self.statements, self.flow = outer, after
        condition = self.written(tested)
        if written[0]:
            outer.append(ast.If(condition, written[0], written[1]))
        elif written[1]:
            outer.append(ast.If(ast.UnaryOp(ast.Not(), condition), written[1], []))

    def _dry(self, body: d.Body) -> Flow:
        saved = self._save()
        self.body(body, ModuleSink.discarded())
        flow = self.flow
        self._restore(saved)
        return flow

    # --- trying things out ----------------------------------------------------------------------------

    def _save(self) -> tuple[object, ...]:
        return (
            list(self.statements), dict(self.scope), self.flow, dict(self._labels), set(self._taken),
            set(self._shared), dict(self.closed), self.uses_in_channels, self.statements,
        )  # fmt: skip

    def _restore(self, saved: tuple[object, ...]) -> None:
        statements, scope, flow, labels, taken, shared, closed, uses, same = saved
        self.statements = same  # type: ignore[assignment]
        self.statements[:] = statements  # type: ignore[call-overload]
        self.scope, self.flow, self._labels = scope, flow, labels  # type: ignore[assignment]
        self._taken, self._shared, self.closed = taken, shared, closed  # type: ignore[assignment]
        self.uses_in_channels = bool(uses)


def is_constant(expr: Expr) -> bool:
    """Whether an expression reads nothing."""
    return isinstance(expr, Const)


def _is_block(expr: Expr) -> bool:
    return type(expr).__name__ == "BlockOf"


def _open(node: d.Loop) -> d.Loop:
    """The loop without its slot: its turns belong to the list around it."""
    return d.Loop(node.names, node.unpacks, node.iterable, node.body, None, None, False, node.span)


def _hint(slot: d.Slot | None) -> str:
    """A variable name for a list of modules."""
    plain = slot.name.plain if slot is not None and slot.name is not None else None
    return plain or "layers"


def _used_names(names: tuple[str, ...], statements: list[ast.stmt]) -> tuple[str, ...]:
    """Loop variables, with ``_`` for those that the body does not read."""
    read = {
        node.id for statement in statements for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }  # fmt: skip
    return tuple(name if name in read else ("_" if len(names) == 1 else f"_{name}") for name in names)


def _joined(node: d.Choice, left: Flow, right: Flow, unit: Unit) -> Flow:
    space = left.space | right.space
    if left.channels == right.channels:
        return Flow(left.channels, space)
    uses = unit.uses(node)
    return Flow(common(use.output.shape[1] if use.output is not None else None for use in uses), space)


def _as_kind(written: ast.expr, formal: Formal) -> ast.expr:
    """A list where the parameter is one: constant lists are tuples inside the compiler."""
    if formal.kind is not None and str(formal.kind).startswith("[") and isinstance(written, ast.Tuple):
        return py.list_of(written.elts)
    return written


__all__ = ["InitWriter", "is_own_size"]
