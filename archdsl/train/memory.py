"""Answers a device that ran out of memory: what the run needs as it was planned, and a batch that fits."""

from __future__ import annotations

import os

import torch

from archdsl.analysis.budget import Setting, budget
from archdsl.analysis.memory import Programs
from archdsl.analysis.totals import totals
from archdsl.check.check import check
from archdsl.diagnostics.sink import Sink
from archdsl.driver.api import RunError
from archdsl.report.budget import render_budget
from archdsl.train.fit import image_input, sizes_of
from archdsl.train.plan import TrainingPlan

_DTYPES = {"float32": "fp32", "bf16": "bf16", "fp16": "fp16"}
_OPTIMIZERS = {"adamw": "adam", "sgd": "momentum"}
_CPU_WORDS = "can't allocate memory"


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch says that the device, or the machine, has no more memory."""
    return isinstance(error, torch.OutOfMemoryError) or _CPU_WORDS in str(error)


def out_of_memory(plan: TrainingPlan, device: torch.device, processes: int) -> RunError:
    """The predicted memory of one process for one micro-batch, and the largest one that fits into the device."""
    recipe = plan.recipe
    part = recipe.batch // (processes * recipe.accumulate)
    sentence = f"{device} has no memory left for {part:,} samples at a time"
    typed = plan.built.typed
    image = image_input(typed)
    assert image is not None
    fixed = check(typed.design, Sink(), sizes=sizes_of(image, plan.input[1:]))
    programs = Programs.of(fixed) if fixed is not None else None
    if fixed is None or programs is None:
        return RunError(f"{sentence}: take a smaller `batch`, or more of `accumulate`")
    kind, optimizer = _DTYPES[recipe.precision], _OPTIMIZERS[recipe.optimizer.name]
    found = budget(programs, totals(fixed), Setting(part, kind, optimizer, memory_of(device)))
    # Other programs use memory, too: what has just failed is not offered once more.
    fits = min(found.fits[1] if found.fits is not None else part, part // 2)
    advice = f"a `batch` of {fits * processes * recipe.accumulate:,} should fit" if fits else "not even one sample fits"
    steps = f"; or divide each batch: `accumulate = {recipe.accumulate * 2}`" if part > 1 else ""
    return RunError("\n".join([sentence, *(f"  {line}" for line in render_budget(found)), f"{advice}{steps}"]))


def memory_of(device: torch.device) -> int:
    """The bytes that a device has."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
