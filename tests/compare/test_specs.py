"""The networks of specs/: each equals itself, and differences between them are short and say what matters."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.compare.breaking import breaks, findings
from archdsl.driver.comparison import Comparison, Version, compare_files, compare_networks
from archdsl.driver.compilation import Compilation
from archdsl.driver.diff_document import diff_document
from archdsl.report.diff import render_diff
from archdsl.report.diff_markdown import render_markdown
from archdsl.source.loader import DiskLoader
from tests.networks.support import ROOT

FILES = (
    "alexnet",
    "googlenet",
    "inception_v3",
    "lenet5",
    "mobilenet_v3",
    "resnet",
    "senet",
    "swin",
    "unet",
    "vgg",
    "vit",
)


def version(file: str) -> Version:
    return Version(str(ROOT / "specs" / f"{file}.arch"), Compilation(DiskLoader(str(ROOT))))


def compared(file: str, old: str, other: str, new: str) -> Comparison:
    before, after = version(file), version(other)
    (one,) = (each for each in before.compilation.designs(before.path) if each.name == old)
    (two,) = (each for each in after.compilation.designs(after.path) if each.name == new)
    pair = compare_networks(before, one, after, two)
    assert pair is not None
    return Comparison(before.path, after.path, (pair,))


@pytest.mark.parametrize("file", FILES)
def test_a_file_equals_itself(file: str) -> None:
    found = compare_files(version(file), version(file))
    assert found is not None
    assert found.pairs
    assert found.is_empty
    assert not any(breaks(pair.name, pair.difference) for pair in found.pairs)


def test_a_deeper_network_is_told_by_the_number_of_its_blocks() -> None:
    lines = [line.strip() for line in render_diff(compared("resnet", "resnet18", "resnet", "resnet34")).splitlines()]
    for level, (old, new) in {"layer1": (2, 3), "layer2": (2, 4), "layer3": (2, 6), "layer4": (2, 3)}.items():
        assert [line for line in lines if line.startswith(f"{level}: {old} -> {new} residual ")]
    assert len(lines) < 25


def test_batch_norm_is_told_once_and_moved_layers_are_renamed() -> None:
    found = compared("vgg", "vgg16", "vgg", "vgg16_bn")
    text = render_diff(found)
    assert "features: 13 batch_norm added, after each of 13 conv" in text
    assert "features.2 -> features.3" in text
    assert len(text.splitlines()) < 25
    weights = found.pairs[0].difference.weights
    assert (len(weights.renamed), len(weights.added), weights.removed, weights.reshaped) == (24, 65, (), ())


def test_other_blocks_are_told_level_by_level() -> None:
    assert "layer1: 2 residual -> 3 bottleneck" in render_diff(compared("resnet", "resnet18", "resnet", "resnet50"))


PAIRS = [
    ("alexnet", "alexnet"),
    ("densenet", "densenet121"),
    ("googlenet", "googlenet"),
    ("lenet5", "lenet5"),
    ("mobilenet_v3", "mobilenet_v3_small"),
    ("resnet", "resnet18"),
    ("shufflenet_v2", "shufflenet_v2_x0_5"),
    ("squeezenet", "squeezenet1_0"),
    ("unet", "unet"),
    ("vgg", "vgg11"),
    ("vit", "vit_b_16"),
]


@pytest.mark.parametrize("seed", range(10))
def test_networks_that_have_little_in_common(seed: int) -> None:
    (file, old), (other, new) = Random(seed).sample(PAIRS, 2)
    found = compared(file, old, other, new)
    difference = found.pairs[0].difference
    assert not found.is_empty
    assert len(render_diff(found).splitlines()) < 120
    assert render_markdown(found)
    assert not diff_document(found).same
    assert findings(breaks(old, difference), "main")
    events = [event for event in difference.events if event.place.part.tensors]
    assert events
