"""What torch really keeps for the backward pass, and what it really allocates: measured, with storages counted once."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode


def tensors_in(value: object) -> list[Tensor]:
    """The tensors in a result, however nested."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        return tensors_in(list(value.values()))
    return [found for item in value for found in tensors_in(item)] if isinstance(value, list | tuple) else []


def address(tensor: Tensor) -> int:
    """What tells storages apart, as long as they live."""
    return tensor.untyped_storage().data_ptr()


def kept_for_backward(model: nn.Module, run: Callable[[], object]) -> int:
    """Bytes of all storages that autograd keeps of a run until its backward pass, weights and buffers left out."""
    return sum(size for _, size in kept_storages(model, run)[0].values())


def kept_storages(model: nn.Module, run: Callable[[], object]) -> tuple[dict[int, tuple[Tensor, int]], object]:
    """The same, one by one: a tensor and the bytes of each storage, by its address; and the result of the run."""
    own = {address(tensor) for tensor in (*model.parameters(), *model.buffers())}
    saved: dict[int, tuple[Tensor, int]] = {}

    def pack(tensor: Tensor) -> None:
        """Holds nothing that holds the graph, which holds this function: it would never be freed."""
        if address(tensor) not in own and tensor.numel():
            saved[address(tensor)] = tensor.detach(), tensor.untyped_storage().nbytes()  # keeps the address taken

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda nothing: nothing):
        result = run()
    assert tensors_in(result)
    return saved, result


class AllocationTrace(TorchDispatchMode):
    """Follows the lifetimes of all storages that operators return; ``peak`` counts those given beforehand as well."""

    def __init__(self, given: Iterable[Tensor], not_counted: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self._alive: dict[int, int] = {}
        self._ignored = {tensor.untyped_storage()._cdata for tensor in not_counted}
        self.now = self.peak = 0
        self.allocated = 0
        for tensor in given:
            self._follow(tensor)

    def _follow(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._alive or key in self._ignored or not size:
            return
        self._alive[key] = size
        self.now += size
        self.allocated += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._freed, key)

    def _freed(self, key: int) -> None:
        self.now -= self._alive.pop(key, 0)

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tensors_in(result):
            self._follow(tensor)
        return result


@contextmanager
def _every_step_seen() -> Iterator[None]:
    """Without the operator that does a whole attention at once, inside which no trace looks."""
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


def inference_peak(model: nn.Module, inputs: list[Tensor]) -> int:
    """The most bytes of tensors that live at one time while a network runs, weights and buffers left out."""
    with torch.no_grad(), _every_step_seen(), AllocationTrace(inputs, [*model.parameters(), *model.buffers()]) as trace:
        model(*inputs)
    return trace.peak


def profiled_peak(run: Callable[[], object]) -> int:
    """The most bytes that the processor's allocator hands out at one time, inside operators too."""
    with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        result = run()
    now = peak = 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            peak = max(peak, now)
    assert result is not None
    return peak
