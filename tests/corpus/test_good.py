"""Right files: nothing is found, and weights and outputs are those that their comments work out by hand.

``# params: 8*3*9 + 8`` is the number of weights of the first network, ``# outputs: name = shape; ...`` what it
hands out, ``# sizes: H = ...`` what all conditions together leave of an open size.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.driver.compilation import Compilation
from archdsl.source.loader import DiskLoader
from tests.corpus.cases import GOOD, cases, check_file, name_of

CASES = cases(GOOD)


def stated(text: str, key: str) -> str | None:
    found = re.search(rf"^# {key}: (.*)$", text, re.MULTILINE)
    return found.group(1) if found else None


def by_hand(formula: str) -> int:
    """The value of a formula of digits, ``+ - *`` and parentheses."""
    assert re.fullmatch(r"[0-9+\-* ()]+", formula)
    return int(eval(formula))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_nothing_is_found(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    assert check_file(case).text == ""


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_weights_and_outputs(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    text = case.read_text(encoding="utf-8")
    run = Compilation(DiskLoader(str(case.parent)))
    typed = run.typed(case.name, run.designs(case.name)[0])
    assert typed is not None
    assert typed.complete
    params, outputs, sizes = (stated(text, key) for key in ("params", "outputs", "sizes"))
    assert params is not None
    assert typed.root.body.weights == by_hand(params)
    assert "; ".join(f"{name} = {shape}" for name, shape, _ in typed.outputs) == outputs
    if sizes is not None:
        symbol, _, expected = sizes.partition(" = ")
        met = [condition.accepted for condition in typed.conditions if condition.accepted.symbol == symbol]
        together = met[0]
        for condition in met[1:]:
            together = together.intersect(condition)
        assert together.describe() == expected
