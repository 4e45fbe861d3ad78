"""LeNet-5's layers against torch's own: what a table, a trained sum and a distance come to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
import torch

from tests.ops.support import Case, assert_agreement, carried, evaluate, module_shape


def test_a_table_is_a_convolution_with_zeros_where_it_does_not_read() -> None:
    maps = ((0, 1), (1, 2), (0, 1, 2), (2,))
    layer = carried("TableConv2d")(maps, kernel_size=3)  # type: ignore[call-arg]
    dense = torch.zeros(4, 3, 3, 3)
    pairs = [(made, read) for made, reads in enumerate(maps) for read in reads]
    for (made, read), kernel in zip(pairs, layer.get_parameter("weight"), strict=True):
        dense[made, read] = kernel[0]
    torch.nn.init.normal_(layer.get_parameter("bias"))
    x = torch.randn(2, 3, 8, 9)
    expected = torch.nn.functional.conv2d(x, dense, layer.get_parameter("bias"))
    assert torch.allclose(layer(x), expected, atol=1e-6)
    x[:, 0] = 7.0  # what reads the first channel changes, what does not stays
    changed = (layer(x) - expected).abs().amax((0, 2, 3)) > 1e-5
    assert changed.tolist() == [True, False, True, False]


def tables() -> Iterator[Case]:
    random = Random(0)
    for channels, n, kernel, rows in product(range(1, 5), range(1, 5), range(1, 4), range(1, 4)):
        for _ in range(4):
            maps = tuple(tuple(random.sample(range(5), random.randint(1, 3))) for _ in range(rows))
            theirs = module_shape(carried("TableConv2d"), (1, channels, n, 4), maps, kernel)
            ours = evaluate("table_conv", (1, channels, n, 4), maps=maps, kernel=kernel).shape
            yield Case((channels, n, maps, kernel), ours, theirs)


def test_tables_of_every_kind() -> None:
    assert_agreement(tables(), 570)


def test_subsampling_sums_windows_and_scales() -> None:
    layer = carried("Subsample")(3, 2)  # type: ignore[call-arg]
    torch.nn.init.normal_(layer.get_parameter("weight"))
    torch.nn.init.normal_(layer.get_parameter("bias"))
    x = torch.randn(2, 3, 7, 6)
    sums = x[:, :, :6].unfold(2, 2, 2).unfold(3, 2, 2).sum((4, 5))
    expected = sums * layer.get_parameter("weight")[:, None, None] + layer.get_parameter("bias")[:, None, None]
    assert torch.allclose(layer(x), expected, atol=1e-6)


def test_distances_are_squared_and_the_centres_are_signs() -> None:
    layer = carried("RBF")(5, 3)  # type: ignore[call-arg]
    centres, x = layer.get_buffer("centres"), torch.randn(4, 5)
    assert set(centres.unique().tolist()) <= {-1.0, 1.0}
    assert torch.allclose(layer(x), torch.cdist(x, centres) ** 2, atol=1e-4)


def test_the_squashing_function_takes_one_to_one() -> None:
    ends = carried("ScaledTanh")()(torch.tensor([-1.0, 0.0, 1.0, 100.0]))
    assert torch.allclose(ends, torch.tensor([-1.0, 0.0, 1.0, 1.7159]), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "shape", "arguments", "expected"),
    [
        ("table_conv", (2, 3, 8, 9), {"maps": ((3,),), "kernel": 3}, "E0303"),
        ("table_conv", (2, 3, 8, 2), {"maps": ((0,),), "kernel": 3}, "E0301"),
        ("table_conv", (2, 3), {"maps": ((0,),), "kernel": 3}, "E0304"),
        ("table_conv", (2, 3, 8, 8), {"maps": (), "kernel": 3}, "maps"),
        ("table_conv", (2, 3, 8, 8), {"maps": ((),), "kernel": 3}, "maps"),
        ("table_conv", (2, 3, 8, 8), {"maps": ((1, 1),), "kernel": 3}, "maps"),
        ("table_conv", (2, 3, 8, 8), {"maps": ((-1,),), "kernel": 3}, "maps"),
        ("table_conv", (2, 3, 8, 8), {"maps": (1, 2), "kernel": 3}, "maps"),
        ("subsample", (2, 3, 1, 8), {"kernel": 2}, "E0301"),
        ("subsample", (2, 3, 8), {"kernel": 2}, "E0304"),
        ("rbf", (2, 3, 8, 8), {"features": 2}, "E0304"),
        ("take_channels", (2, 3, 8, 8), {"channels": 2, "start": 2}, "E0303"),
        ("take_channels", (2, 3, 8, 8), {"channels": 2, "start": -1}, "start"),
        ("pad_channels", (2, 3, 8, 8), {"channels": 2}, "E0303"),
        ("stochastic_depth", (2, 3, 8, 8), {"p": 1.5}, "p"),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, shape: tuple[int, ...], arguments: dict[str, object], expected: str
) -> None:
    outcome = evaluate(name, shape, **arguments)
    assert outcome.output is None
    assert outcome.codes == [expected] or outcome.refusal.startswith(f"{expected}:")
