"""Draws layers, each with arguments that torch may or may not take."""

from __future__ import annotations

from tests.trust.draw.place import Chances, Place
from tests.trust.expressions import Expr, number, variable
from tests.trust.programs import Labelled, Layer, Node

ACTIVATIONS = ("relu", "relu6", "silu", "tanh", "sigmoid", "hardswish", "gelu", "elu", "selu", "mish", "hardsigmoid")
MODES = ("reflect", "replicate", "circular")


class Layers(Chances):
    """Draws layers."""

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
            arguments["dilation"] = number(2)
        if self._chance(0.1):
            arguments["padding_mode"] = number(random.choice(MODES))
        if self._chance(0.1):
            arguments |= self._per_axis(place, kernel)
        if self._chance(0.1):
            arguments.pop("padding_mode", None)
            return Layer("conv_transpose", {**arguments, "padding": number(0), "stride": number(random.choice([1, 2]))})
        return Layer("conv", arguments)

    def _per_axis(self, place: Place, kernel: int) -> dict[str, Expr]:
        """A kernel and padding with a number for each axis."""
        axes = place.x.dim() - 2
        kernels = tuple(self._random.choice([1, kernel]) for _ in range(axes))
        return {"kernel": number(kernels), "padding": number(tuple(size // 2 for size in kernels))}

    def _pool(self, place: Place) -> Layer:
        random = self._random
        if self._chance(0.15):
            return Layer(
                random.choice(["adaptive_avg_pool", "adaptive_max_pool"]),
                {"size": self._integer(place, random.randint(1, 4))},
            )
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
        if self._chance(0.1):
            return Layer("instance_norm", {"affine": number(self._chance(0.5))})
        if self._chance(0.05):
            return Layer("local_response_norm", {"size": number(self._random.randint(2, 4))})
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
                Layer("zero_pad", {"padding": self._integer(place, 1)}),
                Layer("crop", {"margin": self._integer(place, 1)}),
                Layer("softmax"),
                Layer("log_softmax", {"axis": number(1)}),
                Layer("dropout2d", {"p": number(0.25)}),
                Layer(
                    "take_channels", {"channels": self._integer(place, 2), "start": number(self._random.randint(0, 2))}
                ),
                Layer("pad_channels", {"channels": self._integer(place, int(place.x.shape[1]) + 2)}),
            ]
        )
