"""Memory against measurement: what autograd saves, and the lifetimes of all storages, on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn

from archdsl.analysis import forward
from archdsl.analysis.forward import NotFollowed, Program
from archdsl.analysis.memory import DTYPES, OPTIMIZERS, Programs
from archdsl.ir.typed import TypedDesign
from archdsl.ops import REGISTRY
from archdsl.ops.memory import Kept, Storage
from archdsl.ops.rules import OpenSize
from tests.analysis.support import fixed, inputs_of, module_of, network, program
from tests.codegen.programs import PROGRAMS
from tests.networks.every import every_network, small
from tests.oracles.torch_memory import inference_peak, kept_for_backward

BATCH = 2
TORCH = {"fp32": torch.float32, "fp64": torch.float64, "bf16": torch.bfloat16}

NETWORKS = every_network()


def compare(design: TypedDesign, dtype: str = "fp32", batch: int = BATCH) -> None:
    """The promise of docs/numbers.md: 1 % for what is kept, 5 % for the peak. Both are met to the byte so far."""
    programs = Programs.of(design)
    assert programs is not None
    found = programs.values(batch, dtype)
    model = module_of(design).to(TORCH[dtype])
    inputs = [value.to(TORCH[dtype]) for value in inputs_of(design, batch)]
    assert found.inputs == sum(value.nbytes for value in inputs)
    assert found.peak == pytest.approx(inference_peak(model.eval(), inputs), rel=0.05)
    assert found.kept == pytest.approx(kept_for_backward(model.train(), lambda: model(*inputs)), rel=0.01)


@pytest.mark.parametrize(("file", "name"), NETWORKS, ids=[name for _, name in NETWORKS])
def test_every_network_takes_what_torch_takes(file: str, name: str) -> None:
    compare(small(file, name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_takes_what_torch_takes(name: str) -> None:
    compare(program(name))


@pytest.mark.parametrize("dtype", ["fp64", "bf16"])
@pytest.mark.parametrize(("file", "name"), [("resnet.arch", "resnet18"), ("googlenet.arch", "googlenet")])
def test_other_types_of_numbers(file: str, name: str, dtype: str) -> None:
    compare(small(file, name), dtype, batch=3)


STEPS = {
    "shared values": "a: conv(4, 3, padding=1)\n relu -> relu -> add { identity; a } -> sigmoid -> sigmoid",
    "gates": "conv(4, 1) -> scale { identity; global_avg_pool -> conv(4, 1) -> sigmoid } -> relu",
    "three factors": "conv(4, 1) -> mul { identity; sigmoid; conv(4, 1) }",
    "three terms": "conv(4, 1) -> add { identity; sigmoid; conv(4, 1) }",
    "dropouts": "conv(4, 1) -> dropout(0.0) -> dropout(0.3) -> dropout2d(0.5) -> relu",
    "pools on the image": "max_pool(2) -> avg_pool(2) -> conv(4, 3, padding=1)",
    "norms": "conv(4, 1) -> group_norm(2) -> instance_norm(affine=true) -> local_response_norm(5) -> batch_norm",
    "odd padding": 'conv(4, 2, padding=1) -> conv(4, 4, padding=2, padding_mode="reflect")',
    "a loop of equal turns": "conv(4, 1)\n repeat 9 { conv(4, 3, padding=1) -> batch_norm -> relu }",
    "a loop of joins": "conv(4, 1)\n repeat 9 { add { identity; conv(4, 1) -> relu -> conv(4, 1) } -> relu }",
    "loops in a loop": "conv(4, 1)\n repeat 5 { relu\n repeat 6 { conv(4, 1) -> gelu } }",
    "views": "conv(4, 1) -> identity -> flatten -> identity -> linear(6) -> relu\n output z: [N, 6]\n x -> conv(4, 1)",
}


@pytest.mark.parametrize("name", STEPS)
def test_small_networks(name: str) -> None:
    text = f"network n() {{ input image: [N, 4, 12, 12]\n {STEPS[name]}\n output y: [N, _, _, _] }}"
    compare(network(text))


def test_bytes_go_with_the_batch_and_the_type() -> None:
    programs = Programs.of(program("unet"))
    assert programs is not None
    one = programs.values(1, "fp32")
    assert programs.values(1, "bf16").peak * 2 == one.peak
    assert programs.values(16, "fp32").peak == 16 * one.peak
    assert programs.values(16, "fp32").activations == 16 * one.activations


# --- weights, gradients, optimizers -----------------------------------------------------------------------------------

MADE: dict[str, Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]] = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.1),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
    "adam": torch.optim.Adam,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_an_optimizer_keeps(name: str) -> None:
    model = module_of(program("unet"))
    optimizer = MADE[name](model.parameters())
    model(*inputs_of(program("unet"), BATCH)).sum().backward()
    optimizer.step()
    states = [value for state in optimizer.state.values() for value in state.values()]
    kept = sum(value.nbytes for value in states if isinstance(value, torch.Tensor) and value.ndim)
    weights = sum(weight.nbytes for weight in model.parameters())
    assert kept == OPTIMIZERS[name] * weights
    assert sum(weight.grad.nbytes for weight in model.parameters() if weight.grad is not None) == weights


def test_types_have_torch_s_sizes() -> None:
    for name, dtype in {**TORCH, "fp16": torch.float16}.items():
        assert DTYPES[name] == dtype.itemsize


# --- what cannot be counted -------------------------------------------------------------------------------------------


def test_open_sizes_are_refused() -> None:
    programs = Programs.of(network("network n() { input v: [N, 3, H, W]\n conv(4, 1)\n output y: [N, 4, H, W] }"))
    assert programs is not None
    with pytest.raises(OpenSize):
        programs.values(1, "fp32")


def test_many_equal_turns_are_not_written_out() -> None:
    steps = "repeat 1_000_000 { conv(4, 1) -> relu }"
    programs = Programs.of(network(f"network n() {{ input v: [N, 4, 2, 2]\n {steps}\n output y: [N, 4, 2, 2] }}"))
    assert programs is not None
    assert programs.values(1, "fp32").kept == 64 + 64 * 1_000_000
    assert programs.values(1, "fp32").peak == 3 * 64


def test_a_program_too_long_to_follow_is_left() -> None:
    nested = "repeat 3 {\n" * 14 + "conv(4, 1)" + "\n}" * 14
    design = network(f"network n() {{ input x2: [N, 4, 9, 9]\n {nested}\n output y: [N, 4, 9, 9] }}")
    with pytest.raises(NotFollowed):
        Program(design, training=False)
    assert Programs.of(design) is None


# --- the comparison is able to fail -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "attribute", "wrong"),
    [("relu", "keeps", Kept(inputs=True)), ("add", "keeps", Kept(inputs=True)), ("flatten", "storage", Storage.OWN)],
)
def test_a_wrong_fact_is_found(op: str, attribute: str, wrong: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(REGISTRY[op]), attribute, wrong)
    design = fixed(network(PROGRAMS["groups_with_joins"]))
    if op == "flatten":
        design = network("network n() { input v: [N, 4, 9, 9]\n flatten -> linear(3)\n output y: [N, 3] }")
    with pytest.raises(AssertionError):
        compare(design)


def test_a_line_that_holds_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were every call a line of its own, values would be let go of too soon."""
    monkeypatch.setattr(forward, "MAX_NESTED", 1)
    with pytest.raises(AssertionError):
        compare(program("groups_with_joins"))
