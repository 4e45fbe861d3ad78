"""Matches the arguments of a call to the parameters they are for, in one place for layers and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from archdsl.diagnostics.diagnostic import Diagnostic, Help, Label
from archdsl.diagnostics.suggest import closest
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
    callee: str, formals: Sequence[Formal], given: Sequence[Given], at: Span, *, partial: bool = False
) -> tuple[tuple[BoundArgument, ...], list[Diagnostic]]:
    """The arguments in the order given, each under its parameter's name, and what is wrong with them.

    ``at`` is where a missing argument is reported; a ``partial`` call may leave parameters open.
    """
    bound: dict[str, BoundArgument] = {}
    faults: list[Diagnostic] = []
    position = 0
    for argument in given:
        if argument.name is None:
            if position >= len(formals):
                faults.append(_too_many(callee, formals, argument))
                continue
            name = formals[position].name
            position += 1
        else:
            name = argument.name
            if all(formal.name != name for formal in formals):
                faults.append(_unknown(callee, formals, argument))
                continue
        earlier = bound.get(name)
        if earlier is not None:
            faults.append(
                Diagnostic(
                    "E0204",
                    f"`{name}` is given twice to `{callee}`",
                    argument.name_span,
                    labels=(Label(earlier.span, "first given here"),),
                )
            )
            continue
        bound[name] = BoundArgument(name, argument.value, argument.span)
    unknown = any(fault.code == "E0202" for fault in faults)
    if not partial and not unknown:
        faults.extend(_missing(callee, formals, bound, at))
    return tuple(bound.values()), faults


def _too_many(callee: str, formals: Sequence[Formal], argument: Given) -> Diagnostic:
    count = len(formals)
    takes = "no arguments" if count == 0 else f"at most {count} argument{'s' if count > 1 else ''}"
    return Diagnostic("E0205", f"`{callee}` takes {takes}", argument.span, notes=_signature_note(callee, formals))


def _unknown(callee: str, formals: Sequence[Formal], argument: Given) -> Diagnostic:
    assert argument.name is not None
    names = [formal.name for formal in formals]
    near = closest(argument.name, names)
    help = Help(f"did you mean `{near}`?") if near else None
    message = f"`{callee}` has no argument `{argument.name}`"
    return Diagnostic("E0202", message, argument.name_span, notes=_signature_note(callee, formals), help=help)


def _missing(
    callee: str, formals: Sequence[Formal], bound: dict[str, BoundArgument], at: Span
) -> list[Diagnostic]:
    names = [formal.name for formal in formals if formal.required and formal.name not in bound]
    if not names:
        return []
    listed = " and ".join(f"`{name}`" for name in names)
    return [Diagnostic("E0203", f"`{callee}` needs {listed}", at, notes=_signature_note(callee, formals))]


def _signature_note(callee: str, formals: Sequence[Formal]) -> tuple[str, ...]:
    if not formals:
        return ()
    parts = [formal.name if formal.required else f"{formal.name}=…" for formal in formals]
    return (f"the parameters are `{callee}({', '.join(parts)})`",)
