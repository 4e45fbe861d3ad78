"""What is known while ``__init__`` is written: variables, the channels that flow, the statements so far."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from copy import copy
from typing import NamedTuple

from archdsl.codegen import pytree as py
from archdsl.codegen.class_code import ClassCode
from archdsl.codegen.convert import label_to_python, to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions, local
from archdsl.codegen.flow import Flow
from archdsl.codegen.naming import fresh
from archdsl.codegen.refusal import Refused
from archdsl.codegen.symbolic import substitute
from archdsl.codegen.units import Program, Unit, values_named
from archdsl.ir import design as d
from archdsl.ir.expr import (
    BinaryOp,
    BuiltinCall,
    Const,
    Expr,
    IfElse,
    IndexOf,
    Items,
    Local,
    NameTemplate,
    SizeOf,
    locals_in,
)
from archdsl.ir.terms import NOWHERE, fold
from archdsl.ir.types import TensorType
from archdsl.ir.walk import every, label_of

_Saved = tuple[dict[str, object], list[ast.stmt], list[ast.stmt]]
"""The state before an attempt: what changes, the statements so far, and the list that holds them."""
MAX_TURNS = 30_000
"""Turns of loops that may be written out in one class."""
ClassOf = Callable[[Unit], ClassCode]


class Tried(NamedTuple):
    """What is known after steps that were tried: the running value, and every label."""

    flow: Flow
    labels: dict[str, Flow]


_UNFOLLOWED = "the channel count after each turn has no expression that could be written in `__init__`"
_UNFOLLOWED_HELP = "pass the channels to the block in each turn, or end each turn with a layer that states them"
_RUNNING = ("channels", "in_channels", "width", "features")
_OPERATORS: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "//": ast.FloorDiv}


class InitScope:
    """The state of writing one constructor. ``class_of`` gives the written class of a callee."""

    def __init__(self, decisions: Decisions, program: Program, class_of: ClassOf) -> None:
        self.decisions = decisions
        self.unit = decisions.unit
        self._program = program
        self._class_of = class_of
        self.statements: list[ast.stmt] = []
        self.scope: dict[str, Expr] = decisions.base_scope()
        self.flow = Flow(None if self.unit.is_network else local(IN_CHANNELS))
        self._block_flow = self.flow
        self._labels: dict[str, Flow] = {}
        for label, tensor in self.unit.outside.sized.items():
            self._labels[label] = Flow(local(f"{tensor}_channels"))
        self._taken = {formal.name for formal in self.unit.formals} | {IN_CHANNELS}
        self._shared: set[str] = set()
        self._blocks = dict(self.unit.blocks)
        self.closed: dict[str, Expr | None] = {}
        """Running channel counts: what each is at the end, in terms of the parameters, where that is plain."""
        self._variables: dict[str, Expr] = {}
        """Variables of the constructor that a `let` became, with what they stand for."""
        self._outer: list[list[ast.stmt]] = []
        self._carrying: str | None = None
        self._turns = 0
        self._unknowns = 0
        self._trying = False
        """Whether only what flows is asked: nothing that is written now stays."""
        self._read = values_named(self.unit.body)
        self._joining: list[tuple[Flow, ...]] = []
        """Of each join around: what flows into its paths, and what those before this one hand over."""
        self._spliced: d.Inline | None = None
        """The spliced block that is being written: ``x`` is what flows into it."""
        self.outputs: dict[str, Expr | None] = {}
        """The channels of each output."""

    def _count(self, turns: int, node: d.Loop) -> None:
        """Short loops are written out, their turns multiply where they nest: the lines must not become endless."""
        self._turns += turns
        if self._turns > MAX_TURNS:
            raise Refused("loops nest too deeply to be written out turn by turn", node.span, "use fewer of them")

    def _label_text(self, label: NameTemplate) -> str | None:
        parts = [part if isinstance(part, str) else fold(self.term(part)) for part in label.parts]
        if any(not isinstance(part, str | Const) for part in parts):
            return None
        return "".join(
            part if isinstance(part, str) else str(part.value) for part in parts if isinstance(part, str | Const)
        )

    def term(self, expr: Expr) -> Expr:
        """An expression of the spec in the terms of the class."""
        return substitute(expr, self.scope, self.size)

    def size(self, expr: SizeOf) -> Expr:
        """A size in the terms of the class: channels as an expression, the rest as the number it is."""
        if expr.attribute == "channels" or (expr.attribute == "features" and self._is_row(expr)):
            flow = self._value_of(self._label_text(expr.value) if expr.value is not None else d.X)
            if flow is not None and flow.channels is not None:
                return flow.channels
        known = self._known_size(expr)
        if known is not None:
            return Const(known, NOWHERE)
        raise Refused("this size differs between the applications of the block, or is open", expr.span)

    def _known_size(self, expr: SizeOf) -> int | None:
        """A size that is the same number in every use."""
        if expr.value is not None:
            label = self._label_text(expr.value)
            return self.unit.size_of(label, expr.attribute) if label is not None else None
        if self._spliced is not None:
            return self.unit.spliced_size(self._spliced, expr.attribute)
        return self.unit.own_size(expr.attribute)

    def _is_row(self, expr: SizeOf) -> bool:
        """Whether the last axis of a value is its channels: ``[N, F]``, a sequence, channels put last."""
        if expr.value is None:
            return all(map(_ends_in_channels, self.unit.inputs_of(self._spliced)))
        labelled = [node for node in every(self.unit.body) if label_of(node) == expr.value]
        types = [use.output for node in labelled for use in self.unit.uses(node)]
        return bool(types) and all(type_ is not None and _ends_in_channels(type_) for type_ in types)

    def _value_of(self, label: str | None) -> Flow | None:
        """What is known of a value: of the block's own input, which turns of a loop see as a value from outside."""
        if label == d.X and (self.unit.block is not None or self._spliced is not None):
            return self._block_flow
        return self._labels.get(label or "")

    def _name(self, slot: d.Slot) -> ast.expr | None:
        """The attribute's name as a string or f-string; None for a position."""
        if slot.name is None:
            return None
        parts = tuple(part if isinstance(part, str) else self.term(part) for part in slot.name.parts)
        return label_to_python(NameTemplate(parts, slot.name.span))

    def closed_form_of(self, channels: Expr | None, outside: Collection[str] = ()) -> Expr | None:
        """A channel count in terms of the parameters alone; None where a running count in it has no such form.

        The running counts ``outside`` may stay.
        """
        if channels is None:
            return None
        running = {name: self.closed[name] for name in locals_in(channels) if name in self.closed.keys() - set(outside)}
        known = {name: value for name, value in running.items() if value is not None}
        return substitute(channels, known, self.size) if len(known) == len(running) else None

    def unknown(self) -> Local:
        """A channel count of which nothing is known, by a name that no other has."""
        self._unknowns += 1
        return local(f"@{self._unknowns}")

    def unclosed(self) -> Local:
        """A running count without a form that could be written."""
        count = self.unknown()
        self.closed[count.name] = None
        return count

    def tried(self, write: Callable[[], None], start: Flow) -> Tried:
        """What flows after something is written, without the running counts that it makes; nothing is written.

        Nothing is tried again in it: a loop in a loop is gone through once for each loop around it.
        """
        saved, known = self._save(), set(self.closed)
        self.flow, self._trying = start, True
        write()
        flow, *labelled = (
            flow.with_channels(self.closed_form_of(flow.channels, outside=known))
            for flow in (self.flow, *self._labels.values())
        )
        labels = dict(zip(self._labels, labelled, strict=True))
        self._restore(saved)
        return Tried(flow, labels)

    def variable_for(self, wanted: str, term: Expr) -> Expr:
        """A variable for what a ``let`` computes; the term itself where it is a name or a number."""
        if not isinstance(term, BinaryOp | BuiltinCall | IfElse | Items):
            return term
        variable = fresh((wanted,), self._taken)
        self._taken.add(variable)
        self._variables[variable] = self.expanded(term)
        self.closed[variable] = self.closed_form_of(term)
        self.statements.append(py.assign(variable, to_python(term)))
        return local(variable)

    def variables_for(self, wanted: tuple[str, ...], term: Expr) -> list[Expr]:
        """Variables for the parts of a tuple."""
        variables = [fresh((name,), self._taken) for name in wanted]
        self._taken.update(variables)
        for index, variable in enumerate(variables):
            self._variables[variable] = IndexOf(self.expanded(term), Const(index, NOWHERE), NOWHERE)
            self.closed[variable] = None
        self.statements.append(ast.Assign([py.target_of(variables)], to_python(term)))
        return [local(variable) for variable in variables]

    def expanded(self, expr: Expr) -> Expr:
        """A term with the variables that a ``let`` became replaced by what they stand for."""
        return substitute(expr, self._variables, self.size)

    def without_idle_variables(self) -> list[ast.stmt]:
        """The statements without those that only set a variable which nothing reads."""
        return without_idle(self.statements, frozenset(self.closed))

    def _followed(self, node: d.Node) -> Expr:
        """The current channel count, which has to have an expression."""
        if self.flow.channels is None:
            raise Refused(_UNFOLLOWED, node.span, _UNFOLLOWED_HELP)
        return self.flow.channels

    def carry(self, node: d.Node) -> str:
        """A variable that holds the channel count from here on."""
        current = self.flow.channels
        if self._carrying is not None and not self._is_held(self._carrying):
            self._settle(self._carrying, node)
            self.closed[self._carrying] = None
            return self._carrying
        running = self.closed.keys() - self._variables.keys()
        if isinstance(current, Local) and current.name in running and not self._is_held(current.name):
            self.closed[current.name] = None
            return current.name
        if isinstance(current, Local) and current.name == IN_CHANNELS and not self.unit.is_network:
            variable = fresh(("channels", "width", "features"), self._taken)
        else:
            free = {IN_CHANNELS} - self.closed.keys() if self.unit.is_network else set()
            variable = fresh(_RUNNING, self._taken - free)
        self._taken.add(variable)
        self.closed[variable] = None
        self.statements.append(py.assign(variable, to_python(self._followed(node))))
        self.flow = self.flow.with_channels(local(variable))
        return variable

    def _is_held(self, variable: str) -> bool:
        """Whether an earlier value that is read somewhere has its channels in a running count: it must not run on."""
        flows = [flow for label, flow in self._labels.items() if self._is_read(label)]
        flows += [self._block_flow] if self._spliced is not None and d.X in self._read else []
        flows += [flow for joining in self._joining for flow in joining]
        held = [*(flow.channels for flow in flows if flow.channels is not None), *self.scope.values()]
        return any(variable in locals_in(expr) for expr in held)

    def _is_read(self, label: str) -> bool:
        return label.partition(".")[0] in self._read or None in self._read

    def _settle(self, variable: str, node: d.Node) -> None:
        """Writes the current channel count into its variable."""
        current = self._followed(node)
        if current == local(variable):
            return
        self._keep_labelled(variable)
        if isinstance(current, BinaryOp) and current.left == local(variable) and current.operator in _OPERATORS:
            operator = _OPERATORS[current.operator]()
            self.statements.append(py.augment(variable, operator, to_python(current.right)))
        else:
            self.statements.append(py.assign(variable, to_python(current)))
        self.flow = self.flow.with_channels(local(variable))

    def _keep_labelled(self, variable: str) -> None:
        """Values that got their label while a count stood for their channels keep what it was, in a variable."""
        for label, flow in self._labels.items():
            if not self._is_read(label) or flow.channels is None or variable not in locals_in(flow.channels):
                continue
            kept = fresh((re.sub(r"\W", "_", f"{label}_channels"),), self._taken)
            self._taken.add(kept)
            self.closed[kept] = None
            self.statements.append(py.assign(kept, to_python(flow.channels)))
            self._labels[label] = flow.with_channels(local(kept))

    def _save(self) -> _Saved:
        kept = {name: _copied(getattr(self, name)) for name in _STATE}
        return kept, list(self.statements), self.statements

    def _restore(self, saved: _Saved) -> None:
        kept, statements, same = saved
        for name, value in kept.items():
            setattr(self, name, value)
        same[:] = statements
        self.statements = same


