"""Evaluates expressions: exact integers, no float sizes, every divisor and index checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import NamedTuple, assert_never

from archdsl.ir.design import BlockValue
from archdsl.ir.dim import Dim
from archdsl.ir.expr import (
    BinaryOp,
    BlockOf,
    BoundArgument,
    BuiltinCall,
    Const,
    Expr,
    IfElse,
    IndexOf,
    Items,
    Local,
    NameTemplate,
    RangeOf,
    SizeOf,
    UnaryOp,
)
from archdsl.ir.kinds import UNKNOWN, Value, is_int
from archdsl.ir.meter import EXPRESSION, ITEMS_PER_STEP, MAX_WORK, Meter
from archdsl.ir.types import TensorType, size_of
from archdsl.ir.values import (
    MAX_BITS,
    MAX_ITEMS,
    EvaluationError,
    arithmetic,
    compare,
    describe,
    is_number,
    length_of,
    refuse_unwieldy,
)
from archdsl.source.span import Span

__all__ = ["Environment", "EvaluationError", "compare", "describe", "evaluate", "evaluate_name", "length_of", "truth"]


ROUNDINGS: dict[str, Callable[[int | float], int | float]] = {"abs": abs, "int": int, "round": round, "ceil": ceil}
"""The functions of one number."""


class PlacedValue(NamedTuple):
    """An evaluated argument for a block that is not known yet; positional ones are called ``#0``, ``#1`` ..."""

    name: str
    value: Value
    span: Span
    name_span: Span


def placed(argument: BoundArgument, env: Environment) -> PlacedValue:
    """An argument evaluated, with the places of its value and its name."""
    return PlacedValue(argument.name, evaluate(argument.value, env), argument.span, argument.name_span or argument.span)


@dataclass(frozen=True, slots=True)
class Environment:
    """What names mean while a block is applied.

    ``shape_of`` gives the type of a labelled value (None name: the block's input); it raises
    EvaluationError where there is no such value or its type is unknown. ``complete`` gives a block from a
    variable more of its arguments, each with the place it was written at: only the checker knows the parameters.
    """

    variables: Mapping[str, Value]
    shape_of: Callable[[str | None, Span], TensorType]
    complete: Callable[[BlockValue, Sequence[PlacedValue], Span], BlockValue] | None = None
    meter: Meter = field(default_factory=Meter)
    """What evaluating counts on; by default each environment has a budget of its own."""


def evaluate(expr: Expr, env: Environment) -> Value:
    """The value of an expression; EvaluationError says what is wrong and where."""
    env.meter.spent += EXPRESSION
    if env.meter.is_empty:
        raise _too_much_work(expr.span, env.meter)
    match expr:
        case Const(value, span):
            return _known(value, span)
        case Local(name, span):
            return _variable(name, span, env)
        case BinaryOp():
            return _binary(expr, env)
        case UnaryOp(operator, operand, span):
            return _unary(operator, evaluate(operand, env), span)
        case SizeOf():
            return _size(expr, env)
        case IndexOf(value, index, span):
            return _index(evaluate(value, env), evaluate(index, env), span)
        case IfElse(then, condition, otherwise):
            return evaluate(then if truth(condition, env) else otherwise, env)
        case Items(items, _, span):
            values = tuple(evaluate(item, env) for item in items)
            _pay_for_items(values, env)
            return _items(values, span)
        case RangeOf():
            return _range(expr, env)
        case BuiltinCall(function, arguments, span):
            values = tuple(evaluate(argument, env) for argument in arguments)
            _pay_for_items(values, env)
            return _call(function, values, span)
        case BlockOf():
            return _block(expr, env)
    assert_never(expr)


def _pay_for_items(values: tuple[Value, ...], env: Environment) -> None:
    """Counts the work on lists, whose items are looked at one by one."""
    for value in values:
        if isinstance(value, tuple):
            env.meter.spent += len(value) // ITEMS_PER_STEP
        elif isinstance(value, range):
            env.meter.spent += min(length_of(value), MAX_ITEMS) // ITEMS_PER_STEP


