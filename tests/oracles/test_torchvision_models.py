"""The oracle itself is tried against published figures and against faults made on purpose."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.torchvision_models import (
    flops,
    output_calls,
    output_shapes,
    private_model,
    torchvision_model,
    weight_count,
)

IMAGE = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_resnet18_has_the_published_weights_and_flops() -> None:
    model = torchvision_model("resnet18")
    assert weight_count(model) == 11_689_512
    # "GFLOPS 1.81" in torchvision's table counts multiply-adds at 224 x 224.
    assert round(flops(model, torch.randn(1, 3, 224, 224)) / 2e9, 2) == 1.81


def test_output_shapes_are_those_of_the_paper() -> None:
    shapes = output_shapes(torchvision_model("resnet18"), torch.randn(2, 3, 224, 224))
    assert shapes["conv1"] == (2, 64, 112, 112)
    assert shapes["layer3.0.downsample.0"] == (2, 256, 14, 14)
    assert shapes["layer4"] == (2, 512, 7, 7)
    assert shapes[""] == (2, 1000)


def test_a_module_applied_twice_is_recorded_twice() -> None:
    calls = [path for path, _ in output_calls(torchvision_model("resnet18"), IMAGE)]
    assert calls.count("layer1.0.relu") == 2
    assert calls[-1] == ""


def test_hooks_are_removed_even_when_the_network_fails() -> None:
    model = private_model("resnet18")
    with pytest.raises(RuntimeError):
        output_calls(model, torch.randn(1, 5, 64, 64))
    assert not any(module._forward_hooks for module in model.modules())


def test_the_attention_switch_is_put_back_even_when_the_network_fails() -> None:
    assert torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(RuntimeError):
        flops(nn.Linear(3, 4), torch.randn(1, 5))
    assert torch.backends.mha.get_fastpath_enabled()


def test_attention_is_counted_in_full() -> None:
    width, length = 8, 5
    layer = nn.TransformerEncoderLayer(width, 2, dim_feedforward=16, batch_first=True).eval()
    projections = length * width * (3 * width + width + 16 + 16)
    scores = 2 * length * length * width
    assert flops(layer, torch.randn(1, length, width)) == 2 * (projections + scores)


def test_the_same_call_gives_the_same_object_and_another_seed_other_weights() -> None:
    model = torchvision_model("resnet18")
    assert torchvision_model("resnet18") is model
    other = torchvision_model("resnet18", seed=1)
    assert not torch.equal(other.get_parameter("fc.weight"), model.get_parameter("fc.weight"))


def test_making_a_model_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    torchvision_model("resnet18", seed=2)
    assert torch.equal(torch.rand(3), expected)


def test_a_private_model_can_be_trained_without_harm_to_the_shared_one() -> None:
    before = torchvision_model("resnet18")(IMAGE)
    private = private_model("resnet18").train()
    private(torch.randn(2, 3, 64, 64))
    assert torch.equal(torchvision_model("resnet18")(IMAGE), before)


@pytest.mark.parametrize("statistic", ["running_mean", "running_var", "weight", "bias"])
def test_two_exchanged_batch_norms_are_noticed(statistic: str) -> None:
    model = private_model("resnet18")
    before = model(IMAGE)
    state = model.state_dict()
    first, second = (f"layer1.{index}.bn1.{statistic}" for index in (0, 1))
    state[first], state[second] = state[second].clone(), state[first].clone()
    model.load_state_dict(state)
    assert not torch.equal(model(IMAGE), before)


@pytest.mark.parametrize("name", ["resnet152", "googlenet", "densenet121", "vgg11_bn"])
def test_deep_networks_give_finite_outputs_that_depend_on_the_input(name: str) -> None:
    model = torchvision_model(name)
    with torch.no_grad():
        logits = model(torch.stack([IMAGE[0], -IMAGE[0]]))
    assert logits.isfinite().all()
    assert not torch.equal(logits[0], logits[1])


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="resnet51"):
        torchvision_model("resnet51")
