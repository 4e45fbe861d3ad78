"""Expressions after name resolution: what a Design keeps beside every value it computes."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.ir.kinds import Value
from archdsl.source.span import Span


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    value: Value
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Local:
    """A parameter, a loop variable or a ``let`` of the block."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class NameTemplate:
    """A label with computed parts; a plain one has a single string."""

    parts: tuple[str | Expr, ...]
    span: Span = field(compare=False)

    @property
    def plain(self) -> str | None:
        """The label, if nothing in it is computed."""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else "{…}" for part in self.parts)


@dataclass(frozen=True, slots=True)
class SizeOf:
    """A size of a value: ``x.channels`` (``value`` None) or ``down{i}.height``."""

    value: NameTemplate | None
    attribute: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class IndexOf:
    """``layers[i]``."""

    value: Expr
    index: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class UnaryOp:
    """``-a``, ``not a``."""

    operator: str
    operand: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class BinaryOp:
    """``a + b``, ``a == b``, ``a and b``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class RangeOf:
    """``start..stop by step``; ``inclusive`` for ``..=``."""

    start: Expr
    stop: Expr
    step: Expr | None
    inclusive: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class IfElse:
    """``a if condition else b``."""

    then: Expr
    condition: Expr
    otherwise: Expr
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A tuple or a list."""

    items: tuple[Expr, ...]
    is_list: bool
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class BuiltinCall:
    """``len(layers)``, ``min(a, b)``, ``max(a, b)``."""

    function: str
    arguments: tuple[Expr, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class BoundArgument:
    """An argument matched to the parameter that it is for."""

    name: str
    value: Expr
    span: Span = field(compare=False)
    name_span: Span | None = field(default=None, compare=False)
    """Where the parameter was named; None for an argument given by position."""


@dataclass(frozen=True, slots=True)
class BlockOf:
    """A block or a layer as a value, with the arguments given so far.

    ``target`` is an ``ir.design.Block``, an ``Op`` or, for a block-valued parameter that is given
    further arguments, the ``Local``.
    """

    target: object
    arguments: tuple[BoundArgument, ...]
    span: Span = field(compare=False)


Expr = Const | Local | SizeOf | IndexOf | UnaryOp | BinaryOp | RangeOf | IfElse | Items | BuiltinCall | BlockOf


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside an expression."""
    match expr:
        case IndexOf(value, index):
            return value, index
        case UnaryOp(_, operand):
            return (operand,)
        case BinaryOp(_, left, right):
            return left, right
        case RangeOf(start, stop, step):
            return (start, stop) if step is None else (start, stop, step)
        case IfElse(then, condition, otherwise):
            return then, condition, otherwise
        case Items(items):
            return items
        case BuiltinCall(_, arguments):
            return arguments
        case BlockOf(target, arguments):
            own = (target,) if isinstance(target, Local) else ()
            return (*own, *(argument.value for argument in arguments))
        case SizeOf(NameTemplate(parts)):
            return tuple(part for part in parts if not isinstance(part, str))
    return ()


def locals_in(expr: Expr) -> frozenset[str]:
    """The names of the block's variables that an expression reads."""
    if isinstance(expr, Local):
        return frozenset((expr.name,))
    found: frozenset[str] = frozenset()
    for part in children(expr):
        found |= locals_in(part)
    return found


def sizes_in(expr: Expr) -> tuple[SizeOf, ...]:
    """The shapes that an expression asks for."""
    own = (expr,) if isinstance(expr, SizeOf) else ()
    return own + tuple(size for part in children(expr) for size in sizes_in(part))