def _too_much_work(span: Span, meter: Meter) -> EvaluationError:
    error = EvaluationError("E0404", too_much_work(), span, silent=meter.is_told)
    meter.is_told = True
    return error


def too_much_work() -> str:
    """The sentence for networks that are too much work to check."""
    return f"checking takes more than {MAX_WORK:,} steps, the limit"


def truth(condition: Expr, env: Environment) -> bool:
    """The value of a condition, which has to be a bool."""
    value = evaluate(condition, env)
    if not isinstance(value, bool):
        raise EvaluationError("E0206", f"a condition is true or false, not {describe(value)}", condition.span)
    return value


def evaluate_name(template: NameTemplate, env: Environment) -> str:
    """The text of a label."""
    parts = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        value = evaluate(part, env)
        if not (is_int(value) and isinstance(value, int) and value >= 0) and not isinstance(value, str):
            raise EvaluationError(
                "E0206", f"a label is made of names and whole numbers, not {describe(value)}", part.span
            )
        parts.append(str(value))
    return "".join(parts)


# --- the kinds of expressions -------------------------------------------------------------------------


def _known(value: Value, span: Span) -> Value:
    if value is UNKNOWN:
        raise EvaluationError("E0219", "this was reported before", span, silent=True)
    return value


def _variable(name: str, span: Span, env: Environment) -> Value:
    if name in env.variables:
        return _known(env.variables[name], span)
    raise EvaluationError("E0219", f"`{name}` has no value here", span)


def _items(values: tuple[Value, ...], span: Span) -> Value:
    refuse_unwieldy(values, span)
    return values


def _size(expr: SizeOf, env: Environment) -> Value:
    name = evaluate_name(expr.value, env) if expr.value is not None else None
    type_ = env.shape_of(name, expr.span)
    size = size_of(type_, expr.attribute)
    if size is None:
        help = "the size behind the batch is its `features`" if type_.rank == 2 else None
        raise EvaluationError("E0304", f"a value of shape {type_} has no {expr.attribute}", expr.span, help)
    return size


def _index(value: Value, index: Value, span: Span) -> Value:
    if not isinstance(value, tuple | range):
        raise EvaluationError("E0405", f"only lists and tuples have items, not {describe(value)}", span)
    if isinstance(index, range):
        return _part(value, index, span)
    if not is_int(index) or not isinstance(index, int):
        raise EvaluationError("E0405", f"an item is chosen by a whole number, not {describe(index)}", span)
    length = length_of(value)
    if 0 <= index < length:
        return value[index]
    items = "no items" if length == 0 else f"{length} item{'s' if length > 1 else ''}, numbered from 0 to {length - 1}"
    raise EvaluationError("E0403", f"there is no item {index}: the list has {items}", span)


def _part(value: tuple[Value, ...] | range, places: range, span: Span) -> Value:
    """``list[a..b]``: the items at some places in a row, none of them missing."""
    length = length_of(value)
    if 0 <= places.start <= places.stop <= length:
        return value[places.start : places.stop]
    shown = f"{places.start}..{places.stop}"
    raise EvaluationError("E0403", f"there is no part {shown}: the list ends at {length}", span)


def _range(expr: RangeOf, env: Environment) -> Value:
    bounds = [evaluate(part, env) for part in (expr.start, expr.stop)]
    step = evaluate(expr.step, env) if expr.step is not None else 1
    for bound in (*bounds, step):
        if not is_int(bound):
            raise EvaluationError("E0405", f"a range runs over whole numbers, not {describe(bound)}", expr.span)
    start, stop = bounds
    assert isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)
    if step == 0:
        raise EvaluationError("E0401", "a range cannot have the step 0", expr.span)
    if expr.inclusive:
        stop += 1 if step > 0 else -1
    return range(start, stop, step)


