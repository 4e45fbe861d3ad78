"""Convolution: every small configuration accepted, rejected and sized exactly as real torch does on the CPU.

Axes are independent, so nearly everything is enumerated on sequences; images and volumes are sampled.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.ops.support import Case, assert_agreement, described_shape, evaluate, module_shape, torch_shape


def plain() -> Iterator[Case]:
    for n, k, s, p, d in product(range(1, 15), range(7), range(6), range(-1, 7), range(5)):
        x, weight = torch.zeros(1, 1, n), torch.zeros(1, 1, k)
        theirs = torch_shape(F.conv1d, x, weight, None, s, p, d)
        ours = evaluate("conv", (1, 1, n), channels=1, kernel=k, stride=s, padding=p, dilation=d).shape
        yield Case((n, k, s, p, d), ours, theirs)


def test_kernel_stride_padding_dilation() -> None:
    assert_agreement(plain(), 23_000)


def same() -> Iterator[Case]:
    for n, k, s, d in product(range(1, 13), range(10), range(4), range(5)):
        x, weight = torch.zeros(1, 1, n), torch.zeros(1, 1, k)
        theirs = torch_shape(F.conv1d, x, weight, None, s, "same", d)
        ours = evaluate("conv", (1, 1, n), channels=1, kernel=k, stride=s, padding="same", dilation=d).shape
        yield Case((n, k, s, d), ours, theirs)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_same_padding() -> None:
    assert_agreement(same(), 2_400)


def modes(mode: str) -> Iterator[Case]:
    paddings: list[int | str] = [*range(-1, 6), "same"]
    for n, k, s, p, d in product(range(1, 9), range(1, 7), range(1, 4), paddings, range(1, 4)):
        arguments = {"stride": s, "padding": p, "dilation": d, "padding_mode": mode}
        theirs = module_shape(nn.Conv1d, (1, 1, n), 1, 1, k, **arguments)
        ours = evaluate("conv", (1, 1, n), channels=1, kernel=k, **arguments).shape
        crops = mode != "zeros" and p == -1
        yield Case((n, k, s, p, d), ours, theirs, stricter="negative padding crops" if crops else "")


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_modes(mode: str) -> None:
    assert_agreement(modes(mode), 3_400)


def test_an_unknown_padding_mode_is_refused_as_in_torch() -> None:
    with pytest.raises(ValueError, match="padding_mode"):
        nn.Conv1d(1, 1, 1, padding_mode="constant")
    assert evaluate("conv", (1, 1, 3), channels=1, kernel=1, padding_mode="constant").refusal.startswith("padding_mode")


def groups() -> Iterator[Case]:
    for c_in, c_out, g in product(range(1, 9), range(-1, 9), range(-1, 7)):
        theirs = module_shape(nn.Conv1d, (1, c_in, 2), c_in, c_out, 1, groups=g)
        ours = evaluate("conv", (1, c_in, 2), channels=c_out, kernel=1, groups=g).shape
        yield Case((c_in, c_out, g), ours, theirs)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_channels_and_groups() -> None:
    assert_agreement(groups(), 600)


def sampled(axes: int, count: int) -> Iterator[Case]:
    random = Random(axes)

    def per_axis(low: int, high: int) -> int | tuple[int, ...]:
        one = random.randint(low, high)
        return one if random.random() < 0.4 else tuple(random.randint(low, high) for _ in range(axes))

    for _ in range(count):
        n = tuple(random.randint(1, 8) for _ in range(axes))
        c_in, c_out, g = random.choice([(1, 1, 1), (2, 4, 2), (2, 3, 2), (3, 2, 3), (4, 4, 4)])
        mode = random.choice(["zeros", "zeros", "reflect", "replicate", "circular"])
        padding: object = "same" if random.random() < 0.15 else per_axis(0, 3)
        arguments = {
            "stride": 1 if padding == "same" and random.random() < 0.8 else per_axis(1, 3),
            "padding": padding,
            "dilation": per_axis(1, 3),
            "groups": g,
            "bias": random.random() < 0.5,
            "padding_mode": mode,
        }
        kernel = per_axis(1, 4)
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
        theirs = module_shape(conv, (2, c_in, *n), c_in, c_out, kernel, **arguments)
        outcome = evaluate("conv", (2, c_in, *n), channels=c_out, kernel=kernel, **arguments)
        assert described_shape(outcome) == outcome.shape
        yield Case((n, c_in, c_out, kernel, arguments), outcome.shape, theirs)


@pytest.mark.parametrize(("axes", "count"), [(2, 6_000), (3, 3_000)])
def test_images_and_volumes(axes: int, count: int) -> None:
    assert_agreement(sampled(axes, count), count)
