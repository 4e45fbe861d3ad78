"""Evaluates the arguments of an application and checks them against kinds and constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.ir.design import TENSOR, Block, BlockParameter
from archdsl.ir.dim import Dim
from archdsl.ir.evaluate import Environment, EvaluationError, compare, describe, evaluate
from archdsl.ir.expr import BoundArgument, Expr
from archdsl.ir.kinds import FLOAT, INT, Kind, Parameter, Value
from archdsl.source.span import Span

Report = Callable[[Diagnostic], None]


def evaluated(expr: Expr, env: Environment, report: Report) -> tuple[bool, Value]:
    """(True, value), or (False, None) after a report."""
    try:
        return True, evaluate(expr, env)
    except EvaluationError as error:
        report_evaluation(error, report)
        return False, None


def report_evaluation(error: EvaluationError, report: Report) -> None:
    """An evaluation error as a finding, unless it rests on one that was reported."""
    if not error.silent:
        help = Help(error.help) if error.help else None
        report(Diagnostic(error.code, error.message, error.span, help=help))


def layer_arguments(
    name: str, parameters: Sequence[Parameter], bound: Sequence[BoundArgument], env: Environment, report: Report
) -> dict[str, Value] | None:
    """The arguments of a layer with its defaults; None after a report."""
    given = {argument.name: argument for argument in bound}
    values: dict[str, Value] = {}
    whole = True
    for parameter in parameters:
        argument = given.get(parameter.name)
        if argument is None:
            values[parameter.name] = parameter.default
            continue
        ok, value = evaluated(argument.value, env, report)
        if not ok:
            whole = False
            continue
        fault = _layer_fault(name, parameter, value, argument.span)
        if fault is not None:
            report(fault)
            whole = False
        values[parameter.name] = value
    return values if whole else None


def check_layer_values(name: str, parameters: Sequence[Parameter], values: Mapping[str, Value], at: Span) -> list[Diagnostic]:
    """Faults of arguments that were given to a layer through a block-valued parameter, placed at ``at``."""
    faults = []
    for parameter in parameters:
        if parameter.name in values:
            fault = _layer_fault(name, parameter, values[parameter.name], at)
            faults.extend([fault] if fault is not None else [])
    return faults


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
        here=f"this is {describe(value)}",
    )


def block_arguments(
    block: Block,
    bound: Mapping[str, tuple[Value, Span]],
    shape_of: Environment,
    report: Report,
) -> dict[str, Value] | None:
    """The arguments of a block in the order of its parameters, defaults evaluated; None after a report."""
    values: dict[str, Value] = {}
    whole = True
    for parameter in block.parameters:
        if parameter.kind is TENSOR:
            continue
        if parameter.name in bound:
            value, span = bound[parameter.name]
        elif parameter.default is not None:
            span = parameter.default.span
            ok, value = evaluated(parameter.default, Environment(values, shape_of.shape_of), report)
            if not ok:
                whole = False
                continue
        else:
            whole = False
            continue
        values[parameter.name] = value
        fault = _block_fault(block, parameter, value, span, values, shape_of)
        if fault is not None:
            report(fault)
            whole = False
    return values if whole else None


def _block_fault(
    block: Block,
    parameter: BlockParameter,
    value: Value,
    span: Span,
    values: Mapping[str, Value],
    shape_of: Environment,
) -> Diagnostic | None:
    if not parameter.kind.accepts(value):
        return wrong_kind(block.name, parameter.name, parameter.kind, value, span)
    if parameter.constraint is None:
        return None
    relation, bound = parameter.constraint
    try:
        limit = evaluate(bound, Environment(values, shape_of.shape_of))
        holds = compare(relation, value, limit, bound.span)
    except EvaluationError as error:
        return Diagnostic(error.code, error.message, error.span)
    if holds:
        return None
    return Diagnostic(
        "E0401",
        f"`{parameter.name}` of `{block.name}` must be {relation} {describe(limit)}, not {describe(value)}",
        span,
        labels=(Label(parameter.span, "declared here"),),
    )


def wrong_kind(callee: str, name: str, kind: Kind, value: Value, span: Span) -> Diagnostic:
    """A value that is not of its parameter's kind."""
    help = None
    if kind is INT and isinstance(value, float):
        help = Help("sizes are whole numbers: divide with `//`")
    elif isinstance(value, Dim):
        help = Help(f"{value} is open: fix the input's size, or pool to a fixed one")
    elif kind is FLOAT and isinstance(value, bool):
        help = Help("write a number")
    message = f"`{name}` of `{callee}` must be {_article(kind)}, not {describe(value)}"
    return Diagnostic("E0206", message, span, help=help)


def _article(kind: Kind) -> str:
    name = str(kind)
    return f"an {name}" if name[0] in "aeiou" else f"{'a list ' if name[0] == '[' else 'a '}{name}"
