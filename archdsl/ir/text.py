"""Expressions and values as text, in the language's own spelling: for dumps."""

from __future__ import annotations

from typing import assert_never

from archdsl.ir.design import Block, BlockValue
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
from archdsl.ir.kinds import Value


def value_text(value: Value) -> str:
    """A value: ``64``, ``true``, ``"zeros"``, ``[1, 2]``, ``residual``."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, str):
        return '"' + value.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    if isinstance(value, BlockValue):
        given = ", ".join(f"{name}={value_text(item)}" for name, item in value.arguments)
        return f"{value.name}({given})" if given else value.name
    return str(value)


def template_text(template: NameTemplate) -> str:
    """A label: ``layer{i + 1}``."""
    return "".join(part if isinstance(part, str) else "{" + expr_text(part) + "}" for part in template.parts)


def expr_text(expr: Expr) -> str:
    """An expression, fully bracketed: a dump shows how it was read."""
    match expr:
        case Const(value):
            return value_text(value)
        case Local(name):
            return name
        case SizeOf(value, attribute):
            return f"{template_text(value) if value is not None else 'x'}.{attribute}"
        case IndexOf(value, index):
            return f"{expr_text(value)}[{expr_text(index)}]"
        case UnaryOp(operator, operand):
            return f"({operator} {expr_text(operand)})"
        case BinaryOp(operator, left, right):
            return f"({expr_text(left)} {operator} {expr_text(right)})"
        case RangeOf(start, stop, step, inclusive):
            by = f" by {expr_text(step)}" if step is not None else ""
            return f"{expr_text(start)}{'..=' if inclusive else '..'}{expr_text(stop)}{by}"
        case IfElse(then, condition, otherwise):
            return f"({expr_text(then)} if {expr_text(condition)} else {expr_text(otherwise)})"
        case Items(items, is_list):
            inner = ", ".join(expr_text(item) for item in items)
            return f"[{inner}]" if is_list else f"({inner})"
        case BuiltinCall(function, arguments):
            return f"{function}({', '.join(expr_text(argument) for argument in arguments)})"
        case BlockOf(target, arguments):
            name = target.name if isinstance(target, Block | Local) else str(target)
            given = ", ".join(f"{argument.name}={expr_text(argument.value)}" for argument in arguments)
            return f"{name}({given})" if given else name
    assert_never(expr)
