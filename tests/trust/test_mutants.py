"""Faults by construction are found where they are; valid edits are none; and a wrong verdict is noticed."""

from __future__ import annotations

import secrets
from dataclasses import replace
from random import Random

import pytest

from tests.trust.judge import draw
from tests.trust.mutants import campaign, judge, mutants
from tests.trust.operators import OPERATORS, TEXT_OPERATORS, Fault, Mistaken, Mutant, mutant_of
from tests.trust.programs import Layer
from tests.trust.surgery import Bench, Marked


@pytest.mark.parametrize("part", range(4))
def test_mutants_of_fixed_seeds(part: int) -> None:
    result = campaign(100, f"fixed {part}")
    assert not result.wrong, "\n".join(result.wrong)
    assert result.mutants >= 100
    assert result.benign > 15
    assert 0 < result.silent < result.ran


@pytest.mark.nightly
def test_mutants_of_a_fresh_seed() -> None:
    seed = f"fresh {secrets.token_hex(4)}"
    result = campaign(3_000, seed)
    assert not result.wrong, f"seed {seed!r}\n" + "\n".join(result.wrong)
    assert len(result.operators) >= 100


def test_there_are_operators_enough() -> None:
    assert len(OPERATORS) + len(TEXT_OPERATORS) >= 100


MUTANT = Mutant(
    "by_hand",
    "network n() {\n    input i: [N, 4, 8, 8]\n    conv(4, 9)\n    output o: [N, _, _, _]\n}\n",
    frozenset(("E0301",)),
    frozenset((3,)),
)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, None),
        ({"codes": frozenset(("E0302",))}, "misplaced"),
        ({"lines": frozenset((2,))}, "misplaced"),
        ({"codes": frozenset()}, "false alarm"),
        ({"text": MUTANT.text.replace("9", "8")}, "survivor"),
        ({"text": MUTANT.text + "block b() { nowhere }\n"}, "strays"),
        ({"text": MUTANT.text + "block b() { nowhere }\n", "loose": True}, None),
        ({"text": MUTANT.text.replace("9", "8"), "codes": frozenset()}, None),
    ],
)
def test_a_wrong_verdict_is_noticed(changed: dict[str, object], verdict: str | None) -> None:
    found = judge(replace(MUTANT, **changed))  # type: ignore[arg-type]
    assert (found or "").partition(":")[0] == (verdict or "")


def test_an_operator_that_is_mistaken_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that calls a valid layer a fault: torch runs it."""

    def mistaken(bench: Bench) -> Fault:
        valid = Layer("relu")
        site = next(bench.gaps())
        return Fault([(site, [Marked(valid), site.node])], "E0301", valid)

    monkeypatch.setitem(OPERATORS, "mistaken", mistaken)
    bench = Bench(*draw("fixed 0"), Random(0))
    with pytest.raises(Mistaken, match="torch fails at None"):
        mutant_of(bench, "mistaken")
    assert any(isinstance(found, str) for found in mutants("fixed 0"))


def test_programs_are_put_back() -> None:
    """Operators change the trees in place: afterwards the program is the one that was drawn."""
    program, image = draw("fixed 3")
    before = program.text(4)
    for name in OPERATORS:
        mutant_of(Bench(program, image, Random(name)), name)
        assert program.text(4) == before
