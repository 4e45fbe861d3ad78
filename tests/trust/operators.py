"""What a mutation operator is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tests.trust.layers import Refused
from tests.trust.programs import Node
from tests.trust.surgery import MARK, Bench, Changes


@dataclass(frozen=True)
class Fault:
    """What an operator does. ``culprit`` is the statement at which torch has to fail; None: nothing to run."""

    changes: Changes
    codes: str
    """Codes of which one has to be found, separated by spaces; none: an edit that has to stay accepted."""
    culprit: Node | None = None
    fixed: bool = False
    """Whether the input has to have fixed sizes."""
    loose: bool = False
    """Whether other uses of the changed block go on with other shapes, so that more than one finding is right."""


@dataclass(frozen=True)
class Mutant:
    """A program with a fault, and what has to be said of it. Without codes nothing may be said but warnings."""

    operator: str
    text: str
    codes: frozenset[str]
    lines: frozenset[int]
    ran: bool = False
    """Whether torch was given it."""
    silent: bool = False
    """Whether torch ran it to the end, or would have without the language's own rules."""
    loose: bool = False
    others: Mapping[str, str] | None = None
    """Files beside it."""


Operator = Callable[[Bench], Fault | None]
OPERATORS: dict[str, Operator] = {}
"""Operators on programs of the random kind, by name."""
TextOperator = Callable[[str, Random], Mutant | None]
TEXT_OPERATORS: dict[str, TextOperator] = {}
"""Operators on the text of any valid file, by name."""


def operator(function: Operator) -> Operator:
    """Registers an operator under its name."""
    OPERATORS[function.__name__] = function
    return function


def text_operator(function: TextOperator) -> TextOperator:
    """Registers an operator on texts."""
    TEXT_OPERATORS[function.__name__] = function
    return function


class Mistaken(Exception):
    """Torch does not see the fault where the operator does: one of the two is wrong."""


def mutant_of(bench: Bench, name: str) -> Mutant | None:
    """What an operator makes of a program; None where it finds no place.

    :raises Mistaken: if torch fails elsewhere or not at all, or at an edit that ought to be harmless.
    """
    fault = OPERATORS[name](bench)
    if fault is None:
        return None
    text, watch = bench.changed(fault.changes, fixed=fault.fixed)
    if not fault.codes and watch.error is not None:
        raise Mistaken(f"{name}: torch fails with {watch.error!r}\n{text}")
    lines = frozenset(number for number, line in enumerate(text.split("\n"), 1) if line.endswith(MARK))
    ran = fault.culprit is not None
    silent = ran and (watch.error is None or isinstance(watch.error, Refused))
    if fault.culprit is not None and watch.failed is not fault.culprit:
        raise Mistaken(f"{name}: torch fails at {watch.failed} with {watch.error!r}\n{text}")
    return Mutant(name, text, frozenset(fault.codes.split()), lines, ran, silent, fault.loose)
