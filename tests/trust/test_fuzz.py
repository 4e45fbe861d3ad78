"""Some fuzzed inputs with every change; ``python -m tests.trust.fuzz --inputs 20000`` makes more."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from tests.house import ROOT
from tests.trust import fuzz
from tests.trust.fuzz import campaign, judged, made
from tests.trust.mutations import mutated
from tests.trust.sentences import grammar, sentence

INPUTS = 120


def test_every_input_comes_to_a_proper_end() -> None:
    result = campaign(INPUTS, "every change")
    assert result.faults == ()
    assert result.inputs == INPUTS
    assert result.accepted >= 5
    assert result.formatted >= 20


def test_findings_and_texts_are_the_same_under_every_hash_seed() -> None:
    """The digest is one of everything that was said and written."""
    told = set()
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.trust.fuzz", "--inputs", "25", "--seed", "hashes"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout
        told.add(done.stdout.rpartition("digest ")[2])
    assert len(told) == 1


def test_a_seed_is_one_input() -> None:
    assert made("a 1") == made("a 1")
    assert len({made(f"a {number}") for number in range(20)}) > 15


@pytest.mark.parametrize("seed", range(10))
def test_sentences_are_of_the_grammar(seed: int) -> None:
    """Broken tokens aside (``1x``, a name that the lexer reads otherwise), the parser knows the grammar's sentences."""
    text = sentence(random.Random(seed), 12)
    assert text.strip()
    assert judged(text.encode()).faults == ()


def test_every_rule_has_an_end() -> None:
    assert all(height < 50 for height in grammar().heights.values())
    assert {"file", "block", "network", "chain", "expression"} <= grammar().rules.keys()


def test_mutants_differ() -> None:
    text = fuzz.corpus()[0]
    changed = [mutated(text, text, random.Random(seed)) != text.encode() for seed in range(50)]
    assert sum(changed) > 45


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("tests.trust.fuzz.check_path", "a crash of the check"),
        ("tests.trust.fuzz.source_of", "a crash of the generator"),
        ("tests.trust.fuzz.format_loaded", "a crash of the formatter"),
    ],
)
def test_a_fault_is_told(place: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object) -> None:
        raise RecursionError(what)

    monkeypatch.setattr(place, crash)
    assert what in judged(b"block b() { relu }\n").faults[0]


def test_what_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*arguments: object) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "format_loaded", hang)
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    assert "_judge_format: more than" in judged(b"block b() { relu }\n").faults[-1]
