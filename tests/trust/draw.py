"""Draws programs that torch runs: every step is tried on real tensors before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

import torch
from torch import Tensor

from tests.trust import expressions as e
from tests.trust.expressions import Expr, Scope, number, variable
from tests.trust.layers import REFUSALS
from tests.trust.programs import (
    Apply,
    ApplyValue,
    Block,
    BlockValue,
    Body,
    For,
    Group,
    If,
    Join,
    Labelled,
    Layer,
    Let,
    Node,
    Program,
    Refer,
    Repeat,
    Stated,
)

ACTIONS = ("relu", "silu", "tanh", "batch_norm", "identity")
MOST_CHANNELS, MOST_PLACES = 24, 14
ACTIVATIONS = ("relu", "relu6", "silu", "tanh", "sigmoid", "hardswish", "gelu")
INPUTS = ((3, 8, 8), (4, 9, 7), (6, 12, 12), (4, 10), (2, 5, 6, 5))


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


class Drawer:
    """Draws one program."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._blocks: list[Block] = []
        self._count = 0

    def program(self) -> tuple[Program, Tensor]:
        """A program, and an image that runs through it."""
        random = self._random
        shape = random.choice(INPUTS)
        image = torch.rand(2, *shape, generator=torch.Generator().manual_seed(random.randrange(2**31)))
        place = Place(Scope({}, image, {"image": image}), image, labels=["image"])
        body = self._body(place, random.randint(3, 8))
        open_sizes = tuple(random.choice([size, f"S{axis}"]) for axis, size in enumerate(shape[1:]))
        return Program((shape[0], *open_sizes), body, list(self._blocks)), image

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    # --- bodies -------------------------------------------------------------------------------------------------------

    def _body(self, place: Place, steps: int) -> Body:
        """Some steps, each tried; ``place`` moves on with them."""
        nodes: list[Node] = []
        for _ in range(3 * steps):
            if len(nodes) >= steps:
                break
            self._try(place, nodes, self._step(place))
        if not any(not isinstance(node, Let | Stated) for node in nodes):
            self._try(place, nodes, Layer("relu"))
        return Body(nodes)

    def _try(self, place: Place, nodes: list[Node], node: Node | None) -> None:
        if node is None:
            return
        scope = Scope(dict(place.scope.variables), place.scope.x, dict(place.scope.labels))
        try:
            with torch.no_grad():
                result = node.run(place.x, scope)
        except REFUSALS:
            return
        if result.shape[1] > MOST_CHANNELS or max(result.shape[2:], default=1) > MOST_PLACES or len(scope.trace) > 80:
            return
        nodes.append(node)
        place.scope, place.x = scope, result
        if isinstance(node, Labelled) and node.computed is None:
            place.labels.append(node.name)
        if isinstance(node, Let):
            place.integers.append(node.name)

    def _step(self, place: Place) -> Node | None:
        random = self._random
        kinds: list[tuple[float, Callable[[Place], Node | None]]] = [
            (5, self._layer),
            (2, self._join),
            (1, self._group),
            (0.6, self._stated),
            (0.8, self._let),
            (1, self._choice),
            (1.2, self._loop),
            (2, self._application),
        ]
        if place.depth >= 3:
            kinds = kinds[:1]
        (make,) = random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])
        return make(place)

    def _inner(self, place: Place, **changes: object) -> Place:
        scope = Scope(dict(place.scope.variables), place.scope.x, dict(place.scope.labels))
        inner = replace(place, scope=scope, depth=place.depth + 1)
        inner.labels, inner.integers = list(place.labels), list(place.integers)
        return replace(inner, **changes)  # type: ignore[arg-type]

    # --- layers -------------------------------------------------------------------------------------------------------

    def _layer(self, place: Place) -> Node:
        random = self._random
        step = random.choice(
            [self._conv, self._conv, self._conv, self._pool, self._norm, self._activation, self._other]
        )(place)
        return self._maybe_labelled(place, step)

    def _maybe_labelled(self, place: Place, step: Node) -> Node:
        if place.plain:
            return step
        if place.turn is not None:
            return Labelled(self._name("m"), step, variable(place.turn))
        return Labelled(self._name("v"), step) if self._chance(0.3) else step

    def _conv(self, place: Place) -> Layer:
        random = self._random
        kernel = random.choice([1, 1, 3, 3, 2, 5])
        arguments = {
            "channels": self._integer(place, random.choice([2, 4, 6, 8])),
            "kernel": self._integer(place, kernel),
        }
        if self._chance(0.8):
            arguments["padding"] = self._integer(place, kernel // 2)
        if self._chance(0.2):
            arguments["stride"] = self._integer(place, 2)
        if self._chance(0.15):
            arguments["groups"] = self._integer(place, 2)
        if self._chance(0.3):
            arguments["bias"] = number(value=False)
        if self._chance(0.1):
            return Layer("conv_transpose", {**arguments, "padding": number(0), "stride": number(random.choice([1, 2]))})
        return Layer("conv", arguments)

    def _pool(self, place: Place) -> Layer:
        random = self._random
        if self._chance(0.15):
            return Layer("adaptive_avg_pool", {"size": self._integer(place, random.randint(1, 4))})
        op, kernel = random.choice(["max_pool", "avg_pool"]), random.randint(2, 3)
        arguments = {"kernel": self._integer(place, kernel)}
        if self._chance(0.6):
            arguments["stride"] = self._integer(place, random.randint(1, 2))
        if self._chance(0.4):
            arguments["padding"] = number(1)
        if self._chance(0.3):
            arguments["ceil"] = number(value=True)
        return Layer(op, arguments)

    def _norm(self, place: Place) -> Layer:
        if self._chance(0.75):
            return Layer("batch_norm", {"affine": number(value=False)} if self._chance(0.1) else {})
        return Layer("group_norm", {"groups": self._integer(place, 2)})

    def _activation(self, place: Place) -> Layer:
        if self._chance(0.1):
            return Layer("leaky_relu", {"slope": number(0.2)})
        return Layer(self._random.choice(ACTIVATIONS))

    def _other(self, place: Place) -> Layer:
        return self._random.choice(
            [
                Layer("dropout", {"p": number(0.25)}),
                Layer("channel_shuffle", {"groups": self._integer(place, 2)}),
                Layer("pixel_shuffle", {"factor": self._integer(place, 2)}),
                Layer("pixel_unshuffle", {"factor": self._integer(place, 2)}),
                Layer("upsample", {"scale": self._integer(place, 2)}),
                Layer("prelu", {"per_channel": number(value=True)}),
                Layer("identity"),
            ]
        )

    # --- joins and groups ---------------------------------------------------------------------------------------------

    def _join(self, place: Place) -> Node | None:
        random = self._random
        op = random.choice(["add", "add", "mul", "concat", "concat", "scale"])
        if op == "scale":
            gate = Body([Layer("global_avg_pool"), self._maybe_labelled(place, self._same(place, 1)), Layer("sigmoid")])
            return self._maybe_labelled(place, Join("scale", [Body([Layer("identity")]), gate]))
        paths = [self._path(place, keeps=op != "concat" or self._chance(0.5)) for _ in range(random.randint(2, 3))]
        return self._maybe_labelled(place, Join(op, paths))

    def _path(self, place: Place, *, keeps: bool) -> Body:
        """A path; ``keeps`` asks for one that keeps the shape, most of the time."""
        kind = self._random.random()
        if kind < 0.25:
            return Body([Layer("identity")])
        if kind < 0.4 and place.labels:
            return Body([Refer(self._random.choice(place.labels if place.closed else [*place.labels, "x"]))])
        if not keeps or kind < 0.5:
            return self._body(self._inner(place), self._random.randint(1, 2))
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
            inner = self._inner(place, labels=[], closed=True)
            return Labelled(self._name("g"), Group(self._body(inner, self._random.randint(1, 3))))
        return Group(self._body(self._inner(place), self._random.randint(1, 3)))

    def _stated(self, place: Place) -> Node:
        sizes = tuple(
            self._integer(place, int(size)) if axis == 0 and self._chance(0.7) else None
            for axis, size in enumerate(place.x.shape[1:])
        )
        return Stated(sizes)

    # --- variables, conditions, loops ---------------------------------------------------------------------------------

    def _let(self, place: Place) -> Node:
        return Let(self._name("k"), self._integer(place, self._random.choice([1, 2, 3, 4, 6])))

    def _choice(self, place: Place) -> Node:
        condition = self._condition(place)
        then = self._body(self._inner(place), self._random.randint(1, 2))
        otherwise = self._body(self._inner(place), self._random.randint(1, 2)) if self._chance(0.6) else None
        return If(condition, then, otherwise)

    def _condition(self, place: Place) -> Expr:
        sizes = [e.channels(label) for label in [*place.labels, "x"]]
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
            inner = self._inner(place, plain=True)
            return Repeat(self._integer(place, random.randint(1, 6)), self._body(inner, random.randint(1, 3)))
        items, first = self._items(place)
        inner = self._inner(place, turn=name if labelled else None, plain=not labelled)
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

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _application(self, place: Place) -> Node | None:
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
        used = Apply(block, arguments, tensors, inline=can_splice and self._chance(0.2) and not _has_labels(block.body))
        return used if used.inline else self._maybe_labelled(place, used)

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

    # --- whole numbers ------------------------------------------------------------------------------------------------

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
        if self._chance(0.3):
            return e.conditional(number(value), e.binary(base, "==", number(has)), number(value + 2))
        return e.binary(base, "+" if value > has else "-", number(abs(value - has)))


def _has_labels(body: Body) -> bool:
    return "v" in body.text() and ":" in body.text()
