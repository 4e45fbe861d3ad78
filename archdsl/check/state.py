"""What one check shares between all blocks: findings with their trace, limits, conditions on open sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from archdsl.check.applications import Applications
from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.sink import Sink
from archdsl.ir.design import Block
from archdsl.ir.dim import DimTooComplex, SizeSet
from archdsl.ir.evaluate import too_much_work
from archdsl.ir.meter import Meter
from archdsl.ir.typed import BlockInstance, SizeCondition
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Requirement
from archdsl.source.span import Span

MAX_LAYERS = 10_000_000
"""Layers of a network, repetitions counted but not written out."""
MAX_UNROLLED = 100_000
"""Layers after expansion, where something must be unrolled."""
MAX_DEPTH = 64
"""Braces and applied blocks that lie in each other."""
MOST_WEIGHED = 60
"""So many different conditions are weighed against each other to find those that exclude one."""
MAX_DIMENSION = 2**24
MAX_ELEMENTS = 2**40
MAX_WEIGHTS = 10**13

InstanceKey = tuple[Block, tuple[object, ...], tuple[TensorType, ...]]


@dataclass(slots=True)
class State:
    """The check of one network."""

    sink: Sink
    trace: tuple[Frame, ...] = ()
    turns: tuple[str, ...] = ()
    """The turns of the loops around the place being checked, in its block, the innermost first."""
    instances: dict[InstanceKey, tuple[BlockInstance, int]] = field(default_factory=dict)
    """Every instance with the depth of its body."""
    open_instances: list[InstanceKey] = field(default_factory=list)
    """The applications that lead to the place being checked, outermost first."""
    applications: Applications = field(default_factory=Applications)
    conditions: list[SizeCondition] = field(default_factory=list)
    accepted: dict[str, SizeSet] = field(default_factory=dict)
    """What all conditions together leave of the sizes of each symbol."""
    asked_before: set[SizeSet] = field(default_factory=set)
    """The conditions by what they accept: one that is among them leaves no less."""
    depth: int = 0
    deepest: int = 0
    """The depth that was reached since somebody set this."""
    unrolled: int = 0
    meter: Meter = field(default_factory=Meter)
    failed: bool = False
    _warnings: list[Diagnostic] = field(default_factory=list)

    def report(self, diagnostic: Diagnostic) -> None:
        """A finding of the block being applied, with the applications that led there."""
        self.failed = True
        if self.trace or self.turns:
            diagnostic = replace(diagnostic, trace=self.trace, notes=(*diagnostic.notes, *self.turns))
        self.sink.report(diagnostic)

    def warn(self, diagnostic: Diagnostic) -> None:
        """A warning of the block being applied: the check counts as passed, and ``release_warnings`` reports it."""
        self._warnings.append(replace(diagnostic, trace=self.trace) if self.trace else diagnostic)

    def release_warnings(self) -> None:
        """Reports the warnings of a network without errors: in another one the sizes and the flow may be wrong."""
        if not self.failed:
            self.sink.extend(self._warnings)

    def fail(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        here: str = "",
        labels: Sequence[Label] = (),
        notes: Sequence[str] = (),
        help: str | None = None,
        expected: TensorType | None = None,
        actual: TensorType | None = None,
    ) -> None:
        """Report a finding by its parts."""
        self.report(
            Diagnostic(
                code,
                message,
                span,
                here,
                tuple(labels),
                notes=tuple(notes),
                help=Help(help) if help else None,
                expected=expected.as_json() if expected is not None else None,
                actual=actual.as_json() if actual is not None else None,
            )
        )

    @contextmanager
    def applied(self, frame: Frame) -> Iterator[None]:
        """Findings inside carry this application in their trace."""
        outer, turns = self.trace, self.turns
        self.trace, self.turns = (frame, *outer), ()
        yield
        self.trace, self.turns = outer, turns

    @contextmanager
    def in_turn(self, turn: str) -> Iterator[None]:
        """Findings inside say in which turn of a loop they were made."""
        outer = self.turns
        if turn:
            self.turns = (turn, *outer)
        yield
        self.turns = outer

    # --- depth ----------------------------------------------------------------------------------------

    def enter(self) -> None:
        """One more body around the place being checked."""
        self.depth += 1
        self.deepest = max(self.deepest, self.depth)

    def leave(self) -> None:
        """The body ends."""
        self.depth -= 1

    # --- limits ---------------------------------------------------------------------------------------

    @property
    def is_exhausted(self) -> bool:
        """Whether a limit on work was passed and reported: what is left is not looked at."""
        return self.unrolled > MAX_UNROLLED or (self.meter.is_empty and self.meter.is_told)

    def count_unrolled(self, layers: int, span: Span) -> bool:
        """Whether the budget for layers that had to be written out still holds; reports once when it ends."""
        if self.is_exhausted:
            self.failed = True
            return False
        self.unrolled += layers
        if self.unrolled <= MAX_UNROLLED:
            return True
        self.fail(
            "E0404",
            f"more than {MAX_UNROLLED:,} layers would have to be written out one by one",
            span,
            help="turns that are all alike cost nothing: equal arguments, an output shaped like the input",
        )
        return False

    def count_work(self, steps: int, span: Span) -> bool:
        """Whether the budget for steps (``ir.meter``) still holds; reports once when it ends."""
        if self.is_exhausted:
            self.failed = True
            return False
        self.meter.spent += steps
        if not self.meter.is_empty:
            return True
        self.meter.is_told = True
        self.fail("E0404", too_much_work(), span)
        return False

    # --- conditions on open sizes ---------------------------------------------------------------------

    def require(self, requirements: Sequence[Requirement], span: Span) -> bool:
        """Takes conditions on open sizes; False after reporting that they contradict earlier ones."""
        return all(self._require(requirement, span) for requirement in requirements)

    def _require(self, requirement: Requirement, span: Span) -> bool:
        accepted = requirement.accepted
        try:
            if accepted in self.asked_before:  # the joins of a long chain mostly ask the same
                self.conditions.append(SizeCondition(accepted, requirement.reason, span, self.trace))
                return True
            earlier = self.accepted.get(accepted.symbol or "")
            both = accepted if earlier is None else accepted.intersect(earlier)
        except DimTooComplex as error:
            self.fail("E0305", f"the sizes that work cannot be decided: {error}", span, help="fix the input's size")
            return False
        if both.never:
            self._contradiction(accepted, requirement.reason, span)
            return False
        self.accepted[accepted.symbol or ""] = both
        self.asked_before.add(accepted)
        self.conditions.append(SizeCondition(accepted, requirement.reason, span, self.trace))
        return True

    def _contradiction(self, accepted: SizeSet, reason: str, span: Span) -> None:
        """Names the earlier condition that excludes this one, or those few that do so together."""
        before = [condition for condition in self.conditions if condition.accepted.symbol == accepted.symbol]
        guilty = culprits(before, accepted)
        labels = [Label(condition.span, demand(condition.accepted, condition.reason)) for condition in guilty]
        message = f"no size `{accepted.symbol}` of the input satisfies all layers"
        self.fail("E0313", message, span, here=demand(accepted, reason), labels=labels)


def culprits(before: Sequence[SizeCondition], accepted: SizeSet) -> list[SizeCondition]:
    """Conditions that leave none of the accepted sizes, as few as can be: without any of them something would be left.

    All of them together have to leave nothing. One that does so alone is preferred; equal ones stand for each other.
    """
    distinct = list({condition.accepted: condition for condition in reversed(before)}.values())[::-1]
    alone = [condition for condition in distinct if _leave_nothing([condition], accepted)]
    if alone:
        return alone[:1]
    kept = distinct
    if len(distinct) > MOST_WEIGHED or not _leave_nothing(distinct, accepted):
        return distinct[-3:]
    for condition in distinct:
        others = [other for other in kept if other is not condition]
        if _leave_nothing(others, accepted):
            kept = others
    return kept


def _leave_nothing(conditions: Sequence[SizeCondition], accepted: SizeSet) -> bool:
    try:
        for condition in conditions:
            accepted = accepted.intersect(condition.accepted)
    except DimTooComplex:
        return False
    return accepted.never


def demand(accepted: SizeSet, reason: str) -> str:
    """```conv` needs a height of at least 7: H >= 31``."""
    return f"{reason}: {accepted.describe().removeprefix('every ')}"


def within_limits(shape: Sequence[Size]) -> str | None:
    """Why a shape is larger than the language allows; None if it is not."""
    elements = 1
    for size in shape:
        if not isinstance(size, int):
            continue
        if size > MAX_DIMENSION:
            return f"one axis would have {size:,} places; the limit is {MAX_DIMENSION:,}"
        elements *= size
    if elements > MAX_ELEMENTS:
        return f"one sample would have {elements:,} values; the limit is {MAX_ELEMENTS:,}"
    return None
