"""Writes ``forward``: one running ``x``, a second name only while a value is still needed."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from archdsl.codegen import pytree as py
from archdsl.codegen.decisions import inline_scope
from archdsl.codegen.forward_scope import ForwardScope, is_name
from archdsl.codegen.layer_forms import joint_form
from archdsl.codegen.naming import fresh
from archdsl.codegen.refusal import Refused
from archdsl.codegen.units import outer_values
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.expr import Const, Expr, IndexOf, NameTemplate
from archdsl.ir.lines import MAX_NESTED, is_short
from archdsl.ir.walk import level, refers_to_input
from archdsl.ops import REGISTRY, defines_channels, is_a_call
from archdsl.ops.base import Call as OpCall
from archdsl.ops.form import TorchExpression, TorchFunction, TorchModule, TorchOperator, TorchParameter

_OPERATORS: dict[str, type[ast.operator]] = {"+": ast.Add, "*": ast.Mult}


class ForwardWriter(ForwardScope):
    """The steps of one ``forward``: layers, joins, loops, conditions, outputs."""

    def body(self, body: d.Body) -> None:
        """The steps of a body, from the running value on."""
        for node in body.nodes:
            self._visits[id(node)] = self._visits.get(id(node), 0) + 1
            self._node(node)
            label = getattr(node, "label", None)
            text = self._text(label) if isinstance(label, NameTemplate) else None
            if text is not None and text in self._referred and text not in self._saved:
                self._save(text, self._alike.get(text))

    def _node(self, node: d.Node) -> None:
        match node:
            case d.Layer():
                self._layer(node)
            case d.Apply():
                self._apply(node)
            case d.Inline():
                self._inline(node)
            case d.Merge():
                self._merge(node)
            case d.Group(body=body, slot=None):
                self.body(body)
            case d.Loop(slot=d.Slot() as slot) if outside := outer_values(node.body).read:
                self._over_turns(node, slot, outside)
            case d.Group(slot=slot) | d.Loop(slot=d.Slot() as slot):
                assert slot is not None
                self._module(slot, node)
                self._end_line()
            case d.Loop():
                self._loop(node)
            case d.Choice():
                self._choice(node)
            case d.Let(names=names, value=value):
                self._let(names, value, node)
            case d.Refer(name=name) | d.Port(name=name):
                self._refer(name, node)
            case d.Output():
                self._output(node)

    def _inline(self, node: d.Inline) -> None:
        """The steps of a spliced block; ``x`` in it is the value that flows into it."""
        outer = self.scope, self._spliced, self._saved.get(d.X), d.X in self.noted
        self.scope, self._spliced = inline_scope(node, self.scope, self._size), node
        if refers_to_input(node.body):
            self._save("identity")
            self._saved[d.X] = self._saved["identity"]
        self.body(node.body)
        self.scope, self._spliced, around, noted = outer
        if around is not None:
            self._saved[d.X] = around
        if not noted:
            self.noted.discard(d.X)

    def _let(self, names: tuple[str, ...], value: Expr, node: d.Let) -> None:
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLet)]
        for index, name in enumerate(names):
            values = {use.values[index] for use in uses}
            if len(values) == 1:
                self.scope[name] = Const(values.pop(), node.span)
                continue
            part = IndexOf(value, Const(index, node.span), node.span) if node.unpacks else value
            try:
                self.scope[name] = self._term(part)
            except Refused as refusal:
                self._unsayable[name] = refusal

    def _layer(self, node: d.Layer) -> None:
        if node.slot is not None and REGISTRY[node.op].chains:
            self._module(node.slot, node, starts_line=defines_channels(node.op))
            return
        uses = self.unit.layers(node)
        if node.op == "identity" or not uses:
            return
        arguments = {argument.name: self._term(argument.value) for argument in node.arguments}
        form = joint_form(uses, arguments, node.span)
        if isinstance(form, TorchExpression | TorchModule | TorchParameter):
            self._computed(form, node, arguments, uses[0].arguments)
            return
        assert isinstance(form, TorchFunction), "a step without a place in the class is a function"
        if self._depth >= MAX_NESTED:
            self.flush()
        self._push(self._function(form, [self._pending], arguments, uses[0].arguments), node)

    def _apply(self, node: d.Apply) -> None:
        uses = self.unit.uses(node)
        assert node.slot is not None
        if uses and isinstance(uses[0], t.TypedLayer):
            self._module(node.slot, node, starts_line=defines_channels(uses[0].op))
            return
        extra = [py.name(self._saved_name(template)) for _, template in node.tensors]
        if extra:
            self.flush()
        self._module(node.slot, node, extra)
        outputs = [use.instance.outputs for use in uses if isinstance(use, t.TypedApply)]
        if outputs and len(outputs[0]) > 1:
            self._unpack(node, [name for name, _ in outputs[0]])
        else:
            self._end_line()

    def _unpack(self, node: d.Apply, names: list[str]) -> None:
        """A block with several outputs: each goes under its own name, the first flows on."""
        label = self._text(node.label) if node.label is not None else None
        prefix = f"{label}_" if label is not None else ""
        targets = []
        for name in names:
            variable = fresh((f"{prefix}{name}",), self._taken)
            self._taken.add(variable)
            targets.append(variable)
            if label is not None:
                self._saved[f"{label}.{name}"] = variable
        self.statements.append(ast.Assign([py.target_of(targets)], self._pending))
        self._pending, self._depth = py.name(targets[0]), 0
        if label is not None:
            self._saved[label] = targets[0]

    def _refer(self, name: NameTemplate, node: d.Refer | d.Port) -> None:
        if self._depth:
            self.flush()
        output = node.output if isinstance(node, d.Port) else None
        self._pending, self._depth = py.name(self._saved_name(name, output)), 0
        self._note_type(node)

    def _merge(self, node: d.Merge) -> None:
        source = self.flush() if self._depth else self._pending
        assert isinstance(source, ast.Name)
        long = [index for index, path in enumerate(node.paths) if not self._is_short(path)]
        operands: list[ast.expr] = []
        around = set(self._taken)
        for index, path in enumerate(node.paths):
            name = "out" if len(long) == 1 else f"branch{index + 1}"
            operands.append(self._path(path, source, name if index in long else None))
        self._taken = around | set(self._saved.values())
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedMerge)]
        arguments = {argument.name: self._term(argument.value) for argument in node.arguments}
        self._pending, self._depth = self._joined(node, operands, arguments, uses), 1
        self._note_type(node)

    def _joined(
        self, node: d.Merge, operands: list[ast.expr], arguments: dict[str, Expr], uses: list[t.TypedMerge]
    ) -> ast.expr:
        op = REGISTRY[node.op]
        inputs = tuple(path.output for path in uses[0].paths if path.output is not None)
        form = op.to_torch(OpCall(op, uses[0].arguments, inputs))
        if isinstance(form, TorchOperator):
            joined = operands[0]
            for operand in operands[1:]:
                joined = ast.BinOp(joined, _OPERATORS[form.symbol](), operand)
            return joined
        assert isinstance(form, TorchFunction)
        return self._function(form, operands, arguments, uses[0].arguments)

    def _is_short(self, path: d.Body) -> bool:
        def is_needed(label: NameTemplate) -> bool:
            return self._text(label) in self._referred

        return is_short(
            path,
            is_needed=is_needed,
            has_outputs=self._has_outputs,
            begins_line=defines_channels,
            is_a_call=is_a_call,
        )

    def _has_outputs(self, node: d.Apply) -> bool:
        return any(isinstance(use, t.TypedApply) and len(use.instance.outputs) > 1 for use in self.unit.uses(node))

    def _path(self, path: d.Body, source: ast.Name, name: str | None) -> ast.expr:
        """The value of one path; a long one is computed into a variable of its own."""
        outer = self._variable, self._comments
        self._comments = False
        if name is not None:
            self._variable = fresh((name,), self._taken)
            self._taken.add(self._variable)
        self._pending, self._depth = py.name(source.id), 0
        self.body(path)
        if name is not None and self._depth:
            self.flush()
        value = self._pending
        self._variable, self._comments = outer
        return value

    def _loop(self, node: d.Loop) -> None:
        iterable = self._term(node.iterable)
        turns = self.decisions.written_out(node, iterable)
        if turns is not None:
            for values in turns:
                self.scope.update(zip(node.names, values, strict=True))
                self.body(node.body)
            return
        if self.decisions.never_turns(node):
            return
        for name in node.names:
            self.scope.pop(name, None)
        self.flush()
        outer, self.statements = self.statements, []
        comments, self._comments = self._comments, False
        self._over_children = self._is_whole_class(node)
        self.body(node.body)
        self.flush()
        inner, self.statements, self._comments = self.statements, outer, comments
        if not inner:
            return
        if self._over_children:
            self._over_children = False
            self.statements.append(ast.For(py.target_of(["layer"]), py.call("self.children"), inner, [], None))
            return
        written = self._stored(iterable)
        read = {item.id for statement in inner for item in ast.walk(statement) if isinstance(item, ast.Name)}
        names = tuple(name if name in read else "_" for name in node.names) or ("_",)
        iterated = py.call("range", [written]) if node.is_repeat else written
        self.statements.append(ast.For(py.target_of(names), iterated, inner, [], None))
        self._note_type(node)

    def _over_turns(self, node: d.Loop, slot: d.Slot, outside: Mapping[str, str]) -> None:
        """``for layer in self.layers: x = layer(x, skip)``: turns that read values from outside the loop."""
        self.flush()
        extra = [py.name(self._saved_name(NameTemplate((label,), node.span))) for label in outside]
        turn = fresh(("layer", "turn"), self._taken)
        step = py.assign(self._variable, py.call(turn, [self._pending, *extra]))
        self.statements.append(ast.For(py.target_of([turn]), self._attribute(slot), [step], [], None))
        self._note_type(node)

    def _is_whole_class(self, node: d.Loop) -> bool:
        """Whether every module of the class is the one module of a turn: then the loop runs over the children."""
        inside = [inner for inner in level(node.body) if getattr(inner, "slot", None) is not None]
        whole = [inner for inner in level(self.unit.body) if getattr(inner, "slot", None) is not None]
        nested = any(isinstance(inner, d.Loop | d.Choice) for inner in level(node.body))
        if not len(inside) == len(whole) == 1 or nested or "layer" in self._taken:
            return False
        slot = getattr(inside[0], "slot", None)
        return isinstance(slot, d.Slot) and not slot.shared  # a module that all turns share is one child

    def _choice(self, node: d.Choice) -> None:
        if node.slot is not None:
            self._module(node.slot, node, starts_line=False)
            return
        decided = self._decided(node)
        if decided is not None:
            self.body(node.then if decided else node.otherwise)
            return
        self.flush()
        branches: list[list[ast.stmt]] = []
        outer, comments, self._comments = self.statements, self._comments, False
        around, alike, named = self._saved, self._alike, dict[str, str]()
        for branch in (node.then, node.otherwise):
            # A label that stands in both branches is one variable.
            self.statements, self._saved, self._alike = [], dict(around), {**alike, **named}
            self.body(branch)
            self.flush()
            branches.append(self.statements)
            named |= {label: name for label, name in self._saved.items() if label not in around}
        self.statements, self._comments, self._saved, self._alike = outer, comments, around | named, alike
        self._note_type(node)
        if not any(branches):
            return
        condition = self._stored(self._term(node.condition))
        if branches[0]:
            self.statements.append(ast.If(condition, branches[0], branches[1]))
        else:
            self.statements.append(ast.If(ast.UnaryOp(ast.Not(), condition), branches[1], []))

    def _decided(self, node: d.Choice) -> bool | None:
        """How a condition is decided in this class; one that cannot be written has to come out alike everywhere."""
        try:
            tested = self._term(node.condition)
        except Refused:
            outcome = self.decisions.outcome(node)
            if outcome is None:
                raise
            return outcome
        return self.decisions.condition(node, tested)

    def _output(self, node: d.Output) -> None:
        if node.body is None and node.when is None:
            self._plain_output(node)
            return
        source = self.flush() if self._depth else self._pending
        assert isinstance(source, ast.Name)
        outer, self.statements = self.statements, []
        running, variable = self._variable, fresh((node.name, f"{node.name}_out"), self._taken)
        self._taken.add(variable)
        self._variable = variable
        self._pending, self._depth = source, 0
        if node.body is not None:
            self.body(node.body)
        self.flush()
        inner, self.statements, self._variable = self.statements, outer, running
        self._pending, self._depth = py.name(source.id), 0
        if node.when is None:
            self.statements += inner
        else:
            self.statements.append(ast.If(py.member("training"), inner, []))
        self.outputs.append((node, variable))

    def _plain_output(self, node: d.Output) -> None:
        if node in self.keep:
            self._save(node.name)
            self.outputs.append((node, self._saved[node.name]))
            return
        value = self.flush()
        assert isinstance(value, ast.Name)
        self.outputs.append((node, value.id))

    def finish(self) -> ast.expr:
        """The return statements; hands back the annotation of what is returned."""
        value = self.flush()
        assert isinstance(value, ast.Name)
        always = [name for node, name in self.outputs if node.when is None]
        training = [name for node, name in self.outputs if node.when is not None]
        if not always:
            always = [value.id]
        if training:
            self.statements.append(ast.If(py.member("training"), [_returned([*always, *training])], []))
        if len(always) == 1:
            self._declare(always[0])
        self.statements.append(_returned(always))
        plain = _annotation(len(always))
        return ast.BinOp(plain, ast.BitOr(), _annotation(len(always) + len(training))) if training else plain

    def _declare(self, name: str) -> None:
        """States the type of a returned variable that is no parameter: calls of modules are of any type."""
        for index, statement in enumerate(self.statements):
            if not isinstance(statement, ast.Assign) or not is_name(statement.targets[0], name):
                continue
            if name not in self.parameters:
                declared = py.assign_typed(name, py.name("Tensor"), statement.value)
                comment = self._notes.comment_of(statement)
                if comment:
                    self._notes.comment(declared, comment)
                self.statements[index] = declared
            return


def keep_outputs(body: d.Body) -> tuple[d.Output, ...]:
    """The outputs that are followed by further steps: their values need names of their own."""
    last = max((index for index, node in enumerate(body.nodes) if not isinstance(node, d.Output)), default=-1)
    return tuple(node for index, node in enumerate(body.nodes) if isinstance(node, d.Output) and index < last)


def _returned(names: list[str]) -> ast.stmt:
    values = [py.name(name) for name in names]
    return ast.Return(values[0] if len(values) == 1 else py.tuple_of(values))


def _annotation(count: int) -> ast.expr:
    if count == 1:
        return py.name("Tensor")
    return py.subscript(py.name("tuple"), py.tuple_of([py.name("Tensor")] * count))
