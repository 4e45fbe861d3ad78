"""Pools: every small configuration accepted, rejected and sized exactly as by real CPU torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from random import Random

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.ops.support import Case, assert_agreement, described_shape, evaluate, module_shape, torch_shape


def training_max_pool1d(x: Tensor, *arguments: object) -> Tensor:
    """torch has a kernel of its own for max_pool1d without gradients, and the 2-D one with them."""
    with torch.enable_grad():
        return F.max_pool1d(x.requires_grad_(), *arguments)  # type: ignore[arg-type]


def column_max_pool2d(x: Tensor, k: int, s: int | None, p: int, d: int, ceil: bool) -> Tensor:
    """The same window on the height of an image of width 1."""
    stride = None if s is None else (s, 1)
    return F.max_pool2d(x[..., None], (k, 1), stride, (p, 0), (d, 1), ceil)[..., 0]


def max_pools(pool: Callable[..., Tensor]) -> Iterator[Case]:
    strides = [None, *range(6)]
    for n, k, s, p, d, ceil in product(range(1, 12), range(7), strides, range(-1, 5), range(5), (False, True)):
        theirs = torch_shape(pool, torch.zeros(1, 1, n), k, s, p, d, ceil)
        arguments = {"kernel": k, "padding": p, "dilation": d, "ceil": ceil}
        ours = evaluate("max_pool", (1, 1, n), **arguments, **({} if s is None else {"stride": s})).shape
        blind = theirs is not None and column_max_pool2d(torch.zeros(1, 1, n), k, s, p, d, ceil).isinf().any()
        yield Case((n, s, arguments), ours, theirs, "a window sees nothing but padding" if blind else "")


@pytest.mark.parametrize("pool", [F.max_pool1d, training_max_pool1d, column_max_pool2d])
def test_max_pool(pool: Callable[..., Tensor]) -> None:
    assert_agreement(max_pools(pool), 32_000)


def column_avg_pool2d(x: Tensor, k: int, s: int | None, p: int, ceil: bool, include: bool) -> Tensor:
    """The same window on the height of an image of width 1."""
    stride = None if s is None else (s, 1)
    return F.avg_pool2d(x[..., None], (k, 1), stride, (p, 0), ceil, include)[..., 0]


def avg_pools(pool: Callable[..., Tensor]) -> Iterator[Case]:
    strides = [None, *range(6)]
    flags = (False, True)
    for n, k, s, p, ceil, include in product(range(1, 14), range(8), strides, range(-1, 5), flags, flags):
        theirs = torch_shape(pool, torch.zeros(1, 1, n), k, s, p, ceil, include)
        arguments = {"kernel": k, "padding": p, "ceil": ceil, "count_include_pad": include}
        ours = evaluate("avg_pool", (1, 1, n), **arguments, **({} if s is None else {"stride": s})).shape
        yield Case((n, s, arguments), ours, theirs)


@pytest.mark.parametrize("pool", [F.avg_pool1d, column_avg_pool2d])
def test_avg_pool(pool: Callable[..., Tensor]) -> None:
    assert_agreement(avg_pools(pool), 17_000)


def volumes() -> Iterator[Case]:
    """torch's mean over volumes refuses a kernel larger than the input, however much padding there is."""
    for n, k, s, p, ceil in product(range(1, 9), range(1, 7), range(1, 5), range(4), (False, True)):
        kernel, stride, padding = (1, 1, k), (1, 1, s), (0, 0, p)
        theirs = torch_shape(F.avg_pool3d, torch.zeros(1, 1, 1, 2, n), kernel, stride, padding, ceil)
        ours = evaluate("avg_pool", (1, 1, 1, 2, n), kernel=kernel, stride=stride, padding=padding, ceil=ceil).shape
        yield Case((n, k, s, p, ceil), ours, theirs)


def test_avg_pool_of_volumes() -> None:
    assert_agreement(volumes(), 1_500)


