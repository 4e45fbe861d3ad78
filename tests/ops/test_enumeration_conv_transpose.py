"""Transposed convolution: every small configuration accepted, rejected and sized exactly as by real CPU torch."""

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
    for n, k, s, p, extra, d in product(range(1, 6), range(5), range(4), range(-1, 5), range(-1, 5), range(4)):
        theirs = torch_shape(
            F.conv_transpose1d, torch.zeros(1, 1, n), torch.zeros(1, 1, k), None, s, p, extra, groups=1, dilation=d
        )
        arguments = {"kernel": k, "stride": s, "padding": p, "output_padding": extra, "dilation": d}
        ours = evaluate("conv_transpose", (1, 1, n), channels=1, **arguments).shape
        yield Case((n, arguments), ours, theirs)


def test_kernel_stride_padding_output_padding_dilation() -> None:
    assert_agreement(plain(), 14_000)


def groups() -> Iterator[Case]:
    for c_in, c_out, g in product(range(1, 9), range(-1, 9), range(-1, 7)):
        theirs = module_shape(nn.ConvTranspose1d, (1, c_in, 2), c_in, c_out, 1, groups=g)
        ours = evaluate("conv_transpose", (1, c_in, 2), channels=c_out, kernel=1, groups=g).shape
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
        shape = (2, 0, *(random.randint(1, 5) for _ in range(axes)))
        c_in, c_out, g = random.choice([(1, 1, 1), (2, 4, 2), (2, 3, 2), (3, 2, 3), (4, 4, 4)])
        shape = (2, c_in, *shape[2:])
        arguments = {
            "stride": per_axis(1, 3),
            "padding": per_axis(0, 2),
            "output_padding": per_axis(0, 2) if random.random() < 0.6 else 0,
            "groups": g,
            "bias": random.random() < 0.5,
            "dilation": per_axis(1, 3),
        }
        kernel = per_axis(1, 4)
        conv = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1]
        theirs = module_shape(conv, shape, c_in, c_out, kernel, **arguments)
        outcome = evaluate("conv_transpose", shape, channels=c_out, kernel=kernel, **arguments)
        assert described_shape(outcome) == outcome.shape
        yield Case((shape, c_out, kernel, arguments), outcome.shape, theirs)


@pytest.mark.parametrize(("axes", "count"), [(1, 2_000), (2, 4_000), (3, 2_000)])
def test_images_and_volumes(axes: int, count: int) -> None:
    assert_agreement(sampled(axes, count), count)
