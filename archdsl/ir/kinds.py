"""The kinds of values that parameters take, for layers and blocks alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Value = object
"""An evaluated argument: int, float, bool, str, None, a tuple of values, a ``Dim``, or a block."""


def is_int(value: Value) -> bool:
    """Whether a value is an integer; booleans are none."""
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Kind:
    """A set of values with the name that messages and documentation use for it."""

    name: str
    accepts: Callable[[Value], bool]

    def __str__(self) -> str:
        return self.name


def list_of(item: Kind) -> Kind:
    """Lists of any length whose items are all of one kind."""
    return Kind(f"[{item}]", lambda value: isinstance(value, tuple) and all(item.accepts(part) for part in value))


def tuple_of(*items: Kind) -> Kind:
    """Tuples of a fixed length."""
    name = ", ".join(str(item) for item in items)
    return Kind(
        f"({name})",
        lambda value: (
            isinstance(value, tuple)
            and len(value) == len(items)
            and all(item.accepts(part) for item, part in zip(items, value, strict=True))
        ),
    )


INT = Kind("int", is_int)
FLOAT = Kind("float", lambda value: isinstance(value, float) or is_int(value))
BOOL = Kind("bool", lambda value: isinstance(value, bool))
STRING = Kind("string", lambda value: isinstance(value, str))
ANY = Kind("any", lambda value: True)
"""Stands for a kind that was reported and is not known."""
SIZES = Kind("int or one int per axis", lambda value: is_int(value) or list_of(INT).accepts(value))


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a parameter demands beyond its kind, as a sentence for messages: ``at least 1``."""

    sentence: str
    holds: Callable[[Value], bool]


def _each(value: Value, test: Callable[[Value], bool]) -> bool:
    return all(test(part) for part in value) if isinstance(value, tuple) else test(value)


def at_least(minimum: int | float) -> Constraint:
    """Every number of the value is ``minimum`` or more."""
    return Constraint(f"at least {minimum:,}", lambda value: _each(value, lambda part: part >= minimum))  # type: ignore[operator]


def between(minimum: int | float, maximum: int | float) -> Constraint:
    """Every number of the value lies in a closed interval."""
    return Constraint(
        f"between {minimum:,} and {maximum:,}",
        lambda value: _each(value, lambda part: minimum <= part <= maximum),  # type: ignore[operator]
    )


def one_of(*choices: str | int) -> Constraint:
    """The value is one of a few."""
    names = ", ".join(f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
    return Constraint(f"one of {names}", lambda value: value in choices)


UNKNOWN: Value = type("Unknown", (), {"__repr__": lambda self: "unknown"})()
"""The value of what was reported and has none; whatever rests on it has none either, and says nothing."""

REQUIRED: Value = type("Required", (), {"__repr__": lambda self: "required"})()
"""The default of a parameter that has none."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter of a layer: ``Parameter("stride", SIZES, 1, at_least(1), "step of the window")``."""

    name: str
    kind: Kind
    default: Value = REQUIRED
    constraint: Constraint | None = None
    doc: str = ""

    @property
    def required(self) -> bool:
        """Whether a call has to give this parameter."""
        return self.default is REQUIRED
