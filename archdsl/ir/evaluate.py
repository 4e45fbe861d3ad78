"""Evaluates expressions: exact integers, no float sizes, every divisor and index checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from operator import add, floordiv, mod, mul, sub, truediv

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
from archdsl.ir.kinds import UNKNOWN, Value, is_int
from archdsl.ir.types import TensorType
from archdsl.source.span import Span

MAX_BITS = 256
"""Integers beyond 2^256 are refused before they are computed: no size needs them."""
MAX_ITEMS = 10_000
"""So many items may a list have that is made of others, and a range that is added up."""
MAX_NESTING = 16
"""Lists in lists: Python compares and hashes them with its own stack."""


class EvaluationError(Exception):
    """Why an expression has no value. ``silent``: it rests on something that was reported before."""

    def __init__(self, code: str, message: str, span: Span, help: str | None = None, *, silent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.help = help
        self.silent = silent


def _append(value: BlockValue, arguments: Sequence[tuple[str, Value, Span]], at: Span) -> BlockValue:
    return BlockValue(value.target, (*value.arguments, *((name, argument) for name, argument, _ in arguments)))


@dataclass(frozen=True, slots=True)
class Environment:
    """What names mean while a block is applied.

    ``shape_of`` gives the type of a labelled value (None name: the block's input); it raises
    EvaluationError where there is no such value or its type is unknown. ``complete`` gives a block from a
    variable more of its arguments, each with the place it was written at; only the checker knows the parameters.
    """

    variables: Mapping[str, Value]
    shape_of: Callable[[str | None, Span], TensorType]
    complete: Callable[[BlockValue, Sequence[tuple[str, Value, Span]], Span], BlockValue] = _append


def evaluate(expr: Expr, env: Environment) -> Value:
    """The value of an expression; EvaluationError says what is wrong and where."""
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
            return _items(tuple(evaluate(item, env) for item in items), span)
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


def _known(value: Value, span: Span) -> Value:
    if value is UNKNOWN:
        raise EvaluationError("E0219", "this was reported before", span, silent=True)
    return value


def _variable(name: str, span: Span, env: Environment) -> Value:
    if name in env.variables:
        return _known(env.variables[name], span)
    raise EvaluationError("E0219", f"`{name}` has no value here", span)


def _items(values: tuple[Value, ...], span: Span) -> Value:
    if any(isinstance(value, tuple) for value in values) and _nesting(values, MAX_NESTING) >= MAX_NESTING:
        raise EvaluationError("E0106", f"lists nest more than {MAX_NESTING} deep", span)
    return values


def _nesting(value: Value, limit: int) -> int:
    """How deep lists nest in a value, as far as the limit."""
    if not isinstance(value, tuple):
        return 0
    if limit == 0:
        return 1
    return 1 + max((_nesting(item, limit - 1) for item in value), default=0)


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
    length = length_of(value)
    if 0 <= index < length:
        return value[index]
    items = "no items" if length == 0 else f"{length} item{'s' if length > 1 else ''}, numbered from 0 to {length - 1}"
    raise EvaluationError("E0403", f"there is no item {index}: the list has {items}", span)


def length_of(value: tuple[Value, ...] | range) -> int:
    """The number of items; ``len`` of a range fails beyond 2^63."""
    if isinstance(value, tuple):
        return len(value)
    distance = value.stop - value.start if value.step > 0 else value.start - value.stop
    return max(0, -(-distance // abs(value.step)))


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
        return BlockValue(expr.target, arguments)  # type: ignore[arg-type]
    value = _variable(expr.target.name, expr.target.span, env)
    if not isinstance(value, BlockValue):
        raise EvaluationError("E0206", f"`{expr.target.name}` is no block: it takes no arguments", expr.target.span)
    given = [(argument.name, evaluate(argument.value, env), argument.span) for argument in expr.arguments]
    return env.complete(value, given, expr.span)


def _call(function: str, arguments: tuple[Value, ...], span: Span) -> Value:
    first = arguments[0]
    if function in ("len", "sum"):
        if not isinstance(first, tuple | range):
            raise EvaluationError("E0405", f"`{function}` takes a list, not {describe(first)}", span)
        return length_of(first) if function == "len" else _sum(first, span)
    numbers = first if len(arguments) == 1 and isinstance(first, tuple) else arguments
    if not numbers:
        raise EvaluationError("E0405", f"`{function}` needs at least one number", span)
    if function in ("min", "max"):
        return _extreme(function, numbers, span)
    if len(numbers) > 1 or not _is_number(first):
        raise EvaluationError("E0405", f"`{function}` takes a number, not {describe(first)}", span)
    assert isinstance(first, int | float)
    result = {"int": int, "round": round, "abs": abs}[function](first)
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise EvaluationError("E0407", "the result is larger than any size can be", span)
    return result


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _extreme(function: str, numbers: Sequence[Value], span: Span) -> Value:
    """The least or greatest number; open sizes take part where the answer is the same for all inputs."""
    best = numbers[0]
    for number in numbers:
        if not _is_number(number) and not isinstance(number, Dim):
            raise EvaluationError("E0405", f"`{function}` takes numbers, not {describe(number)}", span)
        if compare("<" if function == "min" else ">", number, best, span):
            best = number
    return best


def _sum(values: tuple[Value, ...] | range, span: Span) -> Value:
    if length_of(values) > MAX_ITEMS:
        raise EvaluationError("E0407", f"a list to be added up may have at most {MAX_ITEMS:,} items", span)
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
        return _equal(left, right, span) == (operator == "==")
    for value in (left, right):
        if not _is_number(value):
            raise EvaluationError("E0405", f"`{operator}` compares numbers, not {describe(value)}", span)
    assert isinstance(left, int | float) and isinstance(right, int | float)
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _equal(left: Value, right: Value, span: Span) -> bool:
    """Equality; lists item by item, so that open sizes in them are decided exactly. A bool is no number."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(
            compare("==", one, other, span) for one, other in zip(left, right, strict=True)
        )
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _compare_open(operator: str, left: Value, right: Value, span: Span) -> bool:
    if not all(isinstance(value, Dim) or is_int(value) for value in (left, right)):
        fixed = right if isinstance(left, Dim) else left
        raise EvaluationError("E0405", f"an open size cannot be compared with {describe(fixed)}", span)
    try:
        decided = _decide(operator, left, right)  # type: ignore[arg-type]
    except DimTooComplex as error:
        raise EvaluationError("E0406", f"this cannot be decided for open sizes: {error}", span) from None
    if decided is None:
        message = f"whether {left} {operator} {right} depends on the size of the input"
        help = "a network has one structure for all inputs: fix the size in the input, or compare fixed sizes"
        raise EvaluationError("E0406", message, span, help)
    return decided


