"""FSDP2: each block of the spec is a unit whose weights are spread over the processes; checkpoints by torch's DCP.

A sharded checkpoint is a folder, ``checkpoints/sharded-STEP``; ``last.json`` beside it names the one that is whole. It
loads into any number of processes, one included.
"""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import torch.distributed as dist
from torch import Tensor, nn, optim
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_state_dict,
    set_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard

from archdsl.train.checkpoint import NoCheckpoint
from archdsl.train.files import write_text

POINTER = "last.json"


def shard_blocks(model: nn.Module, device: str, processes: int) -> None:
    """Spreads the weights of every block of the generated code, then what is left in the network itself."""
    mesh = init_device_mesh(device, (processes,))
    for module in list(model.modules())[::-1]:  # blocks within blocks first
        if module is not model and type(module).__module__ == type(model).__module__:
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)


def is_sharded(model: nn.Module) -> bool:
    """Whether this process holds only a part of each weight."""
    return isinstance(model, FSDPModule)


def whole_weights(model: nn.Module) -> dict[str, Tensor]:
    """The ``state_dict`` of the network under its own keys; all processes have to ask together."""
    if not is_sharded(model):
        return model.state_dict()
    whole = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))
    return {key: value for key, value in whole.items() if isinstance(value, Tensor)}


def save_sharded(folder: str, step: int, model: nn.Module, optimizer: optim.Optimizer, rest: dict[str, Any]) -> None:
    """Writes the parts of all processes into a new folder, then points to it, then drops the one before."""
    name = f"sharded-{step}"
    weights, moments = get_state_dict(model, optimizer)
    save({"model": weights, "optimizer": moments}, checkpoint_id=os.path.join(folder, name))
    if dist.get_rank() == 0:
        write_text(os.path.join(folder, POINTER), json.dumps({"folder": name, **rest}))
        for other in os.listdir(folder):
            if other.startswith("sharded-") and other != name:
                shutil.rmtree(os.path.join(folder, other))
    dist.barrier()


def load_sharded(folder: str, model: nn.Module, optimizer: optim.Optimizer) -> dict[str, Any]:
    """Takes up the weights and moments of the last whole checkpoint; gives what else was kept.

    :raises NoCheckpoint: where it cannot be read, or belongs to another network.
    """
    path = os.path.join(folder, POINTER)
    try:
        with open(path, encoding="utf-8") as stream:
            rest: dict[str, Any] = json.load(stream)
        weights, moments = get_state_dict(model, optimizer)
        load({"model": weights, "optimizer": moments}, checkpoint_id=os.path.join(folder, rest["folder"]))
        set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    except (OSError, ValueError, KeyError, RuntimeError, CheckpointException) as error:
        raise NoCheckpoint(f"`{path}` is no checkpoint that can be read: {error}") from None
    return rest
