"""The loop: steps, epochs, checkpoints, until the recipe, the clock or a signal says enough."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from archdsl.train.checkpoint import save_weights
from archdsl.train.distributed import agreed, level_buffers, summed
from archdsl.train.evaluation import Evaluation, evaluate, placed
from archdsl.train.files import write_text
from archdsl.train.loggers import Logger
from archdsl.train.losses import mixed
from archdsl.train.optimizers import lr_factor, set_lr
from archdsl.train.pipeline import Batch
from archdsl.train.run_folder import Row
from archdsl.train.seeds import seed_step
from archdsl.train.setup import Setup
from archdsl.train.sharding import whole_weights
from archdsl.train.state import SampleFault, Status, Stop
from archdsl.train.watch import Watch

LOOKS = 20
"""Several processes agree on stopping, and a GPU's loss is looked at, once in so many steps: both make them wait."""


class NotFinite(Exception):
    """A loss that is NaN or infinite; ``images`` are those of the batch."""

    def __init__(self, images: Tensor, step: int, lr: float) -> None:
        super().__init__(f"the loss is not finite at step {step}")
        self.images = images
        self.step = step
        self.lr = lr


class Loop:
    """One run in one process, from the step of its progress on."""

    def __init__(self, setup: Setup, watch: Watch, stop: Stop, loggers: Sequence[Logger] = ()) -> None:
        self.setup = setup
        self.loggers = loggers
        self.watch = watch
        self.stop = stop
        self._validation = setup.validation_batches()
        self._loss_sum = torch.tensor(setup.progress.loss_sum, dtype=torch.float64, device=setup.device)
        self._clock = time.monotonic()
        self._session = time.monotonic()
        self._session_seen = 0

    def run(self) -> Status:
        """Trains to the end, or until something stops it; the last checkpoint is written in any case.

        :raises NotFinite: where the loss is no number.
        :raises SampleFault: at a sample that breaks the contract of its data set.
        """
        setup, progress = self.setup, self.setup.progress
        if self._has_waited_enough():
            return "early_stop"
        setup.engine.train()
        for epoch, batch in self._batches():
            self._step(epoch, batch)
            progress.step += 1
            self.watch.step(epoch + 1, len(batch))
            ends = progress.step % setup.steps_per_epoch == 0
            if ends:
                self._finish_epoch(epoch)
            status = self._reason_to_stop(epoch, ends=ends)
            if status is not None:
                return status
            if not ends and setup.recipe.checkpoint_every and progress.step % setup.recipe.checkpoint_every == 0:
                self._save()
        return "finished"

    # --- steps --------------------------------------------------------------------------------------------------------

    def _batches(self) -> Iterator[tuple[int, Batch]]:
        for step, batch in enumerate(self.setup.training_batches(), self.setup.progress.step):
            if batch.fault is not None:
                raise SampleFault(batch.fault)
            for path, reason in batch.broken:
                self.watch.remark(f"left out: `{path}` cannot be read: {reason}")
            yield step // self.setup.steps_per_epoch, batch

    def _step(self, epoch: int, batch: Batch) -> None:
        """Forward, backward and update for one batch, in as many parts as the recipe divides it into."""
        setup, recipe, progress = self.setup, self.setup.recipe, self.setup.progress
        lr = recipe.optimizer.lr * lr_factor(recipe.schedule, progress.step, setup.steps_per_epoch * recipe.epochs)
        set_lr(setup.optimizer, lr)
        seed_step(recipe.seed, progress.step, setup.share.rank, setup.device)
        setup.optimizer.zero_grad(set_to_none=True)
        for part in batch.parts(recipe.accumulate):
            self._backward(part, len(part) / len(batch), lr)
        self._update()
        progress.seen += len(batch)
        progress.broken += len(batch.broken)
        self._session_seen += len(batch)

    def _backward(self, batch: Batch, share: float, lr: float) -> None:
        """The gradients of a part of a batch, which is this share of it."""
        setup, recipe = self.setup, self.setup.recipe
        images, targets = placed(batch, setup.device, channels_last=recipe.channels_last)
        partners, own = None, 1.0
        if recipe.augment.mixup:
            place = recipe.seed, setup.progress.step, setup.share.rank
            mixture = mixed(images, targets, recipe.augment.mixup, *place)
            images, partners, own = mixture.images, mixture.partners, mixture.share
        with setup.autocast():
            outputs = setup.engine(images)
            loss: Tensor = setup.criterion(outputs, targets)
            if partners is not None:
                loss = own * loss + (1 - own) * setup.criterion(outputs, partners)
        # On a GPU a look at the value waits for it: only now and then.
        if (setup.device.type == "cpu" or setup.progress.step % LOOKS == 0) and not math.isfinite(loss.item()):
            raise NotFinite(images, setup.progress.step, lr)
        self._loss_sum.add_(loss.detach(), alpha=len(batch))
        setup.scaler.scale(loss if share == 1 else loss * share).backward()

    def _update(self) -> None:
        setup = self.setup
        if setup.recipe.optimizer.clip:
            setup.scaler.unscale_(setup.optimizer)
            nn.utils.clip_grad_norm_(setup.model.parameters(), setup.recipe.optimizer.clip)
        setup.scaler.step(setup.optimizer)
        setup.scaler.update()
        if setup.averaged is not None:
            setup.averaged.update_parameters(setup.model)

    # --- epochs -------------------------------------------------------------------------------------------------------

    def _finish_epoch(self, epoch: int) -> None:
        """Validates, keeps the weights if they are the best so far, writes the row, then the checkpoint.

        In this order a killed run leaves a checkpoint that is never ahead of the other files.
        """
        setup, progress = self.setup, self.setup.progress
        level_buffers(setup.model)
        measured = evaluate(
            setup.judged,
            self._validation,
            setup.criterion,
            setup.device,
            setup.autocast(),
            channels_last=setup.recipe.channels_last,
        )
        row = self._row(epoch, measured)
        if progress.improves(measured.accuracy, measured.loss):
            progress.best_epoch, progress.best_accuracy, progress.best_loss = (
                epoch + 1,
                measured.accuracy,
                measured.loss,
            )
            weights = whole_weights(setup.judged)
            if setup.share.rank == 0:
                digest = setup.run.document().digest
                write_text(setup.run.file("confusion.json"), json.dumps(measured.confusion.tolist()) + "\n")
                save_weights(setup.run.best, weights, network=setup.plan.network, digest=digest)
        for logger in self.loggers:
            logger.row(row)
        self._loss_sum.zero_()
        progress.seen = 0
        self._save()
        self.watch.row(row)

    def _row(self, epoch: int, measured: Evaluation) -> Row:
        progress = self.setup.progress
        sums = summed(torch.stack([self._loss_sum, self._loss_sum.new_tensor(progress.seen)])).tolist()
        taken = time.monotonic() - self._session
        return {
            "epoch": epoch + 1,
            "step": progress.step,
            "train_loss": sums[0] / max(1.0, sums[1]),
            "loss": measured.loss,
            "accuracy": measured.accuracy,
            "lr": self.setup.optimizer.param_groups[0]["lr"],
            "broken": progress.broken + measured.broken,
            "time": {
                "seconds": round(self._tick(), 3),
                "samples_per_second": round(self._session_seen * self.setup.share.processes / max(taken, 1e-9), 1),
            },
        }

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _reason_to_stop(self, epoch: int, *, ends: bool) -> Status | None:
        """Whether the run stops behind this step, and why; what it has reached is kept then."""
        setup = self.setup
        if ends and self._has_waited_enough():
            return "early_stop"
        if setup.share.processes > 1 and not ends and setup.progress.step % LOOKS:
            return None
        limit = setup.recipe.time_limit
        late = limit is not None and time.monotonic() - self._session >= limit
        if not agreed(self.stop.requested or late, setup.device):
            return None
        if not ends:
            self._save()
        last = setup.progress.step == setup.recipe.epochs * setup.steps_per_epoch
        if last:
            return "finished"
        return "interrupted" if agreed(self.stop.requested, setup.device) else "time_limit"

    def _has_waited_enough(self) -> bool:
        progress, patience = self.setup.progress, self.setup.recipe.patience
        return bool(patience) and progress.step // self.setup.steps_per_epoch - progress.best_epoch >= patience

    def _save(self) -> None:
        progress = self.setup.progress
        self._tick()
        progress.loss_sum = self._loss_sum.item()
        self.setup.save()

    def _tick(self) -> float:
        """The seconds of all sessions up to now."""
        now = time.monotonic()
        self.setup.progress.seconds += now - self._clock
        self._clock = now
        return self.setup.progress.seconds
