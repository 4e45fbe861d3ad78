"""A run as a whole: what it leaves, what it learns, why it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import archdsl
from archdsl.codegen import HEADER
from archdsl.driver.api import ArchError
from archdsl.train.engine import Loop
from archdsl.train.run_folder import RunFolder, digest_of
from tests.house import ROOT
from tests.train.support import SMALL, rows_of, small_plan, trained

LEARNS = ("data.samples=400", "epochs=12", "optimizer.lr=0.02")
AUXILIARY = """\
network deep(classes: int = 10) {
    input image: [N, 1, 8, 8]
    conv1: conv(4, 3, padding=1) -> relu
    output early: [N, classes] when training { aux_pool: global_avg_pool -> flatten -> aux: linear(classes) }
    flatten
    fc: linear(classes)
    output logits: [N, classes]
}
"""


def test_a_run_folder_is_whole(tmp_path: Path) -> None:
    plan = small_plan(tmp_path, "ema=0.5")
    result = trained(plan, tmp_path / "run")
    run = RunFolder(result.run)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        *("accuracy.svg", "checkpoints", "confusion.json", "confusion.svg", "loss.svg", "metrics.jsonl", "network.py"),
        *("recipe.toml", "report.html", "run.json", "sessions.jsonl", "spec"),
    ]
    assert run.code().startswith(f"# {HEADER}")
    document = run.document()
    assert (document.network, document.input, document.digest) == ("small", [1, 8, 8], digest_of(run.code()))
    recipe = tomllib.loads(Path(run.recipe).read_text("utf-8"))
    assert recipe["data"]["size"] == [8, 8]
    assert len(recipe["data"]["mean"]) == 1
    assert "auto" not in [value for key, value in recipe["data"].items()]
    assert [row["epoch"] for row in rows_of(tmp_path / "run")] == [1, 2]
    assert (tmp_path / "run" / "spec" / "small.arch").read_text("utf-8") == SMALL


def test_the_best_weights_are_those_of_the_network(tmp_path: Path) -> None:
    result = trained(small_plan(tmp_path), tmp_path / "run")
    best = RunFolder(result.run).best
    model = archdsl.load(tmp_path / "small.arch")
    assert model.load_state_dict(load_file(best)) is not None  # strict
    with safe_open(best, framework="pt") as stream:
        assert stream.metadata()["digest"] == RunFolder(result.run).document().digest


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("loss.name=hinge",),
        ("loss.name=mse", "optimizer.lr=0.05"),
        ("loss.label_smoothing=0.1", "ema=0.9"),
        ("optimizer.name=sgd", "optimizer.lr=0.1", "optimizer.clip=1.0"),
        ("precision=bf16", "channels_last=true"),
        ("accumulate=4", "augment.mixup=0.2"),
    ],
    ids=lambda settings: " ".join(settings) or "as it is",
)
def test_a_network_learns(settings: tuple[str, ...], tmp_path: Path) -> None:
    """Ten classes: chance is 10 %."""
    result = trained(small_plan(tmp_path, *LEARNS, *settings), tmp_path / "run")
    assert result.metrics["accuracy"] > 0.6, rows_of(tmp_path / "run")


def test_the_losses_of_training_outputs_count(tmp_path: Path) -> None:
    """Without them the auxiliary head would keep its first weights."""
    first = trained(small_plan(tmp_path, "epochs=1", text=AUXILIARY), tmp_path / "one")
    second = trained(small_plan(tmp_path, "epochs=1", "loss.auxiliary=0", text=AUXILIARY), tmp_path / "two")
    heads = [load_file(RunFolder(each.run).best)["aux.weight"] for each in (first, second)]
    assert not heads[0].equal(heads[1])


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path) -> None:
    weights = [
        load_file(RunFolder(trained(small_plan(tmp_path, f"seed={seed}"), tmp_path / name).run).best)["fc.weight"]
        for name, seed in [("a", 1), ("b", 1), ("c", 2)]
    ]
    assert weights[0].equal(weights[1])
    assert not weights[0].equal(weights[2])


def test_workers_change_nothing(tmp_path: Path) -> None:
    runs = [trained(small_plan(tmp_path, f"data.workers={n}", "augment.crop=1"), tmp_path / str(n)) for n in (0, 2)]
    assert rows_of(Path(runs[0].run)) == rows_of(Path(runs[1].run))


def test_parts_of_a_batch_give_the_gradient_of_the_whole(tmp_path: Path) -> None:
    """Without batch norm and dropout, in which the parts see each other or draw anew."""
    plain = SMALL.replace("bn1: batch_norm -> ", "").replace(" -> dropout(0.2)", "")
    runs = [
        trained(
            small_plan(tmp_path, "epochs=1", f"accumulate={n}", "optimizer.name=sgd", text=plain), tmp_path / str(n)
        )
        for n in (1, 4)
    ]
    one, four = (load_file(RunFolder(run.run).best) for run in runs)
    for key, weight in one.items():
        torch.testing.assert_close(four[key], weight)


def test_patience_ends_a_run(tmp_path: Path) -> None:
    result = trained(small_plan(tmp_path, "epochs=50", "patience=2", "optimizer.lr=1e-12"), tmp_path / "run")
    assert result.status == "early_stop"
    assert result.epochs < 10


def test_the_time_limit_ends_a_run_that_can_go_on(tmp_path: Path) -> None:
    result = trained(small_plan(tmp_path, "epochs=10000", "time_limit=0.05"), tmp_path / "run")
    assert result.status == "time_limit"
    assert (tmp_path / "run" / "checkpoints" / "last.safetensors").exists()


def test_a_loss_that_is_not_finite_names_its_layer(tmp_path: Path) -> None:
    with pytest.raises(ArchError) as caught:
        trained(small_plan(tmp_path, "optimizer.lr=1e6", "optimizer.name=sgd", text=AUXILIARY), tmp_path / "run")
    (finding,) = caught.value.findings
    assert finding.code == "E0814"
    assert caught.value.sources[finding.span.path].slice(finding.span).startswith(("conv(", "linear("))


@pytest.mark.parametrize("words", ["CUDA out of memory", "DefaultCPUAllocator: can't allocate memory"])
def test_a_device_without_memory_is_answered_with_a_batch_that_fits(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = torch.OutOfMemoryError(words) if words.startswith("CUDA") else RuntimeError(words)

    def full(self: Loop, epoch: int, batch: object) -> None:
        raise error

    monkeypatch.setattr(Loop, "_step", full)
    monkeypatch.setattr("archdsl.train.memory.memory_of", lambda device: 40_000)
    with pytest.raises(archdsl.RunError) as caught:
        trained(small_plan(tmp_path, "accumulate=2"), tmp_path / "run")
    told = str(caught.value)
    assert "no memory left for 8 samples at a time" in told
    assert "state of adam" in told
    fits = int(re.search(r"a `batch` of ([0-9,]+) should fit", told)[1].replace(",", ""))  # type: ignore[index]
    assert 0 < fits < 16


def test_another_fault_of_torch_is_not_about_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Loop, epoch: int, batch: object) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(Loop, "_step", broken)
    with pytest.raises(RuntimeError, match="something else"):
        trained(small_plan(tmp_path), tmp_path / "run")


def test_a_function_is_found_from_the_command_line(tmp_path: Path) -> None:
    """The working directory is searched for ``module:function``, as ``python -m`` does."""
    (tmp_path / "sets.py").write_text(
        "import numpy as np\ndef make():\n    r = np.random.default_rng(0)\n"
        "    return [(r.random((1, 8, 8), dtype=np.float32), i % 10) for i in range(64)]\n"
    )
    small_plan(tmp_path)
    command = [sys.executable, "-m", "archdsl", "train", "small.arch", "--data", "sets:make", "--epochs", "1"]
    done = subprocess.run(
        [*command, "--format", "json"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == "runs/small-1"
