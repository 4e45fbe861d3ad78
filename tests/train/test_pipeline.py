"""Order, changes and losses of training against PyTorch's, torchvision's and plain arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn, optim

from archdsl.documents.recipe import Augment, Loss, Schedule
from archdsl.train import pipeline
from archdsl.train.data.folder import Files
from archdsl.train.data.samples import ArraySamples, Part, split
from archdsl.train.loader import Share, TrainingOrder, ValidationOrder
from archdsl.train.losses import Criterion, mixed
from archdsl.train.optimizers import lr_factor
from archdsl.train.pipeline import Batch, Normalisation, Pipeline, changed, measured, prepared, shifted

PLAIN = Normalisation((0.0,), (1.0,))


def images(count: int = 6, channels: int = 1, side: int = 5) -> Tensor:
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(1))


# --- order ------------------------------------------------------------------------------------------------------------


def test_an_epoch_has_every_sample_once() -> None:
    draws = list(TrainingOrder(40, 8, 2, 0, 0, Share()))
    for epoch in (0, 1):
        assert sorted(n for e, numbers in draws if e == epoch for n in numbers) == list(range(40))
    assert draws[0][1] != draws[5][1], "each epoch has an order of its own"


@pytest.mark.parametrize("start", range(11))
def test_the_order_can_begin_anywhere(start: int) -> None:
    whole = list(TrainingOrder(43, 8, 2, 3, 0, Share()))
    assert list(TrainingOrder(43, 8, 2, 3, start, Share())) == whole[start:]


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_the_batches_of_one(processes: int) -> None:
    alone = list(TrainingOrder(40, 8, 1, 0, 0, Share()))
    together = zip(*(TrainingOrder(40, 8, 1, 0, 0, Share(rank, processes)) for rank in range(processes)), strict=True)
    for (_, numbers), parts in zip(alone, together, strict=True):
        assert [n for _, part in parts for n in part] == numbers


@pytest.mark.parametrize(("count", "processes"), [(10, 3), (9, 3), (1, 2), (33, 2)])
def test_processes_validate_every_sample_once_in_equally_many_batches(count: int, processes: int) -> None:
    draws = [list(ValidationOrder(count, 4, Share(rank, processes))) for rank in range(processes)]
    assert len({len(each) for each in draws}) == 1
    counted = [n for each in draws for epoch, numbers in each if epoch >= 0 for n in numbers]
    assert sorted(counted) == list(range(count))


@pytest.mark.parametrize(("count", "part"), [(2, 0.5), (10, 0.2), (10, 0.999), (10, 0.001), (1797, 0.2)])
def test_a_split_gives_each_part_something(count: int, part: float) -> None:
    training, validation = split(count, part)
    assert sorted([*training, *validation]) == list(range(count))
    assert len(training) and len(validation)


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_shift_is_a_crop_out_of_the_padded_image() -> None:
    given, most = images(20), 2
    down, right = torch.rand(2, 20, generator=torch.Generator().manual_seed(0))
    found = shifted(given, most, down, right)
    padded = F.pad(given, [most] * 4)
    for i in range(20):
        top, left = int(down[i] * 5), int(right[i] * 5)
        assert found[i].equal(padded[i, :, top : top + 5, left : left + 5])


def test_each_image_is_mirrored_by_itself() -> None:
    given = images(8)
    random = torch.full((8, 5), 0.9)
    random[::2, 0] = 0.1
    found = changed(given, Augment(flip=0.5), random)
    assert found[::2].equal(given[::2].flip(3))
    assert found[1::2].equal(given[1::2])


def test_samples_are_changed_anew_in_each_epoch_and_alike_in_each_run() -> None:
    samples = ArraySamples(images(12).numpy(), np.zeros(12, dtype=np.int64))
    pipelines = [Pipeline(samples, (1, 5, 5), PLAIN, Augment(crop=2), seed) for seed in (1, 1, 2)]
    numbers = [3, 5, 7]
    first, again, other = (pipeline[4, numbers].images for pipeline in pipelines)
    assert first.equal(again)
    assert not first.equal(other)
    assert not first.equal(pipelines[0][5, numbers].images)
    assert pipelines[0][4, [7, 3]].images.equal(first[[2, 0]]), "whatever stands beside it"


def test_a_single_channel_is_repeated_and_colour_becomes_grey() -> None:
    labels = np.zeros(6, dtype=np.int64)
    repeated = Pipeline(ArraySamples(images().numpy(), labels), (3, 5, 5), PLAIN)[0, range(6)].images
    assert repeated.equal(images().expand(-1, 3, -1, -1))
    grey = Pipeline(ArraySamples(images(6, 3).numpy(), labels), (1, 5, 5), PLAIN)[0, range(6)].images
    assert grey.equal(images(6, 3).mean(1, keepdim=True))


def test_the_measured_normalisation_gives_mean_0_and_deviation_1() -> None:
    samples = ArraySamples((images(50, 3) * 0.3 + 0.2).numpy(), np.zeros(50, dtype=np.int64))
    found = Pipeline(samples, (3, 5, 5), measured(samples, (3, 5, 5)))[0, range(50)].images
    torch.testing.assert_close(found.mean(dim=(0, 2, 3)), torch.zeros(3), atol=2e-3, rtol=0)
    torch.testing.assert_close(found.std(dim=(0, 2, 3)), torch.ones(3), atol=5e-3, rtol=0)


@pytest.mark.parametrize("shape", [(1, 5, 5), (3, 5, 5), (3, 9, 7), (1, 3, 4)])
def test_samples_that_are_prepared_give_the_bits_of_those_that_are_not(shape: tuple[int, int, int]) -> None:
    labels = np.arange(20) % 3
    part = Part(ArraySamples(images(20).numpy(), labels), np.array([7, 3, 11, 19]))
    ready = prepared(part, shape)
    assert isinstance(ready, ArraySamples)
    plain, once = (Pipeline(samples, shape, Normalisation((0.4,), (0.2,)))[0, [2, 0]] for samples in (part, ready))
    assert once.images.equal(plain.images)
    assert once.targets.tolist() == plain.targets.tolist() == labels[[11, 7]].tolist()


def test_samples_are_prepared_only_where_they_lie_in_memory_and_stay_small(monkeypatch: pytest.MonkeyPatch) -> None:
    held = ArraySamples(images(20).numpy(), np.zeros(20, dtype=np.int64))
    elsewhere = Files([], 1)
    assert prepared(elsewhere, (1, 5, 5)) is elsewhere
    monkeypatch.setattr(pipeline, "MOST_KEPT", 4 * 20 * 25 - 1)
    assert prepared(held, (1, 5, 5)) is held


@pytest.mark.parametrize(("count", "sizes"), [(1, [7]), (2, [4, 3]), (7, [1] * 7), (9, [1] * 7)])
def test_a_batch_is_divided_into_parts(count: int, sizes: list[int]) -> None:
    batch = Batch(images(7), torch.arange(7))
    parts = list(batch.parts(count))
    assert [len(part) for part in parts] == sizes
    assert torch.cat([part.images for part in parts]).equal(batch.images)
    assert torch.cat([part.targets for part in parts]).equal(batch.targets)


def test_an_image_of_one_value_is_not_divided_by_0() -> None:
    samples = ArraySamples(np.ones((4, 1, 5, 5), dtype=np.float32), np.zeros(4, dtype=np.int64))
    assert measured(samples, (1, 5, 5)).std == (1.0,)


# --- losses and schedules ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (Loss(), nn.CrossEntropyLoss()),
        (Loss(label_smoothing=0.1), nn.CrossEntropyLoss(label_smoothing=0.1)),
        (Loss(name="hinge"), nn.MultiMarginLoss()),
    ],
)
def test_a_loss_is_torchs(loss: Loss, oracle: nn.Module) -> None:
    outputs, targets = torch.randn(7, 4), torch.tensor([0, 1, 2, 3, 0, 1, 2])
    assert Criterion(loss, 4)(outputs, targets).equal(oracle(outputs, targets))
    with_others = Criterion(loss, 4)((outputs, outputs * 2, outputs * 3), targets)
    wanted = oracle(outputs, targets) + 0.3 * oracle(outputs * 2, targets) + 0.3 * oracle(outputs * 3, targets)
    torch.testing.assert_close(with_others, wanted)


def test_squares_are_taken_against_one_hot_labels() -> None:
    outputs, targets = torch.randn(3, 4), torch.tensor([0, 3, 1])
    wanted = ((outputs - torch.eye(4)[targets]) ** 2).mean()
    torch.testing.assert_close(Criterion(Loss(name="mse"), 4)(outputs, targets), wanted)


def test_a_mixture_is_made_of_two_samples() -> None:
    given, targets = images(8), torch.arange(8)
    mixture = mixed(given, targets, 0.4, 1, 2, 3)
    for i, partner in enumerate(mixture.partners):
        wanted = mixture.share * given[i] + (1 - mixture.share) * given[partner]
        torch.testing.assert_close(mixture.images[i], wanted)
    assert mixed(given, targets, 0.4, 1, 2, 3).images.equal(mixture.images)
    shares = [mixed(given, targets, 0.4, 1, step, 3).share for step in range(400)]
    assert min(shares) >= 0 and max(shares) <= 1
    assert abs(sum(shares) / 400 - 0.5) < 0.06, "the mean of a symmetric beta distribution"


def test_the_cosine_schedule_is_torchs() -> None:
    weight = nn.Parameter(torch.zeros(1))
    optimizer = optim.SGD([weight], lr=1.0)
    rise = optim.lr_scheduler.LinearLR(optimizer, 1 / 10, 1.0, 9)
    fall = optim.lr_scheduler.CosineAnnealingLR(optimizer, 90)
    oracle = optim.lr_scheduler.SequentialLR(optimizer, [rise, fall], [10])
    for step in range(100):
        assert math.isclose(lr_factor(Schedule(), step, 100), optimizer.param_groups[0]["lr"], abs_tol=1e-9), step
        optimizer.step()
        oracle.step()


@pytest.mark.parametrize("name", ["cosine", "linear", "constant"])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_every_schedule_stays_between_0_and_1(name: str, steps: int) -> None:
    schedule = Schedule.model_validate({"name": name, "warmup": 0.5, "final": 0.1})
    assert all(0 < lr_factor(schedule, step, steps) <= 1 for step in range(steps))
