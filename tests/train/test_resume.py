"""A run that was killed goes on to the same bits; weights of another network are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from archdsl.driver.api import ArchError, RunError
from archdsl.train.command import resume, train
from archdsl.train.plan import plan_training
from archdsl.train.setup import Setup
from tests.train.support import (
    QUICK,
    SMALL,
    assert_same_runs,
    go_on,
    killed_before,
    random_step,
    rows_of,
    small_plan,
    tensors_of,
    trained,
    write_spec,
)

KINDS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "checkpoints inside the epoch": ("checkpoint_every=3",),
    "averaged weights": ("ema=0.9", "checkpoint_every=5"),
    "momentum, clipping and parts of a batch": ("optimizer.name=sgd", "optimizer.clip=0.5", "accumulate=2"),
    "every change of samples": ("augment.crop=1", "augment.flip=0.5", "augment.color=0.3", "augment.mixup=0.4"),
    "bf16": ("precision=bf16", "checkpoint_every=2"),
    "fp16": ("precision=fp16",),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on_to_the_same_bits(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(tmp_path, *KINDS[kind])
    trained(plan, tmp_path / "whole")
    with killed_before(random_step(len(kind)), monkeypatch):
        trained(plan, tmp_path / "killed")
    assert go_on(tmp_path / "killed").status == "finished"
    assert_same_runs(tmp_path / "whole", tmp_path / "killed")


def test_a_run_that_is_killed_again_and_again_comes_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = small_plan(tmp_path, "checkpoint_every=1")
    trained(plan, tmp_path / "whole")
    with killed_before(3, monkeypatch):
        trained(plan, tmp_path / "killed")
    for step in (4, 9, 15):
        with killed_before(step, monkeypatch):
            go_on(tmp_path / "killed")
    go_on(tmp_path / "killed")
    assert_same_runs(tmp_path / "whole", tmp_path / "killed")


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    trained(small_plan(tmp_path), tmp_path / "one")
    trained(small_plan(tmp_path, "seed=1"), tmp_path / "other")
    with pytest.raises(AssertionError):
        assert_same_runs(tmp_path / "one", tmp_path / "other")


def test_without_the_optimizers_state_the_end_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the checkpoint keeps is needed: with moments of zero the bits differ."""
    plan = small_plan(tmp_path, "checkpoint_every=3")
    trained(plan, tmp_path / "whole")
    with killed_before(7, monkeypatch):
        trained(plan, tmp_path / "killed")
    original = Setup._restore

    def forgetful(self: Setup, state: dict[str, object]) -> None:
        original(self, state)
        self.optimizer.state.clear()

    monkeypatch.setattr(Setup, "_restore", forgetful)
    go_on(tmp_path / "killed")
    with pytest.raises(AssertionError):
        assert_same_runs(tmp_path / "whole", tmp_path / "killed")


def test_half_a_line_of_metrics_is_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = small_plan(tmp_path)
    trained(plan, tmp_path / "whole")
    with killed_before(12, monkeypatch):
        trained(plan, tmp_path / "killed")
    with (tmp_path / "killed" / "metrics.jsonl").open("a") as stream:
        stream.write('{"epoch": 2, "st')
    go_on(tmp_path / "killed")
    assert_same_runs(tmp_path / "whole", tmp_path / "killed")


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    trained(small_plan(tmp_path), tmp_path / "run")
    before = rows_of(tmp_path / "run"), tensors_of(tmp_path / "run")
    assert go_on(tmp_path / "run").status == "finished"
    assert rows_of(tmp_path / "run") == before[0]
    assert tensors_of(tmp_path / "run").keys() == before[1].keys()


def test_each_start_leaves_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with killed_before(9, monkeypatch):
        trained(small_plan(tmp_path), tmp_path / "run")
    go_on(tmp_path / "run")
    sessions = [json.loads(line) for line in (tmp_path / "run" / "sessions.jsonl").read_text().splitlines()]
    assert [session["step"] for session in sessions] == [0, 8]
    assert sessions[0]["torch"] == torch.__version__


# --- what is refused --------------------------------------------------------------------------------------------------


def refusal(run: Path, path: str | None = None) -> ArchError:
    with pytest.raises(ArchError) as caught:
        resume(str(run), path)
    return caught.value


def test_another_network_is_refused_with_its_keys_and_shapes(tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    wider = SMALL.replace("conv(4", "conv(6").replace("bn1", "norm")
    (finding,) = refusal(tmp_path / "run", write_spec(tmp_path, wider)).findings
    assert finding.code == "E0815"
    told = " ".join(finding.notes)
    assert "`conv1.weight` is 4 x 1 x 3 x 3, not 6 x 1 x 3 x 3" in told
    assert "`norm.weight` is missing" in told
    assert "`bn1.weight` is not part of the network" in told


def test_another_activation_is_another_network(tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    (finding,) = refusal(tmp_path / "run", write_spec(tmp_path, SMALL.replace("relu", "gelu"))).findings
    assert finding.code == "E0815"
    assert "the layers differ" in finding.notes[0]


def test_comments_make_no_other_network(tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    commented = "## Said anew.\n" + SMALL.replace("flatten ->", "flatten -> ")
    assert resume(str(tmp_path / "run"), write_spec(tmp_path, commented)).status == "finished"


def test_the_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    trained(small_plan(tmp_path, "epochs=1", text=SMALL.replace("conv(4", "conv(5")), tmp_path / "other")
    last = Path("checkpoints") / "last.safetensors"
    (tmp_path / "run" / last).write_bytes((tmp_path / "other" / last).read_bytes())
    (finding,) = refusal(tmp_path / "run").findings
    assert finding.code == "E0815"
    assert "`conv1.weight` is 5 x 1 x 3 x 3, not 4 x 1 x 3 x 3" in finding.notes


@pytest.mark.parametrize("damage", ["cut", "noise", "weights only"])
def test_a_damaged_checkpoint_is_refused(damage: str, tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    last = tmp_path / "run" / "checkpoints" / "last.safetensors"
    data = last.read_bytes()
    match damage:
        case "cut":
            last.write_bytes(data[: len(data) // 2])
        case "noise":
            last.write_bytes(bytes(range(256)) * 9)
        case _:
            save_file({"a": torch.zeros(1)}, last)
    with pytest.raises(RunError, match=r"last\.safetensors"):
        go_on(tmp_path / "run")


def test_changed_code_is_not_run(tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    with (tmp_path / "run" / "network.py").open("a") as stream:
        stream.write("raise SystemExit('run')\n")
    with pytest.raises(RunError, match="changed after the run began"):
        go_on(tmp_path / "run")


@pytest.mark.parametrize("missing", ["run.json", "network.py", "recipe.toml"])
def test_a_folder_with_something_missing_is_refused(missing: str, tmp_path: Path) -> None:
    trained(small_plan(tmp_path, "epochs=1"), tmp_path / "run")
    (tmp_path / "run" / missing).unlink()
    with pytest.raises((RunError, OSError)):
        go_on(tmp_path / "run")


def test_a_new_run_takes_no_folder_that_is_there(tmp_path: Path) -> None:
    plan = plan_training(write_spec(tmp_path), settings=[*QUICK, "epochs=1"])
    train(plan, run=str(tmp_path / "run"))
    before = rows_of(tmp_path / "run")
    with pytest.raises(RunError, match="is there already"):
        train(plan, run=str(tmp_path / "run"))
    assert rows_of(tmp_path / "run") == before
