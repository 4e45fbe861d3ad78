"""Checkpoints: everything that a run needs to go on, as one safetensors file without a line of code in it.

Tensors lie under the path that leads to them (``optimizer.state.3.exp_avg``), all else is JSON in the file's header.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from archdsl.driver.api import RunError
from archdsl.train.files import write_file

_TENSOR, _PAIRS = "$tensor", "$pairs"


class NoCheckpoint(RunError):
    """Why a file is no checkpoint."""


def save_state(path: str, state: Mapping[str, Any], **header: str) -> None:
    """Writes a tree of dictionaries, lists, numbers, strings and tensors; ``header`` is for other readers."""
    tensors: dict[str, Tensor] = {}
    tree = _packed(state, "", tensors)
    write_file(path, save(tensors, {"state": json.dumps(tree), **header}))


def save_weights(path: str, weights: Mapping[str, Tensor], **header: str) -> None:
    """Writes a ``state_dict`` under its own keys."""
    write_file(path, save({key: _stored(weight) for key, weight in weights.items()}, {"format": "pt", **header}))


def load_state(path: str, device: torch.device) -> dict[str, Any]:
    """The tree that ``save_state`` wrote.

    :raises NoCheckpoint: where there is none, or the file is damaged.
    """
    header, tensors = load_tensors(path, device)
    if "state" not in header:
        raise NoCheckpoint(f"`{path}` holds weights, but not the state of a run")
    tree: dict[str, Any] = _unpacked(json.loads(header["state"]), tensors)
    return tree


def load_tensors(path: str, device: torch.device) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    """The header and the tensors of a file.

    :raises NoCheckpoint: where there is none, or the file is damaged.
    """
    try:
        with safe_open(path, framework="pt", device=str(device)) as stream:
            return stream.metadata() or {}, {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise NoCheckpoint(f"`{path}` is no checkpoint that can be read: {error}") from None


def difference(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """What is missing, what is too much and which shapes differ, one sentence for each key."""
    lines = [f"`{key}` is missing" for key in wanted if key not in found]
    lines += [f"`{key}` is not part of the network" for key in found if key not in wanted]
    for key, weight in wanted.items():
        if key in found and found[key].shape != weight.shape:
            lines.append(f"`{key}` is {_shape(found[key])}, not {_shape(weight)}")
    return lines


def _packed(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[path] = _stored(value)
        return {_TENSOR: path}
    if isinstance(value, Mapping):
        pairs = [[key, _packed(item, f"{path}.{key}" if path else str(key), tensors)] for key, item in value.items()]
        return {_PAIRS: pairs}  # pairs, because an optimizer's state has numbers as keys
    if isinstance(value, list | tuple):
        return [_packed(item, f"{path}.{index}", tensors) for index, item in enumerate(value)]
    return value


def _unpacked(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensors[value[_TENSOR]]
    return {key: _unpacked(item, tensors) for key, item in value[_PAIRS]}


def _stored(tensor: Tensor) -> Tensor:
    """A copy of its own: safetensors takes no two tensors that share memory."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a single number"
