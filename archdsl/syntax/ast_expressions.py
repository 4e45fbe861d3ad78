"""The expressions of the syntax tree; ``ast`` hands them on under its own name."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.source.span import Span


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name at its place."""

    text: str
    span: Span


# --- expressions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """An integer or float literal, unit already applied (``5M`` is 5,000,000)."""

    value: int | float
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Constant:
    """``true``, ``false`` or ``none``."""

    value: bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """A string literal, escapes decoded."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Template:
    """A name with computed parts: ``layer{i + 1}`` is ``("layer", <i + 1>)``; a plain name has one part."""

    parts: tuple[str | Expression, ...]
    span: Span

    @property
    def plain(self) -> str | None:
        """The name, if nothing in it is computed."""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, str) else None


@dataclass(frozen=True, slots=True)
class Name:
    """A name used as a value, possibly a label template (``down{i}`` before ``.channels``)."""

    template: Template
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """``x.channels``."""

    value: Expression
    name: Identifier
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """``layers[i]``."""

    value: Expression
    index: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``len(layers)``, or a block with some of its arguments: ``basic(groups=32)``."""

    function: Identifier
    arguments: Arguments
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A tuple or a list."""

    items: tuple[Expression, ...]
    is_list: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """``-a`` or ``not a``."""

    operator: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """``a + b``, ``a == b``, ``a and b``."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """``a..b`` (b excluded) or ``a..=b``."""

    start: Expression
    stop: Expression
    inclusive: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """``a if condition else b``."""

    then: Expression
    condition: Expression
    otherwise: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Invalid:
    """An expression that was reported and has no meaning: a number with an unknown unit, or nested too deep."""

    span: Span


Expression = (
    Number
    | Constant
    | String
    | Name
    | Attribute
    | Index
    | Call
    | Sequence
    | Unary
    | Binary
    | Range
    | Conditional
    | Invalid
)


@dataclass(frozen=True, slots=True)
class Keyword:
    """``stride=2`` in a call."""

    name: Identifier
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Arguments:
    """What stands between the parentheses of a call, in order."""

    items: tuple[Expression | Keyword, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What ``within`` allows: a number, or so many hundredths of the expected value."""

    number: Expression
    in_percent: bool
    span: Span
