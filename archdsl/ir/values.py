"""Computes with values: comparisons and arithmetic, exact integers, every divisor checked, open sizes kept exact."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from operator import add, floordiv, mod, mul, sub, truediv

from archdsl.ir.design import BlockValue
from archdsl.ir.dim import Dim, DimTooComplex
from archdsl.ir.kinds import Value, is_int
from archdsl.source.span import Span

MAX_BITS = 256
"""Integers beyond 2^256 are refused before they are computed: no size needs them."""
MAX_ITEMS = 1_000
"""Items of a list, those of lists in it included; also of a range that is added up."""
MAX_NESTING = 16
"""Lists in lists, blocks in the arguments of blocks: Python compares and hashes them with its own stack."""


class EvaluationError(Exception):
    """Why an expression has no value. ``silent``: it rests on something that was reported before."""

    def __init__(self, code: str, message: str, span: Span, help: str | None = None, *, silent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.help = help
        self.silent = silent


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


def length_of(value: tuple[Value, ...] | range) -> int:
    """The number of items; ``len`` of a range fails beyond 2^63."""
    if isinstance(value, tuple):
        return len(value)
    distance = value.stop - value.start if value.step > 0 else value.start - value.stop
    return max(0, -(-distance // abs(value.step)))


def refuse_unwieldy(value: tuple[Value, ...] | BlockValue, span: Span) -> None:
    """EvaluationError for a list, or a block with arguments, that holds too much or nests too deep."""
    waiting = [(value, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        inner = tuple(argument for _, argument in part.arguments) if isinstance(part, BlockValue) else part
        count += len(inner)
        if count > MAX_ITEMS:
            raise EvaluationError("E0407", f"a list may have at most {MAX_ITEMS:,} items, inner ones included", span)
        if depth == MAX_NESTING:
            raise EvaluationError("E0106", f"lists, or blocks as arguments, nest more than {MAX_NESTING} deep", span)
        waiting += [(item, depth + 1) for item in inner if isinstance(item, tuple | BlockValue)]


def is_number(value: Value) -> bool:
    """Whether a value is an integer or a float; booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(operator: str, left: Value, right: Value, span: Span) -> bool:
    """A comparison of two values of one kind; open sizes only where the answer is the same for all."""
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _compare_open(operator, left, right, span)
    if operator in ("==", "!="):
        return _equal(left, right, span) == (operator == "==")
    for value in (left, right):
        if not is_number(value):
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


def arithmetic(operator: str, left: Value, right: Value, span: Span) -> Value:
    """The result of ``+ - * / // % **``; lists and strings are joined by ``+``. EvaluationError where there is none."""
    if operator == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        joined = left + right
        refuse_unwieldy(joined, span)
        return joined
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_ITEMS:
            raise EvaluationError("E0407", f"a string may have at most {MAX_ITEMS:,} characters", span)
        return left + right
    for value in (left, right):
        if not is_number(value) and not isinstance(value, Dim):
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
    except (DimTooComplex, TypeError):
        message = f"`{left} {operator} {right}` cannot be computed with open sizes"
        raise EvaluationError("E0405", message, span, "fix the sizes in the input") from None


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
