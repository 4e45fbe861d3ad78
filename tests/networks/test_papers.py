"""Networks that no library has as their papers have them: the papers' figures, and an independent interpreter."""

from __future__ import annotations

import pytest
import torch

from archdsl.analysis.costs import CostTable
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from tests.codegen.interpreter import Interpreter, random_inputs
from tests.networks.support import build, typed

WEIGHTS = [
    # He et al. (2015), table 6, in millions
    ("resnet_cifar.arch", "resnet20", 0.27), ("resnet_cifar.arch", "resnet32", 0.46),
    ("resnet_cifar.arch", "resnet44", 0.66), ("resnet_cifar.arch", "resnet56", 0.85),
    ("resnet_cifar.arch", "resnet110", 1.7), ("resnet_cifar.arch", "resnet1202", 19.4),
    # Krizhevsky, Sutskever and Hinton (2012), abstract: 60 million
    ("alexnet.arch", "alexnet_2012", 61),
]  # fmt: skip

COSTS = [
    # Zhang et al. (2017), table 1: millions of multiply-adds by groups
    ("shufflenet_g1", 143), ("shufflenet_g2", 140), ("shufflenet_g3", 137),
    ("shufflenet_g4", 133), ("shufflenet_g8", 137),
]  # fmt: skip

SMALL = [
    ("alexnet.arch", "alexnet_2012", {}),
    ("alexnet.arch", "alexnet_bn", {}),
    ("zfnet.arch", "zfnet", {}),
    ("mlp.arch", "mlp", {}),
    ("lenet5.arch", "lenet5", {}),
    ("nin.arch", "nin_imagenet", {"H": 160, "W": 128}),
    ("resnet_cifar.arch", "resnet20", {"H": 16, "W": 20}),
    ("shufflenet.arch", "shufflenet_g1", {"H": 64, "W": 48}),
    ("shufflenet.arch", "shufflenet_g3", {"H": 64, "W": 48}),
    ("unet.arch", "unet_padded", {"H": 32, "W": 48}),
]


@pytest.mark.parametrize(("file", "name", "millions"), WEIGHTS, ids=[name for _, name, _ in WEIGHTS])
def test_weights_are_those_of_the_paper(file: str, name: str, millions: float) -> None:
    digits = 2 if millions < 1 else 1 if millions < 60 else 0
    assert round(typed(file, name).root.body.weights / 1e6, digits) == millions


@pytest.mark.parametrize(("name", "millions"), COSTS)
def test_multiply_adds_are_those_of_the_paper(name: str, millions: int) -> None:
    sink = Sink()
    fixed = check(typed("shufflenet.arch", name).design, sink, sizes={"H": 224, "W": 224})
    assert fixed is not None and not list(sink)
    macs = CostTable().body(fixed.root.body).macs
    assert macs is not None and abs(macs / 1e6 - millions) <= 3


@pytest.mark.parametrize(("file", "name", "sizes"), SMALL, ids=[name for _, name, _ in SMALL])
def test_generated_code_equals_the_interpreter(file: str, name: str, sizes: dict[str, int]) -> None:
    design = typed(file, name)
    network, interpreted = build(file, name).eval(), Interpreter(design).eval()
    interpreted.load(network.state_dict())
    (image,) = random_inputs(design, **sizes)
    with torch.inference_mode():
        (expected,) = interpreted(image).values()
        assert torch.equal(network(image), expected)
    assert sum(weight.numel() for weight in network.parameters()) == design.root.body.weights
