"""Applies layers: asks the rule of the vocabulary and places what it reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from archdsl.check.state import MAX_WEIGHTS, State, within_limits
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir.expr import BoundArgument
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ops.base import Call, Op, Problem
from archdsl.source.span import Span


def apply_layer(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    bound: Sequence[BoundArgument],
    inputs: tuple[TensorType, ...],
    at: Span,
    came_from: Span | None,
) -> tuple[TensorType | None, int]:
    """The output type and the number of weights; (None, 0) after a report."""
    key = (op.name, tuple(arguments.values()), id(inputs[0]))
    known = state.layers.get(key)
    if known is not None:
        return (known[1], known[2]) if state.require(known[3], at) else (None, 0)
    call = Call(op, arguments, inputs)
    output = op.apply(call)
    if output is None or call.problems:
        for problem in call.problems:
            _report(state, problem, bound, inputs[0], at, came_from)
        return None, 0
    if not state.require(call.requirements, at):
        return None, 0
    too_large = within_limits(output.shape[1:])
    if too_large is not None:
        state.fail("E0314", f"the output of `{op.name}` is too large: {too_large}", at, here=f"the output is {output}")
        return None, 0
    weights = sum(prod(shape) for shape in op.weights(call).values())
    if weights > MAX_WEIGHTS:
        state.fail("E0314", f"`{op.name}` would have {weights:,} weights; the limit is {MAX_WEIGHTS:,}", at)
        return None, 0
    warnings = op.warnings(call)
    for problem in warnings:
        place = place_of(problem, bound, at)
        state.warn(Diagnostic(problem.code, problem.message, place, problem.here, help=_help(problem)))
    if output == inputs[0]:
        output = inputs[0]  # one object for one type, so that the next layer like this one is known
    if not warnings:
        state.layers[key] = (inputs[0], output, weights, tuple(call.requirements))
    return output, weights


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
