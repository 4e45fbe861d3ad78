"""Draws bodies, networks and projects."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tests.trust.draw.blocks import Blocks
from tests.trust.draw.place import Place
from tests.trust.expressions import Scope, number, variable
from tests.trust.layers import REFUSALS
from tests.trust.programs import (
    Body,
    If,
    Join,
    Labelled,
    Layer,
    Let,
    Node,
    Output,
    Program,
    Project,
    Refer,
    Side,
    Stated,
    Variant,
)

MOST_CHANNELS, MOST_PLACES, MOST_LAYERS = 24, 14, 40
INPUTS = ((3, 8, 8), (4, 9, 7), (6, 12, 12), (4, 10), (2, 5, 6, 5))


class Drawer(Blocks):
    """Draws one project."""

    def project(self) -> Project:
        """One or two networks over the same blocks, in one file or several."""
        programs = [self.program()]
        if self._chance(0.25):
            programs.append(self.program("m", like=programs[0][1].dim() - 1))
        cuts = tuple(self._random.randint(1, 6) for _ in range(self._random.choice([0, 0, 1, 2])))
        return Project(programs, list(self._blocks), cuts)

    def plain_program(self) -> tuple[Program, Tensor]:
        """A network of the kind that mutants are made of: one input, one output, no parameters, nothing of ``std``."""
        self._is_plain = True
        return self.program()

    def program(self, name: str = "n", like: int | None = None) -> tuple[Program, Tensor]:
        """A network with the blocks so far, and an image of so many axes that runs through it."""
        random = self._random
        shape = random.choice([shape for shape in INPUTS if like in (None, len(shape))])
        image = torch.rand(2, *shape, generator=torch.Generator().manual_seed(random.randrange(2**31)))
        sizes = (shape[0], *(random.choice([size, f"S{axis}"]) for axis, size in enumerate(shape[1:])))
        program = Program(sizes, Body([]), [], self._sides(sizes, shape), self._parameters(), name=name)
        scope = program.scope(image)
        place = Place(scope, image, labels=["image", *(side.name for side in program.sides)])
        place.integers = [parameter for parameter, kind, _ in program.parameters if kind == "int"]
        self._uses(place, program)
        for _ in range(self._some([0, 0, 1, 2])):
            program.body.nodes += self._body(place, random.randint(1, 3)).nodes
            program.body.nodes.append(self._output(place))
        program.body.nodes += self._body(place, random.randint(1, 5)).nodes
        self._head(place, program.body.nodes)
        program.blocks = list(self._blocks)
        program.variants = self._variants(program, image)
        return program, image

    def _some(self, counts: list[int]) -> int:
        """How many of what a plain program has none."""
        return 0 if self._is_plain else self._random.choice(counts)

    # --- networks -----------------------------------------------------------------------------------------------------

    def _sides(self, sizes: tuple[int | str, ...], shape: tuple[int, ...]) -> list[Side]:
        """Further inputs: other channels, the same space."""
        channels = [self._random.randint(1, 6) for _ in range(self._some([0, 0, 0, 1, 2]))]
        return [Side(self._name("side"), (count, *sizes[1:]), (count, *shape[1:])) for count in channels]

    def _parameters(self) -> list[tuple[str, str, object]]:
        kinds = self._random.sample(["int", "int", "bool"], self._some([0, 0, 1, 2]))
        return [(self._name("q"), kind, self._random.choice([2, 4, 6]) if kind == "int" else True) for kind in kinds]

    def _uses(self, place: Place, program: Program) -> None:
        """Steps that read the inputs and parameters, so that none is idle."""
        for side in program.sides:
            joined = Join("concat", [Body([Layer("identity")]), Body([Refer(side.name), Layer("relu")])])
            self._try(place, program.body.nodes, joined)
        for name, kind, _ in program.parameters:
            width = variable(name) if kind == "int" else number(int(place.x.shape[1]))
            step = Layer("conv", {"channels": width, "kernel": number(1)})
            self._try(place, program.body.nodes, step if kind == "int" else If(variable(name), Body([step])))

    def _output(self, place: Place) -> Node:
        """An output in between: of the running value or of a branch, now and then in training alone."""
        if self._chance(0.3):
            return Output(self._name("out"), place.x.dim())
        inner = place.inner()
        body = self._body(inner, self._random.randint(1, 2))
        return Output(self._name("out"), inner.x.dim(), body, training=self._chance(0.4))

    def _head(self, place: Place, nodes: list[Node]) -> None:
        """Now and then a classifier behind it all."""
        if self._is_plain or not self._chance(0.3):
            return
        if self._chance(0.6):
            self._try(place, nodes, Layer("global_avg_pool"))
        elif not self._chance(0.5):
            self._try(place, nodes, Layer("adaptive_avg_pool", {"size": number(2)}))
        else:
            return
        self._try(place, nodes, Layer("flatten"))
        self._try(place, nodes, Layer("linear", {"features": self._integer(place, 5)}))

    def _variants(self, program: Program, image: Tensor) -> list[Variant]:
        """Other arguments with which torch runs the network too."""
        found = []
        for _ in range(self._random.choice([0, 1, 2]) if program.parameters else 0):
            given = {
                name: self._random.choice([2, 3, 4, 8]) if kind == "int" else self._chance(0.5)
                for name, kind, _ in program.parameters
                if self._chance(0.7)
            }
            if self._runs(program, image, given):
                found.append(Variant(self._name(f"{program.name}_"), given))
        return found

    def _runs(self, program: Program, image: Tensor, given: dict[str, object]) -> bool:
        try:
            ran, usual = program.ran(image, given), program.ran(image)
        except REFUSALS:
            return False
        ranks = [[value.dim() for value in (*each.outputs, *each.training)] for each in (ran, usual)]
        return ranks[0] == ranks[1]

    # --- bodies -------------------------------------------------------------------------------------------------------

    def _body(self, place: Place, steps: int) -> Body:
        nodes: list[Node] = []
        for _ in range(3 * steps):
            if len(nodes) >= steps:
                break
            self._try(place, nodes, self._step(place))
        if not any(not isinstance(node, Let | Stated) for node in nodes):
            self._try(place, nodes, Layer("relu"))
        return Body(nodes)

    def _try(self, place: Place, nodes: list[Node], node: Node | None) -> None:
        """Keeps a step if torch runs it and the network stays small."""
        if node is None:
            return
        scope: Scope = place.scope.copy()
        try:
            with torch.no_grad():
                result = node.run(place.x, scope)
        except REFUSALS:
            return
        places = max(result.shape[2:], default=1)
        if result.shape[1] > MOST_CHANNELS or places > MOST_PLACES or len(scope.trace) > MOST_LAYERS:
            return
        nodes.append(node)
        place.scope, place.x = scope, result
        if isinstance(node, Labelled) and node.computed is None:
            place.labels.append(node.name)
        if isinstance(node, Let):
            place.integers.append(node.name)

    def _step(self, place: Place) -> Node | None:
        kinds: list[tuple[float, Callable[[Place], Node | None]]] = [
            (5, self._layer),
            (2, self._join),
            (1, self._group),
            (0.6, self._stated),
            (0.8, self._let),
            (1, self._choice),
            (1.2, self._loop),
            (2.5, self._application),
        ]
        if place.depth >= 3:
            kinds = kinds[:1]
        (make,) = self._random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])
        return make(place)
