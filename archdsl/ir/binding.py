"""Matches the arguments of a call to the parameters they are for, in one place for layers and blocks."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.misspelt import misspelt
from archdsl.ir.expr import BoundArgument, Expr
from archdsl.source.span import Span


class Formal(Protocol):
    """What binding has to know of a parameter."""

    @property
    def name(self) -> str: ...

    @property
    def required(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Given:
    """An argument as written: positional (``name`` None) or by name."""

    name: str | None
    value: Expr
    span: Span
    name_span: Span


def bind(
    callee: str,
    formals: Sequence[Formal],
    given: Sequence[Given],
    at: Span,
    *,
    partial: bool = False,
    suggest: bool = True,
) -> tuple[tuple[BoundArgument, ...], list[Diagnostic]]:
    """The arguments in the order given, each under its parameter's name, and what is wrong with them.

    ``at`` is where a missing argument is reported; a ``partial`` call may leave parameters open. ``suggest``:
    whether to look for the name that was meant by one that is wrong.
    """
    bound: dict[str, BoundArgument] = {}
    faults: list[Diagnostic] = []
    names = {formal.name for formal in formals}
    position = 0
    for argument in given:
        name = argument.name
        if name is None and position >= len(formals):
            faults.append(_too_many(callee, formals, given, argument))
            break
        if name is None:
            name = formals[position].name
            position += 1
        elif name not in names:
            faults.append(_unknown(callee, formals, argument, name, _open(formals, given) if suggest else set()))
            continue
        if name in bound:
            faults.append(given_twice(callee, name, argument, bound[name]))
            continue
        bound[name] = BoundArgument(name, argument.value, argument.span, named_at(argument))
    if not partial and not faults:
        faults.extend(_missing(callee, formals, bound, at))
    return tuple(bound.values()), faults


def named_at(argument: Given) -> Span | None:
    """Where an argument names its parameter, if it does."""
    return argument.name_span if argument.name is not None else None


def given_twice(callee: str, name: str, argument: Given, earlier: BoundArgument) -> Diagnostic:
    """An argument for a parameter that has one already."""
    how = "by name" if argument.name is not None else "by its position"
    return Diagnostic(
        "E0204",
        f"`{name}` is given twice to `{callee}`",
        argument.name_span,
        here=f"given again {how}",
        labels=(Label(earlier.span, "first given here"),),
    )


def _too_many(callee: str, formals: Sequence[Formal], given: Sequence[Given], surplus: Given) -> Diagnostic:
    count = len(formals)
    takes = "no arguments" if count == 0 else f"at most {count} argument{'s' if count > 1 else ''}"
    positional = sum(argument.name is None for argument in given)
    message = f"`{callee}` takes {takes}{f', not {positional}' if count else ''}"
    help = Help(f"write `{callee}`") if not count else None
    return Diagnostic("E0205", message, surplus.span, notes=_signature_note(callee, formals), help=help)


def _unknown(callee: str, formals: Sequence[Formal], argument: Given, name: str, open_names: Set[str]) -> Diagnostic:
    help = misspelt(name, open_names, argument.name_span)
    if not help and name in _INFERRED:
        help = Help("leave it out: what comes in is known from what flows")
    message = f"`{callee}` has no parameter `{name}`"
    return Diagnostic("E0202", message, argument.name_span, notes=_signature_note(callee, formals), help=help)


def _open(formals: Sequence[Formal], given: Sequence[Given]) -> set[str]:
    """The parameters that no argument is for: only these can have been meant."""
    positional = sum(argument.name is None for argument in given)
    return {formal.name for formal in formals[positional:]} - {argument.name for argument in given}


_INFERRED = frozenset(("in_channels", "in_features", "num_features", "input_shape", "in_planes", "inplanes"))
"""What PyTorch asks for and this language infers."""


def _missing(callee: str, formals: Sequence[Formal], bound: dict[str, BoundArgument], at: Span) -> list[Diagnostic]:
    names = [formal.name for formal in formals if formal.required and formal.name not in bound]
    if not names:
        return []
    listed = [f"`{name}`" for name in names]
    message = f"`{callee}` needs {', '.join(listed[:-1])}{' and ' if len(listed) > 1 else ''}{listed[-1]}"
    help = Help(f"write {' and '.join(f'`{name}=...`' for name in names)} in its parentheses")
    return [Diagnostic("E0203", message, at, notes=_signature_note(callee, formals), help=help)]


def _signature_note(callee: str, formals: Sequence[Formal]) -> tuple[str, ...]:
    """The parameters as a call shows them; those of a layer that takes none are no news."""
    if not formals:
        return ()
    parts = [formal.name if formal.required else f"{formal.name}=…" for formal in formals]
    return (f"its parameters are `{callee}({', '.join(parts)})`",)
