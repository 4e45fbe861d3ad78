"""Writes ``forward``: one running ``x``, a second name only while a value is still needed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from archdsl.codegen import pytree as py
from archdsl.codegen.convert import label_to_python, to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions
from archdsl.codegen.naming import fresh
from archdsl.codegen.printer import Notes
from archdsl.codegen.refusal import Refused
from archdsl.codegen.symbolic import substitute
from archdsl.codegen.units import Unit
from archdsl.ir import design as d
from archdsl.ir.dim import Dim
from archdsl.ir.expr import Const, Expr, Local, NameTemplate, SizeOf, locals_in
from archdsl.ir.kinds import Value
from archdsl.ir.lines import MAX_NESTED
from archdsl.ir.terms import fold
from archdsl.ir.types import TensorType
from archdsl.ir.walk import every, templates
from archdsl.ops.form import (
    Argument,
    Argumentlike,
    Literal,
    Operand,
    Operands,
    TorchExpression,
    TorchFunction,
    TorchModule,
    TorchParameter,
)

_NOT_AT_HAND = "give the loop of that label a fixed number of turns, or make two blocks"
_UNSAYABLE_SIZE = "a condition in `forward` rests on this size; give the block a parameter for it"


class ForwardScope:
    """The running value of one ``forward`` and the values that are kept beside it."""

    def __init__(self, decisions: Decisions, notes: Notes, needed: frozenset[str] | None = None) -> None:
        self.decisions = decisions
        self.unit: Unit = decisions.unit
        self._notes = notes
        self.statements: list[ast.stmt] = []
        self.scope: dict[str, Expr] = decisions.base_scope()
        self.stored: set[str] = set()
        self._variable = "x"
        self._pending: ast.expr = py.name("x")
        self._depth = 0
        self._type: TensorType | None = None
        """The type of the pending value, where all networks of the class agree on it."""
        self._comments = decisions.unit.is_network
        self._visits: dict[int, int] = {}
        """How often a node was written: in a loop that is written out, which turn this is."""
        self._saved: dict[str, str] = {}
        self._alike: dict[str, str] = {}
        """The variables of labels that stood in the branch of a condition whose other branch is written now."""
        self._spliced: d.Inline | None = None
        """The spliced block that is being written: its ``x`` is the value that flows into it."""
        self._unsayable: dict[str, Refused] = {}
        """Variables whose values cannot be written in ``forward``; refused where one is read."""
        self._referred = _Referred(decisions.unit.body, needed)
        self.parameters: list[str] = ["x"]
        self.noted: set[str] = set()
        """The labels that steps referred to."""
        self._taken = {formal.name for formal in decisions.unit.formals} | {"x", *decisions.unit.outside.read.values()}
        self._over_children = False
        self.keep: tuple[d.Output, ...] = ()
        """Outputs that steps follow: their values get names of their own."""
        self.outputs: list[tuple[d.Output, str]] = []

    def start(self, inputs: Sequence[str]) -> list[ast.arg]:
        """The parameters of ``forward``; a network with several inputs names them."""
        names = list(inputs) if len(inputs) > 1 else ["x"]
        self._pending = py.name(names[0])
        if self.unit.is_network:
            self._saved.update(zip(inputs, names, strict=True))
            self._taken.update(names)
            if len(inputs) > 1:
                self._saved[d.X] = names[0]
            elif inputs[0] in self._referred or d.X in self._referred:
                self._keep_input(inputs[0])
                self._saved[d.X] = self._saved[inputs[0]]
        elif d.X in self._referred and d.X not in self.unit.outside.read:
            self._keep_input("identity")
            self._saved[d.X] = self._saved["identity"]
        self._saved.update(self.unit.outside.read)
        names += self.unit.outside.read.values()
        self.parameters = names
        return [py.parameter(name, py.name("Tensor")) for name in names]

    def _keep_input(self, label: str) -> None:
        """Keeps the input under a second name, since ``x`` goes on changing."""
        self._save(label)
        self._pending = py.name("x")

    def _push(self, call: ast.expr, node: d.Node) -> None:
        self._pending = call
        self._depth += 1
        self._note_type(node)

    def flush(self) -> ast.expr:
        """Puts the pending expression into the running variable; returns the variable."""
        if self._depth or not is_name(self._pending, self._variable):
            statement = py.assign(self._variable, self._pending)
            self.statements.append(statement)
            self._comment(statement)
        self._pending = py.name(self._variable)
        self._depth = 0
        return self._pending

    def _comment(self, statement: ast.stmt) -> None:
        """The shape after a statement, in a network."""
        if self._comments and self._type is not None:
            self._notes.comment(statement, " x ".join(_ascii_size(size) for size in self._type.shape))

    def _note_type(self, node: d.Node) -> None:
        """Remembers the type after a node: for the comment on the line that will hold it."""
        self._type = self._type_after(node) if self._comments else None

    def _type_after(self, node: d.Node) -> TensorType | None:
        """The type after a node on this visit; None where networks of one class differ in it."""
        uses, networks = self.unit.uses(node), len(self.unit.occurrences)
        turns = len(uses) // networks
        turn = self._visits.get(id(node), 1) - 1
        types = {uses[network * turns + turn].output for network in range(networks)} if turn < turns else set()
        return types.pop() if len(types) == 1 else None

    def _save(self, label: str, alike: str | None = None) -> None:
        """Keeps the running value under a name of its own, or that of its like, from which the flow goes on."""
        wanted = label.replace("-", "_")
        name = alike or fresh((wanted, f"{wanted}_out"), self._taken)
        self._taken.add(name)
        statement = py.assign(name, self._pending)
        self.statements.append(statement)
        self._comment(statement)
        self._pending, self._depth = py.name(name), 0
        self._saved[label] = name

    def _text(self, template: NameTemplate) -> str | None:
        parts = [part if isinstance(part, str) else fold(self._term(part)) for part in template.parts]
        texts = [part if isinstance(part, str) else str(part.value) for part in parts if isinstance(part, str | Const)]
        return "".join(texts) if len(texts) == len(parts) else None

    def _term(self, expr: Expr) -> Expr:
        for name in sorted(self._unsayable.keys() & locals_in(expr)):
            raise self._unsayable[name]
        return substitute(expr, self.scope, self._size)

    def _size(self, expr: SizeOf) -> Expr:
        """A size as ``__init__`` was told it, or as the number that it always is."""
        label = d.X if expr.value is None else self._text(expr.value)
        name = self.unit.outside.sized.get(label or "")
        if label == d.X and self._spliced is not None:
            size = self.unit.spliced_size(self._spliced, expr.attribute)
        elif name is not None and expr.attribute == "channels":
            return Local(f"{name}_channels", expr.span)
        elif label == d.X and self.unit.block is not None and expr.attribute == "channels" and not self.unit.is_network:
            return Local(IN_CHANNELS, expr.span)
        else:
            own = label == d.X
            size = self.unit.own_size(expr.attribute) if own else self.unit.size_of(label or "", expr.attribute)
        if size is None:
            raise Refused(_UNSAYABLE_SIZE, expr.span)
        return Const(size, expr.span)

    def _attribute(self, slot: d.Slot) -> ast.expr:
        assert slot.name is not None
        if self._over_children:
            return py.name("layer")
        parts = tuple(part if isinstance(part, str) else self._term(part) for part in slot.name.parts)
        written = label_to_python(NameTemplate(parts, slot.name.span))
        if isinstance(written, ast.Constant) and str(written.value).isidentifier():
            return py.member(str(written.value))
        return py.call("self.get_submodule", [written])

    def _end_line(self) -> None:
        """A block or group stands on a line of its own; only layers that follow a layer join its line."""
        self._depth = max(self._depth, MAX_NESTED)

    def _module(self, slot: d.Slot, node: d.Node, extra: Sequence[ast.expr] = (), *, starts_line: bool = True) -> None:
        """A call of a module; layers that make channels begin a line, what follows them joins it."""
        if self._depth and (starts_line or self._depth >= MAX_NESTED):
            self.flush()
        self._push(py.call(self._attribute(slot), [self._pending, *extra]), node)

    def _computed(
        self,
        form: TorchExpression | TorchModule | TorchParameter,
        node: d.Layer,
        arguments: dict[str, Expr],
        values: Mapping[str, Value],
    ) -> None:
        """An expression that a layer brings: ``x[:, 0]``, ``self.layer_scale * x``."""
        tree = ast.parse(form.text if isinstance(form, TorchExpression) else form.applied, mode="eval").body
        names = [item.id for item in ast.walk(tree) if isinstance(item, ast.Name)]
        if self._depth >= MAX_NESTED or names.count("x") > 1 or isinstance(form, TorchExpression):
            self.flush()
        known = {name: self._argument(name, arguments, values) for name in values if name in names}
        known["x"] = self._pending
        if node.slot is not None:
            known["layer"] = self._attribute(node.slot)
        self._push(py.substituted(tree, known), node)

    def _argument(self, name: str, arguments: dict[str, Expr], values: Mapping[str, Value]) -> ast.expr:
        given = arguments.get(name)
        return to_python(Const(values[name], self.unit.body.span)) if given is None else self._stored(given)

    def _function(
        self, form: TorchFunction, operands: list[ast.expr], arguments: dict[str, Expr], values: Mapping[str, Value]
    ) -> ast.expr:
        def written(value: Argumentlike) -> ast.expr:
            match value:
                case Operand(index):
                    return operands[index]
                case Operands():
                    return py.list_of(operands)
                case Literal(literal):
                    return to_python(Const(literal, self.unit.body.span))
                case _:
                    assert isinstance(value, Argument), "a function takes no inferred sizes"
                    return self._argument(value.name, arguments, values)

        return py.call(form.name, [written(v) for v in form.positional], [(k, written(v)) for k, v in form.keywords])

    def written(self, expr: Expr) -> ast.expr:
        """An expression of the spec in the terms of this method."""
        return self._stored(self._term(expr))

    def _stored(self, expr: Expr) -> ast.expr:
        """An expression over parameters, read from ``self``; loop variables as they are."""
        outside = {f"{name}_channels" for name in self.unit.outside.sized.values()}
        names = {formal.name for formal in self.unit.formals} | {IN_CHANNELS} | outside
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

    def _saved_name(self, template: NameTemplate, output: str | None = None) -> str:
        """The variable of a labelled value, or of one of the outputs of the block under that label."""
        text = self._text(template)
        self.noted.add(text or "")
        key = text if output is None else f"{text}.{output}"
        if key is None or key not in self._saved:
            raise Refused(f"the value `{template}` is not at hand here", template.span, _NOT_AT_HAND)
        return self._saved[key]


def is_name(node: ast.expr, text: str) -> bool:
    """Whether an expression is a certain name."""
    return isinstance(node, ast.Name) and node.id == text


def _ascii_size(size: int | Dim) -> str:
    if isinstance(size, int):
        return str(size)
    text = size.ascii()
    return text if text.isidentifier() else f"({text})"


class _Referred:
    """The labels whose values are needed later: exactly those in ``needed``, or all that may be."""

    def __init__(self, body: d.Body, needed: frozenset[str] | None) -> None:
        self._needed = needed
        found = [template.plain for node in every(body) for template in templates(node)]
        self._names = frozenset(name for name in found if name is not None)
        self._computed = None in found

    def __contains__(self, label: object) -> bool:
        if self._needed is not None:
            return label in self._needed
        return self._computed or label in self._names
