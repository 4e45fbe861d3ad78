"""Every network that torchvision has too: its weights load, its outputs are ours to the bit, so are shapes and costs.

All are compared in names, shapes and weights, on the meta device. Values, multiply-adds and the shapes of all modules
are those of one network for each family here; of all the others in ``make nightly``.
"""

from __future__ import annotations

import pytest
import torch

from archdsl.analysis.costs import CostTable
from archdsl.analysis.flatten import FlatLayer, flatten
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.ir.dim import Dim
from archdsl.ir.typed import TypedDesign
from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from archdsl.ops.form import TorchForm, TorchParameter
from tests.networks.support import NETWORKS, build, typed
from tests.oracles.torchvision_models import (
    ShapesOnly,
    flops,
    model_names,
    output_calls,
    private_model,
    torchvision_model,
    torchvision_shapes,
    weight_count,
)

EVERY_TIME = {
    "alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", "resnext50_32x4d", "densenet121", "squeezenet1_0",
    "mobilenet_v2", "mnasnet0_5", "mobilenet_v3_small", "shufflenet_v2_x0_5", "regnet_x_400mf", "regnet_y_400mf",
    "efficientnet_b0", "inception_v3", "convnext_tiny", "vit_b_32", "swin_t", "swin_v2_t", "maxvit_t",
}  # fmt: skip
"""One or two networks of each family, the small ones."""

SIZES = {"densenet": (64, 97), "alexnet": (96, 127), "inception": (299, 315), "vit": (224, 224), "maxvit": (224, 224)}
"""Sizes per family that keep the tests short; two batch shapes each."""

BY_VALUE = [
    pytest.param(file, name, marks=[] if name in EVERY_TIME else pytest.mark.nightly, id=name)
    for file, name in NETWORKS
]


def _sizes(name: str) -> tuple[int, int]:
    return next((sizes for family, sizes in SIZES.items() if name.startswith(family)), (64, 80))


def _form(layer: FlatLayer) -> TorchForm | None:
    """What a layer is in PyTorch; a trained tensor of the class around it is no module of torchvision's."""
    op = REGISTRY[layer.op]
    return op.to_torch(Call(op, layer.arguments, layer.inputs)) if op.inputs == 1 else None


def _fixed(file: str, name: str, height: int, width: int) -> TypedDesign:
    """A network checked for one size of image."""
    sink = Sink()
    fixed = check(typed(file, name).design, sink, sizes={"H": height, "W": width})
    assert fixed is not None and not sink.has_errors
    return fixed


def test_no_network_is_forgotten() -> None:
    listed = {name for _, name in NETWORKS}
    assert listed <= set(model_names())
    assert listed >= EVERY_TIME


@pytest.mark.parametrize(("file", "name"), NETWORKS, ids=[name for _, name in NETWORKS])
def test_names_shapes_and_weights_are_torchvision_s(file: str, name: str) -> None:
    theirs = torchvision_shapes(name)
    with ShapesOnly():
        ours = build(file, name)
    assert [(key, value.shape) for key, value in sorted(ours.state_dict().items())] == [
        (key, value.shape) for key, value in sorted(theirs.state_dict().items())
    ]
    assert weight_count(ours) == weight_count(theirs) == typed(file, name).root.body.weights


@pytest.mark.parametrize(("file", "name"), BY_VALUE)
def test_torchvision_weights_load_and_outputs_are_equal(file: str, name: str) -> None:
    theirs, ours = torchvision_model(name), build(file, name)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    ours.eval()
    first, second = _sizes(name)
    with torch.inference_mode():
        for shape in ((2, 3, first, first), (1, 3, second, first)):
            image = torch.randn(shape, generator=torch.Generator().manual_seed(len(name)))
            assert torch.equal(ours(image), theirs(image)), f"{name} at {shape}"


@pytest.mark.parametrize(("file", "name"), BY_VALUE)
def test_every_static_shape_is_that_of_torchvision_s_module(file: str, name: str) -> None:
    height, width = _sizes(name)
    fixed = _fixed(file, name, height, width)
    calls = output_calls(torchvision_shapes(name), torch.zeros(2, 3, height, width, device="meta"))
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
    modules = [layer for layer in flatten(fixed) if not isinstance(_form(layer), TorchParameter)]
    weighted = sum(1 for layer in modules if layer.weights and layer.when is None)
    assert compared >= weighted


@pytest.mark.parametrize(("file", "name"), BY_VALUE)
def test_multiply_adds_are_half_of_torch_s_flops(file: str, name: str) -> None:
    height, width = _sizes(name)
    macs = CostTable().body(_fixed(file, name, height, width).root.body).macs
    assert macs is not None
    assert 2 * macs == flops(torchvision_shapes(name), torch.zeros(1, 3, height, width, device="meta"))


AUXILIARY = [("googlenet", 96, "logits aux_logits1 aux_logits2"), ("inception_v3", 299, "logits aux_logits")]


@pytest.mark.parametrize(("name", "size", "outputs"), AUXILIARY, ids=[name for name, *_ in AUXILIARY])
def test_auxiliary_outputs_match_in_training(name: str, size: int, outputs: str) -> None:
    theirs, ours = private_model(name), build(f"{name}.arch", name)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(1))
    ours.train(), theirs.train()
    torch.manual_seed(7)
    expected = theirs(image)
    torch.manual_seed(7)
    for output, result in zip(outputs.split(), ours(image), strict=True):
        assert torch.equal(result, getattr(expected, output)), output
    for key, value in ours.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[key]), f"{key} after a training step's statistics"


def test_stochastic_depth_draws_as_torchvision_s() -> None:
    theirs, ours = private_model("efficientnet_b0"), build("efficientnet.arch", "efficientnet_b0")
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    ours.train(), theirs.train()
    with torch.no_grad():
        torch.manual_seed(7)
        expected = theirs(image)
        torch.manual_seed(7)
        assert torch.equal(ours(image), expected)
        torch.manual_seed(8)
        assert not torch.equal(ours(image), expected)


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
