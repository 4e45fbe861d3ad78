"""``make trust``: sittings add up, nothing is counted twice, and what disagrees is made small and written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.networks.support import ROOT
from tests.trust import parts
from tests.trust.figures import Figures, PartFigures
from tests.trust.judge import judge_project
from tests.trust.parts import PARTS, Outcome, Part, configurations, projects
from tests.trust.sitting import Sitting


def command(figures: Path, *options: str) -> subprocess.CompletedProcess[str]:
    arguments = ["-m", "tests.trust", "--figures", str(figures), "-j", "1", "--parts", "programs", *options]
    return subprocess.run(
        [sys.executable, *arguments], check=False, cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.nightly
def test_two_sittings_are_one(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    assert command(once, "--programs", "60").returncode == 0
    assert command(twice, "--programs", "50").returncode == 0
    done = command(twice, "--programs", "60")
    assert done.returncode == 0 and "60  programs" in done.stdout
    counts = [json.loads(path.read_text())["parts"]["programs"]["counts"] for path in (once, twice)]
    assert counts[0] == counts[1]
    assert command(twice, "--programs", "60").returncode == 0  # nothing is left


def test_a_wrong_option_is_refused(tmp_path: Path) -> None:
    done = command(tmp_path / "f.json", "--parts", "nothing")
    assert done.returncode == 2 and "invalid choice" in done.stderr


def test_stretches_follow_each_other_and_end(tmp_path: Path) -> None:
    figures = Figures("s")
    figures.part("a").done = 30
    wanted = [Part("a", projects, 1.0, 50), Part("b", projects, 0.1, 20), Part("c", projects, most=3, stretch=1)]
    found = list(Sitting(figures, wanted, 100, tmp_path / "f.json")._stretches())
    covered = {name: [(first, count) for part, first, count in found if part.name == name] for name in "abc"}
    assert covered == {"a": [(30, 50), (80, 20)], "b": [(0, 10)], "c": [(0, 1), (1, 1), (2, 1)]}
    assert found[0][0].name == "b"


def test_figures_survive_and_another_seed_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "f.json"
    figures = Figures("s")
    figures.part("a").add(Outcome({"programs": 7}), 7, 1.5)
    figures.part("a").add(Outcome({"programs": 2, "layers": 5}, ("bad",)), 2, 0.5)
    figures.save(path)
    assert Figures.load(path, "s").parts == {"a": PartFigures(9, Counter(programs=9, layers=5), 2.0, ["bad"])}
    assert Figures.load(path, "t").parts == {} and Figures.load(tmp_path / "none.json", "s").parts == {}
    assert list(path.parent.iterdir()) == [path]
    assert "9  programs" in figures.table() and "1 disagreements in 2 s" in figures.table()


def test_what_fails_is_made_small_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "FOUND", tmp_path)
    monkeypatch.setattr(parts, "judge_project", lambda project, tally: judge_project(project, tally) or "always wrong")
    (sentence,) = projects("sitting", 0, 1).wrong
    assert sentence.startswith("seed 'sitting 0': always wrong")
    assert (tmp_path / "sitting_0" / "test_it.py").exists()


def test_a_project_that_takes_too_long_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(name: str) -> None:
        os.kill(os.getpid(), signal.SIGALRM)

    monkeypatch.setattr(parts, "draw_project", endless)
    (sentence,) = projects("late", 3, 1).wrong
    assert sentence.startswith("seed 'late 3': TimeoutError")


def test_the_parts_are_there() -> None:
    names = [part.name for part in PARTS]
    assert {"programs", "configurations", "mutants", "pairs"} <= set(names)
    assert next(part for part in PARTS if part.name == "mutants").wanted(100_000) >= 25_000
    found = configurations("any", 34, 1)
    assert found.counts["configurations"] > 0 and not found.wrong
