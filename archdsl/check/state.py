"""What one check shares between all blocks: findings with their trace, limits, conditions on open sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from archdsl.diagnostics.diagnostic import Diagnostic, Frame, Help, Label
from archdsl.diagnostics.sink import Sink
from archdsl.ir.design import Block
from archdsl.ir.dim import Dim, DimTooComplex
from archdsl.ir.typed import BlockInstance, SizeCondition
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Requirement
from archdsl.source.span import Span

MAX_LAYERS = 10_000_000
"""Layers of a network, repetitions counted but not written out."""
MAX_UNROLLED = 100_000
"""Layers after expansion, where something must be unrolled."""
MAX_DEPTH = 64
MAX_DIMENSION = 2**24
MAX_ELEMENTS = 2**40
MAX_WEIGHTS = 10**13

InstanceKey = tuple[Block, tuple[object, ...], tuple[TensorType, ...]]


@dataclass(slots=True)
class State:
    """The check of one network."""

    sink: Sink
    trace: tuple[Frame, ...] = ()
    instances: dict[InstanceKey, BlockInstance] = field(default_factory=dict)
    conditions: list[SizeCondition] = field(default_factory=list)
    accepted: dict[str, object] = field(default_factory=dict)
    unrolled: int = 0
    failed: bool = False

    def report(self, diagnostic: Diagnostic) -> None:
        """A finding of the block being applied, with the applications that led there."""
        self.failed = True
        self.sink.report(replace(diagnostic, trace=self.trace) if self.trace else diagnostic)

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
        outer = self.trace
        self.trace = (frame, *outer)
        try:
            yield
        finally:
            self.trace = outer

    def count_unrolled(self, layers: int, span: Span) -> bool:
        """Whether the budget for layers that had to be written out still holds; reports once when it ends."""
        self.unrolled += layers
        if self.unrolled <= MAX_UNROLLED:
            return True
        self.fail(
            "E0404",
            f"more than {MAX_UNROLLED:,} layers would have to be written out one by one",
            span,
            help="turns that are all alike cost nothing: make the block's output equal to its input",
        )
        return False

    def require(self, requirements: Sequence[Requirement], span: Span) -> bool:
        """Takes conditions on open sizes; False after reporting that they contradict earlier ones."""
        return all(self._require(requirement, span) for requirement in requirements)

    def _require(self, requirement: Requirement, span: Span) -> bool:
        try:
            accepted = _accepted(requirement)
        except DimTooComplex as error:
            self.fail("E0305", f"the sizes that work cannot be decided: {error}", span, help="fix the input's size")
            return False
        symbol = accepted.symbol
        earlier = self.accepted.get(symbol)
        both = accepted if earlier is None else accepted.intersect(earlier)
        if both.never:
            previous = [condition for condition in self.conditions if condition.accepted.symbol == symbol]
            labels = [Label(condition.span, f"here {condition.accepted.describe()}") for condition in previous[-3:]]
            message = f"no {symbol} satisfies all layers: here {accepted.describe()}"
            self.fail("E0313", message, span, here=requirement.reason, labels=labels)
            return False
        self.accepted[symbol] = both
        self.conditions.append(SizeCondition(accepted, requirement.reason, span))
        return True


def _accepted(requirement: Requirement):  # type: ignore[no-untyped-def]
    left, right = requirement.left, requirement.right
    if requirement.relation == ">=":
        return Dim.solve_at_least(left, right)
    if requirement.relation == "divides":
        assert isinstance(right, int)
        return Dim.solve_equal(left // right * right, left)
    return Dim.solve_equal(left, right)


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
