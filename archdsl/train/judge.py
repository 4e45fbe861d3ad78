"""Measures the best weights of a run on a data set, and lets them name the class of images."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.documents.recipe import Data
from archdsl.documents.run import EvaluateDocument, PredictDocument, Prediction
from archdsl.driver.api import ArchError, RunError
from archdsl.driver.recipe import read_recipe
from archdsl.source.source import Source
from archdsl.train.checkpoint import difference, load_tensors
from archdsl.train.data.folder import Files
from archdsl.train.data.samples import Samples
from archdsl.train.evaluation import Evaluation, evaluate
from archdsl.train.loader import Share, ValidationOrder, load_batches
from archdsl.train.losses import Criterion
from archdsl.train.pipeline import Normalisation, Pipeline
from archdsl.train.plan import plan_training
from archdsl.train.run_folder import RunFolder
from archdsl.train.setup import autocast, form_of
from archdsl.train.state import SampleFault

BATCH = 64


def evaluate_run(run: str, data: str | None = None) -> EvaluateDocument:
    """The best weights of a run on its validation samples, or on all samples of another data set.

    :raises ArchError: where the data set does not fit the network, or a sample breaks its contract.
    :raises RunError: where there is no run folder, or it has no weights yet.
    """
    folder = RunFolder(run)
    document = folder.document()
    settings = [*([] if data is None else [f"data.source={data}"]), "loggers=[]"]
    plan = plan_training(folder.file(document.spec), document.network, recipe=folder.recipe, settings=settings)
    place = plan.written.span("data", "source") or plan.built.typed.design.name_span
    if list(plan.data.declaration.classes) != document.classes:
        message = f"`{plan.recipe.data.source}` has other classes than the run `{run}`"
        raise ArchError.of([Diagnostic("E0807", message, place)], plan.sources)
    parts = plan.data.open()
    model = _with_best_weights(folder)
    criterion = Criterion(plan.recipe.loss, len(document.classes))
    found: list[Evaluation] = []
    for part in parts if data is not None else parts[1:]:
        batches = load_batches(Pipeline(part, *form_of(plan)), _order(part), plan.recipe.data.workers, pin=False)
        try:
            cpu = torch.device("cpu")
            found.append(evaluate(model, batches, criterion, cpu, autocast(plan.recipe, cpu)))
        except SampleFault as fault:
            raise ArchError.of([Diagnostic("E0813", str(fault), place)], plan.sources) from None
    count = sum(each.count for each in found)
    confusion = sum((each.confusion for each in found[1:]), found[0].confusion)
    return EvaluateDocument(
        run=run,
        data=plan.recipe.data.source,
        samples=count,
        broken=sum(each.broken for each in found),
        metrics={
            "accuracy": int(confusion.diagonal().sum()) / max(1, count),
            "loss": sum(each.loss * each.count for each in found) / max(1, count),
        },
        classes=document.classes,
        confusion=confusion.tolist(),
    )


@torch.no_grad()
def predict_images(run: str, paths: Sequence[str]) -> PredictDocument:
    """The class of each image by the best weights of a run; files that cannot be read are told apart.

    :raises RunError: where there is no run folder, or it has no weights yet.
    """
    folder = RunFolder(run)
    document = folder.document()
    with open(folder.recipe, encoding="utf-8") as stream:
        recipe = read_recipe(Source(folder.recipe, stream.read())).recipe
    channels, height, width = document.input
    files = Files([(path, 0) for path in paths], 1 if channels == 1 else 3)
    pipeline = Pipeline(files, (channels, height, width), _normalisation(recipe.data))
    model = _with_best_weights(folder).eval()
    predictions, broken = [], []
    for start in range(0, len(paths), BATCH):
        numbers = range(start, min(start + BATCH, len(paths)))
        batch = pipeline[0, numbers]
        unread = {path for path, _ in batch.broken}
        broken += [f"`{path}` cannot be read: {reason}" for path, reason in batch.broken]
        readable = [paths[number] for number in numbers if paths[number] not in unread]
        if readable:
            shares = model(batch.images).softmax(1)
            best = shares.max(1)
            pairs = zip(readable, best.indices.tolist(), best.values.tolist(), strict=True)
            predictions += [
                Prediction(path=path, label=document.classes[index], probability=share) for path, index, share in pairs
            ]
    return PredictDocument(run=run, predictions=predictions, broken=broken)


def _with_best_weights(folder: RunFolder) -> torch.nn.Module:
    model = folder.make_model()
    if not os.path.exists(folder.best):
        raise RunError(f"`{folder.path}` has no weights yet: no epoch of it was finished")
    _, weights = load_tensors(folder.best, torch.device("cpu"))
    lines = difference(model.state_dict(), weights)
    if lines:
        raise RunError(f"`{folder.best}` belongs to another network: {'; '.join(lines[:3])}")
    model.load_state_dict(weights)
    return model


def _normalisation(data: Data) -> Normalisation:
    assert isinstance(data.mean, list) and isinstance(data.std, list)
    return Normalisation(tuple(data.mean), tuple(data.std))


def _order(part: Samples) -> ValidationOrder:
    return ValidationOrder(len(part), BATCH, Share())