_STATE = (
    "scope", "flow", "closed",
    "_labels", "_taken", "_shared", "_block_flow", "_spliced", "_blocks", "_carrying", "_outer", "_variables",
    "_trying",
)  # fmt: skip
"""What writing changes and an attempt has to give back."""


def _copied(value: object) -> object:
    return copy(value) if isinstance(value, dict | set | list) else value


def _ends_in_channels(value: TensorType) -> bool:
    return value.channel_axis == value.rank - 1


def without_idle(statements: list[ast.stmt], variables: frozenset[str]) -> list[ast.stmt]:
    """Statements without assignments to variables that nothing else reads, inner blocks included."""
    while _drop(statements, variables - _names_read(statements)):
        pass
    return statements


def _names_read(statements: list[ast.stmt]) -> set[str]:
    """The names that statements read; that a variable is computed from itself does not count."""
    read: set[str] = set()
    for statement in statements:
        parts: list[ast.AST] = [statement]
        if isinstance(statement, ast.For | ast.If):
            read |= _names_read(statement.body) | _names_read(statement.orelse)
            parts = [statement.iter if isinstance(statement, ast.For) else statement.test]
        names = (node for part in parts for node in ast.walk(part) if isinstance(node, ast.Name))
        read |= {node.id for node in names if isinstance(node.ctx, ast.Load) and not _sets_only(statement, {node.id})}
    return read


def _drop(statements: list[ast.stmt], idle: frozenset[str]) -> bool:
    """Takes assignments to some variables out, and what they leave empty; whether there were any."""
    kept = [statement for statement in statements if not _sets_only(statement, idle)]
    changed = len(kept) < len(statements)
    for statement in kept:
        if isinstance(statement, ast.For | ast.If):
            changed |= _drop(statement.body, idle)
            changed |= _drop(statement.orelse, idle)
    statements[:] = [_filled(statement) for statement in kept if not _is_empty(statement)]
    return changed


def _sets_only(statement: ast.stmt, idle: Collection[str]) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name in idle
    return False


def _is_empty(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.For | ast.If) and not statement.body and not statement.orelse


def _filled(statement: ast.stmt) -> ast.stmt:
    """A condition whose first branch is empty, the other way round."""
    if isinstance(statement, ast.If) and not statement.body:
        return ast.If(ast.UnaryOp(ast.Not(), statement.test), statement.orelse, [])
    return statement
