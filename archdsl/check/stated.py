"""Compares stated shapes with what flows: shape steps and outputs."""

from __future__ import annotations

from dataclasses import replace

from archdsl.check.activation import Activation
from archdsl.check.arguments import report_evaluation
from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Label
from archdsl.ir.design import Shape
from archdsl.ir.dim import Dim, DimTooComplex
from archdsl.ir.evaluate import EvaluationError, describe, evaluate
from archdsl.ir.expr import Expr
from archdsl.ir.kinds import is_int
from archdsl.ir.types import Size, TensorType
from archdsl.ops.base import Requirement
from archdsl.ops.rules import axis_word, independent
from archdsl.source.span import Span


def compare_stated(
    state: State, activation: Activation, shape: Shape, actual: TensorType, what: str, code: str, came_from: Span | None
) -> TensorType | None:
    """``actual``, with the sizes that are stated as numbers; None after a report. ``what`` names it in messages."""
    expected = _expected(state, activation, shape, actual)
    if expected is None:
        return None
    labels = (Label(came_from, f"this is {actual}"),) if came_from is not None else ()
    message = f"{what} is {actual}, not {_as_stated(shape, expected)}"
    if expected.rank != actual.rank:
        here = f"{expected.rank} axes are stated; the value has {actual.rank}"
        help = _rank_help(expected, actual)
        state.fail(code, message, shape.span, here=here, labels=labels, help=help, expected=expected, actual=actual)
        return None
    requirements: list[Requirement] = []
    for axis, (stated, real) in enumerate(zip(expected.shape, actual.shape, strict=True)):
        place = shape.spans[axis]
        try:
            verdict = _equal(stated, real, axis_word(actual, axis))
        except DimTooComplex as error:
            state.fail("E0305", f"whether {real} is {stated} cannot be decided: {error}", place, labels=labels)
            return None
        if verdict is False or (axis == 0 and verdict is not True):
            here = f"{axis_word(actual, axis)} {real}, not {stated}"
            help = independent(stated, real) if verdict is False else f"the batch stays open: write `{real}` or `_`"
            state.fail(code, message, place, here=here, labels=labels, help=help, expected=expected, actual=actual)
            return None
        if verdict is not True:
            requirements.append(verdict)
    if not state.require(requirements, shape.span):
        return None
    return state.applications.same(replace(actual, shape=tuple(map(_known, expected.shape, actual.shape))))


def _known(stated: Size, real: Size) -> Size:
    """A size that the statement fixes is fixed from there on: ``[N, 25088] -> linear(10)`` of an open image."""
    return stated if isinstance(stated, int) else real


def _as_stated(shape: Shape, expected: TensorType) -> str:
    """The stated shape with its sizes evaluated; what the spec leaves open stays ``_``."""
    sizes = zip(shape.sizes, expected.shape, strict=True)
    return " x ".join("_" if stated is None else str(TensorType((size,))) for stated, size in sizes)


def _rank_help(expected: TensorType, actual: TensorType) -> str | None:
    if actual.rank > 2 and expected.rank == 2:
        return "put `flatten`, or `global_avg_pool -> flatten`, before it"
    return None


def _equal(stated: Size, real: Size, word: str) -> bool | Requirement:
    """Whether two sizes are equal: always, never, or where something holds for the input; may raise DimTooComplex."""
    if isinstance(stated, int) and isinstance(real, int):
        return stated == real
    if isinstance(stated, Dim) and isinstance(real, Dim) and stated.symbol_name != real.symbol_name:
        return False
    solution = Dim.solve_equal(stated, real)
    if solution.always or solution.never:
        return bool(solution.always)
    return Requirement(real, "==", stated, f"the {word} {real} has to be {stated}", None, solution)


def _expected(state: State, activation: Activation, shape: Shape, actual: TensorType) -> TensorType | None:
    """The stated sizes; ``_`` and names that are new here take the size that flows."""
    sizes: list[Size] = []
    for axis, stated in enumerate(shape.sizes):
        real = actual.shape[axis] if axis < actual.rank else 1
        if stated is None:
            sizes.append(real)
            continue
        if isinstance(stated, str):
            known = _symbol(state, activation, stated, real, shape.spans[axis])
        else:
            known = stated_size(state, activation, stated)
        if known is None:
            return None
        sizes.append(known)
    return replace(actual, shape=tuple(sizes))


def _symbol(state: State, activation: Activation, name: str, real: Size, span: Span) -> Size | None:
    known = activation.symbols.get(name)
    if known is not None:
        return known
    if activation.is_network:
        names = ", ".join(activation.symbols) or "none"
        state.fail("E0219", f"`{name}` is no open size of this network", span, notes=(f"its open sizes: {names}",))
        return None
    activation.symbols[name] = real
    return real


def stated_size(state: State, activation: Activation, expr: Expr) -> Size | None:
    """A stated size as a number or an open size; None after a report."""
    try:
        value = evaluate(expr, activation.shape_environment())
    except EvaluationError as error:
        report_evaluation(error, state)
        return None
    if isinstance(value, Dim):
        return value
    if not is_int(value) or not isinstance(value, int) or value < 1:
        state.fail("E0206", f"a size is a whole number of at least 1, not {describe(value)}", expr.span)
        return None
    return value
