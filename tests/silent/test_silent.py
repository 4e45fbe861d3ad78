"""The mistakes that torch runs silently: for each number of the design's list torch runs, and archdsl speaks.

Where the findings stand, to the column, is marked in the files themselves, and tested with the rest of the corpus.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.codes import CODES
from tests.corpus.cases import BAD, marked_places
from tests.silent.programs import PROGRAMS

FILES = sorted((BAD / "silent").glob("*.arch"))
NAMES = [file.stem for file in FILES]
PROPOSED = {19: "W", 20: "W", 21: "W", 22: "W", 24: "W", 25: "W", 29: "W", 35: "W", 40: "W", 41: "W", 42: "W"}
"""The numbers whose mistake may be meant; 40 to 42 are those that the list has without a number."""

CANNOT_BE_SAID = {
    "4_reshape_into_the_batch": "no step names the batch axis: there is no `reshape`, and `flatten` keeps it",
    "5_flatten_with_the_batch": "no step names the batch axis: `flatten` begins behind it",
    "6_squeeze_of_a_batch_of_one": "there is no `squeeze`: `flatten` is the only way to lose axes",
    "34_cross_entropy_of_one_output": "a file states no loss: the training contract's",
    "36_one_hot_as_probabilities": "a file states no targets: the training contract's",
    "37_column_against_row": "a file states no targets: the training contract's",
}


def number_of(name: str) -> int:
    return int(name.split("_", 1)[0])


def test_every_number_has_a_file_or_a_reason() -> None:
    assert {number_of(name) for name in (*NAMES, *CANNOT_BE_SAID)} == set(range(1, 43))
    assert {number_of(name) for name in NAMES}.isdisjoint(map(number_of, CANNOT_BE_SAID))


def test_every_program_has_its_place() -> None:
    assert sorted(PROGRAMS) == sorted([*NAMES, *CANNOT_BE_SAID])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_torch_runs_and_is_wrong(name: str) -> None:
    assert PROGRAMS[name]()


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_archdsl_speaks_with_the_proposed_severity(file: Path) -> None:
    codes = {code for *_, code in marked_places(file.name, file.read_text(encoding="utf-8"))}
    number = number_of(file.stem)
    assert {code[0] for code in codes} == {PROPOSED.get(number, "E")}
    assert file.read_text(encoding="utf-8").startswith(f"# {number}" if number < 40 else "# Also")
    if number in PROPOSED:
        assert codes == {f"W03{number}"}, "warnings are numbered as the mistakes are"
    assert codes <= set(CODES)


@pytest.mark.parametrize("word", ["reshape", "view", "squeeze", "unsqueeze", "transpose"])
def test_no_step_moves_the_batch(word: str) -> None:
    from archdsl.ops import REGISTRY

    assert word not in REGISTRY
