"""torch's own samples of its operators (OpInfo), told as layers: what each says, or why no layer says it."""

from __future__ import annotations

import sys
import types
import unittest
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Said:
    """A sample as a layer."""

    op: str
    inputs: tuple[tuple[int, ...], ...]
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """A call of an operator. ``layer`` is a reason where no layer says the same."""

    name: str
    layer: Said | str
    run: Callable[[], object]
    text: str


class Unsaid(Exception):
    """The language cannot say this; the message is one of `REASONS`."""


REASONS = frozenset(
    {
        "without a batch",
        "an empty value",
        "numbers that are no float32",
        "weights that do not fit the input: they are made for it",
        "an argument that the layer has not",
        "an axis counted from the end, or the batch",
        "another kind of layer",
    }
)
"""Why a sample is no layer; a closed list."""


@cache
def operators() -> dict[str, list[Any]]:
    """torch's operators by name; its module wants a package for snapshot tests, of which it uses one class."""
    if "expecttest" not in sys.modules:
        stub = types.ModuleType("expecttest")
        stub.TestCase = unittest.TestCase  # type: ignore[attr-defined]
        sys.modules["expecttest"] = stub
    from torch.testing._internal.common_methods_invocations import op_db

    found: dict[str, list[Any]] = {}
    for op in op_db:
        found.setdefault(op.name, []).append(op)
    return found


def samples(name: str) -> Iterator[Sample]:
    """What torch accepts."""
    for op in operators()[name]:
        for sample in op.sample_inputs("cpu", torch.float32):
            yield _sample(name, op, sample)


def errors(name: str) -> Iterator[Sample]:
    """What torch refuses."""
    for op in operators()[name]:
        if op.error_inputs_func is not None:
            for error in op.error_inputs("cpu"):
                yield _sample(name, op, error.sample_input)


def _sample(name: str, op: Any, sample: Any) -> Sample:
    given, arguments = (sample.input, *sample.args), dict(sample.kwargs)
    text = f"{name}{tuple(_shown(value) for value in given)} { ({k: _shown(v) for k, v in arguments.items()}) }"
    try:
        layer: Said | str = _layer(name, given, arguments)
    except Unsaid as reason:
        layer = str(reason)
        assert layer in REASONS
    return Sample(name, layer, lambda: op(*given, **arguments), text)


def _shown(value: object) -> object:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    return [_shown(part) for part in value] if isinstance(value, list | tuple) else value


