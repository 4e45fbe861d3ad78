"""One process of a run, or several that torchrun started: torch's own engine, joined and left in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

from archdsl.train.loader import Share
from archdsl.train.processes import processes_of_run


@contextmanager
def joined(device: torch.device) -> Iterator[Share]:
    """The share of this process while it belongs to its group; one process alone needs no group."""
    processes = processes_of_run()
    if processes == 1:
        yield Share()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Share(dist.get_rank(), processes)
        dist.barrier()  # none leaves while another still waits for it
    finally:
        dist.destroy_process_group()


def device_named(name: str) -> torch.device:
    """The device of a recipe: with ``auto`` a GPU if there is one, of several the one of this process."""
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def summed(value: Tensor) -> Tensor:
    """The sum over all processes."""
    if dist.is_initialized():
        value = value.clone()
        dist.all_reduce(value)
    return value


def agreed(flag: bool, device: torch.device) -> bool:
    """Whether the flag is set in any process."""
    if not dist.is_initialized():
        return flag
    return bool(summed(torch.tensor(float(flag), device=device)).item())


def told(text: str | None) -> str | None:
    """What the first process says, in all of them."""
    if not dist.is_initialized():
        return text
    box = [text]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def level_buffers(model: nn.Module) -> None:
    """Gives all processes the buffers (running means) of the first."""
    if dist.is_initialized():
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)
