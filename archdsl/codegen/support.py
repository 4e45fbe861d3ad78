"""Definitions that generated files carry with them, because ``torch.nn`` has no such module.

A layer names one in its ``TorchModule`` without the prefix ``nn.``. A generated file holds exactly those that it
uses, printed like everything else; what is not allowed in generated code is not allowed here either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache

DEFINITIONS = {
    "round_to": '''
def round_to(number: float, multiple: int) -> int:
    """The nearest multiple; the next one where more than a tenth would be lost."""
    rounded = max(multiple, int((2 * number + multiple) // (2 * multiple)) * multiple)
    return rounded if 10 * rounded >= 9 * number else rounded + multiple
''',
    "StochasticDepth": '''
class StochasticDepth(nn.Module):
    """Sets whole samples to zero at random while training, and scales up the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        noise = x.new_empty([x.shape[0]] + [1] * (x.ndim - 1)).bernoulli_(keep)
        return x * (noise.div_(keep) if keep > 0.0 else noise)
''',
    "TakeChannels": '''
class TakeChannels(nn.Module):
    """Takes some of the channels."""

    def __init__(self, start: int, channels: int) -> None:
        super().__init__()
        self.start, self.channels = start, channels

    def forward(self, x: Tensor) -> Tensor:
        return torch.narrow(x, 1, self.start, self.channels)
''',
    "PadChannels": '''
class PadChannels(nn.Module):
    """Appends channels of zeros."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        zeros = x.new_zeros(x.shape[0], self.channels - x.shape[1], *x.shape[2:])
        return torch.cat([x, zeros], dim=1)
''',
    "ScaledTanh": '''
class ScaledTanh(nn.Module):
    """The squashing function of LeNet-5."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)
''',
    "Subsample": '''
class Subsample(nn.Module):
    """The sum of each window, scaled and shifted for each channel."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.weight = nn.Parameter(torch.full((channels,), kernel_size**-2.0))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.avg_pool2d(x, self.kernel_size, divisor_override=1)
        return x * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)
''',
    "TableConv2d": '''
class TableConv2d(nn.Module):
    """A convolution whose output channels each read some of the input channels."""

    def __init__(
        self,
        maps: list[list[int]] | tuple[tuple[int, ...], ...],
        kernel_size: int,
    ) -> None:
        super().__init__()
        pairs = [(read, made) for made, reads in enumerate(maps) for read in reads]
        self.reads = [read for read, _ in pairs]
        self.makes = [made for _, made in pairs]
        self.weight = nn.Parameter(torch.empty(len(pairs), 1, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(maps)))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        parts = nn.functional.conv2d(x[:, self.reads], self.weight, groups=len(self.reads))
        out = self.bias.view(1, -1, 1, 1).repeat(len(x), 1, *parts.shape[2:])
        return out.index_add_(1, torch.tensor(self.makes, device=x.device), parts)
''',
    "RBF": '''
class RBF(nn.Module):
    """The squared distance to the centre of each class."""

    centres: Tensor

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        centres = torch.randint(2, (out_features, in_features)) * 2.0 - 1
        self.register_buffer("centres", centres)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(1) - self.centres).square().sum(2)
''',
}
"""The source of each, by its name."""


@cache
def _parsed(name: str) -> ast.ClassDef | ast.FunctionDef:
    (definition,) = ast.parse(DEFINITIONS[name]).body
    assert isinstance(definition, ast.ClassDef | ast.FunctionDef) and definition.name == name
    return definition


def names_read(trees: Iterable[ast.AST]) -> set[str]:
    """Every plain name that stands in some trees."""
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


def definitions_for(trees: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The definitions that some statements use, and those that these use in turn, in the order of ``DEFINITIONS``."""
    wanted: set[str] = set()
    waiting: list[ast.stmt] = list(trees)
    while waiting:
        found = (names_read(waiting) & DEFINITIONS.keys()) - wanted
        wanted |= found
        waiting = [_parsed(name) for name in sorted(found)]
    return [_parsed(name) for name in DEFINITIONS if name in wanted]
