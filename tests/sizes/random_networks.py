"""Draws networks with open sizes whose joins, windows and divisions hold for some sizes and not for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.sizes.trees import Chain, Join, Labelled, Network, Node, Refer, Repeat, Stated, Step, Use

INPUTS: list[tuple[int | str, ...]] = [
    (4, "H", "W"),
    (4, "H", "W"),
    (4, "H", "H"),
    (4, "H", 12),
    (4, 9, "W"),
    (4, "L"),
    (4, "D", 6, 7),
]
CHANNELS = 4
"""Of every value: joins fit, groups and pixel shuffles divide."""


class Drawer:
    """Draws one network; ``fits`` says of a network so far whether it is worth going on from."""

    def __init__(self, random: Random, fits: Callable[[Network], bool]) -> None:
        self._random = random
        self._fits = fits
        self._labels = 0
        self._network = Network(random.choice(INPUTS), [])
        self._rank = 1 + len(self._network.input)

    def network(self) -> Network:
        """A network of a few steps; now and then its last step is one that no size passes."""
        random = self._random
        if random.random() < 0.25:
            self._take([self._unet(random.randint(1, 4))])
        for _ in range(random.randint(1, 7)):
            self._take(self._steps())
        network = self._network
        if random.random() < 0.3:
            network = self._with_a_statement(network)
        if random.random() < 0.2:
            extra = replace(network, steps=[*network.steps, self._join()])
            network = extra
        elif random.random() < 0.15 and len(network.symbols) == 1 and network.input.count(network.symbols[0]) == 1:
            network = self._with_a_head(network)
        return network

    def _take(self, steps: list[Node]) -> None:
        grown = replace(self._network, steps=[*self._network.steps, *steps])
        if self._fits(grown):
            self._network = grown

    # --- steps ----------------------------------------------------------------------------------------

    def _steps(self) -> list[Node]:
        kind = self._random.random()
        if kind < 0.45:
            return [self._layer()]
        if kind < 0.75:
            return [self._join()]
        if kind < 0.83:
            return [Repeat(self._random.randint(2, 4), Chain([self._layer(), self._plain()]))]
        if kind < 0.93:
            return self._shared_block()
        return [self._long_skip()]

    def _shared_block(self) -> list[Node]:
        """A block applied twice, with something between that may keep or change the size."""
        name = f"b{len(self._network.blocks)}"
        body = Chain([self._join() if self._random.random() < 0.6 else self._layer(), self._plain()])
        self._network = replace(self._network, blocks={**self._network.blocks, name: body})
        use = Use(name, body)
        return [use, self._plain() if self._random.random() < 0.5 else self._layer(), use]

    def _long_skip(self) -> Node:
        self._labels += 1
        label = f"v{self._labels}"
        down, up = self._down_and_up()
        middle = [self._plain()] if self._random.random() < 0.7 else []
        joined = Join("concat", [Refer(label), Step("identity")])
        narrow = self._narrow()
        return Chain([Labelled(label, self._plain()), down, *middle, up, joined, narrow])

    def _unet(self, depth: int) -> Node:
        """As the paper draws it, with whatever goes down and up."""
        if depth == 0:
            return self._plain()
        self._labels += 1
        label = f"u{self._labels}"
        down, up = self._down_and_up()
        below = self._unet(depth - 1)
        return Chain(
            [
                Labelled(label, self._plain()),
                down,
                below,
                up,
                Join("concat", [Refer(label), Step("identity")]),
                self._narrow(),
            ]
        )

    def _narrow(self) -> Step:
        return Step("conv", {"channels": CHANNELS, "kernel": 1})

    def _plain(self) -> Step:
        ops = ["relu", "sigmoid", "dropout", "batch_norm", "identity"]
        return Step(self._random.choice(ops))

    def _layer(self) -> Step:
        random = self._random
        makers = [self._conv] * 5 + [self._max_pool] * 3 + [self._avg_pool, self._conv_transpose, self._pad, self._norm]
        makers += [self._adaptive] if random.random() < 0.15 else []
        makers += [self._upsample] if self._rank >= 4 else []
        return random.choice(makers)()

    def _window(self, *, most: int = 5) -> dict[str, object]:
        random = self._random
        kernel = random.randint(1, most)
        arguments: dict[str, object] = {"kernel": kernel}
        if random.random() < 0.6:
            arguments["stride"] = random.choice([1, 2, 2, 3, 4])
        return arguments

    def _conv(self) -> Step:
        random = self._random
        arguments = {"channels": CHANNELS, **self._window(most=7)}
        kernel = arguments["kernel"]
        assert isinstance(kernel, int)
        if random.random() < 0.6:
            arguments["padding"] = random.choice([kernel // 2, random.randint(0, kernel)])
            if random.random() < 0.25:
                arguments["padding_mode"] = random.choice(["reflect", "replicate", "circular"])
        if random.random() < 0.15:
            arguments["dilation"] = random.randint(2, 3)
        if random.random() < 0.1:
            arguments |= {"padding": "same"}
            arguments.pop("stride", None)
        if random.random() < 0.1:
            arguments["groups"] = random.choice([2, 4])
        return Step("conv", arguments)

    def _max_pool(self) -> Step:
        random = self._random
        arguments = self._window(most=4)
        kernel = arguments["kernel"]
        assert isinstance(kernel, int)
        if random.random() < 0.4:
            arguments["padding"] = random.randint(0, kernel // 2)
        if random.random() < 0.4:
            arguments["ceil"] = True
        if random.random() < 0.15:
            arguments["dilation"] = random.randint(2, 3)
        return Step("max_pool", arguments)

    def _avg_pool(self) -> Step:
        step = self._max_pool()
        step.arguments.pop("dilation", None)
        return Step("avg_pool", step.arguments)

    def _conv_transpose(self) -> Step:
        random = self._random
        arguments: dict[str, object] = {"channels": CHANNELS, **self._window(most=4)}
        stride = arguments.get("stride", 1)
        assert isinstance(stride, int)
        if random.random() < 0.5:
            arguments["padding"] = random.randint(0, 2)
        if stride > 1 and random.random() < 0.4:
            arguments["output_padding"] = random.randint(0, stride - 1)
        return Step("conv_transpose", arguments)

    def _pad(self) -> Step:
        axes = self._rank - 2
        places = [self._random.randint(0, 3) for _ in range(2 * axes)]
        return Step("zero_pad", {"padding": tuple(places)})

    def _norm(self) -> Step:
        """Over two open sizes only such that never normalise a single value: see docs/open-sizes.md."""
        random = self._random
        both = [Step("group_norm", {"groups": random.choice([1, 2])}), Step("local_response_norm", {"size": 3})]
        if len(self._network.symbols) < 2:
            both += [Step("instance_norm"), Step("group_norm", {"groups": CHANNELS})]
        return random.choice(both)

    def _adaptive(self) -> Step:
        op = self._random.choice(["adaptive_avg_pool", "adaptive_max_pool"])
        return Step(op, {"size": self._random.randint(1, 6)})

    def _upsample(self) -> Step:
        arguments: dict[str, object] = {"scale": self._random.randint(1, 3)}
        if self._rank == 4 and self._random.random() < 0.3:
            arguments["mode"] = "bilinear"
        return Step("upsample", arguments)

    # --- joins ----------------------------------------------------------------------------------------

    def _join(self) -> Node:
        random = self._random
        kind = random.random()
        if kind < 0.1:
            gate = Chain([Step("global_avg_pool"), self._narrow(), Step("sigmoid")])
            return Join("scale", [Step("identity"), gate])
        if kind < 0.16 and self._rank >= 4:
            return Join("concat", [self._layer(), self._layer()], axis=random.randint(2, self._rank - 1))
        paths = self._paths()
        if random.random() < 0.3:
            return Chain([Join("concat", paths), self._narrow()])
        return Join(random.choice(["add", "add", "mul"]), paths)

    def _paths(self) -> list[Node]:
        """Two paths of like sizes: the same steps differently rounded, or down and up beside nothing."""
        random = self._random
        kind = random.random()
        if kind < 0.3:
            down, up = self._down_and_up()
            return [Step("identity"), Chain([down, up])]
        if kind < 0.7:
            stride = random.randint(1, 4)
            return [self._strided(stride), self._strided(stride)]
        if kind < 0.85:
            first, second = random.randint(2, 3), random.randint(2, 3)
            return [Chain([self._strided(first), self._strided(second)]), self._strided(first * second)]
        return [self._layer(), self._layer()]

    def _strided(self, stride: int) -> Step:
        random = self._random
        kernel = random.randint(1, 5)
        padding = random.choice([kernel // 2, 0, (kernel - 1) // 2])
        if random.random() < 0.5:
            return Step("conv", {"channels": CHANNELS, "kernel": kernel, "stride": stride, "padding": padding})
        op, ceil = random.choice(["max_pool", "avg_pool"]), random.random() < 0.4
        return Step(op, {"kernel": kernel, "stride": stride, "padding": min(padding, kernel // 2), "ceil": ceil})

    def _down_and_up(self) -> tuple[Step, Step]:
        random = self._random
        factor = random.randint(2, 3)
        ups = [Step("conv_transpose", {"channels": CHANNELS, "kernel": factor, "stride": factor})]
        if self._rank >= 4:
            ups.append(Step("upsample", {"scale": factor}))
        if self._rank == 4 and random.random() < 0.2:
            # four times the channels, and back
            return Step("pixel_unshuffle", {"factor": 2}), Step("pixel_shuffle", {"factor": 2})
        if factor == 2 and random.random() < 0.3:
            ups.append(
                Step(
                    "conv_transpose",
                    {"channels": CHANNELS, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1},
                )
            )
        return self._strided(factor), random.choice(ups)

    # --- statements -----------------------------------------------------------------------------------

    def _with_a_statement(self, network: Network) -> Network:
        """A shape step at the end, true for some sizes at most."""
        random = self._random
        axis = random.choice([axis for axis, size in enumerate(network.input) if isinstance(size, str)])
        symbol = network.input[axis]
        known = f"({symbol} + {random.randint(0, 3)}) // {random.randint(1, 4)}"
        stated: int | str = known if random.random() < 0.6 else random.randint(1, 20)
        shape = tuple(stated if place == axis else None for place in range(len(network.input)))
        return replace(network, steps=[*network.steps, Stated(shape)])

    def _with_a_head(self, network: Network) -> Network:
        """``flatten`` and ``linear`` behind a stated number of features: few sizes, or a single one."""
        probe = network.run({network.symbols[0]: self._random.randint(8, 60)})
        features = 64 if probe is None else _product(probe)
        head: list[Node] = [Step("flatten"), Stated((features,)), Step("linear", {"features": 3})]
        return replace(network, steps=[*network.steps, *head])


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
