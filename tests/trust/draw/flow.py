"""Draws variables, conditions and loops."""

from __future__ import annotations

from tests.trust import expressions as e
from tests.trust.draw.joins import Joins
from tests.trust.draw.place import Place
from tests.trust.expressions import Expr, number, variable
from tests.trust.programs import For, If, Let, Node, Repeat


class Flow(Joins):
    """Draws what decides which steps run, and how often."""

    def _let(self, place: Place) -> Node:
        return Let(self._name("k"), self._integer(place, self._random.choice([1, 2, 3, 4, 6])))

    def _choice(self, place: Place) -> Node:
        condition = self._condition(place)
        then = self._body(place.inner(), self._random.randint(1, 2))
        otherwise = self._body(place.inner(), self._random.randint(1, 2)) if self._chance(0.6) else None
        return If(condition, then, otherwise)

    def _condition(self, place: Place) -> Expr:
        sizes = [e.channels(label) for label in place.sizes()]
        left = self._random.choice([*sizes, *map(variable, place.integers), number(3)])
        return e.binary(
            left, self._random.choice(["==", "<", ">="]), self._integer(place, self._random.choice([2, 3, 4, 6]))
        )

    def _loop(self, place: Place) -> Node | None:
        random = self._random
        if place.turn is not None:
            return None
        labelled = self._chance(0.4) and not place.plain
        name = self._name("i")
        if self._chance(0.35) and not labelled:
            inner = place.inner(plain=True)
            return Repeat(self._integer(place, random.randint(1, 6)), self._body(inner, random.randint(1, 3)))
        items, first = self._items(place)
        inner = place.inner(turn=name if labelled else None, plain=not labelled)
        inner.scope.variables[name] = first
        inner.integers.append(name)
        if labelled:
            inner.labels = list(place.labels)
        return For((name,), items, self._body(inner, random.randint(1, 3)))

    def _items(self, place: Place) -> tuple[Expr, int]:
        random = self._random
        if self._chance(0.5):
            values = random.sample([2, 4, 6, 8, 3], random.randint(1, 4))
            return number(values), values[0]
        start = random.randint(0, 2)
        stop = self._integer(place, start + random.randint(1, 5))
        return e.span(number(start), stop, inclusive=self._chance(0.3)), start
