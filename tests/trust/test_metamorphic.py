"""What is written otherwise and means the same has the same digests; what means something else has others."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch

from archdsl.analysis.digest import Digests, digests
from archdsl.driver.api import format_source
from archdsl.driver.compilation import Compilation
from archdsl.source.loader import MemoryLoader
from tests.networks.support import ROOT
from tests.trust.judge import draw
from tests.trust.metamorphic import Outcome, campaign, differences, outcome_of
from tests.trust.mutants import PATH
from tests.trust.programs import Layer
from tests.trust.surgery import Bench
from tests.trust.transformations import TRANSFORMATIONS, renamed

SPECS = sorted((ROOT / "specs").glob("*.arch"))
QUICK = ("alexnet", "lenet", "mobilenet_v3", "resnet_cifar", "squeezenet", "unet", "vit")


@pytest.mark.parametrize("part", range(2))
def test_random_programs_written_otherwise(part: int) -> None:
    result = campaign(40, f"fixed {part}")
    assert not result.wrong, "\n".join(result.wrong)
    assert result.pairs >= 40
    assert 0 < result.same_keys < result.pairs


@pytest.mark.nightly
def test_random_programs_of_a_fresh_seed() -> None:
    seed = f"fresh {secrets.token_hex(4)}"
    result = campaign(2_000, seed)
    assert not result.wrong, f"seed {seed!r}\n" + "\n".join(result.wrong)
    assert set(result.transformations) == set(TRANSFORMATIONS)


@pytest.mark.parametrize("seed", range(12))
def test_another_layer_is_another_network(seed: int) -> None:
    """The other way round: programs in which one activation is another one."""
    program, image = draw(f"other {seed}")
    bench = Bench(program, image, Random(seed))
    before = outcome_of({PATH: bench.text}, image)
    for site, _ in bench.layers("relu", "tanh", "sigmoid", "silu"):
        other = Layer("hardswish")
        text, watch = bench.changed([(site, [other])])
        after = outcome_of({PATH: text}, image)
        assert watch.output is not None
        assert after.digests.computation != before.digests.computation
        assert after.digests.weights != before.digests.weights


ONE = Outcome(Digests("a", "b"), {"conv.weight": (1,)}, torch.zeros(1))


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (ONE, None),
        (replace(ONE, output=torch.ones(1)), "other outputs"),
        (replace(ONE, digests=Digests("c", "b")), "another digest"),
        (replace(ONE, digests=Digests("a", "c")), "the keys are the same"),
        (replace(ONE, keys={"conv1.weight": (1,)}), "other keys"),
        (replace(ONE, keys={"conv.weight": (2,)}, digests=Digests("a", "c")), "other keys"),
    ],
)
def test_a_difference_is_noticed(after: Outcome, verdict: str | None) -> None:
    assert (differences("formatted", ONE, after) or "").startswith(verdict or "nothing") is (verdict is not None)


def test_keys_that_move_are_seen_in_the_digest() -> None:
    moved = replace(ONE, keys={"conv1.weight": (1,)})
    assert differences("labels_renamed", ONE, moved) == ("the keys are others, the digests of the weights are not so")
    assert differences("labels_renamed", ONE, replace(moved, digests=Digests("a", "c"))) is None


# --- specs/ -----------------------------------------------------------------------------------------------------------


def definitions(text: str) -> list[str]:
    """The imports of a file as one piece, and each definition with its comments."""
    return re.split(r"\n(?=(?:#[^\n]*\n)*(?:block|network) )", text)


def reordered(text: str) -> Mapping[str, str]:
    first, *others = definitions(text)
    if first.startswith(("block", "network", "#")):
        return {PATH: "\n".join([*reversed(others), f"{first}\n"])}
    return {PATH: "\n".join([first, *reversed([f"{part}\n" for part in others])])}


def at_the_margin(text: str) -> Mapping[str, str]:
    return {PATH: "\r\n".join(line.strip() for line in text.split("\n"))}


def formatted_again(text: str) -> Mapping[str, str]:
    return {PATH: format_source(at_the_margin(text)[PATH])}


def blocks_elsewhere(text: str) -> Mapping[str, str]:
    """All blocks in a file beside it."""
    first, *others = definitions(text)
    head, pieces = (first, others) if first.startswith("from ") else ("", [first, *others])
    blocks = [piece for piece in pieces if re.search(r"^block ", piece, re.MULTILINE)]
    own = "\n".join(piece for piece in pieces if piece not in blocks)
    names = [name for name in re.findall(r"^block (\w+)", text, re.MULTILINE) if re.search(rf"\b{name}\b", own)]
    imported = f"{head}\nfrom .parts import {', '.join(names)}\n" if names else head
    parts = {"parts.arch": "\n".join([head, *blocks])} if blocks else {}
    return {PATH: f"{imported}\n{own}", **parts}


def numbers_computed(text: str) -> Mapping[str, str]:
    """Every argument that is a plain number, as a sum."""
    return {PATH: re.sub(r"(?<==)(\d+)(?=[,)])", lambda match: f"{int(match.group()) + 1} - 1", text)}


def variables_renamed(text: str) -> Mapping[str, str]:
    """Loop variables and variables whose names stand for nothing else."""
    code = re.sub(r"#[^\n]*", "", text)
    names = {name for found in re.findall(r"\b(?:for|let) (?:(\w+)|\((\w+), )", code) for name in found if name}
    others = {name for name in names if re.search(rf"\b{name}(?:\{{|:|=)|\.{name}\b", code)}
    return {PATH: renamed(code, {name: f"{name}_again" for name in names - others})}


def all_digests(files: Mapping[str, str]) -> dict[str, Digests]:
    compilation = Compilation(MemoryLoader(files))
    designs = compilation.check_file(PATH)
    assert not compilation.sink.has_errors, [(found.code, found.message) for found in compilation.sink]
    found = {design.name: compilation.typed(PATH, design) for design in designs}
    return {name: made for name, typed in found.items() if typed is not None and (made := digests(typed)) is not None}


WAYS: list[Callable[[str], Mapping[str, str]]] = [
    reordered,
    at_the_margin,
    formatted_again,
    blocks_elsewhere,
    numbers_computed,
    variables_renamed,
]


@pytest.mark.parametrize("spec", [path for path in SPECS if path.stem in QUICK], ids=lambda path: path.stem)
def test_specs_written_otherwise(spec: Path) -> None:
    assert_same(spec)


@pytest.mark.nightly
@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_spec_written_otherwise(spec: Path) -> None:
    assert_same(spec)


def assert_same(spec: Path) -> None:
    text = spec.read_text("utf-8")
    before = all_digests({PATH: text})
    assert len({found.weights for found in before.values()}) == len(before), "two networks of one digest"
    for way in WAYS:
        assert all_digests(way(text)) == before, way.__name__
