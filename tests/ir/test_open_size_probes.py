"""The five probes of open sizes against real torch on CPU, size by size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from archdsl.ir.dim import Dim, SizeSet, dim_min
from archdsl.ir.types import Size
from tests.ir.size_trees import H, value

LAST = 140


def conv_size(size: Size, kernel: int, stride: int = 1, padding: int = 0) -> Size:
    return (size + 2 * padding - kernel) // stride + 1


def conv(x: Tensor, kernel: int, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, torch.ones(1, 1, kernel, 1), stride=(stride, 1), padding=(padding, 0))


def accepted_by_torch(network: Callable[[Tensor], object]) -> list[int]:
    """The heights at which a network runs."""
    heights = []
    for height in range(1, LAST + 1):
        try:
            network(torch.ones(1, 1, height, 1))
        except (RuntimeError, ValueError):
            continue
        heights.append(height)
    return heights


def add(left: Tensor, right: Tensor) -> None:
    """What `add` means: torch itself would broadcast a height of 1."""
    if left.shape != right.shape:
        raise ValueError("shapes differ")


def elements(sizes: SizeSet) -> list[int]:
    return [height for height in range(1, LAST + 1) if sizes.contains(height)]


def all_of(*conditions: SizeSet) -> SizeSet:
    both = SizeSet.of(True, "H")
    for condition in conditions:
        both = both.intersect(condition)
    return both


def test_an_unpadded_convolution_never_meets_its_skip() -> None:
    sizes = Dim.solve_equal(conv_size(H, 3), H)
    assert elements(sizes) == accepted_by_torch(lambda x: add(conv(x, 3), x)) == []
    assert sizes.never
    assert sizes.describe() == "no H"


def test_a_projection_shortcut_always_meets_its_block() -> None:
    sizes = Dim.solve_equal(conv_size(H, 3, stride=2, padding=1), conv_size(H, 1, stride=2))
    accepted = accepted_by_torch(lambda x: add(conv(x, 3, stride=2, padding=1), conv(x, 1, stride=2)))
    assert elements(sizes) == accepted == list(range(1, LAST + 1))
    assert sizes.always
    assert sizes.describe() == "every H"


def test_a_floor_path_meets_a_ceil_path_for_even_heights_only() -> None:
    pooled = H // 2
    sizes = all_of(Dim.solve_equal(pooled, conv_size(H, 3, stride=2, padding=1)), Dim.solve_at_least(pooled, 1))
    accepted = accepted_by_torch(lambda x: add(F.max_pool2d(x, (2, 1)), conv(x, 3, stride=2, padding=1)))
    assert elements(sizes) == accepted
    assert sizes.describe() == "H is even"
    assert not sizes.always
    assert not sizes.never


def unet(x: Tensor, depth: int) -> Tensor:
    if depth == 0:
        return x
    below = unet(F.max_pool2d(x, (2, 1)), depth - 1)
    return torch.cat([x, F.interpolate(below, scale_factor=(2.0, 1.0))], dim=1)


@pytest.mark.parametrize("depth", range(1, 7))
def test_a_unet_needs_a_multiple_of_a_power_of_two(depth: int) -> None:
    down: list[Size] = [H]
    for _ in range(depth):
        down.append(down[-1] // 2)
    joins = [Dim.solve_equal(2 * below, above) for above, below in pairwise(down)]
    positive = [Dim.solve_at_least(size, 1) for size in down]
    for order in (joins, joins[::-1]):
        sizes = all_of(*order, *positive)
        assert elements(sizes) == accepted_by_torch(lambda x: unet(x, depth))
        assert (sizes.modulus, sizes.residues, sizes.settles_at, sizes.minimum) == (2**depth, (range(1),), 1, 2**depth)
        assert sizes.describe() == (f"{2**depth} divides H" if depth > 1 else "H is even")
    assert str(down[-1]) == f"⌊H/{2**depth}⌋"
    assert isinstance(down[-1], Dim)
    assert down[-1].text_for(sizes) == f"H/{2**depth}"


def test_a_cropped_unet_gives_the_residues_of_the_paper() -> None:
    """Ronneberger et al. 2015: unpadded convolutions; every pooled size must be even, 572 is one such input."""
    size: Size = H
    pooled: list[SizeSet] = []
    for _ in range(4):
        size = size - 4
        pooled.append(Dim.solve_divides(2, size))
        size = size // 2
    for _ in range(4):
        size = 2 * (size - 4)
    sizes = all_of(*pooled, Dim.solve_at_least(size - 4, 1))
    assert sizes.describe() == "H mod 16 is 12 and H >= 188"
    assert sizes.contains(572)
    assert value(size - 4, 572) == 388


def test_a_linear_layer_after_an_open_height_fixes_one_height() -> None:
    features = 4 * conv_size(H, 5)
    sizes = Dim.solve_equal(features, 4 * 96)
    layer = torch.nn.Linear(96, 2)
    assert elements(sizes) == accepted_by_torch(lambda x: layer(torch.flatten(conv(x, 5), 1))) == [100]
    assert sizes.describe() == "H = 100"


def test_a_linear_layer_that_no_height_can_reach() -> None:
    sizes = Dim.solve_equal(4 * conv_size(H, 5), 4 * 96 + 2)
    assert sizes.never


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (2, 3, 1), (3, 3, 1), (5, 4, 2), (2, 5, 1)]
)
def test_ceil_mode_pooling_meets_floor_mode_where_torch_says(kernel: int, stride: int, padding: int) -> None:
    low = conv_size(H, kernel, stride, padding)
    high = dim_min(-(-(H + 2 * padding - kernel) // stride) + 1, -(-(H + padding) // stride))
    sizes = all_of(Dim.solve_equal(low, high), Dim.solve_at_least(low, 1), Dim.solve_at_least(high, 1))

    def pool(x: Tensor, ceil_mode: bool) -> Tensor:
        return F.max_pool2d(x, (kernel, 1), (stride, 1), (padding, 0), ceil_mode=ceil_mode)

    assert elements(sizes) == accepted_by_torch(lambda x: add(pool(x, False), pool(x, True)))
