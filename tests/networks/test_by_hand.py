"""LeNet and NiN of Dive into Deep Learning, written by hand in PyTorch: the same weights and shapes, layer by layer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archdsl.analysis.flatten import flatten
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.ir.dim import Dim
from tests.networks.support import build, typed


def lenet_by_hand() -> nn.Sequential:
    """LeNet in the book's reading (7.6)."""
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2),
        nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(kernel_size=2, stride=2),
        nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )  # fmt: skip


def _nin_block(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.ReLU(),
        nn.Conv2d(outputs, outputs, 1), nn.ReLU(), nn.Conv2d(outputs, outputs, 1), nn.ReLU(),
    ]  # fmt: skip


def nin_by_hand() -> nn.Sequential:
    """Network in network in the book's reading (8.3)."""
    return nn.Sequential(
        *_nin_block(1, 96, 11, 4, 0), nn.MaxPool2d(3, stride=2),
        *_nin_block(96, 256, 5, 1, 2), nn.MaxPool2d(3, stride=2),
        *_nin_block(256, 384, 3, 1, 1), nn.MaxPool2d(3, stride=2),
        nn.Dropout(0.5), *_nin_block(384, 10, 3, 1, 1),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(),
    )  # fmt: skip


CASES = [("lenet.arch", "lenet", lenet_by_hand, 28), ("nin.arch", "nin", nin_by_hand, 224)]


def _weights(state: dict[str, Tensor]) -> list[Tensor]:
    return list(state.values())


@pytest.mark.parametrize(("file", "name", "by_hand", "size"), CASES)
def test_same_weights_and_shapes_layer_by_layer(file: str, name: str, by_hand, size: int) -> None:  # type: ignore[no-untyped-def]
    hand, sink = by_hand(), Sink()
    fixed = check(typed(file, name).design, sink, sizes={"H": size, "W": size})
    assert fixed is not None and not sink.errors
    x = torch.zeros(2, 1, size, size)
    expected: list[tuple[tuple[int, ...], int]] = []
    for layer in hand:
        x = layer(x)
        expected.append((tuple(x.shape), sum(weight.numel() for weight in layer.parameters())))
    ours = []
    for flat in flatten(fixed):
        assert flat.output is not None
        ours.append((tuple(2 if isinstance(n, Dim) else n for n in flat.output.shape), flat.weights))
    assert ours == expected


@pytest.mark.parametrize(("file", "name", "by_hand", "size"), CASES)
def test_same_outputs_on_the_same_weights(file: str, name: str, by_hand, size: int) -> None:  # type: ignore[no-untyped-def]
    hand, ours = by_hand().eval(), build(file, name).eval()
    state = ours.state_dict()
    values = _weights(hand.state_dict())
    assert [value.shape for value in state.values()] == [value.shape for value in values]
    ours.load_state_dict(dict(zip(state, values, strict=True)))
    image = torch.randn(2, 1, size, size, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        assert torch.equal(ours(image), hand(image))


def test_the_wrong_image_size_is_no_lenet() -> None:
    with pytest.raises(RuntimeError):
        build("lenet.arch", "lenet")(torch.zeros(1, 1, 32, 32))
