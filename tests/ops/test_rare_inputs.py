"""Inputs that hardly any network has: crossing sizes, even kernels that keep the size, joins of nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archdsl.ops.base import Example
from tests.check.support import checked, errors, network
from tests.ops.support import build, evaluate, outcome_of
from tests.oracles.torch_memory import AllocationTrace, kept_storages

CROSSING = "conv_transpose(8, 1, stride=(2, 1)) -> conv(8, 1, padding=(0, 3))\ninstance_norm"
"""A height of 2H - 1 and a width of H + 6: which is larger depends on H."""


def test_a_condition_on_sizes_that_cross_asks_for_the_first() -> None:
    typed, _ = checked(network(CROSSING, "[N, 8, H, H]"))
    assert typed is not None
    assert typed.complete
    assert typed.accepted["H"].describe() == "every H >= 2"
    steps = (
        nn.ConvTranspose2d(8, 8, 1, stride=(2, 1)),
        nn.Conv2d(8, 8, 1, padding=(0, 3)),
        nn.InstanceNorm2d(8, affine=True),
    )
    for height in range(2, 12):
        (output,) = {shape.shape for shape in (nn.Sequential(*steps)(torch.zeros(2, 8, height, height)),)}
        assert output == (2, 8, 2 * height - 1, height + 6)


@pytest.mark.parametrize("name", ["add", "mul", "concat"])
def test_a_join_of_nothing(name: str) -> None:
    (problem,) = evaluate(name).call.problems
    assert (problem.code, problem.message) == ("E0308", f"`{name}` needs at least one path")


@pytest.mark.parametrize(("kernel", "dilation"), [(2, 1), (2, 2), (2, 3), (4, 1), (4, 3), (3, 2)])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_what_torch_pads_unevenly_by_itself_takes_memory(kernel: int, dilation: int) -> None:
    arguments = {"channels": 4, "kernel": kernel, "dilation": dilation, "padding": "same"}
    outcome = outcome_of("conv", Example(((2, 3, 9, 8),), arguments))
    call, output = outcome.call, outcome.output
    assert output is not None
    form = call.op.to_torch(call)
    assert form is not None
    module, x = build(form, call), torch.rand(2, 3, 9, 8)
    with torch.no_grad(), AllocationTrace((), [x, *module.parameters()]) as trace:
        result = module(x)
    assert output.shape == tuple(result.shape)
    assert trace.peak == 4 * (result.numel() + call.op.scratch(call, output).values)
    trained = x.clone().requires_grad_()
    saved, _ = kept_storages(module, lambda: module(trained))
    kept = call.op.kept(call, output)
    assert 4 * ((kept.inputs or kept.trained_inputs) * x.numel() + kept.values) == sum(
        size for _, size in saved.values()
    )


@pytest.mark.parametrize(
    ("kernel", "dilation", "here"), [(2, 1, ""), (2, 3, " (3·(2 − 1) is odd)"), (3, 3, None), (2, 2, None)]
)
def test_an_uneven_border_is_told(kernel: int, dilation: int, here: str | None) -> None:
    outcome = outcome_of(
        "conv", Example(((2, 3, 9, 8),), {"channels": 4, "kernel": kernel, "dilation": dilation, "padding": "same"})
    )
    told = [problem for problem in outcome.call.op.warnings(outcome.call) if problem.code == "W0340"]
    border = dilation * (kernel - 1)
    assert bool(told) == (border % 2 == 1) == (here is not None)
    if here is not None:
        assert told[0].here == f"height: padding {border // 2} before, {border - border // 2} behind{here}"


@pytest.mark.parametrize("layer", ["window_partition(2)", "grid_partition(2)"])
def test_only_an_image_is_cut_into_windows(layer: str) -> None:
    (found,) = errors(network(layer, "[N, 8, H]", "[N, _, _]"))
    assert (found.code, found.message) == ("E0304", f"`{layer[:-3]}` cannot work on a value of rank 3")
