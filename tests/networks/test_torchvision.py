"""Every network that torchvision has too: its weights load, its outputs are ours to the bit, its shapes are ours."""

from __future__ import annotations

import pytest
import torch

from archdsl.analysis.flatten import FlatLayer, flatten
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.ir.dim import Dim
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.form import TorchParameter
from tests.analysis.support import spec_totals
from tests.networks.support import NETWORKS, NIGHTLY, build, typed
from tests.oracles.torchvision_models import (
    flops,
    meta_model,
    output_calls,
    private_model,
    torchvision_model,
    weight_count,
)

VALUES = [
    pytest.param(file, name, marks=pytest.mark.nightly if name in NIGHTLY else (), id=name) for file, name in NETWORKS
]
SIZES = {"densenet": (64, 97), "alexnet": (96, 127), "vit": (224, 224), "maxvit": (224, 224)}
"""Sizes per family that keep the tests short; two batch shapes each."""


def _sizes(name: str) -> tuple[int, int]:
    return next((sizes for family, sizes in SIZES.items() if name.startswith(family)), (64, 80))


@pytest.mark.parametrize(("file", "name"), VALUES)
def test_torchvision_weights_load_and_outputs_are_equal(file: str, name: str) -> None:
    theirs, ours = torchvision_model(name), build(file, name)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    assert set(ours.state_dict()) == set(theirs.state_dict())
    assert weight_count(ours) == weight_count(theirs) == typed(file, name).root.body.weights
    ours.eval()
    first, second = _sizes(name)
    with torch.inference_mode():
        for shape in ((2, 3, first, first), (1, 3, second, first)):
            image = torch.randn(shape, generator=torch.Generator().manual_seed(len(name)))
            assert torch.equal(ours(image), theirs(image)), f"{name} at {shape}"


@pytest.mark.parametrize(("file", "name"), NETWORKS)
def test_every_static_shape_is_that_of_torchvision_s_module(file: str, name: str) -> None:
    height, width = _sizes(name)
    sink = Sink()
    fixed = check(typed(file, name).design, sink, sizes={"H": height, "W": width})
    assert fixed is not None and not sink.errors
    calls = output_calls(meta_model(name), torch.zeros(2, 3, height, width, device="meta"))
    theirs = {(path, shape) for path, shape in calls}
    paths = {path for path, _ in calls}
    compared = 0
    for layer in flatten(fixed):
        if not layer.is_module or layer.path not in paths or layer.when is not None:
            continue
        assert layer.output is not None
        shape = tuple(2 if isinstance(size, Dim) else size for size in layer.output.shape)
        assert (layer.path, shape) in theirs, f"{layer.path}: {shape}"
        compared += 1
    weighted = sum(1 for layer in flatten(fixed) if layer.weights and layer.when is None and not is_parameter(layer))
    assert compared >= weighted


@pytest.mark.parametrize(("file", "name"), NETWORKS)
def test_keys_weights_and_multiply_adds_are_torchvision_s(file: str, name: str) -> None:
    theirs = meta_model(name)
    with torch.device("meta"):
        ours = build(file, name)
    shapes = [{key: value.shape for key, value in model.state_dict().items()} for model in (ours, theirs)]
    assert shapes[0] == shapes[1]
    assert weight_count(theirs) == typed(file, name).root.body.weights
    image = torch.zeros(1, 3, 224, 224, device="meta")
    assert 2 * (spec_totals(file, name).macs or 0) == flops(theirs, image)


def is_parameter(layer: FlatLayer) -> bool:
    """Whether a layer is a trained tensor of the class around it: no module of torchvision's is it alone."""
    return isinstance(
        REGISTRY[layer.op].to_torch(Call(REGISTRY[layer.op], layer.arguments, layer.inputs)), TorchParameter
    )


def test_googlenet_s_three_outputs_match_in_training() -> None:
    theirs, ours = private_model("googlenet"), build("googlenet.arch", "googlenet")
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(3, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    ours.train(), theirs.train()
    torch.manual_seed(7)
    expected = theirs(image)
    torch.manual_seed(7)
    logits, aux1, aux2 = ours(image)
    assert torch.equal(logits, expected.logits)
    assert torch.equal(aux1, expected.aux_logits1)
    assert torch.equal(aux2, expected.aux_logits2)
    for key, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[key]), f"{key} after a training step's statistics"


def test_a_changed_weight_is_noticed() -> None:
    """The oracle can fail: one weight off, and the outputs differ."""
    theirs, ours = torchvision_model("resnet18"), build("resnet.arch", "resnet18")
    ours.load_state_dict(theirs.state_dict(), strict=True)
    with torch.no_grad():
        ours.get_parameter("layer3.1.conv2.weight").mul_(1.001)
        image = torch.randn(1, 3, 64, 64)
        assert not torch.equal(ours.eval()(image), theirs(image))


@pytest.mark.parametrize("wrong", [{"classes": 7}, {"layers": [1]}])
def test_other_arguments_do_not_load_the_same_weights(wrong: dict[str, object]) -> None:
    with pytest.raises((RuntimeError, TypeError)):
        build("resnet.arch", "resnet18", **wrong).load_state_dict(torchvision_model("resnet18").state_dict())
