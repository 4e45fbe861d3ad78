"""The programs that measure training run to their end, and compare what they say they compare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import gpu
from benchmarks.training import CASES, plain_loop, setup_of
from tests.house import ROOT


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu.main([]) == 2
    assert "There is no GPU here" in capsys.readouterr().err


@pytest.mark.parametrize("line", [*gpu.FULL.networks, *gpu.TINY.networks], ids=lambda line: line[1])
def test_memory_is_predicted_for_every_network_of_the_table(line: tuple[str, str, int]) -> None:
    halves, whole = (gpu.prediction(*line, dtype)[0] for dtype in ("bf16", "fp32"))
    assert 0 < halves.inference < whole.inference < whole.training


def test_the_memory_of_a_gpu_is_that_of_its_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for name, answer in [("synchronize", None), ("empty_cache", None), ("reset_peak_memory_stats", None)]:
        monkeypatch.setattr(torch.cuda, name, lambda name=name, answer=answer: asked.append(name))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 77)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: 7)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    device = gpu.Device("cuda")
    assert gpu.measured(lambda: asked.append("work"), device) == 77
    assert asked == ["empty_cache", "reset_peak_memory_stats", "work", "synchronize"]
    assert device.used() == 7
    assert device.describe() == f"a GPU, torch {torch.__version__}"


@pytest.mark.nightly
def test_every_line_runs_without_a_gpu() -> None:
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--tiny"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split()[1] for row in rows] == [
        "mode",
        "eager",
        "compiled",
        "network",
        *["lenet"] * 2,
        *["resnet20"] * 2,
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_plain_loop_does_the_same_work(case: str, tmp_path: Path) -> None:
    """As many weights, as many samples in as many steps, and it learns."""
    setup = setup_of(CASES[case], 1, str(tmp_path))
    other = plain_loop(CASES[case], setup)
    assert sum(weight.numel() for weight in other.model.parameters()) == sum(
        weight.numel() for weight in setup.model.parameters()
    )
    assert (len(other.batches), other.batches.batch_size) == (setup.steps_per_epoch, setup.recipe.batch)
    images, targets = next(iter(other.batches))
    assert images.shape[1:] == setup.plan.input
    assert targets.dtype == torch.int64
