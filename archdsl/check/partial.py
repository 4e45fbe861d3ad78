"""Blocks as values: gives a block or layer more of its arguments, by name or by position."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.ir.binding import Formal, Given, bind
from archdsl.ir.design import BlockValue
from archdsl.ir.evaluate import EvaluationError, PlacedValue
from archdsl.ir.expr import BoundArgument, Const
from archdsl.ir.kinds import Value
from archdsl.ops import REGISTRY
from archdsl.source.span import Span


def formals_of(value: BlockValue) -> tuple[Formal, ...]:
    """The parameters that a block value leaves open."""
    target = value.target
    formals: Sequence[Formal] = REGISTRY[target].parameters if isinstance(target, str) else target.parameters
    fixed = {name for name, _ in value.arguments}
    return tuple(formal for formal in formals if formal.name not in fixed)


def bind_value(
    value: BlockValue, arguments: Sequence[PlacedValue], at: Span, *, partial: bool
) -> tuple[tuple[BoundArgument, ...], list[Diagnostic]]:
    """The arguments under the names of the open parameters they are for, and what is wrong with them."""
    fixed = {name for name, _ in value.arguments}
    again = next((part for part in arguments if part.name in fixed), None)
    if again is not None:
        message = f"`{again.name}` is given twice to `{value.name}`"
        here = f"it was given when `{value.name}` was handed on"
        return (), [Diagnostic("E0204", message, again.name_span, here)]
    given = [
        Given(None if part.name.startswith("#") else part.name, Const(part.value, part.span), part.span, part.name_span)
        for part in arguments
    ]
    return bind(value.name, formals_of(value), given, at, partial=partial)


def complete_block(value: BlockValue, arguments: Sequence[PlacedValue], at: Span) -> BlockValue:
    """The block with more of its arguments; EvaluationError if they do not fit."""
    bound, faults = bind_value(value, arguments, at, partial=True)
    if faults:
        raise EvaluationError(faults[0].code, faults[0].message, faults[0].span)
    added = tuple((argument.name, constant(argument)) for argument in bound)
    return BlockValue(value.target, value.arguments + added)


def constant(argument: BoundArgument) -> Value:
    """The value of an argument that ``bind_value`` bound."""
    assert isinstance(argument.value, Const)
    return argument.value.value
