"""torch's own samples: what it accepts of our layers is accepted with the same shape, what it refuses is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from torch import Tensor

from tests.ops.opinfo import TRANSLATORS, Said, Sample, errors, samples
from tests.ops.support import REFUSED, Shape, evaluate

pytestmark = pytest.mark.filterwarnings("ignore")  # the samples try what torch warns of

STRICTER = {
    ("add", "E0302"): "torch broadcasts",
    ("mul", "E0302"): "torch broadcasts",
    ("dropout2d", "E0304"): "torch takes the batch of a sequence for its channels",
    ("group_norm", "eps"): "torch takes an eps below zero, and gives NaN where it outweighs the variance",
}
"""By layer, and by the code or the argument: where archdsl refuses a sample that torch runs, and why."""


def shape_in_torch(sample: Sample) -> Shape | None:
    """The shape of the (first) result; None where torch refuses."""
    try:
        with torch.no_grad():
            made = sample.run()
    except (*REFUSED, NotImplementedError):
        return None
    first = made[0] if isinstance(made, tuple) else made
    assert isinstance(first, Tensor)
    return tuple(first.shape)


@dataclass(frozen=True)
class Compared:
    """What both say of a sample that is a layer; ``refusals`` are archdsl's reasons, as in `STRICTER`."""

    text: str
    ours: Shape | None
    theirs: Shape | None
    refusals: frozenset[tuple[str, str]]


@cache
def compared(name: str) -> tuple[Compared, ...]:
    """The samples of an operator that are layers."""
    return tuple(told(samples(name)))


def told(found: Iterator[Sample]) -> Iterator[Compared]:
    for sample in found:
        said = sample.layer
        if isinstance(said, Said):
            outcome = evaluate(said.op, *said.inputs, **said.arguments)
            reasons = [*outcome.codes, *([outcome.refusal.split(":")[0]] if outcome.refusal else [])]
            refusals = frozenset((said.op, reason) for reason in reasons)
            yield Compared(sample.text, outcome.shape, shape_in_torch(sample), refusals)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_samples_have_the_shape_that_torch_gives_them(name: str) -> None:
    assert compared(name)
    for sample in compared(name):
        if sample.ours is None and sample.refusals & STRICTER.keys():
            continue
        assert sample.ours == sample.theirs, (sample.text, sample.refusals)


def test_what_torch_refuses_is_refused() -> None:
    found: Counter[str] = Counter()
    for name in TRANSLATORS:
        for sample in told(errors(name)):
            assert sample.ours == sample.theirs, sample.text
            found[name] += sample.theirs is None
    assert found.total() >= 20 and len(found) >= 8


def test_most_samples_with_a_batch_are_layers() -> None:
    reasons = Counter(sample.layer for name in TRANSLATORS for sample in samples(name) if isinstance(sample.layer, str))
    layers = sum(len(compared(name)) for name in TRANSLATORS)
    assert layers >= 2_300
    assert reasons.total() - reasons["without a batch"] < layers / 5, reasons


def test_every_exception_is_needed() -> None:
    every = [sample for name in TRANSLATORS for sample in compared(name)]
    met = [sample.refusals for sample in every if sample.theirs is not None and sample.ours is None]
    assert frozenset().union(*met) == STRICTER.keys()
