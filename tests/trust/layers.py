"""Real torch layers as the trees of this package run them, with weights that depend on their shapes alone.

A layer of a kind and size has the same weights wherever it stands. So a network that was generated and one that was
run from its tree give equal outputs without anybody saying which name belongs to which layer.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

import torch
from torch import Tensor, nn


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


def _module(op: str, given: dict[str, object], rank: int, shape: tuple[int, ...]) -> nn.Module:
    arguments: dict[str, Any] = {TORCH_NAMES.get(name, name): value for name, value in given.items()}
    channels = shape[1]
    if (op == "upsample" and rank == 3) or (op.startswith("pixel") and rank != 4):
        raise Refused("torch would take other axes than those of an image")
    if op == "linear" and rank != 2:
        raise Refused("linear takes rows of features")
    if op in PLAIN:
        return PLAIN[op](**arguments)
    match op:
        case "linear":
            return nn.Linear(shape[-1], arguments.pop("features"), **arguments)
        case "prelu":
            return nn.PReLU(channels if arguments.get("per_channel") else 1)
        case "group_norm":
            if channels == arguments["groups"] and prod(shape[2:]) == 1:
                raise Refused("a norm over a single value")
            return nn.GroupNorm(arguments["groups"], channels)
        case "channel_shuffle":
            return nn.ChannelShuffle(arguments["groups"])
        case "pixel_shuffle":
            return nn.PixelShuffle(arguments["factor"])
        case "pixel_unshuffle":
            return nn.PixelUnshuffle(arguments["factor"])
    cls: type[nn.Module] = getattr(nn, f"{BY_RANK[op]}{rank - 2}d")
    if op == "global_avg_pool":
        return cls(1)
    if op in ("batch_norm", "instance_norm"):
        return cls(channels, **arguments)
    if op in ("conv", "conv_transpose"):
        return cls(channels, arguments.pop("channels"), **arguments)
    return cls(**arguments)


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
