"""Trains a network: from a plan, or on from the last checkpoint of a run."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TextIO

import torch

from archdsl import __version__
from archdsl.diagnostics.diagnostic import Diagnostic, Help
from archdsl.documents.run import TrainDocument
from archdsl.driver.api import ArchError, Path
from archdsl.train.checkpoint import difference
from archdsl.train.data.samples import Samples, UnusableData
from archdsl.train.diagnose import compile_failed, first_not_finite, is_compile_failure, not_finite
from archdsl.train.distributed import device_named, joined, told
from archdsl.train.engine import Loop, NotFinite
from archdsl.train.load import executed, instance
from archdsl.train.loader import Share
from archdsl.train.loggers import Logger, open_loggers
from archdsl.train.memory import is_out_of_memory, out_of_memory
from archdsl.train.pipeline import prepared
from archdsl.train.plan import TrainingPlan, plan_training, unusable_data
from archdsl.train.run_folder import RunFolder, create_run, is_same_network, write_report
from archdsl.train.setup import OtherWeights, Setup, completed, make_setup
from archdsl.train.state import SampleFault, Status, Stop
from archdsl.train.watch import Watch, watch_on

MOST_LINES = 12
"""So many differences between two networks are told."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came of a run: why it ended, the epochs that it finished, the figures of its best weights."""

    run: str
    status: Status
    epochs: int
    metrics: dict[str, float]
    rank: int = 0
    """The number of this process among those of the run; the first one speaks for all."""

    def document(self) -> TrainDocument:
        """The result as the published document."""
        return TrainDocument(run=self.run, status=self.status, epochs=self.epochs, metrics=self.metrics)


def train(plan: TrainingPlan, *, run: str | None = None, log: TextIO | None = None) -> TrainingResult:
    """Trains as planned, into a new run folder (by default the next free number in ``runs/``).

    What a person should see while it lasts goes to ``log``. SIGINT and SIGTERM end it with a checkpoint.

    :raises ArchError: where the run cannot go on: a loss that is not finite, a sample that breaks the contract.
    :raises RunError: where there is something at the path already.
    :raises OSError: where the system refuses to write.
    """
    return _train(plan, lambda whole: create_run(whole, run), log)


def resume(
    run: str, path: Path | None = None, network: str | None = None, *, log: TextIO | None = None
) -> TrainingResult:
    """Goes on with a run from its last checkpoint, to the same bits as if it had never ended.

    The recipe is the run's own. With the path of a spec, its network is compared with that of the run first.

    :raises ArchError: as ``train``, and where the spec or the checkpoint belongs to another network.
    :raises RunError: where there is no run folder, or its checkpoint cannot be read.
    """
    folder = RunFolder(run)
    document = folder.document()
    spec = folder.file(document.spec) if path is None else path
    plan = plan_training(spec, network or document.network, recipe=folder.recipe)
    if path is not None:
        check_same_network(plan, folder)
    return _train(plan, lambda _: folder, log, resumed=True)


def check_same_network(plan: TrainingPlan, run: RunFolder) -> None:
    """Compares a network with that of a run.

    :raises ArchError: with the weights that differ, or the first lines of code.
    """
    code = run.code()
    if is_same_network(code, plan.built.source):
        return
    with torch.device("meta"):
        new = instance(getattr(executed(plan.built.source, plan.network), plan.network), plan.recipe.network.arguments)
        old = run.make_model()
    lines = difference(new.state_dict(), old.state_dict())
    raise _other_network(plan, run.path, lines or ["all weights have the same names and shapes: the layers differ"])


