"""The other side of the first comparison: ResNet-50 by hand on plain torch, and torchinfo's summary of it.

By hand rather than torchvision's: importing torchvision takes longer than importing torch, and none of that
is the work that is compared. This way the other side imports torch and torchinfo, builds the same network
(25,557,032 weights) and asks for the shapes of one image, no more.
"""

from __future__ import annotations

import torch
import torchinfo
from torch import nn


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions with a shortcut; the last has four times the channels."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = channels * 4
        self.conv1 = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, kernel_size=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The residual branch plus the shortcut."""
        shortcut = self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return torch.relu(self.bn3(self.conv3(x)) + shortcut)


def resnet50(classes: int = 1000) -> nn.Sequential:
    """The network for 3-channel images."""
    stages: list[nn.Module] = []
    in_channels = 64
    for index, depth in enumerate([3, 4, 6, 3]):
        channels = 64 * 2**index
        for position in range(depth):
            stride = 2 if index > 0 and position == 0 else 1
            stages.append(Bottleneck(in_channels, channels, stride))
            in_channels = channels * 4
    return nn.Sequential(
        nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        *stages,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(in_channels, classes),
    )


if __name__ == "__main__":
    summary = torchinfo.summary(resnet50(), (1, 3, 224, 224), device="cpu", verbose=0)
    assert summary.total_params == 25_557_032
