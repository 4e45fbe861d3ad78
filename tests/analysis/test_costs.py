"""Weights, buffers and multiply-adds: against published figures, torch's own counter, and torch's own tensors."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from archdsl.analysis.costs import Costs, CostTable
from archdsl.analysis.flatten import flatten
from archdsl.analysis.totals import totals
from archdsl.ir.typed import TypedDesign
from tests.analysis.support import fixed, inputs_of, module_of, network, program, spec, spec_totals
from tests.codegen.programs import PROGRAMS
from tests.oracles.torchvision_models import flops, torchvision_model, weight_count

PUBLISHED = {
    ("alexnet.arch", "alexnet"): (61_100_840, 714_188_480),
    ("vgg.arch", "vgg11"): (132_863_336, 7_609_090_048),
    ("vgg.arch", "vgg16"): (138_357_544, 15_470_264_320),
    ("vgg.arch", "vgg19"): (143_667_240, 19_632_062_464),
    ("googlenet.arch", "googlenet"): (13_004_888, 1_498_376_192),
    ("resnet.arch", "resnet18"): (11_689_512, 1_814_073_344),
    ("resnet.arch", "resnet50"): (25_557_032, 4_089_184_256),
    ("resnet.arch", "resnet152"): (60_192_808, 11_513_626_624),
    ("densenet.arch", "densenet121"): (7_978_856, 2_834_161_664),
    ("densenet.arch", "densenet201"): (20_013_928, 4_291_365_888),
}
"""Weights and multiply-adds at 224 x 224, computed from torchvision 0.28."""


def macs_of(design: TypedDesign) -> int:
    found = totals(design).macs
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize(("file", "name"), PUBLISHED)
def test_the_published_figures(file: str, name: str) -> None:
    found = spec_totals(file, name)
    assert (found.weights, found.macs) == PUBLISHED[file, name]


@pytest.mark.parametrize(("file", "name"), [*PUBLISHED, ("vgg.arch", "vgg11_bn"), ("densenet.arch", "densenet169")])
def test_torchvision_s_modules_have_as_many_values(file: str, name: str) -> None:
    model = torchvision_model(name)
    found = spec_totals(file, name)
    assert found.weights == weight_count(model)
    assert found.buffers == sum(buffer.numel() for buffer in model.buffers())


@pytest.mark.parametrize(("file", "name"), [("googlenet.arch", "googlenet"), ("resnet.arch", "resnet18")])
def test_torch_counts_the_same_at_another_size(file: str, name: str) -> None:
    design = fixed(spec(file, name), {"H": 96, "W": 65})
    assert totals(design).flops == flops(torchvision_model(name), torch.zeros(1, 3, 96, 65))


@pytest.mark.parametrize("name", PROGRAMS)
def test_torch_counts_the_same_for_every_program(name: str) -> None:
    design = program(name)
    found, model = totals(design), module_of(design).eval()
    assert found.flops == flops(model, *inputs_of(design))
    assert found.weights == weight_count(model)
    assert found.buffers == sum(buffer.numel() for buffer in model.buffers())
    assert found.layers == sum(1 for _ in flatten(design))


def test_a_batch_of_three_costs_three_times_as_much() -> None:
    design = program("unet")
    assert macs_of(design) * 6 == flops(module_of(design).eval(), *inputs_of(design, batch=3))


def test_googlenet_s_heads_count_in_weights_alone() -> None:
    model = torchvision_model("googlenet")
    heads = sum(weight.numel() for head in (model.aux1, model.aux2) for weight in head.parameters())  # type: ignore[union-attr, operator]
    assert spec_totals("googlenet.arch", "googlenet").training_weights == heads


def test_open_sizes_make_formulas() -> None:
    design = network("network n() { input x2: [N, 3, H, W]\n conv(8, 3) -> batch_norm\n output y: [N, 8, _, _] }")
    found = totals(design)
    assert (str(found.macs), found.weights, found.buffers, found.depth) == (
        "216·(H − 2)·(W − 2)",
        8 * 27 + 8 + 16,
        17,
        1,
    )
    assert found.receptive_field == (3, 3)


def test_what_is_unknown_stays_unknown_in_sums() -> None:
    unknown = replace(Costs(), macs=None)
    assert (unknown + Costs(macs=5)).macs is None
    assert (Costs(macs=5) + unknown).macs is None
    assert (unknown * 3).macs is None
    assert (Costs(1, 2, 3, 4, 5, 6) * 2 + Costs(1, 1, 1, 1, 1, 1)) == Costs(3, 5, 7, 9, 11, 13)


def test_a_shared_instance_is_summed_once_and_counted_every_time() -> None:
    text = "block b0() { conv(4, 1) }\n"
    text += "".join(f"block b{i}() {{ b{i - 1} -> b{i - 1} }}\n" for i in range(1, 20))
    design = network(f"{text}network n() {{ input x2: [N, 4, 2, 2]\n b19\n output y: [N, 4, 2, 2] }}")
    costs = CostTable().body(design.root.body)
    assert (costs.weights, costs.layers) == (20 * 2**19, 2**19)
    assert costs.macs == 2**19 * 4 * 4 * 4