def _block(expr: BlockOf, env: Environment) -> Value:
    if not isinstance(expr.target, Local):
        arguments = tuple((argument.name, evaluate(argument.value, env)) for argument in expr.arguments)
        made = BlockValue(expr.target, arguments)  # type: ignore[arg-type]
        refuse_unwieldy(made, expr.span)
        return made
    value = _variable(expr.target.name, expr.target.span, env)
    if not isinstance(value, BlockValue) or env.complete is None:
        raise EvaluationError("E0206", f"`{expr.target.name}` is no block: it takes no arguments", expr.target.span)
    given = [placed(argument, env) for argument in expr.arguments]
    completed = env.complete(value, given, expr.span)
    refuse_unwieldy(completed, expr.span)
    return completed


def _call(function: str, arguments: tuple[Value, ...], span: Span) -> Value:
    first = arguments[0]
    if function in ("len", "sum"):
        if not isinstance(first, tuple | range):
            raise EvaluationError("E0405", f"`{function}` takes a list, not {describe(first)}", span)
        return length_of(first) if function == "len" else _sum(first, span)
    if function == "round_to":
        return _round_to(*arguments, span=span)
    numbers = first if len(arguments) == 1 and isinstance(first, tuple) else arguments
    if not numbers:
        raise EvaluationError("E0405", f"`{function}` needs at least one number", span)
    if function in ("min", "max"):
        return _extreme(function, numbers, span)
    if len(numbers) > 1 or not is_number(first):
        raise EvaluationError("E0405", f"`{function}` takes a number, not {describe(first)}", span)
    assert isinstance(first, int | float)
    result: int | float = ROUNDINGS[function](first)
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise EvaluationError("E0407", "the result is larger than any size can be", span)
    return result


def _round_to(number: Value, multiple: Value, *, span: Span) -> int:
    """The nearest multiple, halves up, at least one; the next where more than a tenth of the number would be lost."""
    if not is_number(number) or not is_int(multiple):
        wrong = multiple if is_number(number) else number
        raise EvaluationError("E0405", f"`round_to` takes a number and a whole number, not {describe(wrong)}", span)
    assert isinstance(number, int | float) and isinstance(multiple, int)
    if multiple < 1 or number < 0:
        wrong_part = f"a multiple of {multiple}" if multiple < 1 else f"the number {number}"
        raise EvaluationError("E0401", f"`round_to` works on positive numbers, not on {wrong_part}", span)
    exact = Fraction(number)
    rounded = max(1, (2 * exact + multiple) // (2 * multiple)) * multiple
    return rounded if 10 * rounded >= 9 * exact else rounded + multiple


def _extreme(function: str, numbers: Sequence[Value], span: Span) -> Value:
    """The least or greatest number; open sizes take part where the answer is the same for all inputs."""
    best = numbers[0]
    for number in numbers:
        if not is_number(number) and not isinstance(number, Dim):
            raise EvaluationError("E0405", f"`{function}` takes numbers, not {describe(number)}", span)
        if compare("<" if function == "min" else ">", number, best, span):
            best = number
    return best


def _sum(values: tuple[Value, ...] | range, span: Span) -> Value:
    if length_of(values) > MAX_ITEMS:
        raise EvaluationError("E0407", f"a list to be added up may have at most {MAX_ITEMS:,} items", span)
    integers = [value for value in values if type(value) is int]
    if len(integers) == len(values):  # the usual case, and long lists must not take long
        return arithmetic("+", 0, sum(integers), span)
    total: Value = 0
    for value in values:
        total = arithmetic("+", total, value, span)
    return total


def _unary(operator: str, value: Value, span: Span) -> Value:
    if operator == "not":
        if isinstance(value, bool):
            return not value
        raise EvaluationError("E0405", f"`not` takes true or false, not {describe(value)}", span)
    if isinstance(value, Dim) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return -value
    raise EvaluationError("E0405", f"`-` takes a number, not {describe(value)}", span)


def _binary(expr: BinaryOp, env: Environment) -> Value:
    operator, span = expr.operator, expr.span
    if operator in ("and", "or"):
        left = truth(expr.left, env)
        if left == (operator == "or"):
            return left
        return truth(expr.right, env)
    left_value, right_value = evaluate(expr.left, env), evaluate(expr.right, env)
    _pay_for_items((left_value, right_value), env)
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return compare(operator, left_value, right_value, span)
    return arithmetic(operator, left_value, right_value, span)