def _layer(name: str, given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    tensors = [value for value in (*given, *arguments.values()) if isinstance(value, Tensor)]
    if given and isinstance(given[0], list | tuple):
        tensors += [value for value in given[0] if isinstance(value, Tensor)]
    if any(tensor.dtype != torch.float32 for tensor in tensors):
        raise Unsaid("numbers that are no float32")
    if any(0 in tensor.shape for tensor in tensors):
        raise Unsaid("an empty value")
    if arguments.pop("out", None) is not None:
        raise Unsaid("an argument that the layer has not")
    return TRANSLATORS[name](given, arguments)


# --- a translator for each operator -----------------------------------------------------------------------------------

Translator = Callable[[tuple[Any, ...], dict[str, Any]], Said]


def _bound(given: tuple[Any, ...], arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """Arguments by name, in the order in which torch's function takes them."""
    bound = dict(zip(names, given[1:], strict=False)) | arguments
    if len(given) - 1 > len(names):
        raise Unsaid("an argument that the layer has not")
    return {name: value for name, value in bound.items() if value is not None}


def _only(arguments: Mapping[str, Any], allowed: Mapping[str, str], **unset: object) -> dict[str, Any]:
    """Arguments under our names; ``unset`` are those that no layer has, with the value that changes nothing."""
    for name, value in arguments.items():
        if name not in allowed and (name not in unset or unset[name] != value):
            raise Unsaid("an argument that the layer has not")
    return {allowed[name]: _value(value) for name, value in arguments.items() if name in allowed}


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else tuple(value)
    return value


def _batched(x: Tensor, axes: int | None) -> tuple[int, ...]:
    if axes is not None and x.dim() == axes + 1:
        raise Unsaid("without a batch")
    if axes is not None and x.dim() != axes + 2:
        raise Unsaid("another kind of layer")
    return tuple(x.shape)


SAME = ("stride", "padding", "output_padding", "groups", "dilation")
WINDOW = {**{name: name for name in SAME}, "kernel_size": "kernel", "ceil_mode": "ceil"}


def _conv(axes: int, *, transposed: bool) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        order = ["weight", "bias", "stride", "padding", "dilation", "groups"]
        order = [*order[:4], "output_padding", "groups", "dilation"] if transposed else order
        bound = _bound(given, arguments, *order)
        shape, weight, groups = _batched(given[0], axes), bound.pop("weight"), bound.get("groups", 1)
        has_bias = bound.pop("bias", None) is not None
        wants = weight.shape[0] if transposed else weight.shape[1] * groups
        if weight.dim() != axes + 2 or wants != shape[1]:
            raise Unsaid("weights that do not fit the input: they are made for it")
        bound["padding"] = 0 if bound.get("padding") == "valid" else bound.get("padding", 0)
        more = _only(bound, {name: name for name in SAME})
        channels = weight.shape[1] * groups if transposed else weight.shape[0]
        op = "conv_transpose" if transposed else "conv"
        kernel = _value(tuple(weight.shape[2:]))
        return Said(op, (shape,), {"channels": channels, "kernel": kernel, "bias": has_bias, **more})

    return said


def _pool(op: str, axes: int) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        order = ["kernel_size", "stride", "padding"]
        order += (
            ["dilation", "ceil_mode"] if op == "max_pool" else ["ceil_mode", "count_include_pad", "divisor_override"]
        )
        bound = _bound(given, arguments, *order)
        shape = _batched(given[0], axes)
        if "kernel_size" not in bound or _value(bound.get("stride")) in ((), []):
            raise Unsaid("an argument that the layer has not")
        allowed = WINDOW if op == "max_pool" else {**WINDOW, "count_include_pad": "count_include_pad"}
        indices = bound.pop("return_indices", False)
        del indices  # the shape of the values is the same
        return Said(op, (shape,), _only(bound, allowed, divisor_override=None))

    return said


def _adaptive(op: str, axes: int) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        bound = _bound(given, arguments, "output_size", "return_indices")
        bound.pop("return_indices", None)
        size = bound.get("output_size")
        if isinstance(size, list | tuple) and None in size:
            raise Unsaid("an argument that the layer has not")
        return Said(op, (_batched(given[0], axes),), _only(bound, {"output_size": "size"}))

    return said


def _norm(op: str, *order: str, **allowed: str) -> Translator:
    """A norm with running statistics or weights: those are made for the input."""

    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        bound = _bound(given, arguments, *order)
        x = given[0]
        made = [bound.pop(name, None) for name in ("weight", "bias", "running_mean", "running_var")]
        if any(value is not None and value.numel() != x.shape[min(1, x.dim() - 1)] for value in made):
            raise Unsaid("weights that do not fit the input: they are made for it")
        for name in ("training", "momentum", "use_input_stats", "cudnn_enabled"):
            bound.pop(name, None)
        return Said(op, (tuple(x.shape),), _only(bound, allowed))

    return said


def _layer_norm(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    bound = _bound(given, arguments, "normalized_shape", "weight", "bias", "eps")
    if tuple(bound.pop("normalized_shape")) != tuple(given[0].shape[-1:]) or given[0].dim() not in (2, 3):
        raise Unsaid("another kind of layer")
    bound.pop("weight", None)
    bound.pop("bias", None)
    return Said("layer_norm", (tuple(given[0].shape),), _only(bound, {"eps": "eps"}))


def _linear(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    x, weight = given[0], given[1]
    if x.dim() < 2:
        raise Unsaid("without a batch")
    if x.dim() > 3:
        raise Unsaid("another kind of layer")
    if weight.dim() != 2 or weight.shape[1] != x.shape[-1]:
        raise Unsaid("weights that do not fit the input: they are made for it")
    return Said(
        "linear", (tuple(x.shape),), {"features": weight.shape[0], "bias": len(given) > 2 and given[2] is not None}
    )


def _plain(op: str, *order: str, **allowed: str) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        if given[0].dim() < 2:
            raise Unsaid("without a batch")
        bound = _bound(given, arguments, *order)
        return Said(op, (tuple(given[0].shape),), _only(bound, allowed, inplace=False, training=True))

    return said


def _softmax(op: str) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        axis = _bound(given, arguments, "dim").pop("dim", None)
        if given[0].dim() < 2:
            raise Unsaid("without a batch")
        if axis is None or axis < 1:
            raise Unsaid("an axis counted from the end, or the batch")
        return Said(op, (tuple(given[0].shape),), {"axis": axis})

    return said


def _cat(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    bound = _bound(given, arguments, "dim")
    tensors = given[0]
    if not isinstance(tensors, list | tuple) or not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise Unsaid("an argument that the layer has not")
    if any(tensor.dim() < 2 for tensor in tensors):
        raise Unsaid("without a batch")
    if bound.get("dim", 0) < 1:
        raise Unsaid("an axis counted from the end, or the batch")
    return Said("concat", tuple(tuple(tensor.shape) for tensor in tensors), {"axis": bound["dim"]})


def _elementwise(op: str) -> Translator:
    def said(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
        if len(given) != 2 or not isinstance(given[1], Tensor) or not set(arguments) <= {"alpha"}:
            raise Unsaid("an argument that the layer has not")
        if min(given[0].dim(), given[1].dim()) < 2:
            raise Unsaid("without a batch")
        return Said(op, tuple(tuple(tensor.shape) for tensor in given), {})

    return said


def _prelu(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    x, weight = given[0], _bound(given, arguments, "weight")["weight"]
    if x.dim() < 2:
        raise Unsaid("without a batch")
    if weight.dim() > 1 or weight.numel() not in (1, x.shape[1]):
        raise Unsaid("weights that do not fit the input: they are made for it")
    return Said("prelu", (tuple(x.shape),), {"per_channel": weight.numel() > 1})


def _flatten(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    bound = _bound(given, arguments, "start_dim", "end_dim")
    if given[0].dim() < 2:
        raise Unsaid("without a batch")
    if bound.get("start_dim", 0) != 1 or bound.get("end_dim", -1) not in (-1, given[0].dim() - 1):
        raise Unsaid("another kind of layer")
    return Said("flatten", (tuple(given[0].shape),), {})


def _interpolate(given: tuple[Any, ...], arguments: dict[str, Any]) -> Said:
    bound = _bound(given, arguments, "size", "scale_factor", "mode", "align_corners")
    if bound.get("size") is not None or bound.get("align_corners") or bound.get("mode") not in ("nearest", "bilinear"):
        raise Unsaid("an argument that the layer has not")
    if given[0].dim() not in (4, 5):
        raise Unsaid("another kind of layer")
    factor = _value(bound["scale_factor"])
    if isinstance(factor, tuple):
        raise Unsaid("an argument that the layer has not")
    return Said("upsample", (tuple(given[0].shape),), {"scale": factor, "mode": bound["mode"]})


F_ = "nn.functional."
AXES = (1, 2, 3)
STATISTICS = ("running_mean", "running_var", "weight", "bias")
RESPONSE = {name: name for name in ("alpha", "beta", "k")}
TRANSLATORS: dict[str, Translator] = {
    **{f"{F_}conv{axes}d": _conv(axes, transposed=False) for axes in AXES},
    **{f"{F_}conv_transpose{axes}d": _conv(axes, transposed=True) for axes in AXES},
    **{f"{F_}max_pool{axes}d": _pool("max_pool", axes) for axes in AXES},
    **{f"{F_}avg_pool{axes}d": _pool("avg_pool", axes) for axes in AXES},
    **{f"{F_}adaptive_avg_pool{axes}d": _adaptive("adaptive_avg_pool", axes) for axes in AXES},
    **{f"{F_}adaptive_max_pool{axes}d": _adaptive("adaptive_max_pool", axes) for axes in AXES},
    f"{F_}batch_norm": _norm("batch_norm", *STATISTICS, "training", "momentum", "eps", eps="eps"),
    f"{F_}instance_norm": _norm("instance_norm", *STATISTICS, "use_input_stats", "momentum", "eps", eps="eps"),
    f"{F_}group_norm": _norm("group_norm", "num_groups", "weight", "bias", "eps", num_groups="groups", eps="eps"),
    f"{F_}local_response_norm": _norm("local_response_norm", "size", *RESPONSE, size="size", **RESPONSE),
    f"{F_}layer_norm": _layer_norm,
    f"{F_}linear": _linear,
    f"{F_}pixel_shuffle": _plain("pixel_shuffle", "upscale_factor", upscale_factor="factor"),
    f"{F_}pixel_unshuffle": _plain("pixel_unshuffle", "downscale_factor", downscale_factor="factor"),
    f"{F_}channel_shuffle": _plain("channel_shuffle", "groups", groups="groups"),
    "softmax": _softmax("softmax"),
    "log_softmax": _softmax("log_softmax"),
    "cat": _cat,
    "add": _elementwise("add"),
    "mul": _elementwise("mul"),
    f"{F_}prelu": _prelu,
    "flatten": _flatten,
    f"{F_}interpolate": _interpolate,
    **{f"{F_}{name}": _plain(name) for name in ("relu", "hardswish")},
    f"{F_}leaky_relu": _plain("leaky_relu", "negative_slope", negative_slope="slope"),
    f"{F_}gelu": _plain("gelu", approximate="approximate"),
    f"{F_}dropout": _plain("dropout", "p", p="p"),
    f"{F_}dropout2d": _plain("dropout2d", "p", p="p"),
    "tanh": _plain("tanh"),
}  # fmt: skip
"""The operators that are layers here and have samples with a batch, each with how a call of it is told."""
