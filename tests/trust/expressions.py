"""Expressions of the language as tests build them: written as text, and computed by Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass
class Scope:
    """What names mean while a body runs. ``x`` is the block's own input."""

    variables: dict[str, Any]
    x: Tensor
    labels: dict[str, Tensor] = field(default_factory=dict)
    trace: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    """Every layer and join that ran, with the shape that it made."""
    outputs: list[tuple[str, Tensor, bool]] = field(default_factory=list)
    """What the network has handed out so far, and whether in training alone."""

    def around(self) -> Scope:
        """The scope inside braces: its variables end with them, its labels do not."""
        return Scope(dict(self.variables), self.x, self.labels, self.trace, self.outputs)

    def copy(self) -> Scope:
        """A scope to try a step in: nothing that the step does is seen in this one, and its trace is its own."""
        return Scope(dict(self.variables), self.x, dict(self.labels))


@dataclass(frozen=True)
class Expr:
    """An expression: its text, and its value in a scope."""

    text: str
    value: Callable[[Scope], Any] = field(compare=False, repr=False)
    tight: bool = True
    """Whether it needs no parentheses inside another one."""

    def inner(self) -> str:
        """The text as an operand."""
        return self.text if self.tight else f"({self.text})"


def number(value: object) -> Expr:
    """A literal."""
    return Expr(written(value), lambda scope: value)


def variable(name: str) -> Expr:
    """A parameter or variable."""
    return Expr(name, lambda scope: scope.variables[name])


def channels(label: str) -> Expr:
    """The channels of a value; of the block's input for ``x``."""
    return Expr(f"{label}.channels", lambda scope: int((scope.x if label == "x" else scope.labels[label]).shape[1]))


def binary(left: Expr, operator: str, right: Expr) -> Expr:
    """``left operator right``."""
    compute: dict[str, Callable[[Any, Any], Any]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "//": lambda a, b: a // b,
        "%": lambda a, b: a % b,
        "**": lambda a, b: a**b,
        "==": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        ">=": lambda a, b: a >= b,
        "and": lambda a, b: a and b,
    }
    run = compute[operator]
    text = f"{left.inner()} {operator} {right.inner()}"
    return Expr(text, lambda scope: run(left.value(scope), right.value(scope)), tight=False)


def conditional(then: Expr, condition: Expr, otherwise: Expr) -> Expr:
    """``then if condition else otherwise``."""
    text = f"{then.inner()} if {condition.inner()} else {otherwise.inner()}"
    return Expr(text, lambda scope: (then if condition.value(scope) else otherwise).value(scope), tight=False)


def item(sequence: Expr, index: Expr) -> Expr:
    """``sequence[index]``."""
    return Expr(f"{sequence.inner()}[{index.text}]", lambda scope: sequence.value(scope)[index.value(scope)])


def call(function: str, *arguments: Expr) -> Expr:
    """``max(a, b)`` and the like."""
    run: Callable[..., Any] = {"max": max, "min": min, "len": len, "sum": sum, "abs": abs}[function]
    text = f"{function}({', '.join(argument.text for argument in arguments)})"
    return Expr(text, lambda scope: run(*(argument.value(scope) for argument in arguments)))


def span(start: Expr, stop: Expr, *, inclusive: bool = False) -> Expr:
    """A range."""
    text = f"{start.inner()}{'..=' if inclusive else '..'}{stop.inner()}"
    return Expr(text, lambda scope: list(range(start.value(scope), stop.value(scope) + int(inclusive))), tight=False)


def written(value: object) -> str:
    """A Python value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))}{',' if len(value) == 1 else ''})"
    return str(value)
