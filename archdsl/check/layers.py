"""Applies layers: asks the rule of the vocabulary and places what it reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

from archdsl.check.applications import Applied
from archdsl.check.state import MAX_WEIGHTS, State, within_limits
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir.expr import BoundArgument
from archdsl.ir.kinds import Value
from archdsl.ir.meter import LAYER, WINDOW_AXIS
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Op, Problem
from archdsl.ops.window import WindowLayer
from archdsl.source.span import Span


def apply_layer(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    bound: Sequence[BoundArgument],
    x: TensorType,
    at: Span,
    came_from: Span | None,
) -> tuple[TensorType | None, int]:
    """The output type and the number of weights; (None, 0) after a report."""
    return apply_op(
        state, op, arguments, bound, (x,), at, lambda problem: _report(state, problem, bound, x, at, came_from)
    )


def apply_op(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    bound: Sequence[BoundArgument],
    inputs: tuple[TensorType, ...],
    at: Span,
    report: Callable[[Problem], None],
) -> tuple[TensorType | None, int]:
    """As ``apply_layer``, for layers and joins; ``report`` places and tells what is wrong with the inputs.

    What is known of an application is used for all that are like it.
    """
    key = state.applications.key(op, arguments, inputs)
    applied = state.applications.get(key)
    if applied is None:
        applied = _apply(state, op, arguments, inputs, at, report)
        if applied is None:
            return None, 0
        state.applications.add(key, applied, inputs)
    if not state.require(applied.requirements, at):
        return None, 0
    for problem in applied.warnings:
        place = place_of(problem, bound, at)
        state.warn(Diagnostic(problem.code, problem.message, place, problem.here, help=_help(problem)))
    return applied.output, applied.weights


def _apply(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    inputs: tuple[TensorType, ...],
    at: Span,
    report: Callable[[Problem], None],
) -> Applied | None:
    state.meter.spent += LAYER + (WINDOW_AXIS * (inputs[0].rank - 2) if isinstance(op, WindowLayer) else 0)
    call = Call(op, arguments, inputs)
    output = op.apply(call)
    if output is None or call.problems:
        for problem in call.problems:
            report(problem)
        return None
    too_large = within_limits(output.shape[1:])
    if too_large is not None:
        state.fail("E0314", f"the output of `{op.name}` is too large: {too_large}", at, here=f"the output is {output}")
        return None
    weights = sum(prod(shape) for shape in op.weights(call).values())
    if weights > MAX_WEIGHTS:
        state.fail("E0314", f"`{op.name}` would have {weights:,} weights; the limit is {MAX_WEIGHTS:,}", at)
        return None
    return Applied(state.applications.same(output), weights, tuple(call.requirements), op.warnings(call))


def _help(problem: Problem) -> Help | None:
    return Help(problem.help) if problem.help else None


def place_of(problem: Problem, bound: Sequence[BoundArgument], at: Span) -> Span:
    """Where the guilty argument was written; the layer's name if it was not, or if none is guilty."""
    return next((argument.span for argument in bound if argument.name == problem.argument), at)


def _report(
    state: State,
    problem: Problem,
    bound: Sequence[BoundArgument],
    input_type: TensorType,
    at: Span,
    came_from: Span | None,
) -> None:
    span = place_of(problem, bound, at)
    shown = str(input_type)
    told = shown in problem.here or came_from is None
    labels = () if told or came_from is None else (Label(came_from, f"the value from here is {shown}"),)
    notes = (f"the value that comes in is {shown}",) if came_from is None and shown not in problem.here else ()
    state.fail(
        problem.code,
        problem.message,
        span,
        here=problem.here,
        labels=labels,
        notes=notes,
        help=problem.help,
        expected=problem.expected,
        actual=problem.actual,
    )
