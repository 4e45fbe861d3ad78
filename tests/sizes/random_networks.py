"""Draws networks with open sizes whose joins, windows and divisions hold for some sizes and not for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.sizes.trees import (
    Block,
    Chain,
    For,
    Formula,
    Join,
    Labelled,
    Network,
    Node,
    Refer,
    Repeat,
    Stated,
    Step,
    Use,
)

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
        if kind < 0.73:
            return [self._join()]
        if kind < 0.79:
            return [Repeat(self._random.randint(2, 4), Chain([self._layer(), self._plain()]))]
        if kind < 0.82:
            return [self._loop_over_strides()]
        if kind < 0.88:
            return self._block_with_parameters()
        if kind < 0.94:
            return self._shared_block()
        return [self._long_skip()]

    def _shared_block(self) -> list[Node]:
        """A block applied twice, with something between that may keep or change the size."""
        name = f"b{len(self._network.blocks)}"
        body = Chain([self._join() if self._random.random() < 0.6 else self._layer(), self._plain()])
        self._network = replace(self._network, blocks={**self._network.blocks, name: Block(body)})
        use = Use(name, body)
        return [use, self._plain() if self._random.random() < 0.5 else self._layer(), use]

    def _block_with_parameters(self) -> list[Node]:
        """A block of a window whose kernel and stride are parameters, applied with several of them."""
        random = self._random
        name = f"b{len(self._network.blocks)}"
        window = {"kernel": Formula("k"), "stride": Formula("s"), "padding": Formula("k // 2")}
        step = Step("conv", {"channels": CHANNELS, **window})
        pool = Step("max_pool", {"kernel": Formula("s"), "ceil": random.random() < 0.5})
        back = Step("conv_transpose", {"channels": CHANNELS, "kernel": Formula("s"), "stride": Formula("s")})
        kind = random.random()
        body = Chain([step])
        if kind < 0.3:
            body = Chain([Join("add", [step, Chain([pool, Step("conv", {"channels": CHANNELS, "kernel": 1})])])])
        elif kind < 0.6:
            body = Chain([Join("mul", [Step("identity"), Chain([step, back])])])
        block = Block(body, ("k", "s"))
        self._network = replace(self._network, blocks={**self._network.blocks, name: block})
        uses = [Use(name, body, {"k": random.randint(1, 5), "s": random.randint(1, 3)}) for _ in range(3)]
        return [*uses[: random.randint(1, 3)], self._plain(), uses[0]]

    def _loop_over_strides(self) -> Node:
        """A ``for`` whose turns differ."""
        random = self._random
        op = random.choice(["max_pool", "avg_pool"])
        body = Chain([Step(op, {"kernel": Formula("s + 1"), "stride": Formula("s"), "ceil": random.random() < 0.5})])
        return For("s", [random.randint(1, 3) for _ in range(random.randint(2, 3))], body)

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

    def _layer(self) -> Step | Chain:
        random = self._random
        makers: list[Callable[[], Step | Chain]] = (
            [self._conv] * 5 + [self._max_pool] * 3 + [self._avg_pool, self._conv_transpose, self._pad, self._norm]
        )
        makers += [self._adaptive] if random.random() < 0.15 else []
        makers += [self._crop, self._subsample]
        makers += [self._upsample] * 2 if self._rank >= 4 else []
        makers += [self._pixels] if self._rank == 4 else []
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
        """By whole factors and by such as torch multiplies exactly; others are refused for open sizes."""
        factors = [1, 2, 2, 3, 0.5, 1.5, 0.75, 2.5, 0.25, 1.25]
        arguments: dict[str, object] = {"scale": self._random.choice(factors)}
        if self._rank == 4 and self._random.random() < 0.3:
            arguments["mode"] = "bilinear"
        return Step("upsample", arguments)

    def _crop(self) -> Step:
        return Step("crop", {"margin": self._random.randint(0, 4)})

    def _subsample(self) -> Step:
        """A slice with a step: every stride-th place from the first."""
        return Step("max_pool", {"kernel": 1, "stride": self._random.randint(2, 5)})

    def _pixels(self) -> Chain:
        """Pixels for channels or the other way round, with the usual channels behind it."""
        if self._random.random() < 0.5:
            return Chain([Step("pixel_shuffle", {"factor": 2}), self._narrow()])
        return Chain([Step("pixel_unshuffle", {"factor": self._random.choice([2, 2, 3])}), self._narrow()])

    # --- joins ----------------------------------------------------------------------------------------

    def _join(self) -> Node:
        random = self._random
        kind = random.random()
        if kind < 0.1:
            gate = Chain([Step("global_avg_pool"), self._narrow(), Step("sigmoid")])
            return Join("scale", [Step("identity"), gate])
        if kind < 0.22 and self._rank >= 4:
            return Join("concat", [self._layer(), self._layer()], axis=random.randint(2, self._rank - 1))
        paths = self._paths()
        if random.random() < 0.3:
            return Chain([Join("concat", paths), self._narrow()])
        return Join(random.choice(["add", "add", "mul"]), paths)

    def _paths(self) -> list[Node]:
        """Two paths of like sizes: the same steps differently rounded, or down and up beside nothing."""
        random = self._random
        kind = random.random()
        if kind < 0.06:
            # what an unpadded convolution loses, cropped from the other path
            margin = random.randint(1, 3)
            return [Step("crop", {"margin": margin}), Step("conv", {"channels": CHANNELS, "kernel": 2 * margin + 1})]
        if kind < 0.12:
            # windows: filled up to a multiple on both paths, once by a ceil-mode pool, once by a padded one
            size = random.randint(2, 5)
            up = Step("conv_transpose", {"channels": CHANNELS, "kernel": size, "stride": size})
            pooled = Step("avg_pool", {"kernel": size, "ceil": True})
            padded = Step("zero_pad", {"padding": (0, size - 1) * (self._rank - 2)})
            return [Chain([pooled, up]), Chain([padded, Step("max_pool", {"kernel": size}), up])]
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
