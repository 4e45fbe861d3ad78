"""Applies layers and joins: asks the rule of the vocabulary and places what it reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from archdsl.check.state import MAX_WEIGHTS, State, within_limits
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir.expr import BoundArgument
from archdsl.ir.kinds import Value
from archdsl.ir.typed import TypedBody, TypedLayer
from archdsl.ir.types import TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call, Op, Problem
from archdsl.source.span import Span

_AXES = {3: ("length",), 4: ("height", "width"), 5: ("depth", "height", "width")}
MAX_PATH_LABELS = 4


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
    call = Call(op, arguments, inputs)
    output = op.infer(call)
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
    return output, weights


def apply_merge(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    bound: Sequence[BoundArgument],
    paths: Sequence[TypedBody],
    at: Span,
) -> TensorType | None:
    """The type after a join; None after a report or where a path is unknown."""
    inputs = tuple(path.output for path in paths if path.output is not None)
    if len(inputs) != len(paths):
        return None
    call = Call(op, arguments, inputs)
    output = op.infer(call)
    if output is None or call.problems:
        for problem in call.problems:
            _report_merge(state, problem, bound, paths, inputs, at)
        return None
    if not state.require(call.requirements, at):
        return None
    too_large = within_limits(output.shape[1:])
    if too_large is not None:
        state.fail("E0314", f"the output of `{op.name}` is too large: {too_large}", at, here=f"the output is {output}")
        return None
    return output


def _report(
    state: State,
    problem: Problem,
    bound: Sequence[BoundArgument],
    input_type: TensorType,
    at: Span,
    came_from: Span | None,
) -> None:
    span = next((argument.span for argument in bound if argument.name == problem.argument), at)
    labels = (Label(came_from, f"its input is {input_type}"),) if came_from is not None else ()
    notes = () if came_from is not None else (f"the input is {input_type}",)
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


def _report_merge(
    state: State,
    problem: Problem,
    bound: Sequence[BoundArgument],
    paths: Sequence[TypedBody],
    inputs: Sequence[TensorType],
    at: Span,
) -> None:
    span = next((argument.span for argument in bound if argument.name == problem.argument), at)
    labels: list[Label] = []
    for index, path in enumerate(paths[:MAX_PATH_LABELS]):
        place = path.nodes[-1].node.span if path.nodes else path.body.span
        labels.append(Label(place, f"this path is {inputs[index]}"))
    if problem.expected is not None and problem.actual is not None:
        labels = _with_causes(labels, paths, problem.expected, problem.actual)
    state.fail(
        problem.code,
        problem.message,
        span,
        here=problem.here,
        labels=labels,
        help=problem.help,
        expected=problem.expected,
        actual=problem.actual,
    )


def _with_causes(
    labels: list[Label], paths: Sequence[TypedBody], expected: TensorType, actual: TensorType
) -> list[Label]:
    """The labels of the paths, with the steps that made the sizes differ explained where they stand."""
    differing = [
        axis
        for axis, (left, right) in enumerate(zip(expected.shape, actual.shape, strict=False))
        if axis > 0 and left != right
    ]
    if not differing or expected.rank != actual.rank:
        return labels
    axis = differing[0]
    found = list(labels)
    for path in paths:
        cause = _cause(path, axis)
        if cause is not None and all(label.span != cause.span for label in found):
            found.append(cause)
    return found


def _cause(path: TypedBody, axis: int) -> Label | None:
    """The first layer of a path that changes the size of an axis, with its arithmetic."""
    for node in path.nodes:
        if not isinstance(node, TypedLayer) or node.output is None or node.inputs[0].rank != node.output.rank:
            continue
        before, after = node.inputs[0].shape[axis], node.output.shape[axis]
        if before == after:
            continue
        text = describe_change(node, axis)
        return Label(node.node.span, text) if text is not None else None
    return None


def describe_change(node: TypedLayer, axis: int) -> str | None:
    """``height 56 becomes ⌊(56 − 3 + 2 + 2)/2⌋ = 28 here``."""
    op = REGISTRY[node.op]
    arithmetic = op.arithmetic(Call(op, node.arguments, node.inputs), axis)
    before = node.inputs[0].shape[axis]
    if axis == 1:
        assert node.output is not None
        return f"channels {before} become {node.output.shape[1]} here"
    name = _AXES.get(node.inputs[0].rank, ("size",) * 8)[axis - 2]
    return f"{name} {before} becomes {arithmetic} here" if arithmetic is not None else None
