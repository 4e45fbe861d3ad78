"""Whatever a file looks like: the tree and the comments stay, and a second run changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.corpus.cases import BAD, GOOD
from tests.format.generator import Generator
from tests.format.spacing import respaced
from tests.format.support import faults_of, formatted
from tests.house import ROOT
from tests.syntax.support import parsed

OURS = [*sorted((ROOT / "specs").glob("*.arch")), *sorted((ROOT / "archdsl/std").glob("*.arch"))]
REAL = [*OURS, *sorted(GOOD.rglob("*.arch"))]
READABLE = [path for path in sorted(BAD.rglob("*.arch")) if parsed(path.read_text("utf-8"))[0].whole]
FILES = 300
"""So many generated files in each run of the tests; ``python -m tests.format.campaign`` makes more."""


def generated(seed: int) -> str:
    """A generated text with white space and comments that nobody would write."""
    chance = random.Random(seed)
    return respaced(Generator(chance).file(), chance, wildness=chance.choice([0.05, 0.3, 0.6]))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_our_own_files_are_formatted(path: Path) -> None:
    text = path.read_text("utf-8")
    assert formatted(text) == text, "run `make format`"


@pytest.mark.parametrize("path", [*REAL, *READABLE], ids=lambda path: path.stem)
def test_real_files(path: Path) -> None:
    assert faults_of(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_comment_in_every_place(path: Path) -> None:
    text = respaced(path.read_text("utf-8"), random.Random(path.stem), wildness=1)
    assert faults_of(text) == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_files_with_other_white_space(path: Path) -> None:
    for seed in range(3):
        chance = random.Random(f"{path.stem} {seed}")
        text = respaced(path.read_text("utf-8"), chance, wildness=chance.choice([0.1, 0.5]))
        assert faults_of(text) == [], text


@pytest.mark.parametrize("start", range(0, FILES, 50))
def test_generated_files(start: int) -> None:
    for seed in range(start, start + 50):
        assert faults_of(generated(seed)) == [], f"seed {seed}"
