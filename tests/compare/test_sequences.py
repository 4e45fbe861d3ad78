"""The alignment of sequences, against the table of longest common subsequences, and its bound."""

from __future__ import annotations

from random import Random

import pytest

from archdsl.compare.sequences import MOST_EDITS, common
from tests.counting import calls_of


def longest(old: str, new: str) -> int:
    """The length of a longest common subsequence, by the textbook's table."""
    row = [0] * (len(new) + 1)
    for one in old:
        above, row = row, [0]
        for index, other in enumerate(new):
            row.append(above[index] + 1 if one == other else max(above[index + 1], row[index]))
    return row[-1]


@pytest.mark.parametrize("seed", range(200))
def test_it_finds_as_much_as_there_is(seed: int) -> None:
    random = Random(seed)
    old, new = ("".join(random.choices("abc", k=random.randrange(12))) for _ in range(2))
    pairs = common(old, new)
    assert len(pairs) == longest(old, new)
    assert all(old[one] == new[other] for one, other in pairs)
    assert pairs == sorted(pairs)
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)


@pytest.mark.parametrize(("old", "new", "pairs"), [("", "", []), ("a", "", []), ("", "a", []), ("a", "b", [])])
def test_nothing_in_common(old: str, new: str, pairs: list[tuple[int, int]]) -> None:
    assert common(old, new) == pairs


def test_of_equal_things_the_first_ones_are_taken() -> None:
    assert common("aa", "aaa") == [(0, 0), (1, 1)]


def test_long_sequences_that_differ_everywhere_end_soon() -> None:
    def calls(length: int) -> int:
        old, new = [("old", index) for index in range(length)], [("new", index) for index in range(length)]
        found: list[tuple[int, int]] = []
        made = calls_of(lambda: found.extend(common([*old, "end"], [*new, "end"])))
        assert found == [(length, length)]
        return made

    assert calls(100_000) <= 2.1 * calls(50_000)


def test_beyond_the_bound_only_both_ends_are_aligned() -> None:
    old = ["same", *("ab" * MOST_EDITS), "same"]
    new = ["same", *("cb" * MOST_EDITS), "same"]
    assert common(old, new) == [(0, 0), (len(old) - 2, len(new) - 2), (len(old) - 1, len(new) - 1)]
