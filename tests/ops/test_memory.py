"""What layers keep, share and allocate, by their own examples: against real torch, storage by storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archdsl.ops import REGISTRY
from archdsl.ops.base import Example, Op
from archdsl.ops.memory import EVERYTHING, Kept, Scratch, Storage
from tests.ops.support import Outcome, build, evaluate, outcome_of
from tests.oracles.torch_memory import AllocationTrace, address, kept_for_backward, kept_storages, profiled_peak

DTYPES = (torch.float32, torch.bfloat16, torch.float64)
EXAMPLES = [(name, index) for name, op in REGISTRY.items() for index in range(len(op.examples))]

every_example = pytest.mark.parametrize(("name", "index"), EXAMPLES, ids=str)


def layer(name: str, example: Example) -> tuple[Outcome, nn.Module]:
    """A layer and its module; the layer is known to be accepted."""
    outcome = outcome_of(name, example)
    assert outcome.output is not None
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    return outcome, build(form, outcome.call)


def operands(outcome: Outcome, dtype: torch.dtype, *, trained: bool) -> list[Tensor]:
    shapes: list[Any] = [value.shape for value in outcome.call.inputs]
    if outcome.call.op.name == "embedding":
        return [torch.zeros(shape, dtype=torch.long) for shape in shapes]
    return [torch.rand(shape).to(dtype).requires_grad_(trained) for shape in shapes]


def said(outcome: Outcome, kept: Kept, size: int) -> int:
    """The bytes that a fact comes to."""
    assert outcome.output is not None
    inputs = sum(volume_of(value.shape) for value in outcome.call.inputs)
    output = volume_of(outcome.output.shape)
    values = (kept.inputs or kept.trained_inputs) * inputs + kept.output * output + kept.values
    return size * values + max(size, 4) * kept.sums + 8 * kept.indices


def volume_of(shape: Any) -> int:
    return int(torch.Size(shape).numel())


@every_example
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_what_is_kept_for_the_backward_pass(name: str, index: int, dtype: torch.dtype) -> None:
    outcome, module = layer(name, REGISTRY[name].examples[index])
    assert outcome.output is not None
    if dtype is torch.bfloat16 and outcome.call.arguments.get("dropout"):
        pytest.skip("torch computes attention with dropout in wider numbers then: docs/numbers.md says so")
    module = module.to(dtype).train()
    values = operands(outcome, dtype, trained=True)
    kept = outcome.call.op.kept(outcome.call, outcome.output)
    try:
        saved, result = kept_storages(module, lambda: module(*values))
    except NotImplementedError:
        pytest.skip("the CPU has no such operator for this type")
    assert isinstance(result, Tensor)
    assert {address(value) in saved for value in values} == {kept.inputs or kept.trained_inputs}
    if outcome.call.op.stored(outcome.call, training=True) is Storage.OWN:
        assert (address(result) in saved) == kept.output
    assert said(outcome, kept, dtype.itemsize) == sum(size for _, size in saved.values())


@every_example
@pytest.mark.parametrize("training", [True, False])
def test_where_the_output_lies(name: str, index: int, training: bool) -> None:
    outcome, module = layer(name, REGISTRY[name].examples[index])
    values = operands(outcome, torch.float32, trained=False)
    result = module.train(training)(*values)
    where = outcome.call.op.stored(outcome.call, training=training)
    assert (where is not Storage.OWN) == (address(result) in {address(value) for value in values})
    if where in (Storage.INPUT, Storage.RESHAPED):
        assert result.is_contiguous()


@every_example
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_what_a_layer_allocates_at_most(name: str, index: int) -> None:
    """The peak while the layer runs, without its inputs: its output and what it frees again."""
    outcome, module = layer(name, REGISTRY[name].examples[index])
    assert outcome.output is not None
    call, values = outcome.call, operands(outcome, torch.float32, trained=False)
    module.eval()
    if name == "multi_head_attention":
        peak = profiled_peak(lambda: module(*values))
    else:
        with torch.no_grad(), AllocationTrace((), [*values, *module.parameters(), *module.buffers()]) as trace:
            module(*values)
        peak = trace.peak
    own = volume_of(outcome.output.shape) if call.op.stored(call, training=False) is Storage.OWN else 0
    scratch = call.op.scratch(call, outcome.output)
    own += call.op.surplus(call, outcome.output)
    expected = 4 * (own + scratch.values) + 8 * scratch.indices
    assert peak == expected


class _Silent(Op):
    """A layer that says nothing about memory."""


def test_a_layer_that_says_nothing_is_taken_to_keep_everything() -> None:
    outcome, _ = layer("relu", REGISTRY["relu"].examples[0])
    assert outcome.output is not None
    silent = _Silent()
    assert silent.kept(outcome.call, outcome.output) == EVERYTHING == Kept(inputs=True, output=True)
    assert silent.stored(outcome.call, training=True) is Storage.OWN
    assert silent.scratch(outcome.call, outcome.output) == Scratch()


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("relu", Kept(inputs=True)), ("max_pool", Kept(inputs=True)), ("add", EVERYTHING), ("batch_norm", Kept(True))],
)
def test_a_wrong_fact_is_found(name: str, wrong: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above is able to fail."""
    monkeypatch.setattr(type(REGISTRY[name]), "kept", lambda self, call, output: wrong)
    with pytest.raises(AssertionError):
        test_what_is_kept_for_the_backward_pass(name, 0, torch.float32)


@pytest.mark.parametrize("shape", [(1, 6, 8), (3, 1, 8)])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_attention_copies_no_sequence_that_lies_in_order(shape: tuple[int, ...], dropout: float) -> None:
    """One sequence, or sequences of one token: the length is in front already."""
    outcome = evaluate("multi_head_attention", shape, heads=2, dropout=dropout)
    assert outcome.output is not None
    form = outcome.call.op.to_torch(outcome.call)
    assert form is not None
    x = torch.rand(shape).requires_grad_()
    module = build(form, outcome.call).train()
    kept = outcome.call.op.kept(outcome.call, outcome.output)
    assert said(outcome, kept, 4) == kept_for_backward(module, lambda: module(x))


def test_dropout_of_nothing_keeps_nothing() -> None:
    outcome = evaluate("dropout", (2, 7), p=0.0)
    assert outcome.output is not None
    run: Callable[[], Tensor] = lambda: nn.Dropout(0.0)(torch.rand(2, 7).requires_grad_())  # noqa: E731
    assert outcome.call.op.kept(outcome.call, outcome.output) == Kept()
    assert kept_for_backward(nn.Dropout(0.0), run) == 0
    assert outcome.call.op.stored(outcome.call, training=True) is Storage.INPUT
