"""torch's own samples: what it accepts of our layers is accepted with the same shape, what it refuses is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from tests.ops.opinfo import TRANSLATORS, Said, Sample, errors, samples
from tests.ops.support import REFUSED, Outcome, Shape, evaluate

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*"),  # the samples try what torch warns of
]

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


def told(found: Iterator[Sample]) -> Iterator[tuple[Sample, Outcome, Shape | None]]:
    """The samples that are layers, with what both say."""
    for sample in found:
        if isinstance(sample.layer, Said):
            said = sample.layer
            yield sample, evaluate(said.op, *said.inputs, **said.arguments), shape_in_torch(sample)


def refusals(outcome: Outcome) -> set[tuple[str, str]]:
    """Why archdsl refuses, as in `STRICTER`."""
    reasons = [*outcome.codes, *([outcome.refusal.split(":")[0]] if outcome.refusal else [])]
    return {(outcome.call.op.name, reason) for reason in reasons}


@pytest.mark.parametrize("name", TRANSLATORS)
def test_samples_have_the_shape_that_torch_gives_them(name: str) -> None:
    compared = 0
    for sample, outcome, theirs in told(samples(name)):
        compared += 1
        if outcome.shape is None and refusals(outcome) & STRICTER.keys():
            continue
        assert outcome.shape == theirs, f"{sample.text}: {outcome.codes or outcome.refusal}"
    assert compared >= 1


def test_what_torch_refuses_is_refused() -> None:
    compared: Counter[str] = Counter()
    for name in TRANSLATORS:
        for sample, outcome, theirs in told(errors(name)):
            assert outcome.shape == theirs, sample.text
            compared[name] += theirs is None
    assert compared.total() >= 20 and len(compared) >= 8


def test_most_samples_with_a_batch_are_layers() -> None:
    reasons = Counter(
        sample.layer if isinstance(sample.layer, str) else "compared"
        for name in TRANSLATORS
        for sample in samples(name)
    )
    assert reasons["compared"] >= 2_300
    others = reasons.total() - reasons["compared"] - reasons["without a batch"]
    assert others < reasons["compared"] / 5, reasons


def test_every_exception_is_needed() -> None:
    met = {
        reason
        for name in TRANSLATORS
        for _, outcome, theirs in told(samples(name))
        if theirs is not None and outcome.shape is None
        for reason in refusals(outcome)
    }
    assert met == STRICTER.keys()
