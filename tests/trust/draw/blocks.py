"""Draws blocks and their applications."""

from __future__ import annotations

from collections.abc import Mapping

from tests.trust.draw.flow import Flow
from tests.trust.draw.place import Place
from tests.trust.expressions import Expr, Scope, number, variable
from tests.trust.programs import (
    Apply,
    ApplyValue,
    Block,
    BlockValue,
    Body,
    For,
    If,
    Join,
    Labelled,
    Layer,
    Node,
    Refer,
    parts,
)
from tests.trust.standard import STANDARD

ACTIONS = ("relu", "silu", "tanh", "batch_norm", "identity")


class Blocks(Flow):
    """Draws blocks: applied, spliced in, given tensors and other blocks."""

    def _application(self, place: Place) -> Node | None:
        if not self._is_plain and self._chance(0.25):
            return self._standard(place)
        reused = self._blocks and self._chance(0.5)
        block = self._random.choice(self._blocks) if reused else self._new_block(place)
        if block is None:
            return None
        arguments: dict[str, Expr | BlockValue] = {}
        for name, kind, default in block.parameters:
            if kind == "tensor" or (default is not None and self._chance(0.5)):
                continue
            arguments[name] = self._argument(place, kind)
        tensors = {
            name: self._random.choice(place.labels)
            for name, kind, _ in block.parameters
            if kind == "tensor" and place.labels
        }
        if len(tensors) != sum(kind == "tensor" for _, kind, _ in block.parameters):
            return None
        can_splice = not tensors and not place.plain and place.turn is None
        used = Apply(block, arguments, tensors, inline=can_splice and self._chance(0.2) and not has_labels(block.body))
        return used if used.inline else self._maybe_labelled(place, used)

    def _standard(self, place: Place) -> Node:
        """One of the blocks that ship with archdsl."""
        block, make = self._random.choice(STANDARD)
        given = make(self._random)
        arguments = {name: value if isinstance(value, BlockValue) else number(value) for name, value in given.items()}
        return self._maybe_labelled(place, Apply(block, arguments))

    def _argument(self, place: Place, kind: str) -> Expr | BlockValue:
        random = self._random
        if kind == "int":
            return self._integer(place, random.choice([2, 4, 6]))
        if kind == "bool":
            return number(self._chance(0.5))
        if kind == "[int]":
            return number([random.choice([2, 4, 6]) for _ in range(random.randint(1, 4))])
        values = [BlockValue(op, {}) for op in ACTIONS] + [BlockValue("leaky_relu", {"slope": 0.1})]
        return random.choice(values)

    def _new_block(self, place: Place) -> Block | None:
        if place.depth >= 2:
            return None
        random = self._random
        parameters: list[tuple[str, str, object]] = []
        scope = Scope({}, place.x)
        inner = Place(scope, place.x, depth=place.depth + 1)
        for kind in random.sample(["int", "int", "bool", "[int]", "block", "tensor"], random.randint(0, 3)):
            name = self._name("p")
            default = 4 if kind == "int" and self._chance(0.3) else None
            parameters.append((name, kind, default))
            self._declare(inner, name, kind)
        parameters.sort(key=lambda parameter: parameter[2] is not None)
        used: list[Node] = []
        for name, kind, _ in parameters:
            self._try(inner, used, self._use_of(inner, name, kind))
        body = self._body(inner, random.randint(1, 4))
        block = Block(self._name("block_"), parameters, Body([*used, *body.nodes]))
        self._blocks.append(block)
        return block

    def _declare(self, inner: Place, name: str, kind: str) -> None:
        values: Mapping[str, object] = {"int": 4, "bool": True, "[int]": [2, 4], "block": BlockValue("relu", {})}
        if kind == "tensor":
            inner.scope.labels[name] = inner.x
            inner.labels.append(name)
            return
        inner.scope.variables[name] = values[kind]
        if kind == "int":
            inner.integers.append(name)

    def _use_of(self, inner: Place, name: str, kind: str) -> Node:
        """A step that reads a parameter."""
        if kind == "block":
            return ApplyValue(name)
        if kind == "bool":
            return If(variable(name), Body([self._same(inner, 1)]))
        if kind == "[int]":
            turn = self._name("i")
            loop = Body([Layer("conv", {"channels": variable(turn), "kernel": number(1)}), Layer("relu")])
            return For((turn,), variable(name), loop)
        if kind == "int":
            return Layer("conv", {"channels": variable(name), "kernel": number(1)})
        return Join("concat", [Body([Layer("identity")]), Body([Refer(name)])])


def has_labels(body: Body) -> bool:
    """Whether anything in a body is labelled."""
    stack: list[object] = [body]
    while stack:
        item = stack.pop()
        if isinstance(item, Labelled):
            return True
        stack += parts(item)
    return False
