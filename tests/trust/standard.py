"""The standard blocks as trees: what their documentation promises, for real torch to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.trust import expressions as e
from tests.trust.expressions import Expr, number, variable
from tests.trust.nodes import Apply, ApplyValue, Block, BlockValue, Body, For, If, Join, Layer, Node, Repeat

IDENTITY = Body([Layer("identity")])


def _conv(channels: Expr, kernel: int | Expr, **more: Expr) -> Layer:
    size = kernel if isinstance(kernel, Expr) else number(kernel)
    return Layer("conv", {"channels": channels, "kernel": size, **more})


def _conv_norm(channels: Expr, kernel: int | Expr, **more: Expr) -> list[Node]:
    return [_conv(channels, kernel, bias=number(value=False), **more), Layer("batch_norm")]


def _shortcut(channels: Expr) -> If:
    same = e.binary(e.binary(variable("stride"), "==", number(1)), "and", e.binary(e.channels("x"), "==", channels))
    return If(same, IDENTITY, Body(_conv_norm(channels, 1, stride=variable("stride"))))


def _standard(name: str, body: list[Node], *parameters: tuple[str, str, object]) -> Block:
    return Block(name, parameters, Body(body), std=True)


C, ONE, TRUE = variable("channels"), number(1), number(value=True)

VGG = _standard(
    "vgg_block",
    [
        Repeat(
            variable("convs"),
            Body([_conv(C, 3, padding=ONE), If(variable("norm"), Body([Layer("batch_norm")])), Layer("relu")]),
        ),
        Layer("max_pool", {"kernel": number(2)}),
    ],
    ("convs", "int", None),
    ("channels", "int", None),
    ("norm", "bool", False),
)
RESIDUAL = _standard(
    "residual",
    [
        Join(
            "add",
            [
                Body(
                    [
                        *_conv_norm(C, 3, stride=variable("stride"), padding=ONE),
                        Layer("relu"),
                        *_conv_norm(C, 3, padding=ONE),
                    ]
                ),
                Body([_shortcut(C)]),
            ],
        ),
        Layer("relu"),
    ],
    ("channels", "int", None),
    ("stride", "int", 1),
)
WIDE, WIDTH = e.binary(C, "*", variable("expansion")), e.binary(C, "*", number(1))
BOTTLENECK = _standard(
    "bottleneck",
    [
        Join(
            "add",
            [
                Body(
                    [
                        *_conv_norm(WIDTH, 1),
                        Layer("relu"),
                        *_conv_norm(WIDTH, 3, stride=variable("stride"), padding=ONE),
                        Layer("relu"),
                        *_conv_norm(WIDE, 1),
                    ]
                ),
                Body([_shortcut(WIDE)]),
            ],
        ),
        Layer("relu"),
    ],
    ("channels", "int", None),
    ("stride", "int", 1),
    ("expansion", "int", 4),
)
DENSE_LAYER = _standard(
    "dense_layer",
    [
        *[Layer("batch_norm"), Layer("relu")],
        _conv(e.binary(variable("width"), "*", variable("growth")), 1, bias=number(value=False)),
        *[Layer("batch_norm"), Layer("relu")],
        _conv(variable("growth"), 3, padding=ONE, bias=number(value=False)),
    ],
    ("growth", "int", None),
    ("width", "int", 4),
)  # fmt: skip
DENSE = _standard(
    "dense",
    [
        For(
            ("i",),
            e.span(ONE, variable("layers"), inclusive=True),
            Body([Join("concat", [IDENTITY, Body([Apply(DENSE_LAYER, {"growth": variable("growth")})])])]),
        )
    ],
    ("layers", "int", None),
    ("growth", "int", None),
)
TRANSITION = _standard(
    "transition",
    [
        *[Layer("batch_norm"), Layer("relu")],
        _conv(e.binary(e.channels("x"), "//", number(2)), 1, bias=number(value=False)),
        Layer("avg_pool", {"kernel": number(2)}),
    ],
)
SQUEEZE_EXCITE = _standard(
    "squeeze_excite",
    [
        Join(
            "scale",
            [
                IDENTITY,
                Body(
                    [
                        *[Layer("global_avg_pool"), _conv(variable("squeeze"), 1), ApplyValue("act")],
                        *[_conv(e.channels("x"), 1), Layer("sigmoid")],
                    ]
                ),
            ],
        )
    ],
    ("squeeze", "int", None),
    ("act", "block", None),
)


def _conv_bn(channels: Expr, kernel: int, **more: Expr) -> list[Node]:
    norm = Layer("batch_norm", {"eps": number(0.001)})
    return [_conv(channels, kernel, bias=number(value=False), **more), norm, Layer("relu")]


def _part(name: str, index: int) -> Expr:
    return e.item(variable(name), number(index))


INCEPTION = _standard(
    "inception",
    [
        Join(
            "concat",
            [
                Body(_conv_bn(variable("c1"), 1)),
                Body([*_conv_bn(_part("c3", 0), 1), *_conv_bn(_part("c3", 1), 3, padding=ONE)]),
                Body([*_conv_bn(_part("c5", 0), 1), *_conv_bn(_part("c5", 1), 3, padding=ONE)]),
                Body(
                    [
                        Layer("max_pool", {"kernel": number(3), "stride": ONE, "padding": ONE, "ceil": TRUE}),
                        *_conv_bn(variable("pool"), 1),
                    ]
                ),
            ],
        )
    ],
    ("c1", "int", None),
    ("c3", "(int, int)", None),
    ("c5", "(int, int)", None),
    ("pool", "int", None),
)  # fmt: skip
NIN = _standard(
    "nin_block",
    [
        *[_conv(C, variable("kernel"), stride=variable("stride"), padding=variable("padding")), Layer("relu")],
        *[_conv(C, 1), Layer("relu"), _conv(C, 1), Layer("relu")],
    ],
    ("channels", "int", None),
    ("kernel", "int", None),
    ("stride", "int", 1),
    ("padding", "int", 0),
)

Arguments = Callable[[Random], Mapping[str, object]]
STANDARD: list[tuple[Block, Arguments]] = [
    (VGG, lambda r: {"convs": r.randint(1, 3), "channels": r.choice([2, 4, 6]), "norm": r.random() < 0.5}),
    (RESIDUAL, lambda r: {"channels": r.choice([4, 6, 8]), "stride": r.randint(1, 2)}),
    (BOTTLENECK, lambda r: {"channels": r.choice([2, 4]), "stride": r.randint(1, 2), "expansion": r.randint(1, 3)}),
    (DENSE, lambda r: {"layers": r.randint(1, 3), "growth": r.choice([2, 3, 4])}),
    (TRANSITION, lambda r: {}),
    (INCEPTION, lambda r: {"c1": r.randint(1, 4), "c3": (2, r.randint(1, 4)), "c5": (1, 2), "pool": r.randint(1, 3)}),
    (SQUEEZE_EXCITE, lambda r: {"squeeze": r.randint(1, 4), "act": BlockValue(r.choice(["relu", "silu"]), {})}),
    (NIN, lambda r: {"channels": r.choice([4, 6]), "kernel": r.choice([1, 3]), "padding": 1}),
]
"""Blocks with random arguments."""