def _decide(operator: str, left: int | Dim, right: int | Dim) -> bool | None:
    """Whether a comparison holds for every input (True), for none (False), or for some (None)."""
    if operator in ("==", "!="):
        solution = Dim.solve_equal(left, right)
    else:
        low, high = (right, left) if operator in (">", ">=") else (left, right)
        solution = Dim.solve_at_least(high - low, 1 if operator in (">", "<") else 0)
    if solution.always or solution.never:
        return bool(solution.always) == (operator != "!=")
    return None


def _arithmetic(operator: str, left: Value, right: Value, span: Span) -> Value:
    if operator == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) + len(right) > MAX_ITEMS:
            raise EvaluationError("E0407", f"a list may have at most {MAX_ITEMS:,} items", span)
        return left + right
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_ITEMS:
            raise EvaluationError("E0407", f"a string may have at most {MAX_ITEMS:,} characters", span)
        return left + right
    for value in (left, right):
        if not _is_number(value) and not isinstance(value, Dim):
            raise EvaluationError("E0405", f"`{operator}` takes numbers, not {describe(value)}", span)
    if operator in ("/", "//", "%") and right == 0:
        raise EvaluationError("E0402", "division by zero", span)
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _open_arithmetic(operator, left, right, span)
    assert isinstance(left, int | float) and isinstance(right, int | float)
    _refuse_huge(operator, left, right, span)
    try:
        result = _OPERATIONS[operator](left, right)
    except ZeroDivisionError:
        raise EvaluationError("E0402", "a negative power of zero divides by zero", span) from None
    except OverflowError:
        raise EvaluationError("E0407", "the result is no finite number", span) from None
    if isinstance(result, complex) or not isfinite(result):
        raise EvaluationError("E0407", "the result is no finite number", span)
    return result


_OPERATIONS: dict[str, Callable[..., int | float | complex]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": truediv,
    "//": floordiv,
    "%": mod,
    "**": pow,
}


def _open_arithmetic(operator: str, left: Value, right: Value, span: Span) -> Value:
    """Arithmetic that keeps an open size exact: whole numbers, no quotient by an open size."""
    if operator in ("/", "**") or isinstance(left, float) or isinstance(right, float):
        help = "sizes are whole numbers: divide with `//`" if operator == "/" else None
        message = f"`{left} {operator} {right}` cannot be computed: an open size takes `+`, `-`, `*`, `//` and `%`"
        raise EvaluationError("E0405", message, span, help)
    if operator in ("//", "%") and isinstance(right, int) and right < 0:
        raise EvaluationError("E0405", f"an open size is divided by positive numbers only, not by {right}", span)
    try:
        return _OPERATIONS[operator](left, right)
    except DimTooComplex as error:
        raise EvaluationError("E0405", f"this cannot be computed: {error}", span, "fix the size in the input") from None
    except TypeError:
        message = f"`{left} {operator} {right}` cannot be computed: {right} is open"
        raise EvaluationError("E0405", message, span, "fix the size in the input") from None


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
