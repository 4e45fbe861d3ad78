"""Random programs of the whole language against real torch: shapes, weights, multiply-adds, accepted sizes, outputs."""

from __future__ import annotations

import secrets

import pytest

from tests.trust.judge import Tally, draw, judge

FIXED = [f"fixed {number}" for number in range(60)]
FRESH = [f"fresh {secrets.token_hex(4)}" for _ in range(20)]


@pytest.mark.parametrize("seed", FIXED)
def test_a_program_of_a_fixed_seed(seed: str) -> None:
    assert_agreement(seed)


@pytest.mark.nightly
def test_programs_of_fresh_seeds() -> None:
    for seed in FRESH:
        assert_agreement(seed)


def assert_agreement(seed: str) -> None:
    program, image = draw(seed)
    wrong = judge(program, image, Tally())
    assert wrong is None, f"seed {seed!r}: {wrong}"
