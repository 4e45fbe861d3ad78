"""Inputs that hardly any network has: crossing sizes, even kernels that keep the size, joins of nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archdsl.ops.base import Example
from archdsl.ops.rules import OpenSize, volume
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


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("table_conv", Example(((1, 2, 12, 12),), {"maps": ((0, 1), (1,)), "kernel": 3})),
        ("window_attention", Example(((1, 12, 12, 4),), {"heads": 2, "window": 3}, channels_last=True)),
        ("window_attention", Example(((1, 12, 12, 4),), {"heads": 2, "window": 4, "shift": 2}, channels_last=True)),
        ("patch_merge", Example(((1, 12, 12, 4),), channels_last=True)),
    ],
)
def test_a_row_sees_the_rows_that_its_gradient_reaches(name: str, example: Example) -> None:
    outcome = outcome_of(name, example, batch=1)
    form, windows = outcome.call.op.to_torch(outcome.call), outcome.call.op.window(outcome.call)
    assert form is not None
    assert windows is not None
    extent, stride, padding, spans = windows[0]
    axis, module, x = (
        (1 if example.channels_last else 2),
        build(form, outcome.call).eval(),
        torch.rand(example.inputs[0]),
    )
    x.requires_grad_()
    output = module(x)
    for row in range(output.shape[axis] - 2 * bool(example.arguments.get("shift"))):  # the last ones wrap around
        (gradient,) = torch.autograd.grad(output.select(axis, row).square().sum(), x, retain_graph=True)
        rows = gradient.abs().transpose(0, axis).flatten(1).sum(1).gt(1e-20).nonzero().flatten().tolist()
        assert isinstance(stride, int)
        assert isinstance(extent, int)
        start, last = row * stride - padding, row * stride - padding + extent - 1
        if spans:
            period, place = divmod(row, len(spans))
            start, last = (period * stride + end for end in spans[place])
        assert (rows[0], rows[-1]) == (max(start, 0), last)


def test_a_crop_that_leaves_nothing_and_a_scale_of_less_than_a_pixel() -> None:
    (found,) = errors(network("crop(4)", "[N, 8, 8, 9]"))
    assert (found.code, found.message) == ("E0306", "`crop` needs a height of at least 9")
    (found,) = errors(network("upsample(0.25)", "[N, 8, 3, 9]"))
    assert (found.code, found.message) == ("E0306", "`upsample` needs a height of at least 4")
    assert nn.ZeroPad2d(-4)(torch.zeros(1, 8, 8, 9)).numel() == 0
    with pytest.raises(RuntimeError):
        nn.Upsample(scale_factor=0.25)(torch.zeros(1, 8, 3, 9))


def test_fixed_sizes_are_asked_of_an_open_value() -> None:
    typed, _ = checked(network("relu"))
    assert typed is not None
    with pytest.raises(OpenSize):
        volume(typed.inputs[0][1])


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
