"""Writes ``forward``: one running ``x``, a second name only while a value is still needed."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from archdsl.codegen import pytree as py
from archdsl.codegen.convert import label_to_python, to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions, inline_scope
from archdsl.codegen.layer_forms import joint_form
from archdsl.codegen.naming import fresh
from archdsl.codegen.printer import Notes
from archdsl.codegen.refusal import Refused
from archdsl.codegen.symbolic import substitute
from archdsl.codegen.units import Unit
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.dim import Dim
from archdsl.ir.expr import Const, Expr, Local, NameTemplate, SizeOf, locals_in
from archdsl.ir.types import TensorType
from archdsl.ir.walk import every, level, templates
from archdsl.ops import REGISTRY
from archdsl.ops.base import Argument, Argumentlike, Literal, Operand, Operands, TorchFunction, TorchOperator
from archdsl.ops.base import Call as OpCall

MAX_NESTED = 3
"""How many calls stand inside each other on one line."""
_OPERATORS: dict[str, type[ast.operator]] = {"+": ast.Add, "*": ast.Mult}


class ForwardWriter:
    """The statements of ``forward`` for one class. ``stored`` collects parameters it needs on ``self``."""

    def __init__(self, decisions: Decisions, notes: Notes) -> None:
        self.decisions = decisions
        self.unit: Unit = decisions.unit
        self._notes = notes
        self.statements: list[ast.stmt] = []
        self.scope: dict[str, Expr] = decisions.base_scope()
        self.stored: set[str] = set()
        self._variable = "x"
        self._pending: ast.expr = py.name("x")
        self._depth = 0
        self._after: d.Node | None = None
        self._comments = decisions.unit.is_network
        self._visits: dict[int, int] = {}
        """How often a node was written: in a loop that is written out, which turn this is."""
        self._saved: dict[str, str] = {}
        self._referred = _referred_labels(decisions.unit.body)
        self._taken = {formal.name for formal in decisions.unit.formals} | {"x", *decisions.unit.tensor_names}
        self._over_children = False
        self.keep: tuple[d.Output, ...] = ()
        """Outputs that steps follow: their values get names of their own."""
        self.outputs: list[tuple[d.Output, str]] = []

    # --- the running value ----------------------------------------------------------------------------

    def start(self, inputs: Sequence[str]) -> list[ast.arg]:
        """The parameters of ``forward``; a network with several inputs names them."""
        names = list(inputs) if len(inputs) > 1 else ["x"]
        self._pending = py.name(names[0])
        if self.unit.is_network:
            self._saved.update(zip(inputs, names, strict=True))
            self._taken.update(names)
            if len(inputs) == 1 and (inputs[0] in self._referred or d.X in self._referred):
                self._save(inputs[0])
                self._saved[d.X] = self._saved[inputs[0]]
        elif d.X in self._referred:
            self._save("identity")
            self._saved[d.X] = self._saved["identity"]
        for tensor in self.unit.tensor_names:
            self._saved[tensor] = tensor
            names.append(tensor)
        return [py.parameter(name, py.name("Tensor")) for name in names]

    def _push(self, call: ast.expr, node: d.Node) -> None:
        self._pending = call
        self._depth += 1
        self._after = node

    def flush(self) -> ast.expr:
        """Puts the pending expression into the running variable; returns the variable."""
        if self._depth or not _is_name(self._pending, self._variable):
            statement = py.assign(self._variable, self._pending)
            self.statements.append(statement)
            self._comment(statement)
        self._pending = py.name(self._variable)
        self._depth = 0
        return self._pending

    def _comment(self, statement: ast.stmt) -> None:
        """The shape after a statement, in a network."""
        if not self._comments or self._after is None:
            return
        found = self._type_after(self._after)
        if found is not None:
            self._notes.comment(statement, " x ".join(_ascii_size(size) for size in found.shape))

    def _type_after(self, node: d.Node) -> TensorType | None:
        """The type after a node on this visit; None where networks of one class differ in it."""
        uses, networks = self.unit.uses(node), len(self.unit.occurrences)
        turns = len(uses) // networks
        turn = self._visits.get(id(node), 1) - 1
        types = {uses[network * turns + turn].output for network in range(networks)} if turn < turns else set()
        return types.pop() if len(types) == 1 else None

    def _save(self, label: str) -> None:
        """Keeps the running value under a name of its own."""
        name = fresh((label, f"{label}_out"), self._taken)
        self._taken.add(name)
        value = self.flush()
        if not (isinstance(value, ast.Name) and value.id == name):
            self.statements.append(py.assign(name, value))
        self._saved[label] = name

    # --- bodies ---------------------------------------------------------------------------------------

    def body(self, body: d.Body) -> None:
        """The steps of a body, from the running value on."""
        for node in body.nodes:
            self._visits[id(node)] = self._visits.get(id(node), 0) + 1
            self._node(node)
            label = getattr(node, "label", None)
            text = self._text(label) if isinstance(label, NameTemplate) else None
            if text is not None and text in self._referred:
                self._save(text)

    def _text(self, template: NameTemplate) -> str | None:
        parts = [part if isinstance(part, str) else self._term(part) for part in template.parts]
        texts = [part if isinstance(part, str) else str(part.value) for part in parts if isinstance(part, str | Const)]
        return "".join(texts) if len(texts) == len(parts) else None

    def _term(self, expr: Expr) -> Expr:
        return substitute(expr, self.scope, self._size)

    def _size(self, expr: SizeOf) -> Expr:
        if expr.value is None and expr.attribute in ("channels", "features") and not self.unit.is_network:
            return Local(IN_CHANNELS, expr.span)
        if expr.value is None and expr.attribute != "channels":
            axis = {"height": -2, "width": -1, "length": 2, "depth": 2, "features": -1}[expr.attribute]
            sizes = {occurrence.inputs[0].shape[axis] for occurrence in self.unit.occurrences}
        elif expr.value is None:
            sizes = {occurrence.inputs[0].shape[1] for occurrence in self.unit.occurrences}
        else:
            sizes = set()
        size = sizes.pop() if len(sizes) == 1 else None
        if isinstance(size, int):
            return Const(size, expr.span)
        raise Refused("a condition in `forward` rests on this size; give the block a parameter for it", expr.span)

    def _node(self, node: d.Node) -> None:
        match node:
            case d.Layer():
                self._layer(node)
            case d.Apply():
                self._apply(node)
            case d.Inline(body=body):
                outer, self.scope = self.scope, inline_scope(node, self.scope, self._size)
                self.body(body)
                self.scope = outer
            case d.Merge():
                self._merge(node)
            case d.Group(body=body, slot=None):
                self.body(body)
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

    def _let(self, names: tuple[str, ...], value: Expr, node: d.Let) -> None:
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLet)]
        for index, name in enumerate(names):
            values = {use.values[index] for use in uses}
            if len(values) == 1:
                self.scope[name] = Const(values.pop(), node.span)
            elif not node.unpacks:
                self.scope[name] = self._term(value)

    # --- layers and blocks ----------------------------------------------------------------------------

    def _layer(self, node: d.Layer) -> None:
        if node.slot is not None:
            self._module(node.slot, node, starts_line=_defines_channels(node.op))
            return
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedLayer)]
        if node.op == "identity" or not uses:
            return
        arguments = {argument.name: self._term(argument.value) for argument in node.arguments}
        form = joint_form(uses, arguments, node.span)
        if not isinstance(form, TorchFunction):
            raise Refused("this step has no counterpart as a function", node.span)
        if self._depth >= MAX_NESTED:
            self.flush()
        self._push(self._function(form, [self._pending], arguments, uses[0].arguments), node)

    def _function(
        self, form: TorchFunction, operands: list[ast.expr], arguments: dict[str, Expr], values: object
    ) -> ast.expr:
        def written(value: Argumentlike) -> ast.expr:
            match value:
                case Operand(index):
                    return operands[index]
                case Operands():
                    return py.list_of(operands)
                case Literal(literal):
                    return to_python(Const(literal, self.unit.body.span))
                case Argument(name):
                    given = arguments.get(name)
                    return self._stored(given) if given is not None else to_python(
                        Const(values[name], self.unit.body.span)  # type: ignore[index]
                    )
            raise AssertionError("a function takes no inferred sizes")

        return py.call(form.name, [written(v) for v in form.positional], [(k, written(v)) for k, v in form.keywords])

    def _module(
        self, slot: d.Slot, node: d.Node, extra: Sequence[ast.expr] = (), *, starts_line: bool = True
    ) -> None:
        """A call of a module; layers that make channels begin a line, what follows them joins it."""
        if self._depth and (starts_line or self._depth >= MAX_NESTED):
            self.flush()
        self._push(py.call(self._attribute(slot), [self._pending, *extra]), node)

    def _attribute(self, slot: d.Slot) -> ast.expr:
        assert slot.name is not None
        if self._over_children:
            return py.name("layer")
        parts = tuple(part if isinstance(part, str) else self._term(part) for part in slot.name.parts)
        written = label_to_python(NameTemplate(parts, slot.name.span))
        if isinstance(written, ast.Constant):
            return py.member(str(written.value))
        return py.call("self.get_submodule", [written])

    def _apply(self, node: d.Apply) -> None:
        uses = self.unit.uses(node)
        assert node.slot is not None
        if uses and isinstance(uses[0], t.TypedLayer):
            self._module(node.slot, node, starts_line=_defines_channels(uses[0].op))
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

    def _end_line(self) -> None:
        """A block or group stands on a line of its own; only layers that follow a layer join its line."""
        self._depth = max(self._depth, MAX_NESTED)

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

    def _saved_name(self, template: NameTemplate) -> str:
        text = self._text(template)
        if text is None or text not in self._saved:
            raise Refused(f"the value `{template}` is not at hand here", template.span)
        return self._saved[text]

    def _refer(self, name: NameTemplate, node: d.Refer | d.Port) -> None:
        if self._depth:
            self.flush()
        text = self._text(name)
        key = f"{text}.{node.output}" if isinstance(node, d.Port) else text
        if key is None or key not in self._saved:
            raise Refused(f"the value `{key or name}` is not at hand here", node.span)
        self._pending, self._depth, self._after = py.name(self._saved[key]), 0, node

    # --- joins ----------------------------------------------------------------------------------------

    def _merge(self, node: d.Merge) -> None:
        source = self.flush() if self._depth else self._pending
        assert isinstance(source, ast.Name)
        long = [index for index, path in enumerate(node.paths) if not self._is_short(path)]
        operands: list[ast.expr] = []
        for index, path in enumerate(node.paths):
            name = "out" if len(long) == 1 else f"branch{index + 1}"
            operands.append(self._path(path, source, name if index in long else None))
        uses = [use for use in self.unit.uses(node) if isinstance(use, t.TypedMerge)]
        arguments = {argument.name: self._term(argument.value) for argument in node.arguments}
        self._pending, self._depth = self._joined(node, operands, arguments, uses), 1
        self._after = node

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
        """Whether a path fits into the expression of its join: a few calls of modules, nothing else."""
        calls = 0
        for node in path.nodes:
            if isinstance(node, d.Assert) or (isinstance(node, d.Layer) and node.op == "identity" and not node.slot):
                continue
            if isinstance(node, d.Refer | d.Port):
                continue
            label = getattr(node, "label", None)
            if isinstance(label, NameTemplate) and self._text(label) in self._referred:
                return False
            plain_module = isinstance(node, d.Layer | d.Group | d.Choice | d.Apply | d.Loop) and node.slot is not None
            if not plain_module and not isinstance(node, d.Layer):
                return False
            if isinstance(node, d.Apply) and self._has_outputs(node):
                return False
            if calls and (not isinstance(node, d.Layer) or _defines_channels(node.op)):
                return False
            calls += 1
        return calls <= MAX_NESTED

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
        if name is not None:
            self._taken.discard(self._variable)
        self._variable, self._comments = outer
        return value

    # --- control --------------------------------------------------------------------------------------

    def _loop(self, node: d.Loop) -> None:
        iterable = self._term(node.iterable)
        turns = self.decisions.written_out(node, iterable)
        if turns is not None:
            for values in turns:
                self.scope.update(zip(node.names, values, strict=True))
                self.body(node.body)
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
        self._after = node

    def _is_whole_class(self, node: d.Loop) -> bool:
        """Whether every module of the class is the one module of a turn: then the loop runs over the children."""
        inside = [inner for inner in level(node.body) if getattr(inner, "slot", None) is not None]
        whole = [inner for inner in level(self.unit.body) if getattr(inner, "slot", None) is not None]
        nested = any(isinstance(inner, d.Loop | d.Choice) for inner in level(node.body))
        return len(inside) == len(whole) == 1 and not nested and "layer" not in self._taken

    def _stored(self, expr: Expr) -> ast.expr:
        """An expression over parameters, read from ``self``; loop variables as they are."""
        names = {formal.name for formal in self.unit.formals} | {IN_CHANNELS}
        read = locals_in(expr) & names
        self.stored |= read
        written = to_python(expr)
        for item in ast.walk(written):
            for key, value in ast.iter_fields(item):
                if isinstance(value, ast.Name) and value.id in read:
                    setattr(item, key, py.member(value.id))
                if isinstance(value, list):
                    value[:] = [
                        py.member(part.id) if isinstance(part, ast.Name) and part.id in read else part for part in value
                    ]
        return py.member(written.id) if isinstance(written, ast.Name) and written.id in read else written

    def _choice(self, node: d.Choice) -> None:
        if node.slot is not None:
            self._module(node.slot, node, starts_line=False)
            return
        tested = self._term(node.condition)
        decided = self.decisions.condition(node, tested)
        if decided is not None:
            self.body(node.then if decided else node.otherwise)
            return
        self.flush()
        branches: list[list[ast.stmt]] = []
        outer, comments, self._comments = self.statements, self._comments, False
        for branch in (node.then, node.otherwise):
            self.statements = []
            self.body(branch)
            self.flush()
            branches.append(self.statements)
        self.statements, self._comments = outer, comments
        condition = self._stored(tested)
        if branches[0]:
            self.statements.append(ast.If(condition, branches[0], branches[1]))
        elif branches[1]:
            self.statements.append(ast.If(ast.UnaryOp(ast.Not(), condition), branches[1], []))
        self._after = node

    # --- outputs --------------------------------------------------------------------------------------

    def _output(self, node: d.Output) -> None:
        if node.body is None and node.when is None:
            self._plain_output(node)
            return
        self.flush()
        outer, self.statements = self.statements, []
        running, variable = self._variable, fresh((node.name, f"{node.name}_out"), self._taken)
        self._taken.add(variable)
        self._variable = variable
        self._pending, self._depth = py.name(running), 0
        if node.body is not None:
            self.body(node.body)
        self.flush()
        inner, self.statements, self._variable = self.statements, outer, running
        self._pending, self._depth = py.name(running), 0
        if node.when is None:
            self.statements += inner
        else:
            self.statements.append(ast.If(py.member("training"), inner, []))
        self.outputs.append((node, variable))

    def _plain_output(self, node: d.Output) -> None:
        self.flush()
        if node in self.keep:
            self._save(node.name)
            self.outputs.append((node, self._saved[node.name]))
            return
        self.outputs.append((node, self._variable))

    def finish(self) -> ast.expr:
        """The return statements; hands back the annotation of what is returned."""
        value = self.flush()
        assert isinstance(value, ast.Name)
        always = [self._settled(node, name) for node, name in self.outputs if node.when is None]
        training = [name for node, name in self.outputs if node.when is not None]
        if not always:
            always = [value.id]
        if training:
            self.statements.append(ast.If(py.member("training"), [_returned([*always, *training])], []))
        self.statements.append(_returned(always))
        plain = _annotation(len(always))
        return ast.BinOp(plain, ast.BitOr(), _annotation(len(always) + len(training))) if training else plain

    def _settled(self, node: d.Output, name: str) -> str:
        return name


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


def _is_name(node: ast.expr, text: str) -> bool:
    return isinstance(node, ast.Name) and node.id == text


def _defines_channels(op: str) -> bool:
    return any(parameter.name in ("channels", "features") for parameter in REGISTRY[op].parameters)


def _ascii_size(size: int | Dim) -> str:
    if isinstance(size, int):
        return str(size)
    text = size.ascii()
    return text if text.isidentifier() else f"({text})"


def _referred_labels(body: d.Body) -> _Referred:
    """The labels that anything in a body refers to; computed ones stand for all."""
    names: set[str] = set()
    computed = False
    for node in every(body):
        for template in templates(node):
            plain = template.plain
            names |= {plain} if plain is not None else set()
            computed = computed or plain is None
    return _Referred(names, computed)


class _Referred:
    """The labels whose values are needed later. With computed references, every templated label may be one."""

    def __init__(self, names: set[str], computed: bool) -> None:
        self._names = names
        self._computed = computed

    def __contains__(self, label: object) -> bool:
        return label in self._names or (self._computed and isinstance(label, str) and label[-1:].isdigit())
