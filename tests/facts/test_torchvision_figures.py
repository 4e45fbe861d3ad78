"""The figures computed from torchvision 0.28, and the receptive fields published for common networks.

That torchvision's own modules have these figures is tested in ``tests/oracles``. A row counts as soon as its network is
in specs/.
"""

from __future__ import annotations

import pytest

from archdsl.analysis.totals import totals
from tests.analysis.support import network, spec_totals
from tests.analysis.test_receptive_field import ORIGINAL
from tests.networks.every import every_network

FIGURES = {
    "alexnet": (61_100_840, 714_188_480),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "googlenet": (13_004_888, 1_498_376_192),
    "inception_v3": (27_161_264, 5_713_216_096),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet152": (60_192_808, 11_513_626_624),
    "densenet121": (7_978_856, 2_834_161_664),
    "densenet201": (20_013_928, 4_291_365_888),
    "shufflenet_v2_x1_0": (2_278_604, 144_907_992),
    "vit_b_16": (86_567_656, 17_563_828_224),
    "swin_t": (28_288_354, 4_490_566_656),
    "maxvit_t": (30_919_624, 5_558_046_720),
}
"""Weights (auxiliary heads included) and multiply-adds in inference (without them), at the sizes that the specs
propose: 224, and 299 for Inception-v3."""

FIELDS = {"alexnet": 195, "vgg16": 212, "inception_v3": 1311}

FILES = {name: file for file, name in every_network()}


@pytest.mark.parametrize("name", [name for name in FIGURES if name in FILES])
def test_weights_and_multiply_adds(name: str) -> None:
    found = spec_totals(FILES[name], name)
    assert (found.weights, found.macs) == FIGURES[name]


def test_most_rows_are_tested() -> None:
    assert sum(name in FILES for name in FIGURES) >= 10


@pytest.mark.parametrize("name", [name for name in FIELDS if name in FILES])
def test_published_receptive_fields(name: str) -> None:
    assert spec_totals(FILES[name], name).receptive_field == (FIELDS[name],) * 2


@pytest.mark.parametrize(
    ("name", "layers", "published"), [("resnet50", "3, 4, 6, 3", 483), ("resnet101", "3, 4, 23, 3", 1027)]
)
def test_the_receptive_fields_of_resnets_depend_on_where_the_stride_is(name: str, layers: str, published: int) -> None:
    """The published figures are those of the paper, where the first convolution of a block has the stride. torchvision,
    and our specs, put it on the second: 56 pixels less, 427 for ResNet-50. A real gradient agrees with both.
    """
    assert totals(network(f"{ORIGINAL}\nnetwork n = ResNet([{layers}])")).receptive_field == (published, published)
    assert spec_totals("resnet.arch", name).receptive_field == (published - 56, published - 56)
