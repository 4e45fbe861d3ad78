"""Figures reach the programs that the recipe names, as those programs read them; metrics.jsonl has them always."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import archdsl
from archdsl.driver.api import ArchError
from archdsl.train import contract
from tests.train.support import go_on, killed_before, rows_of, small_plan, trained

Call = tuple[str, dict[str, Any]]


@pytest.fixture(params=["wandb", "trackio"])
def tracker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[Call]]:
    """A module that takes down what wandb or trackio would be told."""
    calls: list[Call] = []

    class Run:
        id = "a7"

        def log(self, metrics: dict[str, Any], step: int) -> None:
            calls.append(("log", {"step": step, **metrics}))

        def finish(self) -> None:
            calls.append(("finish", {}))

    def init(**arguments: Any) -> Run:
        calls.append(("init", arguments))
        return Run()

    module = ModuleType(request.param)
    module.__spec__ = ModuleSpec(request.param, None)
    module.init = init  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, request.param, module)
    return request.param, calls


def test_trackers_are_told_every_epoch(tracker: tuple[str, list[Call]], tmp_path: Path) -> None:
    name, calls = tracker
    trained(small_plan(tmp_path, f'loggers=["{name}"]', "project=digits"), tmp_path / "run")
    rows = rows_of(tmp_path / "run")
    assert [call for call, _ in calls] == ["init", "log", "log", "finish"]
    begun = calls[0][1]
    assert (begun["project"], begun["name"], begun["config"]["batch"]) == ("digits", "run", 16)
    for (_, told), row in zip(calls[1:3], rows, strict=True):
        assert {key: told[key] for key in row} == row
        assert told["time/seconds"] > 0


def test_wandb_finds_its_run_again(
    tracker: tuple[str, list[Call]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, calls = tracker
    with killed_before(12, monkeypatch):
        trained(small_plan(tmp_path, f'loggers=["{name}"]'), tmp_path / "run")
    assert calls[-1][0] == "finish", "whatever ends the run"
    go_on(tmp_path / "run")
    first, second = (arguments for call, arguments in calls if call == "init")
    assert second["resume"] == "allow"
    assert (first.get("id"), second.get("id")) == (None, "a7" if name == "wandb" else None)
    assert [arguments["step"] for call, arguments in calls if call == "log"] == [8, 16]


def test_a_tracker_that_does_not_start_is_told_and_nothing_is_trained(
    tracker: tuple[str, list[Call]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = tracker

    def refuse(**arguments: Any) -> None:
        raise ConnectionError("no login")

    monkeypatch.setattr(sys.modules[name], "init", refuse)
    with pytest.raises(archdsl.RunError, match=f"the logger `{name}` does not start: ConnectionError: no login"):
        trained(small_plan(tmp_path, f'loggers=["{name}"]'), tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_wandb_takes_a_run_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    trained(small_plan(tmp_path, 'loggers=["wandb"]'), tmp_path / "run")
    (kept,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
    assert (tmp_path / "run" / "wandb.id").read_text() in kept.name
    assert kept.stat().st_size > 1_000


def test_tensorboard_reads_what_was_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own reader, also behind a run that was killed in its second epoch and goes on."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with killed_before(12, monkeypatch):
        trained(small_plan(tmp_path, 'loggers=["tensorboard"]', "epochs=3"), tmp_path / "run")
    go_on(tmp_path / "run")
    events = reader.EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    rows = rows_of(tmp_path / "run")
    assert len(rows) == 3
    for name in ("train_loss", "loss", "accuracy", "lr"):
        told = [(event.step, event.value) for event in events.Scalars(name)]
        assert [step for step, _ in told] == [8, 16, 24]
        assert [value for _, value in told] == pytest.approx([row[name] for row in rows], rel=1e-6)


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "trackio"])
def test_a_logger_that_is_not_installed_is_found_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "find_spec", lambda asked: None)
    with pytest.raises(ArchError) as caught:
        small_plan(tmp_path, f'loggers=["{name}"]')
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == ("E0803", f"the logger `{name}` is not installed")
    assert finding.help is not None
    assert finding.help.text == f"pip install {name}"
    assert caught.value.sources[finding.span.path].slice(finding.span) == f'["{name}"]'


@pytest.mark.parametrize("value", ['"tensorboard"', '["mlflow"]', "[3]", "true"])
def test_a_wrong_list_of_loggers_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(ArchError) as caught:
        small_plan(tmp_path, f"loggers={value}")
    assert [finding.code for finding in caught.value.findings] == ["E0803"]
