"""What the files in ``tests/corpus/bad/silent`` do, in torch: each program runs to its end on the CPU.

A program returns the evidence that what it computed is not what was meant; the test demands that it is true.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Program = Callable[[], bool]
PROGRAMS: dict[str, Program] = {}
"""The programs by the name of their file."""

zeros, randn = torch.zeros, torch.randn


def _program(name: str) -> Callable[[Program], Program]:
    def note(program: Program) -> Program:
        PROGRAMS[name] = program
        return program

    return note


def _shape(name: str, module: Callable[[Tensor], Tensor], given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """A module that takes ``given`` and, instead of failing, gives ``wanted``."""
    PROGRAMS[name] = lambda: tuple(module(randn(given)).shape) == wanted


_shape("01_linear_on_an_image", nn.Linear(8, 10), (2, 3, 8, 8), (2, 3, 8, 10))
_shape("02_lazy_linear", nn.Sequential(nn.Conv2d(3, 4, 3), nn.LazyLinear(10)), (2, 3, 6, 5), (2, 4, 4, 10))
_shape(
    "03_linear_on_pooled_channels",
    nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Linear(1, 10)),
    (2, 64, 8, 8),
    (2, 64, 1, 10),
)
_shape("07_image_without_batch", nn.Conv2d(3, 8, 3), (3, 16, 16), (8, 14, 14))
_shape("07_grey_image_without_channels", nn.LazyConv2d(8, 3, padding=1), (5, 16, 16), (8, 16, 16))
_shape("08_flatten_without_batch", nn.Flatten(0), (3, 32, 32), (3072,))
_shape("09_upsample_of_rank_3", nn.Upsample(scale_factor=2), (2, 8, 8), (2, 8, 16))
_shape("10_add_channel_vector", lambda x: x + x[0].mean((1, 2), keepdim=True), (2, 8, 16, 16), (2, 8, 16, 16))
_shape("11_add_of_one_channel", lambda x: x + x[:, :1], (2, 8, 16, 16), (2, 8, 16, 16))
_shape("12_add_of_one_sample", lambda x: x + x[:1], (2, 8, 4, 4), (2, 8, 4, 4))
_shape("13_add_of_lower_rank", lambda x: x + nn.Linear(64, 8)(x.flatten(1)), (8, 8, 8), (8, 8, 8))
_shape("14_add_of_a_row", lambda x: x + x.mean((2, 3))[0], (2, 8, 8, 8), (2, 8, 8, 8))
_shape("15_column_and_row", lambda x: nn.Linear(8, 1)(x) + x[:, 0], (4, 8), (4, 4))
_shape("16_gate_on_the_wrong_axis", lambda x: x * x.mean((1, 3), keepdim=True), (2, 8, 8, 8), (2, 8, 8, 8))
_shape("17_concat_on_the_wrong_axis", lambda x: torch.cat([x, x]), (2, 8), (4, 8))
_shape("17_concat_on_the_height", lambda x: torch.cat([x, x], 2), (2, 8, 8, 8), (2, 8, 16, 8))
_shape("18_concat_of_nothing", lambda x: torch.cat([x, zeros(0)], 1), (2, 8, 8, 8), (2, 8, 8, 8))
_shape("22_adaptive_pool_upsamples", nn.AdaptiveAvgPool2d(7), (2, 8, 4, 4), (2, 8, 7, 7))
_shape("23_adaptive_size_0", nn.Sequential(nn.AdaptiveAvgPool2d(0), nn.Flatten()), (2, 8, 4, 4), (2, 0))
_shape("33_head_of_another_width", nn.Linear(3, 1000), (2, 3), (2, 1000))
_shape("30_layer_norm_on_an_image", nn.LayerNorm(8), (2, 8, 4, 8), (2, 8, 4, 8))


def _unseen(layer: Callable[[Tensor], Tensor], given: tuple[int, ...]) -> set[int]:
    """The rows of an image that have no influence on the output, by their gradient."""
    image = randn(given, requires_grad=True)
    layer(image).sum().backward()  # type: ignore[no-untyped-call]
    assert image.grad is not None
    return {row for row in range(given[2]) if not image.grad[:, :, row].any()}


@_program("19_pool_drops_a_row")
def _() -> bool:
    return _unseen(nn.MaxPool2d(2), (1, 8, 7, 7)) == {6}


@_program("19_stride_drops_rows")
def _() -> bool:
    return _unseen(nn.Conv2d(3, 96, 11, stride=4, padding=1), (1, 3, 224, 224)) == {222, 223}


@_program("20_stride_beyond_the_kernel")
def _() -> bool:
    return _unseen(nn.AvgPool2d(2, stride=3), (1, 8, 11, 11)) == {2, 5, 8}


@_program("21_window_outside")
def _() -> bool:
    """The border counts twice as much as the rest."""
    pooled = nn.AvgPool2d(2, ceil_mode=True)(image := randn(1, 8, 7, 7))
    return torch.equal(pooled[:, :, -1, -1], image[:, :, -1, -1])


@_program("24_padding_beyond_the_kernel")
def _() -> bool:
    border = nn.Conv2d(3, 8, 3, padding=3)(randn(2, 3, 32, 32))[:, :, 0]
    return torch.equal(border, border[:1, :, :1].expand_as(border))


@_program("24_padded_projection")
def _() -> bool:
    layer = nn.Conv2d(3, 8, 1, padding=1)
    assert layer.bias is not None
    return torch.equal(layer(randn(1, 3, 9, 9))[0, :, 0, 0], layer.bias)


@_program("25_window_on_one_pixel")
def _() -> bool:
    """Eight of nine weights get no gradient."""
    layer = nn.Conv2d(8, 16, 3, padding=1)
    layer(randn(2, 8, 1, 1)).sum().backward()
    assert layer.weight.grad is not None
    return int(layer.weight.grad.ne(0).any(0).any(0).sum()) == 1


@_program("26_norm_of_other_channels")
def _() -> bool:
    return nn.InstanceNorm2d(5, affine=False)(randn(2, 8, 16, 16)).shape == (2, 8, 16, 16)


@_program("27_group_norm_of_other_channels")
def _() -> bool:
    return nn.GroupNorm(2, 6, affine=False)(randn(2, 8, 16, 16)).shape == (2, 8, 16, 16)


@_program("28_group_of_one_value")
def _() -> bool:
    return torch.allclose(nn.GroupNorm(8, 8)(randn(2, 8, 1, 1)), zeros(2, 8, 1, 1), atol=1e-3)


@_program("29_batch_norm_on_one_pixel")
def _() -> bool:
    """With two samples every value comes out as one or minus one, whatever it was."""
    normed = nn.BatchNorm2d(16, eps=1e-12)(randn(2, 16, 1, 1))
    return torch.allclose(normed.abs(), torch.ones(2, 16, 1, 1), atol=1e-3)


@_program("31_dropout2d_on_rows")
def _() -> bool:
    return nn.Dropout2d(0.5)(randn(2, 128)).shape == (2, 128)


@_program("32_softmax_over_the_batch")
def _() -> bool:
    return torch.allclose(F.softmax(randn(4, 10), 0).sum(0), torch.ones(10))


@_program("35_softmax_before_the_loss")
def _() -> bool:
    """A sure and right answer costs as much as the uniform one does without softmax, nearly."""
    sure = 100.0 * torch.eye(10)
    return bool(F.cross_entropy(F.softmax(sure, 1), torch.arange(10)) > 1.4)


@_program("38_dilation_overflows")
def _() -> bool:
    return F.conv1d(zeros(1, 1, 5), zeros(1, 1, 5), dilation=2**62).shape == (1, 1, 5)


@_program("39_value_nobody_uses")
def _() -> bool:
    unused, used = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 16, 3)
    image = randn(2, 3, 8, 8)
    unused(image)
    used(image).sum().backward()
    return unused.weight.grad is None


@_program("39_second_output_of_a_block")
def _() -> bool:
    first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
    outputs = (kept := first(randn(2, 3, 8, 8)), second(kept))
    outputs[0].sum().backward()
    return second.weight.grad is None


@_program("40_even_kernel")
def _() -> bool:
    """An image like its mirror becomes one that is not."""
    line = zeros(1, 1, 8)
    line[..., 3:5] = 1
    shifted = F.conv1d(line, torch.ones(1, 1, 4), padding="same")
    return torch.equal(line, line.flip(2)) and not torch.equal(shifted, shifted.flip(2))


@_program("41_bias_before_norm")
def _() -> bool:
    """Another bias changes nothing."""
    layer, norm, image = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), randn(2, 3, 16, 16)
    assert layer.bias is not None
    before = norm(layer(image))
    nn.init.constant_(layer.bias, 7.0)
    return torch.allclose(before, norm(layer(image)), atol=1e-4)


@_program("42_dropout_of_everything")
def _() -> bool:
    return not nn.Dropout(1.0)(randn(2, 16)).any()


# --- what no file can say -------------------------------------------------------------------------------------------


@_program("4_reshape_into_the_batch")
def _() -> bool:
    return randn(2, 16, 5, 5).reshape(-1, 100).shape == (8, 100)


@_program("5_flatten_with_the_batch")
def _() -> bool:
    return torch.flatten(randn(2, 3, 4)).shape == (24,)


@_program("6_squeeze_of_a_batch_of_one")
def _() -> bool:
    return randn(1, 8, 1, 1).squeeze().shape == (8,)


@_program("34_cross_entropy_of_one_output")
def _() -> bool:
    return F.cross_entropy(randn(4, 1), torch.zeros(4, dtype=torch.long)).item() == 0


@_program("36_one_hot_as_probabilities")
def _() -> bool:
    return F.cross_entropy(randn(4, 3), torch.eye(4, 3) * 5).isfinite().item() is True


@_program("37_column_against_row")
def _() -> bool:
    return F.mse_loss(zeros(4, 1), torch.arange(4.0)) != F.mse_loss(zeros(4), torch.zeros(4))
