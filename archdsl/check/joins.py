"""Joins paths: where shapes differ, finds the steps in which they began to differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.check.history import causes, describe_change, differing_axis, padding_that_keeps, projection
from archdsl.check.layers import apply_op, place_of
from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir import typed as t
from archdsl.ir.design import Merge
from archdsl.ir.kinds import Value
from archdsl.ir.types import TensorType
from archdsl.ops.base import Op, Problem
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
    output, _ = apply_op(
        state,
        op,
        arguments,
        node.arguments,
        inputs,
        node.name_span,
        lambda problem: _report(state, problem, node, paths, inputs, label_spans),
    )
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
    help = Help(problem.help) if problem.help else None
    expected, actual = problem.expected, problem.actual
    axis = differing_axis(expected, actual) if expected is not None and actual is not None else None
    if axis is not None and problem.operand is not None:
        at_fault = inputs.index(expected) if expected in inputs else 0, problem.operand
        pair = [paths[index] for index in at_fault]
        found = causes(pair, axis)
        labels = [Label(change.span, describe_change(change, axis)) for change in found]
        help = padding_that_keeps(found, axis, pair) or (projection(pair) if node.op == "add" else None) or help
        explained = {index for index in at_fault if any(_is_inside(label.span, paths[index]) for label in labels)}
    else:
        explained = set()
    for index, path in enumerate(paths[:MAX_PATH_LABELS]):
        if index not in explained:
            labels += _path_labels(path, inputs[index], label_spans)
    state.report(
        Diagnostic(
            problem.code,
            problem.message,
            place_of(problem, node.arguments, node.name_span),
            problem.here,
            tuple(labels),
            help=help,
            expected=expected.as_json() if expected is not None else None,
            actual=actual.as_json() if actual is not None else None,
        )
    )


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
