"""Evaluates expressions: exact integers, no float sizes, every divisor and index checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archdsl.ir.design import BlockValue
from archdsl.ir.dim import Dim, DimTooComplex
from archdsl.ir.expr import (
    BinaryOp,
    BlockOf,
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
from archdsl.ir.kinds import Value, is_int
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

MAX_BITS = 256
"""Integers beyond 2^256 are refused before they are computed: no size needs them."""
MAX_ITEMS = 100_000


class EvaluationError(Exception):
    """Why an expression has no value. ``silent``: it rests on something that was reported before."""

    def __init__(self, code: str, message: str, span: Span, help: str | None = None, *, silent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.help = help
        self.silent = silent


@dataclass(frozen=True, slots=True)
class Environment:
    """What names mean while a block is applied.

    ``shape_of`` gives the type of a labelled value (None name: the block's input); it raises
    EvaluationError where there is no such value or its type is unknown.
    """

    variables: Mapping[str, Value]
    shape_of: Callable[[str | None, Span], TensorType]


def evaluate(expr: Expr, env: Environment) -> Value:
    """The value of an expression; EvaluationError says what is wrong and where."""
    match expr:
        case Const(value):
            return value
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
        case Items(items):
            return tuple(evaluate(item, env) for item in items)
        case RangeOf():
            return _range(expr, env)
        case BuiltinCall(function, arguments, span):
            return _call(function, tuple(evaluate(argument, env) for argument in arguments), span)
        case BlockOf():
            return _block(expr, env)


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


def describe(value: Value) -> str:
    """A value as messages show it: ``the string "a"``, ``2.5``, ``a list of 3``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "none"
    if isinstance(value, str):
        return f'the string "{value[:40]}"'
    if isinstance(value, range):
        return "a range"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    if isinstance(value, BlockValue):
        return f"the block `{value.name}`"
    if isinstance(value, Dim):
        return f"the open size {value}"
    return str(value)[:60]


# --- the kinds of expressions -------------------------------------------------------------------------


def _variable(name: str, span: Span, env: Environment) -> Value:
    if name in env.variables:
        return env.variables[name]
    raise EvaluationError("E0219", f"`{name}` has no value here", span, silent=name[:1].islower())


def _size(expr: SizeOf, env: Environment) -> Value:
    name = evaluate_name(expr.value, env) if expr.value is not None else None
    shape = env.shape_of(name, expr.span).shape
    rank, attribute = len(shape), expr.attribute
    axis = {
        "channels": 1 if rank >= 2 else None,
        "features": rank - 1 if rank >= 2 else None,
        "length": 2 if rank == 3 else None,
        "depth": 2 if rank == 5 else None,
        "height": rank - 2 if rank in (4, 5) else None,
        "width": rank - 1 if rank in (4, 5) else None,
    }[attribute]
    if axis is None:
        shown = " x ".join(str(size) for size in shape)
        raise EvaluationError("E0304", f"a value of shape {shown} has no {attribute}", expr.span)
    return shape[axis]


def _index(value: Value, index: Value, span: Span) -> Value:
    if not isinstance(value, tuple | range):
        raise EvaluationError("E0405", f"only lists and tuples have items, not {describe(value)}", span)
    if not is_int(index) or not isinstance(index, int):
        raise EvaluationError("E0405", f"an item is chosen by a whole number, not {describe(index)}", span)
    if not 0 <= index < len(value):
        raise EvaluationError("E0403", f"there is no item {index} in a list of {len(value)} (they count from 0)", span)
    return value[index]


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
    arguments = tuple((argument.name, evaluate(argument.value, env)) for argument in expr.arguments)
    if not isinstance(expr.target, Local):
        return BlockValue(expr.target, arguments)  # type: ignore[arg-type]
    value = _variable(expr.target.name, expr.target.span, env)
    if not isinstance(value, BlockValue):
        raise EvaluationError("E0206", f"`{expr.target.name}` is no block", expr.target.span)
    return BlockValue(value.target, value.arguments + arguments)


def _call(function: str, arguments: tuple[Value, ...], span: Span) -> Value:
    if function in ("len", "sum"):
        (value,) = arguments
        if not isinstance(value, tuple | range):
            raise EvaluationError("E0405", f"`{function}` takes a list, not {describe(value)}", span)
        return len(value) if function == "len" else _sum(value, span)
    numbers = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
    assert isinstance(numbers, tuple)
    for number in numbers:
        if not isinstance(number, int | float) or isinstance(number, bool):
            raise EvaluationError("E0405", f"`{function}` takes numbers, not {describe(number)}", span)
    if not numbers:
        raise EvaluationError("E0405", f"`{function}` of nothing", span)
    if function in ("int", "round"):
        return int(numbers[0]) if function == "int" else round(numbers[0])
    functions: dict[str, Callable[..., Value]] = {"min": min, "max": max, "abs": lambda values: abs(values[0])}
    return functions[function](numbers)


def _sum(values: tuple[Value, ...] | range, span: Span) -> Value:
    if len(values) > MAX_ITEMS:
        raise EvaluationError("E0404", f"a list may have at most {MAX_ITEMS:,} items", span)
    total: Value = 0
    for value in values:
        total = _arithmetic("+", total, value, span)
    return total


def _unary(operator: str, value: Value, span: Span) -> Value:
    if operator == "not":
        if isinstance(value, bool):
            return not value
        raise EvaluationError("E0405", f"`not` takes true or false, not {describe(value)}", span)
    if isinstance(value, int | float) and not isinstance(value, bool):
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
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return compare(operator, left_value, right_value, span)
    return _arithmetic(operator, left_value, right_value, span)


def compare(operator: str, left: Value, right: Value, span: Span) -> bool:
    """A comparison of two values of one kind; open sizes only where the answer is the same for all."""
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _compare_open(operator, left, right, span)
    if operator in ("==", "!="):
        equal = left == right and isinstance(left, bool) == isinstance(right, bool)
        return equal == (operator == "==")
    for value in (left, right):
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise EvaluationError("E0405", f"`{operator}` compares numbers, not {describe(value)}", span)
    assert isinstance(left, int | float) and isinstance(right, int | float)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _compare_open(operator: str, left: Value, right: Value, span: Span) -> bool:
    for value in (left, right):
        if not isinstance(value, Dim) and not is_int(value):
            raise EvaluationError("E0405", f"an open size is not comparable with {describe(value)}", span)
    try:
        if operator in ("==", "!="):
            solution = Dim.solve_equal(left, right)  # type: ignore[arg-type]
            decided = True if solution.always else False if solution.never else None
        else:
            low, high = (left, right) if operator in (">", ">=") else (right, left)
            margin = 1 if operator in (">", "<") else 0
            difference = low - high  # type: ignore[operator]
            if isinstance(difference, int):
                return difference >= margin
            solution = Dim.solve_at_least(difference, margin)
            decided = True if solution.always else False if solution.never else None
    except DimTooComplex as error:
        raise EvaluationError("E0406", f"this cannot be decided for open sizes: {error}", span) from None
    if decided is None:
        message = f"the condition depends on the open size: {left} {operator} {right} holds for some inputs only"
        raise EvaluationError("E0406", message, span, "a network has one structure for all inputs; fix the size")
    return decided if operator != "!=" else not decided


def _arithmetic(operator: str, left: Value, right: Value, span: Span) -> Value:
    if operator == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) + len(right) > MAX_ITEMS:
            raise EvaluationError("E0404", f"a list may have at most {MAX_ITEMS:,} items", span)
        return left + right
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | float | Dim):
            raise EvaluationError("E0405", f"`{operator}` takes numbers, not {describe(value)}", span)
    if operator in ("/", "//", "%") and right == 0:
        raise EvaluationError("E0402", "division by zero", span)
    _refuse_huge(operator, left, right, span)
    operations: dict[str, Callable[[], Value]] = {
        "+": lambda: left + right,  # type: ignore[operator]
        "-": lambda: left - right,  # type: ignore[operator]
        "*": lambda: left * right,  # type: ignore[operator]
        "/": lambda: left / right,  # type: ignore[operator]
        "//": lambda: left // right,  # type: ignore[operator]
        "%": lambda: left % right,  # type: ignore[operator]
        "**": lambda: left**right,  # type: ignore[operator]
    }
    try:
        result = operations[operator]()
    except (OverflowError, DimTooComplex, TypeError, ValueError) as error:
        raise EvaluationError("E0405", f"this cannot be computed: {error}", span) from None
    if isinstance(result, complex) or result in (float("inf"), float("-inf")) or result != result:
        raise EvaluationError("E0407", "the result is no finite number", span)
    return result


def _refuse_huge(operator: str, left: Value, right: Value, span: Span) -> None:
    if not isinstance(left, int) or not isinstance(right, int):
        return
    bits = left.bit_length() + right.bit_length()
    if operator == "**":
        if right < 0:
            raise EvaluationError("E0405", "a negative power is no whole number", span, "write `1 / ...` for a float")
        bits = left.bit_length() * right if abs(left) > 1 else 1
    if bits > MAX_BITS:
        raise EvaluationError("E0407", "the result is larger than any size can be", span)
