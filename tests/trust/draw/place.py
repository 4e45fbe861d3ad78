"""Where a step is drawn, and the numbers that stand there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from torch import Tensor

from tests.trust import expressions as e
from tests.trust.expressions import Expr, Scope, number, variable
from tests.trust.programs import Block


@dataclass
class Place:
    """Where a body is drawn: what it can name, and what may stand there."""

    scope: Scope
    x: Tensor
    depth: int = 0
    labels: list[str] = field(default_factory=list)
    """Labels that can be referred to from here."""
    turn: str | None = None
    """In a loop with labels: the variable that makes them differ. Every layer with weights then needs a label."""
    plain: bool = False
    """Whether nothing may be labelled here."""
    closed: bool = False
    """Whether a label lies around it, so that ``x`` is out of reach."""
    integers: list[str] = field(default_factory=list)

    def inner(self, **changes: object) -> Place:
        """A place inside braces that stand here."""
        inner = replace(self, scope=self.scope.copy(), depth=self.depth + 1)
        inner.labels, inner.integers = list(self.labels), list(self.integers)
        return replace(inner, **changes)  # type: ignore[arg-type]

    def sizes(self) -> list[str]:
        """The values whose sizes can be asked for."""
        return [*self.labels, "x"]


class Chances:
    """What all parts of the drawer share: the source of chance, the blocks so far, names and whole numbers."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._blocks: list[Block] = []
        self._count = 0
        self._is_plain = False

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _integer(self, place: Place, value: int) -> Expr:
        """An expression that has a value here; elsewhere, with other arguments, it may have another."""
        random = self._random
        if not self._chance(0.35):
            return number(value)
        known = [(variable(name), place.scope.variables.get(name)) for name in place.integers]
        known += [(e.channels("x"), int(place.scope.x.shape[1]))]
        base, has = random.choice(known)
        if not isinstance(has, int):
            return number(value)
        if has == value:
            return base
        if has > 0 and value % has == 0:
            return e.binary(base, "*", number(value // has))
        if value > 0 and has % value == 0 and has > value:
            return e.binary(base, "//", number(has // value))
        if self._chance(0.2):
            return self._computed(place, base, has, value)
        if self._chance(0.3):
            return e.conditional(number(value), e.binary(base, "==", number(has)), number(value + 2))
        return e.binary(base, "+" if value > has else "-", number(abs(value - has)))

    def _computed(self, place: Place, base: Expr, has: int, value: int) -> Expr:
        """A number by way of a function, a list or a remainder."""
        kind = self._random.randrange(4)
        if kind == 0:
            return e.call("max", number(value), e.call("min", base, number(value)))
        if kind == 1:
            items = self._random.sample([value, value + 1, value + 3], 3)
            return e.item(number(items), number(items.index(value)))
        if kind == 2:
            return e.binary(e.call("sum", number([value - 1, 1])), "+", e.binary(base, "%", number(1)))
        return e.call("abs", e.binary(base, "-", number(has + value)))
