"""What is decided alike for ``__init__`` and ``forward``: conditions, loops to write out, values of variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from archdsl.codegen.symbolic import Scope, substitute
from archdsl.codegen.units import Unit
from archdsl.ir import design as d
from archdsl.ir import typed as t
from archdsl.ir.evaluate import Environment, EvaluationError, evaluate
from archdsl.ir.expr import Const, Expr, Local, locals_in
from archdsl.ir.lines import UNROLLED_TURNS
from archdsl.ir.terms import NOWHERE, fold, no_shapes
from archdsl.ir.walk import every, refers_to_computed_labels

IN_CHANNELS = "in_channels"


@dataclass(slots=True)
class Decisions:
    """The decisions of one class. ``bound`` are parameters with one value in all uses that had to be fixed."""

    unit: Unit
    bound: dict[str, Const] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    """Parameters that have to be bound because a decision rests on them."""
    writes_out_loops: bool = False

    def __post_init__(self) -> None:
        self.writes_out_loops = refers_to_computed_labels(self.unit.body, self.unit.outside.read)

    def condition(self, node: d.Choice, tested: Expr) -> bool | None:
        """How a condition is decided in this class; None if it has to be kept."""
        if isinstance(tested, Const) and isinstance(tested.value, bool):
            return tested.value
        outcome = self.outcome(node)
        if outcome is None:
            return None
        self.pin(tested)
        for loop in self._loops_of(tested):
            self.pin(loop.iterable)
        return outcome

    def never_turns(self, node: d.Loop) -> bool:
        """Whether a loop has no turn in any use: nothing is known of what it would do."""
        return not any(use.turns for use in self.unit.uses(node) if isinstance(use, t.TypedLoop))

    def outcome(self, node: d.Choice) -> bool | None:
        """What a condition came to in every use of the class and every turn around it; None if that differs."""
        outcomes = {use.taken for use in self.unit.uses(node) if isinstance(use, t.TypedChoice)}
        return outcomes.pop() if len(outcomes) == 1 else None

    def _loops_of(self, expr: Expr) -> Iterator[d.Loop]:
        """The loops whose variables an expression reads."""
        names = locals_in(expr)
        return (node for node in every(self.unit.body) if isinstance(node, d.Loop) and names & set(node.names))

    def pin(self, expr: Expr) -> None:
        """A decision rests on the parameters in an expression: they cannot stay parameters, if they have one value."""
        for formal in self.unit.formals:
            if formal.name in locals_in(expr):
                self.pin_name(formal.name)

    def pin_name(self, name: str) -> None:
        """Bind one parameter, if all uses agree on its value."""
        if name not in self.bound and self.unit.value_of(name)[0]:
            self.wanted.add(name)

    def written_out(self, node: d.Loop, iterable: Expr) -> list[tuple[Expr, ...]] | None:
        """The items of a loop that is written out turn by turn, None for one that stays a loop."""
        if locals_in(iterable):
            if not self.writes_out_loops:
                return None
            self.pin(iterable)
        items = self._items(node, iterable)
        if items is None or (len(items) > UNROLLED_TURNS and not self.writes_out_loops):
            return None  # written with its items
        if node.is_repeat:
            return [()] * len(items)
        return [self._parts(node, item) for item in items]

    def _items(self, node: d.Loop, iterable: Expr) -> list[Expr] | None:
        parts = getattr(iterable, "items", None)
        if isinstance(parts, tuple):
            return list(parts)
        try:
            value = evaluate(iterable, Environment({}, no_shapes))
        except EvaluationError:
            found = {use.items for use in self.unit.uses(node) if isinstance(use, t.TypedLoop)}
            value = found.pop() if len(found) == 1 else None
        if isinstance(value, int):
            value = range(value)
        if not isinstance(value, tuple | range):
            return None
        if len(value) > UNROLLED_TURNS and not self.writes_out_loops:
            return None
        return [Const(item, NOWHERE) for item in value]

    def _parts(self, node: d.Loop, item: Expr) -> tuple[Expr, ...]:
        if not node.unpacks:
            return (item,)
        if isinstance(item, Const):
            assert isinstance(item.value, tuple)
            return tuple(Const(part, NOWHERE) for part in item.value)
        parts = getattr(item, "items", None)
        assert isinstance(parts, tuple)
        return tuple(fold(part) for part in parts)

    def base_scope(self) -> dict[str, Expr]:
        """Variables with fixed values at the start of the class."""
        return dict(self.bound)


def inline_scope(node: d.Inline, scope: Scope, size: object) -> dict[str, Expr]:
    """The variables of a spliced block in the terms of the class around it."""
    inner: dict[str, Expr] = {}
    given = {argument.name: argument.value for argument in node.arguments}
    for parameter in node.target.parameters:
        if parameter.name in given:
            inner[parameter.name] = substitute(given[parameter.name], scope, size)  # type: ignore[arg-type]
        else:
            assert parameter.default is not None, "every parameter without a default is given"
            inner[parameter.name] = substitute(parameter.default, inner, size)  # type: ignore[arg-type]
    return inner


def local(name: str) -> Local:
    """A variable of the class."""
    return Local(name, NOWHERE)
