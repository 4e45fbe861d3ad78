"""Real torch layers as the trees of this package run them, with weights that depend on their shapes alone.

A layer of a kind and size has the same weights wherever it stands. So a network that was generated and one that was
run from its tree give equal outputs without anybody saying which name belongs to which layer.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import prod
from typing import Any

import torch
from torch import Tensor, nn


class Changed(nn.Module):
    """A function of a tensor as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Refused(Exception):
    """The language's own demand is broken; torch's refusals are exceptions of torch."""


REFUSALS = (Refused, RuntimeError, ValueError, IndexError, AssertionError, ZeroDivisionError)
"""What ends a run: torch asserts in a few places instead of raising."""

MOST, MOST_VALUES = 256, 500_000
"""Of an argument or of channels, and of a tensor: loops in loops would fill the memory."""
BY_RANK = {
    "conv": "Conv",
    "conv_transpose": "ConvTranspose",
    "max_pool": "MaxPool",
    "avg_pool": "AvgPool",
    "adaptive_avg_pool": "AdaptiveAvgPool",
    "adaptive_max_pool": "AdaptiveMaxPool",
    "global_avg_pool": "AdaptiveAvgPool",
    "batch_norm": "BatchNorm",
    "instance_norm": "InstanceNorm",
    "zero_pad": "ZeroPad",
    "crop": "ZeroPad",
}
"""Layers that have a class for each rank, with its name before ``1d``."""
PLAIN: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "hardswish": nn.Hardswish,
    "identity": nn.Identity,
    "flatten": nn.Flatten,
    "leaky_relu": nn.LeakyReLU,
    "dropout": nn.Dropout,
    "dropout2d": nn.Dropout2d,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "mish": nn.Mish,
    "hardsigmoid": nn.Hardsigmoid,
    "upsample": nn.Upsample,
}
TORCH_NAMES = {
    "kernel": "kernel_size",
    "ceil": "ceil_mode",
    "scale": "scale_factor",
    "slope": "negative_slope",
    "size": "output_size",
}


def run_layer(op: str, given: Mapping[str, object], x: Tensor) -> Tensor:
    """The output of a layer on real data."""
    if any(isinstance(value, int) and value > MOST for value in given.values()) or x.shape[1] > MOST:
        raise Refused("too large for a test")
    result: Tensor = _made(op, tuple(given.items()), x.dim(), tuple(x.shape))(x)
    if 0 in result.shape:
        raise Refused("an empty value")
    if result.numel() > MOST_VALUES:
        raise Refused("too large for a test")
    if op == "max_pool" and bool(result.isinf().any()):
        raise Refused("a maximum of nothing")
    return result


@lru_cache(maxsize=300)
def _made(op: str, given: tuple[tuple[str, object], ...], rank: int, shape: tuple[int, ...]) -> nn.Module:
    module = _module(op, dict(given), rank, shape).eval()
    set_weights(module)
    return module


def _module(op: str, given: dict[str, Any], rank: int, shape: tuple[int, ...]) -> nn.Module:
    arguments: dict[str, Any] = {TORCH_NAMES.get(name, name): value for name, value in given.items()}
    channels = shape[1]
    _refuse_what_torch_misreads(op, given, rank)
    if op in PLAIN:
        return PLAIN[op](**arguments)
    if op in BY_CHANNELS:
        return BY_CHANNELS[op](shape, given)
    cls: type[nn.Module] = getattr(nn, f"{BY_RANK[op]}{rank - 2}d")
    if op == "crop":
        return cls(-given["margin"])
    if op == "global_avg_pool":
        return cls(1)
    if op in ("batch_norm", "instance_norm"):
        return cls(channels, **arguments)
    if op in ("conv", "conv_transpose"):
        return cls(channels, arguments.pop("channels"), **arguments)
    return cls(**arguments)


def _refuse_what_torch_misreads(op: str, given: Mapping[str, Any], rank: int) -> None:
    if (op == "upsample" and rank == 3) or (op.startswith("pixel") and rank != 4):
        raise Refused("torch would take other axes than those of an image")
    if op == "linear" and rank != 2:
        raise Refused("linear takes rows of features")
    if op == "dropout2d" and rank != 4:
        raise Refused("dropout2d takes images")
    if given.get("margin", 0) < 0 or (op == "zero_pad" and given["padding"] < 0):
        raise Refused("what pads does not crop, and the other way round")


def _linear(shape: tuple[int, ...], given: dict[str, Any]) -> nn.Module:
    return nn.Linear(shape[-1], given["features"], bias=given.get("bias", True))


def _group_norm(shape: tuple[int, ...], given: dict[str, Any]) -> nn.Module:
    if shape[1] == given["groups"] and prod(shape[2:]) == 1:
        raise Refused("a norm over a single value")
    return nn.GroupNorm(given["groups"], shape[1])


def _take_channels(shape: tuple[int, ...], given: dict[str, Any]) -> nn.Module:
    start, count = given.get("start", 0), given["channels"]
    if start < 0 or count < 1 or start + count > shape[1]:
        raise Refused("torch would take other channels without a word")
    return Changed(lambda x: x[:, start : start + count])


def _pad_channels(shape: tuple[int, ...], given: dict[str, Any]) -> nn.Module:
    added = given["channels"] - shape[1]
    if added < 0:
        raise Refused("torch would cut channels off without a word")
    return Changed(lambda x: torch.cat([x, x.new_zeros(x.shape[0], added, *x.shape[2:])], dim=1))


BY_CHANNELS: dict[str, Callable[[tuple[int, ...], dict[str, Any]], nn.Module]] = {
    "linear": _linear,
    "group_norm": _group_norm,
    "take_channels": _take_channels,
    "pad_channels": _pad_channels,
    "prelu": lambda shape, given: nn.PReLU(shape[1] if given.get("per_channel") else 1),
    "local_response_norm": lambda shape, given: nn.LocalResponseNorm(**given),
    "softmax": lambda shape, given: nn.Softmax(dim=given.get("axis", 1)),
    "log_softmax": lambda shape, given: nn.LogSoftmax(dim=given.get("axis", 1)),
    "channel_shuffle": lambda shape, given: nn.ChannelShuffle(given["groups"]),
    "pixel_shuffle": lambda shape, given: nn.PixelShuffle(given["factor"]),
    "pixel_unshuffle": lambda shape, given: nn.PixelUnshuffle(given["factor"]),
}
"""Layers that are made for the shape that they get, or that torch has no class with these arguments for."""


def set_weights(root: nn.Module) -> None:
    """Weights and running statistics made of the kind of each module and the shapes of its tensors."""
    for module in root.modules():
        tensors = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
        for name, tensor in tensors.items():
            if not tensor.is_floating_point():
                continue
            seed = zlib.crc32(f"{type(module).__name__} {name} {tuple(tensor.shape)}".encode())
            values = torch.rand(tensor.shape, generator=torch.Generator().manual_seed(seed)) - 0.4
            with torch.no_grad():
                tensor.copy_(values.abs() + 0.5 if name == "running_var" else values)
