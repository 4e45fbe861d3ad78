"""Random projects of the whole language against real torch: shapes, weights, multiply-adds, accepted sizes, outputs."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from archdsl.ops import REGISTRY
from archdsl.ops.base import Call
from tests.trust.draw import draw_project
from tests.trust.judge import Tally, draw, judge, judge_project
from tests.trust.linters import complaints
from tests.trust.minimise import minimise, write
from tests.trust.programs import Project

FIXED = [f"fixed {number}" for number in range(60)]
FRESH = [f"fresh {secrets.token_hex(4)}" for _ in range(20)]


@pytest.mark.parametrize("seed", FIXED)
def test_a_project_of_a_fixed_seed(seed: str) -> None:
    assert_agreement(seed)


@pytest.mark.nightly
def test_projects_of_fresh_seeds() -> None:
    for seed in FRESH:
        assert_agreement(seed)


def assert_agreement(seed: str) -> None:
    wrong = judge_project(draw_project(seed), Tally(is_sampled=True))
    assert wrong is None, f"seed {seed!r}: {wrong}"


@pytest.mark.parametrize("number", range(10))
def test_a_plain_program_has_one_input_and_one_output(number: int) -> None:
    program, image = draw(f"plain {number}")
    assert judge(program, image, Tally()) is None
    assert not program.sides and not program.parameters and len(program.ran(image).outputs) == 1


def test_the_projects_have_all_that_the_language_has() -> None:
    texts = [text for number in range(60) for text in draw_project(f"fixed {number}").files().values()]
    for what in (
        "from std import", "from .lib", "input side", "when training", "output out", "if q", "network n_",
        "network m", "inline ", ": tensor", ": block", "scale {", "concat(axis=", "repeat ", "let ", "{i", "[N, 3, S",
    ):  # fmt: skip
        assert any(what in text for text in texts), what


def test_linters_leave_generated_files_alone(tmp_path: Path) -> None:
    tally = Tally(is_sampled=True)
    for number in range(3):
        judge_project(draw_project(f"fixed {number}"), tally)
    assert len(tally.sources) >= 3 and complaints(tally.sources, tmp_path, tmp_path) == ""
    assert "E701" in complaints(["import torch\nif torch: pass\n"], tmp_path, tmp_path)


# --- the judge can fail -----------------------------------------------------------------------------------------------


def _wrong(project: Project) -> str | None:
    return judge_project(project, Tally())


def test_a_fault_in_a_rule_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    op = type(REGISTRY["max_pool"])
    right = op.infer
    monkeypatch.setattr(
        op, "infer", lambda self, call: right(self, Call(self, {**call.arguments, "ceil": False}, call.inputs))
    )
    projects = (draw_project(f"fixed {number}") for number in range(60))
    found = next(project for project in projects if (_wrong(project) or "").startswith("shapes differ"))
    small = minimise(found, _wrong)
    assert sum(len(text.splitlines()) for text in small.project.files().values()) <= 8
    folder = write(small, "fixed 1", tmp_path)
    assert "max_pool" in (folder / "a.arch").read_text()
    compile((folder / "test_it.py").read_text(), "test_it.py", "exec")
