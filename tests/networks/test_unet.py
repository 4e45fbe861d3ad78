"""specs/unet.arch against U-Nets written by hand: same outputs for the same weights, the paper's figures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archdsl.analysis.sizes import accepted_sizes
from tests.networks.support import execute, source, typed


class Level(nn.Module):
    """Two convolutions, and below them the rest of the network, recursively: unlike the spec, which is two loops."""

    def __init__(self, ins: int, width: int, depth: int, padded: bool) -> None:
        super().__init__()
        self.down = _pair(ins, width, padded)
        self.below = Level(width, 2 * width, depth - 1, padded) if depth else None
        if depth:
            self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
            self.mix = _pair(2 * width, width, padded)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.down(x)
        if self.below is None:
            return skip  # type: ignore[no-any-return]
        up = self.up(self.below(nn.functional.max_pool2d(skip, 2)))
        top, left = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
        cropped = skip[:, :, top : top + up.shape[2], left : left + up.shape[3]]
        return self.mix(torch.cat([cropped, up], 1))  # type: ignore[no-any-return]

    def modules_in_order(self) -> list[nn.Module]:
        """As the data flows, which is the spec's order."""
        if self.below is None:
            return [self.down]
        return [self.down, *self.below.modules_in_order(), self.up, self.mix]


def _pair(ins: int, width: int, padded: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (ins, width):
        layers.append(nn.Conv2d(channels, width, 3, padding=int(padded), bias=not padded))
        layers += [nn.BatchNorm2d(width)] if padded else []
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    ("name", "colours", "sizes"), [("unet", 1, [(188, 188), (204, 220)]), ("unet_padded", 3, [(16, 16), (32, 80)])]
)
def test_the_same_weights_give_the_same_mask(name: str, colours: int, sizes: list[tuple[int, int]]) -> None:
    torch.manual_seed(0)
    network = execute(source("unet.arch", name))[name](base=4, classes=3).eval()
    levels, head = Level(colours, 4, 4, name == "unet_padded"), nn.Conv2d(4, 3, 1)
    parts = [value for part in (*levels.modules_in_order(), head) for value in part.state_dict().values()]
    theirs = network.state_dict()
    assert [value.shape for value in theirs.values()] == [value.shape for value in parts]
    with torch.no_grad():
        for mine, value in zip(parts, theirs.values(), strict=True):
            mine.copy_(value)
        for height, width in sizes:
            image = torch.randn(2, colours, height, width)
            assert torch.equal(network(image), head(levels.eval()(image)))


def test_the_figure_of_the_paper() -> None:
    """572 x 572 in, 388 x 388 out, 32 x 32 below the last pool and 28 x 28 behind the two convolutions there."""
    ((_, mask, _),) = typed("unet.arch", "unet").outputs
    assert mask is not None
    assert [size.evaluate(572) for size in mask.shape[2:]] == [388, 388]  # type: ignore[union-attr]
    text = source("unet.arch", "unet")
    assert "x = self.bottom(x)  # N x 1024 x ((H - 124) // 16)" in text
    assert ((572 - 60) // 16, (572 - 124) // 16) == (32, 28)


def test_sizes_that_the_paper_names() -> None:
    """The input has to be chosen such that every pool is applied to an even size; the guard of the padded one."""
    (height, width) = accepted_sizes(typed("unet.arch", "unet"))
    assert (height.accepted.describe(), height.accepted.contains(572)) == ("H mod 16 is 12 and H >= 188", True)
    assert width.accepted.minimum == 188
    network = execute(source("unet.arch", "unet_padded"))["unet_padded"](base=2).eval()
    with pytest.raises(ValueError, match="image works where 16 divides H, not for H = 333"):
        network(torch.zeros(1, 3, 333, 336))
