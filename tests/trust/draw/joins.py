"""Draws joins, groups and stated shapes."""

from __future__ import annotations

from abc import abstractmethod

from tests.trust.draw.layers import ACTIVATIONS, Layers
from tests.trust.draw.place import Place
from tests.trust.expressions import number
from tests.trust.programs import Body, Group, Join, Labelled, Layer, Node, Refer, Stated


class Joins(Layers):
    """Draws joins of paths, and what else stands in braces."""

    @abstractmethod
    def _body(self, place: Place, steps: int) -> Body:
        """Some steps, each tried; ``place`` moves on with them."""

    def _join(self, place: Place) -> Node | None:
        random = self._random
        op = random.choice(["add", "add", "mul", "concat", "concat", "scale"])
        if op == "scale":
            gate = Body([Layer("global_avg_pool"), self._maybe_labelled(place, self._same(place, 1)), Layer("sigmoid")])
            return self._maybe_labelled(place, Join("scale", [Body([Layer("identity")]), gate]))
        paths = [self._path(place, keeps=op != "concat" or self._chance(0.5)) for _ in range(random.randint(2, 3))]
        axis = random.randint(2, max(2, place.x.dim() - 1)) if op == "concat" and self._chance(0.15) else 1
        return self._maybe_labelled(place, Join(op, paths, axis))

    def _path(self, place: Place, *, keeps: bool) -> Body:
        """A path; ``keeps`` asks for one that keeps the shape, most of the time."""
        kind = self._random.random()
        if kind < 0.25:
            return Body([Layer("identity")])
        if kind < 0.4 and place.labels:
            return Body([Refer(self._random.choice(place.labels if place.closed else place.sizes()))])
        if not keeps or kind < 0.5:
            return self._body(place.inner(), self._random.randint(1, 2))
        steps: list[Node] = [self._maybe_labelled(place, self._same(place, self._random.choice([1, 3])))]
        if self._chance(0.5):
            steps.append(Layer(self._random.choice(ACTIVATIONS)))
        return Body(steps)

    def _same(self, place: Place, kernel: int) -> Layer:
        width = self._integer(place, int(place.x.shape[1]))
        return Layer("conv", {"channels": width, "kernel": number(kernel), "padding": number(kernel // 2)})

    def _group(self, place: Place) -> Node | None:
        if self._chance(0.4) and place.turn is None and not place.plain:
            # Under a label nothing of the outside can be named but variables.
            inner = place.inner(labels=[], closed=True)
            return Labelled(self._name("g"), Group(self._body(inner, self._random.randint(1, 3))))
        return Group(self._body(place.inner(), self._random.randint(1, 3)))

    def _stated(self, place: Place) -> Node:
        sizes = tuple(
            self._integer(place, int(size)) if axis == 0 and self._chance(0.7) else None
            for axis, size in enumerate(place.x.shape[1:])
        )
        return Stated(sizes)
