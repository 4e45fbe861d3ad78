"""Makes the objects of a run from its plan: model, optimizer, loss, loaders; and keeps and restores their state."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields
from typing import Any

import torch
from torch import nn, optim
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from archdsl.documents.recipe import Recipe
from archdsl.train.checkpoint import difference, load_state, save_state
from archdsl.train.data.samples import Samples
from archdsl.train.files import remove_file
from archdsl.train.loader import Share, TrainingOrder, ValidationOrder, load_batches
from archdsl.train.losses import Criterion
from archdsl.train.optimizers import make_optimizer
from archdsl.train.pipeline import Batch, Normalisation, Pipeline, measured
from archdsl.train.plan import TrainingPlan
from archdsl.train.run_folder import RunFolder
from archdsl.train.seeds import derived
from archdsl.train.sharding import POINTER, is_sharded, load_sharded, save_sharded, shard_blocks
from archdsl.train.state import Progress

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class OtherWeights(Exception):
    """Weights that belong to another network: ``lines`` tell the keys and shapes that differ."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


@dataclass(slots=True)
class Setup:
    """The objects of a run in one process. ``model`` is the bare network, ``engine`` what is called in training."""

    plan: TrainingPlan
    run: RunFolder
    device: torch.device
    share: Share
    samples: tuple[Samples, Samples]
    model: nn.Module
    engine: nn.Module
    averaged: AveragedModel | None
    criterion: Criterion
    optimizer: optim.Optimizer
    scaler: torch.amp.GradScaler
    progress: Progress

    @property
    def recipe(self) -> Recipe:
        """The complete recipe."""
        return self.plan.recipe

    @property
    def steps_per_epoch(self) -> int:
        """How many steps an epoch has."""
        return len(self.samples[0]) // self.recipe.batch

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept: the averaged one if there is one."""
        return self.averaged.module if self.averaged is not None else self.model

    def autocast(self) -> AbstractContextManager[object]:
        """The arithmetic of a forward pass."""
        return autocast(self.recipe, self.device)

    def training_batches(self) -> DataLoader[Batch]:
        """The batches from the current step to the end of the run."""
        recipe = self.recipe
        order = TrainingOrder(
            len(self.samples[0]), recipe.batch, recipe.epochs, recipe.seed, self.progress.step, self.share
        )
        return self._loader(Pipeline(self.samples[0], *form_of(self.plan), recipe.augment, recipe.seed), order)

    def validation_batches(self) -> DataLoader[Batch]:
        """The validation samples of this process."""
        order = ValidationOrder(len(self.samples[1]), max(1, self.recipe.batch // self.share.processes), self.share)
        return self._loader(Pipeline(self.samples[1], *form_of(self.plan)), order)

    def save(self) -> None:
        """Writes a checkpoint, all processes together."""
        folder = os.path.dirname(self.run.last)
        if is_sharded(self.model):
            save_sharded(folder, self.progress.step, self.model, self.optimizer, {"progress": asdict(self.progress)})
        elif self.share.rank == 0:
            save_state(self.run.last, self._state())
            remove_file(os.path.join(folder, POINTER))  # of an earlier session with several processes

    def load(self) -> bool:
        """Takes up the last checkpoint; False where there is none.

        :raises NoCheckpoint: where it cannot be read.
        :raises OtherWeights: where it is that of another network.
        """
        folder = os.path.dirname(self.run.last)
        if os.path.exists(os.path.join(folder, POINTER)):
            self._take_progress(load_sharded(folder, self.model, self.optimizer)["progress"])
        elif os.path.exists(self.run.last):
            self._restore(load_state(self.run.last, self.device))
        else:
            return False
        return True

    def _state(self) -> dict[str, Any]:
        averaged = self.averaged.state_dict() if self.averaged is not None else None
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averaged": averaged,
            "scaler": self.scaler.state_dict(),
            "progress": asdict(self.progress),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        lines = difference(self.model.state_dict(), state["model"])
        if lines:
            raise OtherWeights(lines)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        self._take_progress(state["progress"])

    def _take_progress(self, kept: Mapping[str, Any]) -> None:
        for part in fields(Progress):
            setattr(self.progress, part.name, kept[part.name])

    def _loader(self, pipeline: Pipeline, order: TrainingOrder | ValidationOrder) -> DataLoader[Batch]:
        return load_batches(pipeline, order, self.recipe.data.workers, pin=self.device.type == "cuda")


def make_setup(
    plan: TrainingPlan, run: RunFolder, device: torch.device, share: Share, samples: tuple[Samples, Samples]
) -> Setup:
    """The objects of a run at its first step; weights are drawn from the recipe's seed."""
    recipe = plan.recipe
    if recipe.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if torch.are_deterministic_algorithms_enabled() != recipe.deterministic:
        torch.use_deterministic_algorithms(
            recipe.deterministic
        )  # takes seconds to load: only where it changes something
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(derived(recipe.seed))
    model = run.make_model().to(device)
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    averaged = None
    if recipe.ema:
        averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)
    return Setup(
        plan,
        run,
        device,
        share,
        samples,
        model,
        _engine(model, recipe, device, share),
        averaged,
        Criterion(recipe.loss, len(plan.data.declaration.classes)),
        make_optimizer(recipe.optimizer, model),
        torch.amp.GradScaler(device.type, enabled=recipe.precision == "fp16"),
        Progress(),
    )


def completed(recipe: Recipe, training: Samples, plan: TrainingPlan) -> Recipe:
    """The recipe with the mean and standard deviation of the training samples where it says ``auto``."""
    data = recipe.data
    if "auto" not in (data.mean, data.std):
        return recipe
    found = measured(training, plan.input)
    changed = {
        "mean": list(found.mean) if data.mean == "auto" else data.mean,
        "std": list(found.std) if data.std == "auto" else data.std,
    }
    return recipe.model_copy(update={"data": data.model_copy(update=changed)})


def _engine(model: nn.Module, recipe: Recipe, device: torch.device, share: Share) -> nn.Module:
    wrapped = model
    if share.processes > 1 and recipe.strategy == "fsdp":
        shard_blocks(model, device.type, share.processes)
    elif share.processes > 1:
        ids = [device.index] if device.type == "cuda" else None
        wrapped = DistributedDataParallel(model, device_ids=ids)
    return torch.compile(wrapped) if recipe.compile else wrapped  # type: ignore[return-value]


def autocast(recipe: Recipe, device: torch.device) -> AbstractContextManager[object]:
    """The arithmetic of a forward pass."""
    half = _HALF.get(recipe.precision)
    return torch.autocast(device.type, half) if half is not None else nullcontext()


def form_of(plan: TrainingPlan) -> tuple[tuple[int, int, int], Normalisation]:
    """What samples are made into: their shape, and how they are normalised."""
    mean, std = plan.recipe.data.mean, plan.recipe.data.std
    assert isinstance(mean, list) and isinstance(std, list)
    return plan.input, Normalisation(tuple(mean), tuple(std))
