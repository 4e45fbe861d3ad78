"""Joins paths: where shapes differ, finds the steps in which they began to differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archdsl.check.layers import place_of
from archdsl.check.state import State, within_limits
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir import typed as t
from archdsl.ir.design import Merge
from archdsl.ir.kinds import Value
from archdsl.ir.types import Size, TensorType
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call, Op, Problem
from archdsl.ops.rules import axis_word
from archdsl.source.span import Span

MAX_PATH_LABELS = 4
"""So many paths of a join are explained; the shapes of all stand beside the caret."""


def apply_merge(
    state: State,
    op: Op,
    arguments: Mapping[str, Value],
    node: Merge,
    paths: Sequence[t.TypedBody],
    label_spans: Mapping[str, Span],
) -> TensorType | None:
    """The type after a join; None after a report or where a path is unknown."""
    inputs = tuple(path.output for path in paths if path.output is not None)
    if len(inputs) != len(paths):
        return None
    call = Call(op, arguments, inputs)
    output = op.apply(call)
    if output is None or call.problems:
        for problem in call.problems:
            _report(state, problem, node, paths, inputs, label_spans)
        return None
    if not state.require(call.requirements, node.name_span):
        return None
    too_large = within_limits(output.shape[1:])
    if too_large is not None:
        message = f"the output of `{op.name}` is too large: {too_large}"
        state.fail("E0314", message, node.name_span, here=f"the output is {output}")
        return None
    return output


def _report(
    state: State,
    problem: Problem,
    node: Merge,
    paths: Sequence[t.TypedBody],
    inputs: Sequence[TensorType],
    label_spans: Mapping[str, Span],
) -> None:
    labels: list[Label] = []
    expected, actual = problem.expected, problem.actual
    axis = _differing_axis(expected, actual) if expected is not None and actual is not None else None
    if axis is not None:
        at_fault = _pair(inputs, expected, actual, problem.operand)
        labels = _causes([paths[index] for index in at_fault], axis)
        explained = {index for index in at_fault if any(_is_inside(label.span, paths[index]) for label in labels)}
    else:
        explained = set()
    for index, path in enumerate(paths[:MAX_PATH_LABELS]):
        if index not in explained:
            labels += _path_labels(path, inputs[index], label_spans)
    state.fail(
        problem.code,
        problem.message,
        place_of(problem, node.arguments, node.name_span),
        here=problem.here,
        labels=labels,
        help=problem.help,
        expected=expected,
        actual=actual,
    )


def _pair(
    inputs: Sequence[TensorType], expected: TensorType | None, actual: TensorType | None, operand: int | None
) -> list[int]:
    """The two paths that do not fit, by their numbers."""
    first = next((index for index, type_ in enumerate(inputs) if type_ == expected), 0)
    second = operand
    if second is None:
        second = next((index for index, type_ in enumerate(inputs) if type_ == actual and index != first), first)
    return [first] if first == second else [first, second]


def _is_inside(span: Span, path: t.TypedBody) -> bool:
    whole = path.body.span
    return span.path == whole.path and whole.start <= span.start and span.end <= whole.end


def _path_labels(path: t.TypedBody, shape: TensorType, label_spans: Mapping[str, Span]) -> list[Label]:
    """What a path hands over, at its last step; for a reference also where its value was labelled."""
    last = path.nodes[-1] if path.nodes else None
    found = [Label(last.node.span if last is not None else path.body.span, f"this path is {shape}")]
    if isinstance(last, t.TypedRefer) and last.label in label_spans:
        found.append(Label(label_spans[last.label], f"`{last.label}` is labelled here"))
    return found


# --- where sizes began to differ ----------------------------------------------------------------------


class _Change(NamedTuple):
    """A step in which one axis of the value got another size."""

    span: Span
    before: Size
    after: Size
    layer: t.TypedLayer | None
    """The layer that did it; None where several did."""
    block: str | None
    """The block in which it stands, if it is not written in the path itself."""


def _differing_axis(expected: TensorType, actual: TensorType) -> int | None:
    """The first axis after the batch on which two shapes of one rank differ; space before channels."""
    if expected.rank != actual.rank:
        return None
    axes = [axis for axis in range(1, expected.rank) if expected.shape[axis] != actual.shape[axis]]
    return next((axis for axis in axes if axis > 1), axes[0] if axes else None)


def _causes(paths: Sequence[t.TypedBody], axis: int) -> list[Label]:
    """The first change of each path that the other path does not share."""
    histories = [list(_changes(path, axis, None)) for path in paths]
    shared = 0
    while len(histories) == 2 and all(len(history) > shared for history in histories):
        if histories[0][shared].after != histories[1][shared].after:
            break
        shared += 1
    labels: list[Label] = []
    for history in histories:
        if len(history) > shared:
            change = history[shared]
            labels.append(Label(change.span, describe_change(change, axis)))
    return labels


def _changes(body: t.TypedBody, axis: int, block: str | None) -> Iterator[_Change]:
    """The steps of a body that change an axis, in order; a reference starts anew."""
    for node in body.nodes:
        match node:
            case t.TypedLayer(inputs=(before,), output=TensorType() as after):
                yield from _change(node.node.span, before, after, axis, node, block)
            case t.TypedGroup(body=inner) | t.TypedChoice(body=inner):
                yield from _changes(inner, axis, block)
            case t.TypedLoop(turns=turns):
                for turn in turns:
                    yield from _changes(turn.body, axis, block)
            case t.TypedMerge(paths=paths, output=TensorType() as after):
                yield from _change(node.node.span, paths[0].input, after, axis, None, block)
            case t.TypedApply(instance=instance, inputs=(before, *_), output=TensorType() as after):
                layer = _only_layer(instance.body, axis)
                yield from _change(node.node.span, before, after, axis, layer, instance.block.name)
            case t.TypedInline(body=inner, output=TensorType() as after):
                layer = _only_layer(inner, axis)
                yield from _change(node.node.span, inner.input, after, axis, layer, node.node.target.name)


def _change(
    span: Span,
    before: TensorType | None,
    after: TensorType,
    axis: int,
    layer: t.TypedLayer | None,
    block: str | None,
) -> Iterator[_Change]:
    if before is not None and before.rank == after.rank and before.shape[axis] != after.shape[axis]:
        yield _Change(span, before.shape[axis], after.shape[axis], layer, block)


def _only_layer(body: t.TypedBody, axis: int) -> t.TypedLayer | None:
    """The layer in a block that changes an axis, if it is the only one."""
    found = list(_changes(body, axis, None))
    return found[0].layer if len(found) == 1 else None


def describe_change(change: _Change, axis: int) -> str:
    """``height 56 becomes ⌊(56 − 3 + 2 + 2)/2⌋ = 28 here``, or ``... in `residual```."""
    layer = change.layer
    arithmetic: str | None = None
    rank = 4
    if layer is not None:
        op = REGISTRY[layer.op]
        arithmetic = op.arithmetic(Call(op, layer.arguments, layer.inputs), axis)
        rank = layer.inputs[0].rank
    where = f"in `{change.block}`" if change.block is not None else "here"
    verb = "become" if axis == 1 else "becomes"
    return f"{axis_word(rank, axis)} {change.before} {verb} {arithmetic or change.after} {where}"
