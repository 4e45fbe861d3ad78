"""``archdsl train`` as a process: exit codes, documents, signals, SIGKILL."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import jsonschema
import pytest
import torch

from tests.cli.support import UNKNOWN_LAYER, Cli, listing
from tests.house import ROOT
from tests.train.support import SMALL, assert_same_runs

SETTINGS = ["data.samples=160", "batch=16", "deterministic=true", "checkpoint_every=7"]
QUICK = [part for setting in SETTINGS for part in ("--set", setting)]


@pytest.fixture
def project(cli: Cli) -> Cli:
    cli.write("archdsl.toml", "")
    cli.write("small.arch", SMALL)
    return cli


def start(project: Cli, *arguments: str) -> subprocess.Popen[bytes]:
    command = project.command("train", "small.arch", *QUICK, *arguments)
    return subprocess.Popen(
        command, cwd=project.folder, env=project.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_for(path: Path, text: str = "", seconds: float = 60) -> None:
    """Until a file is there and holds a text."""
    end = time.monotonic() + seconds
    while not path.exists() or text not in path.read_text("utf-8", errors="replace"):
        assert time.monotonic() < end, f"{path} did not come"
        time.sleep(0.02)


def test_the_document_is_the_last_line(project: Cli) -> None:
    result = project("train", "small.arch", *QUICK, "--epochs", "2", "--run", "out", "--format", "json")
    assert result.code == 0, result.err
    document = json.loads(result.out.splitlines()[-1])
    jsonschema.validate(document, json.loads((ROOT / "docs" / "schemas" / "train.json").read_text("utf-8")))
    assert (document["run"], document["status"], document["epochs"]) == ("out", "finished", 2)
    assert document["metrics"].keys() == {"accuracy", "loss"}
    assert "epoch   2" in result.err


def test_a_run_killed_by_the_system_goes_on_to_the_same_bits(project: Cli) -> None:
    whole = start(project, "--epochs", "60", "--run", "whole")
    killed = start(project, "--epochs", "60", "--run", "killed")
    wait_for(project.folder / "killed" / "metrics.jsonl", '"epoch": 5')
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert len((project.folder / "killed" / "metrics.jsonl").read_text().splitlines()) < 60, "it was killed on its way"
    assert project("train", "--resume", "killed").code == 0
    whole.communicate()
    assert_same_runs(project.folder / "whole", project.folder / "killed")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_with_a_checkpoint(sign: signal.Signals, project: Cli) -> None:
    running = start(project, "--epochs", "100000", "--run", "out", "--format", "json")
    wait_for(project.folder / "out" / "metrics.jsonl", '"epoch": 2')
    running.send_signal(sign)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 2, err
    assert json.loads(out.splitlines()[-1])["status"] == "interrupted"
    assert b"archdsl train --resume out" in err
    assert b"Traceback" not in err
    assert not list(project.folder.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("small.arch", "--set", "optimizer.lr=nan"), 1, "error[E0803]"),
        (("small.arch", "--data", "folder:nowhere"), 1, "error[E0804]"),
        (("wrong.arch",), 1, "error[E0201]"),
        (("small.arch", "--set", "lr"), 2, "write a setting and its value"),
        (("small.arch", "--recipe", "nowhere.toml"), 2, "`nowhere.toml` is no file that can be read"),
        (("small.arch", "--recipe", "binary.toml"), 2, "binary"),
        (("small.arch", "-n", "large"), 2, "has no network `large`"),
        (("missing.arch",), 2, "`missing.arch` cannot be read"),
        (("small.arch", "--run", "../elsewhere"), 2, "lies outside the working directory"),
        (("small.arch", "--run", "full"), 2, "is there already"),
        (("small.arch", "--resume", "full"), 2, "is no run folder"),
        (("--resume", "nowhere"), 2, "is no run folder"),
        (("--resume", "full", "--epochs", "3"), 2, "leave out --epochs"),
        (("--resume", "full", "--run", "new"), 2, "leave out --run"),
        ((), 2, "name a FILE to train"),
        (("small.arch", "--device", "cuda"), 1, "torch finds no GPU"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_wrong_is_told_and_nothing_is_made(
    arguments: tuple[str, ...], code: int, told: str, project: Cli
) -> None:
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    project.write("wrong.arch", UNKNOWN_LAYER)
    project.write("binary.toml", b"\0")
    project.write("full/file", "")
    before = listing(project.folder)
    result = project("train", *arguments)
    assert (result.code, result.out) == (code, ""), result.err
    assert told in result.err
    assert listing(project.folder) == before


def test_a_dry_run_makes_nothing_and_gives_a_recipe(project: Cli) -> None:
    before = listing(project.folder)
    result = project("train", "small.arch", "--dry-run", "--lr", "0.5")
    assert result.code == 0
    assert listing(project.folder) == before
    project.write("recipe.toml", result.out)
    assert project("train", "small.arch", "--recipe", "recipe.toml", "--dry-run").out == result.out


def test_a_plan_needs_no_torch(project: Cli) -> None:
    """What does not fit is told in the time of a check."""
    program = (
        "import sys; from archdsl.cli.main import main; code = main(['train', 'small.arch', '--set', 'data.size=9']);"
        "print(code, [name for name in ('torch', 'sklearn', 'safetensors') if name in sys.modules])"
    )
    command = [project.command()[0], "-c", program]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 []\n", done.stderr
