"""What is known while ``__init__`` is written: variables, the channels that flow, the statements so far."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from archdsl.codegen import pytree as py
from archdsl.codegen.class_code import ClassCode
from archdsl.codegen.convert import label_to_python, to_python
from archdsl.codegen.decisions import IN_CHANNELS, Decisions, local
from archdsl.codegen.flow import Flow, common
from archdsl.codegen.naming import fresh
from archdsl.codegen.refusal import Refused
from archdsl.codegen.symbolic import substitute
from archdsl.codegen.units import Program, Unit
from archdsl.ir import design as d
from archdsl.ir.expr import BinaryOp, Const, Expr, Local, NameTemplate, SizeOf, locals_in
from archdsl.ir.terms import NOWHERE
from archdsl.ir.types import size_of

ClassOf = Callable[[Unit], ClassCode]
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
        self.uses_in_channels = False
        start = self._entry()
        self.flow = Flow(start)
        self._block_flow = self.flow
        self._labels: dict[str, Flow] = {}
        for label, tensor in self.unit.outside.sized.items():
            self._labels[label] = Flow(local(f"{tensor}_channels"))
        self._taken = {formal.name for formal in self.unit.formals} | {IN_CHANNELS}
        self._shared: set[str] = set()
        self.closed: dict[str, Expr | None] = {}
        """Running channel counts: what each is at the end, in terms of the parameters, where that is plain."""
        self._outer: list[list[ast.stmt]] = []
        self._carrying: str | None = None
        self._spliced = False
        """Whether a spliced block is being written: ``x`` is what flows into it."""

    def _entry(self) -> Expr | None:
        """The channels that flow into the class: a number in a network, a parameter in a block."""
        if not self.unit.is_network:
            return local(IN_CHANNELS)
        return common(occurrence.inputs[0].channels for occurrence in self.unit.occurrences)

    def _label_text(self, label: NameTemplate) -> str | None:
        parts = [part if isinstance(part, str) else self.term(part) for part in label.parts]
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
        if expr.attribute in ("channels", "features"):
            flow = self._value_of(self._label_text(expr.value) if expr.value is not None else d.X)
            if flow is not None and flow.channels is not None:
                self._note(flow.channels)
                return flow.channels
        if expr.value is None and self.unit.block is None:
            message = "this group or turn is a class of its own, which does not see the block's input"
            raise Refused(message, expr.span, "name the size with `let` before the group")
        if expr.value is None:
            value = self._own_size(expr)
            if value is not None:
                return Const(value, NOWHERE)
        raise Refused("this size differs between the applications of the block, or is open", expr.span)

    def _value_of(self, label: str | None) -> Flow | None:
        """What is known of a value: of the block's own input, which turns of a loop see as a value from outside."""
        if label == d.X and (self.unit.block is not None or self._spliced):
            return self._block_flow
        return self._labels.get(label or "")

    def _own_size(self, expr: SizeOf) -> int | None:
        sizes = {size_of(occurrence.inputs[0], expr.attribute) for occurrence in self.unit.occurrences}
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

    def closed_form_of(self, channels: Expr | None, outside: Collection[str] = ()) -> Expr | None:
        """A channel count in terms of the parameters alone; None where a running count in it has no such form.

        The running counts ``outside`` may stay.
        """
        if channels is None:
            return None
        running = {name: self.closed[name] for name in locals_in(channels) if name in self.closed.keys() - set(outside)}
        known = {name: value for name, value in running.items() if value is not None}
        return substitute(channels, known, self.size) if len(known) == len(running) else None

    def carry(self, node: d.Node) -> str:
        """A variable that holds the channel count from here on."""
        current = self.flow.channels
        if self._carrying is not None:
            self._settle(self._carrying, node)
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
            raise Refused(_UNFOLLOWED, node.span, _UNFOLLOWED_HELP)
        self.statements.append(py.assign(variable, self.written(current)))
        self.flow = self.flow.with_channels(local(variable))
        return variable

    def _settle(self, variable: str, node: d.Node) -> None:
        """Writes the current channel count into its variable."""
        current = self.flow.channels
        if current is None:
            raise Refused(_UNFOLLOWED, node.span, _UNFOLLOWED_HELP)
        if current == local(variable):
            return
        if isinstance(current, BinaryOp) and current.left == local(variable) and current.operator in _OPERATORS:
            operator = _OPERATORS[current.operator]()
            self.statements.append(py.augment(variable, operator, self.written(current.right)))
        else:
            self.statements.append(py.assign(variable, self.written(current)))
        self.flow = self.flow.with_channels(local(variable))

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