def sampled(name: str, axes: int, count: int) -> Iterator[Case]:
    random = Random(f"{name}{axes}")
    modules = {
        "max_pool": (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
        "avg_pool": (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    }

    def per_axis(low: int, high: int) -> int | tuple[int, ...]:
        one = random.randint(low, high)
        return one if random.random() < 0.4 else tuple(random.randint(low, high) for _ in range(axes))

    for _ in range(count):
        shape = (2, 3, *(random.randint(1, 9) for _ in range(axes)))
        own = {"dilation": per_axis(1, 3)} if name == "max_pool" else {"count_include_pad": random.random() < 0.5}
        steps = {"stride": per_axis(1, 4)} if random.random() < 0.7 else {}
        rest = {"padding": per_axis(0, 2) if random.random() < 0.6 else 0, **own, **steps}
        kernel, ceil = per_axis(1, 4), random.random() < 0.6
        pool = modules[name][axes - 1]
        theirs = module_shape(pool, shape, kernel, ceil_mode=ceil, **rest)
        blind = theirs is not None and pool(kernel, ceil_mode=ceil, **rest)(torch.zeros(shape)).isinf().any()
        outcome = evaluate(name, shape, kernel=kernel, ceil=ceil, **rest)
        assert described_shape(outcome) == outcome.shape
        why = "a window sees nothing but padding" if blind else ""
        yield Case((shape, kernel, ceil, rest), outcome.shape, theirs, why)


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(("axes", "count"), [(1, 2_000), (2, 4_000), (3, 2_000)])
def test_images_and_volumes(name: str, axes: int, count: int) -> None:
    assert_agreement(sampled(name, axes, count), count)


def adaptive(name: str, pool: Callable[..., Tensor]) -> Iterator[Case]:
    for n, size in product(range(1, 13), range(-2, 16)):
        theirs = torch_shape(pool, torch.zeros(1, 2, n), size)
        ours = evaluate(name, (1, 2, n), size=size).shape
        yield Case((n, size), ours, theirs)
    for (height, width), size in product(product(range(1, 6), range(1, 6)), product(range(-1, 5), range(-1, 5))):
        theirs = torch_shape(image_pool(name), torch.zeros(1, 2, height, width), size)
        ours = evaluate(name, (1, 2, height, width), size=size).shape
        yield Case((height, width, size), ours, theirs)


def image_pool(name: str) -> Callable[..., Tensor]:
    return {"adaptive_avg_pool": F.adaptive_avg_pool2d, "adaptive_max_pool": F.adaptive_max_pool2d}[name]


@pytest.mark.parametrize(
    ("name", "pool"), [("adaptive_avg_pool", F.adaptive_avg_pool1d), ("adaptive_max_pool", F.adaptive_max_pool1d)]
)
def test_adaptive_pools(name: str, pool: Callable[..., Tensor]) -> None:
    assert_agreement(adaptive(name, pool), 1_100)


def test_global_pool_gives_one_place_whatever_flows_in() -> None:
    for axes, n in product((1, 2, 3), range(1, 6)):
        shape = (2, 3, *((n,) * axes))
        outcome = evaluate("global_avg_pool", shape)
        assert outcome.shape == (2, 3, *((1,) * axes)) == described_shape(outcome)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("max_pool", {"kernel": (2, 2)}),
        ("max_pool", {"kernel": 2, "stride": (2, 2)}),
        ("max_pool", {"kernel": 2, "padding": (1,)}),
        ("max_pool", {"kernel": 2, "dilation": ()}),
        ("avg_pool", {"kernel": (2, 2, 2, 2)}),
        ("adaptive_avg_pool", {"size": (1, 1)}),
        ("conv", {"channels": 1, "kernel": 1, "stride": (1, 1)}),
        ("conv", {"channels": 1, "kernel": 1, "dilation": (1, 1)}),
        ("conv", {"channels": 1, "kernel": 1, "padding": (0, 0)}),
        ("conv_transpose", {"channels": 1, "kernel": (1, 1)}),
        ("conv_transpose", {"channels": 1, "kernel": 1, "output_padding": (0, 0)}),
    ],
)
def test_a_wrong_number_of_axes_is_refused(name: str, arguments: dict[str, object]) -> None:
    axes = 3
    outcome = evaluate(name, (2, 3, 9, 9, 9), **arguments)
    assert outcome.codes == ["E0310"]
    problem = outcome.call.problems[0]
    assert problem.argument in arguments
    assert f"for {axes} spatial axes" in problem.message
