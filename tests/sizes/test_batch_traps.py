"""One value per channel in training: torch refuses a batch of 1, archdsl warns where the sizes make it certain."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader


def codes(body: str, shape: str = "[N, 3, H, W]") -> list[str]:
    unstated = ", ".join("_" * shape.count(","))
    text = f"network n() {{\n    input image: {shape}\n    {body}\n    output y: [N, {unstated}]\n}}\n"
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    return [finding.code for finding in compilation.sink]


def trains_with_one_sample(*layers: nn.Module, size: tuple[int, ...] = (8, 8)) -> bool:
    """Whether torch trains; a refusal for any other reason than one value per channel is not caught."""
    try:
        nn.Sequential(*layers).train()(torch.rand(1, 3, *size))
    except ValueError as refusal:
        if "more than 1 value per channel" in str(refusal):
            return False
        raise
    return True


@pytest.mark.parametrize(
    ("body", "shape", "layers", "size"),
    [
        ("global_avg_pool -> batch_norm", "[N, 3, H, W]", [nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3)], (8, 8)),
        ("conv(4, 8, bias=false) -> batch_norm", "[N, 3, 8, 8]", [nn.Conv2d(3, 4, 8), nn.BatchNorm2d(4)], (8, 8)),
        ("adaptive_max_pool(1) -> batch_norm", "[N, 3, L]", [nn.AdaptiveMaxPool1d(1), nn.BatchNorm1d(3)], (8,)),
    ],
)
def test_a_trap_is_reported(body: str, shape: str, layers: list[nn.Module], size: tuple[int, ...]) -> None:
    assert not trains_with_one_sample(*layers, size=size)
    assert codes(body, shape) == ["W0329"]


@pytest.mark.parametrize(
    ("body", "shape", "layers", "size"),
    [
        ("batch_norm -> global_avg_pool", "[N, 3, H, W]", [nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1)], (8, 8)),
        (
            "adaptive_avg_pool((1, 2)) -> batch_norm",
            "[N, 3, H, W]",
            [nn.AdaptiveAvgPool2d((1, 2)), nn.BatchNorm2d(3)],
            (8, 8),
        ),
        ("conv(4, 8, bias=false) -> batch_norm", "[N, 3, 9, 8]", [nn.Conv2d(3, 4, 8), nn.BatchNorm2d(4)], (9, 8)),
    ],
)
def test_no_alarm_where_torch_trains(body: str, shape: str, layers: list[nn.Module], size: tuple[int, ...]) -> None:
    assert trains_with_one_sample(*layers, size=size)
    assert codes(body, shape) == []


def test_an_open_size_that_may_be_one_is_not_certain() -> None:
    assert codes("conv(4, 8, bias=false) -> batch_norm") == []


def test_a_shared_block_is_reported_once() -> None:
    text = """\
block gate() {
    scale { identity; global_avg_pool -> batch_norm -> sigmoid }
}
network n() {
    input image: [N, 3, H, W]
    gate -> gate -> gate
    output y: [N, 3, H, W]
}
"""
    compilation = Compilation(MemoryLoader({"n.arch": text}))
    compilation.check_file("n.arch")
    (finding,) = compilation.sink
    assert finding.code == "W0329"
    assert text[finding.span.start : finding.span.end] == "batch_norm"
    assert [frame.block for frame in finding.trace] == ["gate"]
