"""torchvision's networks as an oracle beside a CPU torch, and what torch itself says of their shapes and costs.

torchvision's package index holds CUDA builds only. Their compiled operators do not load beside a CPU
torch, and torchvision then fails on import because it registers fake kernels for operators that nobody
declared. No classification network uses them, so declaring their schemas is enough. That has to happen
before the first import of torchvision anywhere in the process: import torchvision through this module.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

_OPERATORS = torch.library.Library("torchvision", "DEF")
"""Kept for the life of the process: its operators are unregistered when it is collected."""

for _name in ("nms", "qnms"):
    _OPERATORS.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402  (after the declarations above)

Shape = tuple[int, ...]

_SLOW_INITIALISATION = {"googlenet", "inception_v3"}
"""Networks that draw each weight from a truncated normal (seconds) unless told not to."""


def torchvision_model(name: str, *, seed: int = 0, **arguments: Any) -> nn.Module:
    """A classification network of torchvision in eval mode, with random weights that depend on ``seed`` alone.

    Batch norms get random statistics, weights and biases: as torchvision leaves them (0 and 1) they are
    the identity in eval mode, and two of them exchanged would go unnoticed.

    The same call gives the same object as long as few others are asked for in between. It is put back into eval mode
    on each call; a test that trains it, or changes its weights, takes ``private_model`` instead.
    """
    return _model(name, seed, tuple(sorted(arguments.items()))).eval()


@cache
def meta_model(name: str) -> nn.Module:
    """A network in eval mode whose weights have shapes and no values, for names, shapes and costs of any size."""
    defaults = {"init_weights": False} if name in _SLOW_INITIALISATION else {}
    with torch.device("meta"):
        model: nn.Module = torchvision.models.get_model(name, weights=None, **defaults)
    return model.eval()


def private_model(name: str, *, seed: int = 0, **arguments: Any) -> nn.Module:
    """A copy of ``torchvision_model(...)`` that the caller may change."""
    return copy.deepcopy(torchvision_model(name, seed=seed, **arguments))


@lru_cache(maxsize=6)
def _model(name: str, seed: int, arguments: tuple[tuple[str, Any], ...]) -> nn.Module:
    defaults = {"init_weights": False} if name in _SLOW_INITIALISATION else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: nn.Module = torchvision.models.get_model(name, weights=None, **(defaults | dict(arguments)))
        randomise_batch_norms(model)
        randomise_constants(model)
    return model.eval()


class ShapesOnly(TorchFunctionMode):
    """Inside, new tensors have shapes and no values: the largest network is made in a moment.

    Unlike ``torch.device("meta")`` it leaves alone what networks compute their own sizes with (``arange``).
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones, torch.randn) and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def torchvision_shapes(name: str) -> nn.Module:
    """A classification network of torchvision in eval mode, with shapes and no values."""
    defaults = {"init_weights": False} if name in _SLOW_INITIALISATION else {}
    with ShapesOnly():
        model: nn.Module = torchvision.models.get_model(name, weights=None, **defaults)
    return model.to("meta").eval()


def model_names() -> list[str]:
    """The names of torchvision's classification networks."""
    names: list[str] = torchvision.models.list_models(module=torchvision.models)
    return names


@torch.no_grad()
def randomise_batch_norms(model: nn.Module) -> None:
    """Gives every batch norm statistics and an affine part of its own, near those of a trained network."""
    for module in model.modules():
        if not isinstance(module, nn.modules.batchnorm._BatchNorm):
            continue
        if module.running_mean is not None and module.running_var is not None:
            module.running_mean.normal_(0.0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if module.affine:
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0.0, 0.1)


@torch.no_grad()
def randomise_constants(model: nn.Module) -> None:
    """Moves apart the values of every weight that is one number before training.

    Layer norms (1 and 0), layer scales (1e-6), ViT's head (0) and the like would hide what stands before them.
    """
    for weight in model.parameters():
        if weight.min() == weight.max():
            weight.add_(torch.empty_like(weight).normal_(0.0, 0.1))


@torch.no_grad()
def output_calls(model: nn.Module, *inputs: torch.Tensor) -> list[tuple[str, Shape]]:
    """(path, output shape) of every call of a module whose output is one tensor, in the order in which calls end.

    A module that is applied several times (ResNet's one ``relu`` per block) stands there several times;
    the network itself has the path ``""``. Modes are left as they are.
    """
    calls: list[tuple[str, Shape]] = []

    def recorder(path: str) -> Callable[[nn.Module, Any, Any], None]:
        def record(module: nn.Module, arguments: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                calls.append((path, tuple(output.shape)))

        return record

    handles = [module.register_forward_hook(recorder(path)) for path, module in model.named_modules()]
    try:
        model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def output_shapes(model: nn.Module, *inputs: torch.Tensor) -> dict[str, Shape]:
    """The output shape of every module by its path; where a module is applied several times, of its last call."""
    return dict(output_calls(model, *inputs))


@torch.no_grad()
def flops(model: nn.Module, *inputs: torch.Tensor) -> int:
    """What ``torch.utils.flop_counter`` counts for one forward pass: 2 per multiply-add of convolutions and products.

    For the pass, attention is computed by plain matrix products. Both shortcuts are fused operators that the
    counter does not know on a CPU: the fast path of ``nn.MultiheadAttention``, and the CPU's flash attention
    (with only the first one off, ViT-B/16 lacks 4 % of its published figure).
    """
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            model(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_path)
    total: int = counter.get_total_flops()
    return total


def weight_count(model: nn.Module) -> int:
    """The number of trainable values; one tensor used at two places counts once."""
    return sum(weight.numel() for weight in model.parameters())
