"""Evaluates the arguments of an application and checks them against kinds and constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.check.partial import complete_block
from archdsl.check.state import State
from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir.design import TENSOR, Block, BlockParameter
from archdsl.ir.dim import Dim
from archdsl.ir.evaluate import Environment, EvaluationError, compare, describe, evaluate
from archdsl.ir.expr import BoundArgument, Expr, Local
from archdsl.ir.kinds import FLOAT, INT, UNKNOWN, Kind, Parameter, Value
from archdsl.ir.meter import Meter
from archdsl.ir.types import TensorType
from archdsl.source.span import Span


def evaluated(expr: Expr, env: Environment, state: State) -> tuple[bool, Value]:
    """(True, value), or (False, None) after a report."""
    try:
        return True, evaluate(expr, env)
    except EvaluationError as error:
        report_evaluation(error, state)
        return False, None


def report_evaluation(error: EvaluationError, state: State) -> None:
    """An evaluation error as a finding, unless it rests on one that was reported."""
    if error.silent:
        state.failed = True
        return
    state.fail(error.code, error.message, error.span, help=error.help)


def layer_arguments(
    name: str, parameters: Sequence[Parameter], bound: Sequence[BoundArgument], env: Environment, state: State
) -> dict[str, Value] | None:
    """The arguments of a layer with its defaults; None after a report.

    A variable whose value a layer refuses is worth nothing from there on: what else it breaks has the same cause.
    """
    placed: dict[str, tuple[Value, Span]] = {}
    whole = True
    for argument in bound:
        ok, value = evaluated(argument.value, env, state)
        whole = whole and ok
        if ok:
            placed[argument.name] = (value, argument.span)
    values = bound_layer_arguments(name, parameters, placed, state)
    if values is None and whole:
        _forget_wrong_variables(parameters, bound, placed, env)
    return values if whole else None


def _forget_wrong_variables(
    parameters: Sequence[Parameter],
    bound: Sequence[BoundArgument],
    placed: Mapping[str, tuple[Value, Span]],
    env: Environment,
) -> None:
    known = {parameter.name: parameter for parameter in parameters}
    for argument in bound:
        if not isinstance(argument.value, Local) or not isinstance(env.variables, dict):
            continue
        if _layer_fault("", known[argument.name], *placed[argument.name]) is not None:
            env.variables[argument.value.name] = UNKNOWN


def bound_layer_arguments(
    name: str, parameters: Sequence[Parameter], placed: Mapping[str, tuple[Value, Span]], state: State
) -> dict[str, Value] | None:
    """Evaluated arguments of a layer, checked, with its defaults; None after a report."""
    values: dict[str, Value] = {}
    whole = True
    for parameter in parameters:
        given = placed.get(parameter.name)
        if given is None:
            values[parameter.name] = parameter.default
            continue
        values[parameter.name] = given[0]
        fault = _layer_fault(name, parameter, *given)
        if fault is not None:
            state.report(fault)
            whole = False
    return values if whole else None


def _layer_fault(name: str, parameter: Parameter, value: Value, span: Span) -> Diagnostic | None:
    if not parameter.kind.accepts(value):
        if value == parameter.default and value is None:
            return None
        return wrong_kind(name, parameter.name, parameter.kind, value, span)
    constraint = parameter.constraint
    if constraint is None or constraint.holds(value):
        return None
    return Diagnostic(
        "E0401",
        f"`{parameter.name}` of `{name}` must be {constraint.sentence}, not {describe(value)}",
        span,
    )


def block_arguments(
    block: Block,
    bound: Mapping[str, tuple[Value, Span]],
    state: State,
) -> dict[str, Value] | None:
    """The arguments of a block in the order of its parameters, defaults evaluated; None after a report."""
    values: dict[str, Value] = {}
    whole = True
    for parameter in block.parameters:
        if parameter.kind is TENSOR:
            continue
        if parameter.name in bound:
            value, span = bound[parameter.name]
        else:
            assert parameter.default is not None  # what is required was given, or its absence reported
            span = parameter.default.span
            ok, value = evaluated(parameter.default, _alone(values, state.meter), state)
            if not ok:
                whole = False
                continue
        values[parameter.name] = value
        fault = _block_fault(block, parameter, value, span, values, state)
        if fault is not None:
            state.report(fault)
            whole = False
    return values if whole else None


def _alone(values: Mapping[str, Value], meter: Meter) -> Environment:
    """Defaults and constraints know the parameters before them, and no shapes: a block may be applied anywhere."""
    return Environment(values, no_shapes, complete_block, meter)


def no_shapes(name: str | None, span: Span) -> TensorType:
    """What the sizes of values are where there are no values."""
    raise EvaluationError("E0405", "there is no value here whose sizes could be asked for", span)


def _block_fault(
    block: Block,
    parameter: BlockParameter,
    value: Value,
    span: Span,
    values: Mapping[str, Value],
    state: State,
) -> Diagnostic | None:
    if isinstance(value, tuple):
        state.meter.spent += len(value)
    if not parameter.kind.accepts(value):
        return wrong_kind(block.name, parameter.name, parameter.kind, value, span)
    if parameter.constraint is None:
        return None
    relation, bound = parameter.constraint
    try:
        limit = evaluate(bound, _alone(values, state.meter))
        holds = _holds(relation, value, limit, bound.span)
    except EvaluationError as error:
        report_evaluation(error, state)
        return None
    if holds:
        return None
    what, found = f"`{parameter.name}`", f"not {describe(value)}"
    if isinstance(value, tuple):
        what, found = f"every number in `{parameter.name}`", "and not all are"
    return Diagnostic(
        "E0401",
        f"{what} of `{block.name}` must be {relation} {describe(limit)}, {found}",
        span,
        labels=(Label(parameter.span, "declared here"),),
    )


def _holds(relation: str, value: Value, limit: Value, span: Span) -> bool:
    """A constraint; one that orders numbers holds for a list if it does for every item."""
    if isinstance(value, tuple) and relation not in ("==", "!="):
        return all(_holds(relation, item, limit, span) for item in value)
    return compare(relation, value, limit, span)


def wrong_kind(callee: str, name: str, kind: Kind, value: Value, span: Span) -> Diagnostic:
    """A value that is not of its parameter's kind."""
    help = None
    if kind is INT and isinstance(value, float):
        help = Help("sizes are whole numbers: divide with `//`")
    elif isinstance(value, str) and kind in (INT, FLOAT) and value.isdigit() and len(value) < 10:
        help = Help(f"write `{value}`, without quotes")
    elif isinstance(value, Dim):
        help = Help(f"{value} is open: fix the input's size, or pool to a fixed one")
    elif kind is FLOAT and isinstance(value, bool):
        help = Help("write a number")
    message = f"`{name}` of `{callee}` must be {_article(kind)}, not {describe(value)}"
    return Diagnostic("E0206", message, span, help=help)


def _article(kind: Kind) -> str:
    name = str(kind)
    if name[0] in "[(":
        return f"a {'list' if name[0] == '[' else 'tuple'} {name}"
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
