"""Work that grows with a file's size and not faster, counted in calls; ``make bench`` takes the same files' time."""

from __future__ import annotations

import pytest

from benchmarks.hostile import GROWTH, LARGE, sand
from tests.counting import calls_of
from tests.hostile.support import codes, quick_codes

COUNTED = 10
"""So much smaller are the files that are counted than those that are measured."""


def test_there_are_twelve_kinds_at_least() -> None:
    assert len(GROWTH) >= 12


@pytest.mark.parametrize("kind", GROWTH)
def test_twice_the_size_is_at_most_two_and_a_half_times_the_work(kind: str) -> None:
    make, size = GROWTH[kind]
    few, many = make(size // COUNTED), make(2 * (size // COUNTED))
    assert len(many) > 1.5 * len(few) or "for i in" in few, "the file grows"
    quick_codes(few)
    once, twice = calls_of(lambda: quick_codes(few)), calls_of(lambda: quick_codes(many))
    assert twice <= 2.5 * once, f"{once:,} calls, then {twice:,}"
    assert twice > 1.2 * once, "the work is in what grows"


def test_more_layers_than_grains_of_sand_are_refused_before_they_are_made() -> None:
    text = sand()
    assert quick_codes(text) == ["E0404"]
    assert calls_of(lambda: quick_codes(text)) < 20_000


@pytest.mark.parametrize(
    "name", ["one name", "brackets", "one comment", "faults", "quotes", "signs", "closing brackets"]
)
def test_a_mebibyte_of_one_kind_comes_to_a_proper_end(name: str) -> None:
    assert codes(LARGE[name]())


def test_quadratic_work_would_be_seen() -> None:
    def quadratic(size: int) -> int:
        return sum(len("") for _ in range(size * size))

    assert calls_of(lambda: quadratic(60)) > 2.5 * calls_of(lambda: quadratic(30))
