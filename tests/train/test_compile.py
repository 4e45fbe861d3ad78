"""``compile = true``: the same network under the same keys, a run that goes on, a failure that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl.driver.api import ArchError
from archdsl.train.judge import evaluate_run
from archdsl.train.run_folder import RunFolder
from tests.cli.support import Cli
from tests.train.support import SMALL, assert_same_runs, go_on, killed_before, rows_of, small_plan, trained

COMPILED = ("compile=true", "checkpoint_every=3")


@pytest.fixture(autouse=True)
def forget() -> None:
    """What was compiled for another test."""
    torch.compiler.reset()


@pytest.mark.nightly
def test_a_compiled_run_comes_to_what_the_plain_one_comes_to(tmp_path: Path) -> None:
    """Without dropout, which draws its numbers in another order, and by SGD: the gradient of a bias before batch norm
    is rounding alone, which AdamW would make as large as any other. The weights are those of the network itself.
    """
    text = SMALL.replace(" -> dropout(0.2)", "")
    for name, settings in [("plain", ()), ("compiled", COMPILED)]:
        trained(small_plan(tmp_path, "optimizer.name=sgd", *settings, text=text), tmp_path / name)
    plain, compiled = (load_file(RunFolder(str(tmp_path / name)).best) for name in ("plain", "compiled"))
    assert compiled.keys() == archdsl.load(tmp_path / "small.arch").state_dict().keys()
    for key, weight in plain.items():
        torch.testing.assert_close(compiled[key], weight, rtol=1e-3, atol=1e-4)
    row = rows_of(tmp_path / "compiled")[-1]
    assert evaluate_run(str(tmp_path / "compiled")).metrics["accuracy"] == pytest.approx(row["accuracy"], abs=0.1)


@pytest.mark.nightly
def test_a_compiled_run_that_was_killed_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = small_plan(tmp_path, *COMPILED, "ema=0.9")
    trained(plan, tmp_path / "whole")
    with killed_before(11, monkeypatch):
        trained(plan, tmp_path / "killed")
    go_on(tmp_path / "killed")
    assert_same_runs(tmp_path / "whole", tmp_path / "killed")


def test_a_network_that_is_not_compiled_is_a_finding_at_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(graph: Any, inputs: Any) -> Any:
        raise OSError("no C++ compiler")

    compile = torch.compile
    monkeypatch.setattr(torch, "compile", lambda model: compile(model, backend=broken))
    with pytest.raises(ArchError) as caught:
        trained(small_plan(tmp_path, *COMPILED), tmp_path / "run")
    (finding,) = caught.value.findings
    assert finding.code == "E0803"
    assert finding.message.startswith("torch.compile cannot compile `small` here: ")
    assert "no C++ compiler" in caught.value.text
    assert caught.value.sources[finding.span.path].slice(finding.span) == "true"


@pytest.mark.nightly
def test_a_machine_without_a_compiler_is_told_so(cli: Cli) -> None:
    cli.write("archdsl.toml", "")
    cli.write("small.arch", SMALL)
    bare = cli.with_variables(CXX="/nowhere", TORCHINDUCTOR_CACHE_DIR=str(cli.scratch))
    result = bare("train", "small.arch", "--epochs", "1", "--set", "data.samples=64", "--set", "compile=true")
    assert result.code == 1, result.err
    assert "error[E0803]: torch.compile cannot compile `small` here: InvalidCxxCompiler" in result.err


def test_another_fault_is_not_blamed_on_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, *arguments: Any) -> Any:
        raise RuntimeError("something else")

    monkeypatch.setattr("archdsl.train.engine.Loop._step", broken)
    monkeypatch.setattr("archdsl.train.setup._engine", lambda model, *rest: model)
    with pytest.raises(RuntimeError, match="something else"):
        trained(small_plan(tmp_path, *COMPILED), tmp_path / "run")