def _other_network(plan: TrainingPlan, what: str, lines: list[str]) -> ArchError:
    message = f"`{what}` belongs to another network than `{plan.network}`"
    notes = (*lines[:MOST_LINES], *([f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []))
    help = Help("train the new network in a run folder of its own")
    finding = Diagnostic("E0815", message, plan.built.typed.design.name_span, notes=notes, help=help)
    return ArchError.of([finding], plan.sources)


def _train(
    plan: TrainingPlan, folder: Callable[[TrainingPlan], RunFolder], log: TextIO | None, *, resumed: bool = False
) -> TrainingResult:
    device = _device(plan)
    with Stop().listening() as stop, joined(device) as share:
        samples = _opened(plan)
        plan = replace(plan, recipe=completed(plan.recipe, samples[0], plan))
        setup = make_setup(plan, _shared(folder, plan, share), device, share, samples)
        if resumed:
            _restore(setup)
        return _run(setup, watch_on(log if share.rank == 0 else None), stop)


def _opened(plan: TrainingPlan) -> tuple[Samples, Samples]:
    try:
        training, validation = plan.data.open()
    except UnusableData as unusable:
        raise ArchError.of([unusable_data(unusable, plan.built, plan.written)], plan.sources) from None
    return prepared(training, plan.input), prepared(validation, plan.input)


def _run(setup: Setup, watch: Watch, stop: Stop) -> TrainingResult:
    progress = setup.progress
    if setup.share.rank == 0:
        setup.run.add_session(_session(setup))
        watch.begin(setup.run.path, str(setup.device), setup.steps_per_epoch * setup.recipe.epochs, progress.step)
    loggers: Sequence[Logger] = ()
    try:
        loggers = open_loggers(setup)
        status = Loop(setup, watch, stop, loggers).run()
    except NotFinite as fault:
        path = first_not_finite(setup.model, fault.images)
        finding = not_finite(setup.plan.built.typed, path, fault.step, fault.lr)
        raise ArchError.of([finding], setup.plan.sources) from None
    except SampleFault as fault:
        place = setup.plan.written.span("data", "source") or setup.plan.built.typed.design.name_span
        raise ArchError.of([Diagnostic("E0813", str(fault), place)], setup.plan.sources) from None
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise out_of_memory(setup.plan, setup.device, setup.share.processes) from None
        if is_compile_failure(error, setup.recipe):
            raise ArchError.of([compile_failed(error, setup.plan)], setup.plan.sources) from error
        raise
    finally:
        watch.end()
        for logger in loggers:
            logger.end()
    if setup.share.rank == 0:
        write_report(setup.run)
    best = {"accuracy": progress.best_accuracy, "loss": progress.best_loss} if progress.best_epoch else {}
    return TrainingResult(setup.run.path, status, progress.step // setup.steps_per_epoch, best, setup.share.rank)


def _device(plan: TrainingPlan) -> torch.device:
    if plan.recipe.device == "cuda" and not torch.cuda.is_available():
        place = plan.written.span("device") or plan.built.typed.design.name_span
        finding = Diagnostic("E0803", "`device` is cuda, but torch finds no GPU here", place)
        raise ArchError.of([finding], plan.sources)
    return device_named(plan.recipe.device)


def _shared(folder: Callable[[TrainingPlan], RunFolder], plan: TrainingPlan, share: Share) -> RunFolder:
    """The run folder, made by the first process."""
    path = told(folder(plan).path if share.rank == 0 else None)
    assert path is not None
    return RunFolder(path)


def _restore(setup: Setup) -> None:
    run = setup.run
    try:
        setup.load()  # without a checkpoint the run starts again, from the same seed
    except OtherWeights as other:
        raise _other_network(setup.plan, run.last, other.lines) from None
    if setup.share.rank == 0:
        run.drop_rows_after(setup.progress.step)


def _session(setup: Setup) -> dict[str, object]:
    """What a figure may depend on, beside the recipe."""
    return {
        "step": setup.progress.step,
        "archdsl": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": platform.platform(),
        "device": torch.cuda.get_device_name(setup.device) if setup.device.type == "cuda" else platform.machine(),
        "threads": torch.get_num_threads(),
        "processes": setup.share.processes,
        "arguments": sys.argv[1:],
    }
