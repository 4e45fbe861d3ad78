"""Networks whose gradients show what their outputs see: positive weights, and nothing that hides a dependence."""

from __future__ import annotations

import torch
from torch import nn


class Sum(nn.Module):
    """The sum over a pool's window in place of its largest value: every place of the window counts."""

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x)  # type: ignore[no-any-return]


class SumPerWindow(nn.Module):
    """The same for windows with holes, or of sizes that depend on the input's."""

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([self.pool(x * weight) for weight in _spread(x)]).sum(0)


def _spread(x: torch.Tensor) -> list[torch.Tensor]:
    """Weights under each of which another place of every window is the largest."""
    generator = torch.Generator().manual_seed(7)
    return [torch.rand(x.shape, generator=generator, dtype=x.dtype) + 0.1 for _ in range(200)]


def linearised(model: nn.Module) -> nn.Module:
    """The network with positive weights and nothing that hides a dependence: all gradients inside a field are > 0."""
    for name, child in list(model.named_children()):
        setattr(model, name, _replacement(child) or linearised(child))
    with torch.no_grad():
        for weight in model.parameters():
            weight.abs_().add_(0.01)
    return model.double().eval()


def _replacement(module: nn.Module) -> nn.Module | None:
    if isinstance(module, nn.ReLU | nn.Sigmoid | nn.BatchNorm2d | nn.Dropout | nn.LeakyReLU):
        return nn.Identity()
    if isinstance(module, nn.MaxPool2d):
        return Sum(module) if module.dilation == 1 else SumPerWindow(module)
    return None
