"""Two processes, started by torchrun, over gloo: the same bits after a kill; shards that load into one process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from tests.cli.support import Cli
from tests.train.support import SMALL, assert_same_runs, rows_of

BLOCKS = """\
block unit(channels: int) {
    conv: conv(channels, 3, padding=1) -> norm: group_norm(2) -> relu
}

network small(classes: int = 10) {
    input image: [N, 1, 8, 8]
    first: unit(4)
    second: unit(6)
    flatten -> dropout(0.2)
    fc: linear(classes)
    output logits: [N, classes]
}
"""
SETTINGS = ["data.samples=160", "batch=16", "deterministic=true", "checkpoint_every=3", "device=cpu"]


@pytest.fixture
def project(cli: Cli) -> Cli:
    cli.write("archdsl.toml", "")
    cli.write("small.arch", SMALL)
    cli.write("blocks.arch", BLOCKS)
    return cli


def two_processes(project: Cli, *arguments: str) -> subprocess.Popen[bytes]:
    return launched(project, ["--standalone", "--nproc-per-node", "2"], *arguments)


def launched(project: Cli, options: list[str], *arguments: str) -> subprocess.Popen[bytes]:
    """torchrun with these options."""
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *options, "-m", "--", "archdsl", "train", *arguments],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def settings(*more: str) -> list[str]:
    return [part for setting in (*SETTINGS, *more) for part in ("--set", setting)]


def finish(run: subprocess.Popen[bytes]) -> str:
    out, _ = run.communicate(timeout=180)
    assert run.returncode == 0, out.decode()
    return out.decode()


def kill_on_its_way(run: subprocess.Popen[bytes], folder: Path, rows: int) -> None:
    """SIGKILL to all processes, torchrun included, when so many epochs are done."""
    end = time.monotonic() + 120
    while not (folder / "metrics.jsonl").exists() or len((folder / "metrics.jsonl").read_text().splitlines()) < rows:
        assert time.monotonic() < end
        assert run.poll() is None, "it was over before it was killed"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


@pytest.mark.parametrize(
    ("spec", "strategy"), [("small.arch", "ddp"), pytest.param("blocks.arch", "fsdp", marks=pytest.mark.nightly)]
)
def test_two_processes_that_are_killed_go_on_to_the_same_bits(spec: str, strategy: str, project: Cli) -> None:
    chosen = settings(f"strategy={strategy}", "epochs=8")
    finish(two_processes(project, spec, *chosen, "--run", "whole"))
    killed = two_processes(project, spec, *chosen, "--run", "killed")
    kill_on_its_way(killed, project.folder / "killed", 2)
    finish(two_processes(project, "--resume", "killed"))
    whole, other = project.folder / "whole", project.folder / "killed"
    assert rows_of(whole) == rows_of(other)
    if strategy == "ddp":
        assert_same_runs(whole, other)
        return
    best = [load_file(each / "checkpoints" / "best.safetensors") for each in (whole, other)]
    assert all(weight.equal(best[1][key]) for key, weight in best[0].items())
    assert sorted(path.name for path in (whole / "checkpoints").iterdir()) == [
        *("best.safetensors", "last.json", "sharded-64")
    ]


@pytest.mark.nightly
def test_shards_load_into_one_process(project: Cli) -> None:
    """Two processes come to what one alone comes to, but for rounding, and one can go on where they were."""
    plain = BLOCKS.replace(" -> dropout(0.2)", "")
    project.write("blocks.arch", plain)
    chosen = settings("strategy=fsdp", "epochs=3")
    finish(two_processes(project, "blocks.arch", *chosen, "--run", "shards"))
    best = load_file(project.folder / "shards" / "checkpoints" / "best.safetensors")
    network = archdsl.load(project.folder / "blocks.arch")
    network.load_state_dict(best)
    alone = project("train", "blocks.arch", *chosen, "--run", "alone")
    assert alone.code == 0, alone.err
    for key, weight in load_file(project.folder / "alone" / "checkpoints" / "best.safetensors").items():
        torch.testing.assert_close(best[key], weight, rtol=1e-3, atol=1e-4)
    again = project("train", "--resume", "shards")
    assert again.code == 0, again.err
    assert "going on at step 24" in again.err


@pytest.mark.nightly
def test_two_hosts_come_to_the_same_bits_as_two_processes_of_one(project: Cli) -> None:
    """A torchrun for each, which meet at an address; the folder is one that both see."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = f"127.0.0.1:{free.getsockname()[1]}"
    options = ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint", meeting]
    options += ["--rdzv-id", "test", "--local-addr", "127.0.0.1"]
    chosen = settings("epochs=3")
    hosts = [launched(project, options, "small.arch", *chosen, "--run", "hosts") for _ in range(2)]
    said = [finish(host) for host in hosts]
    assert sum("hosts: finished: accuracy" in text for text in said) == 1, "one process speaks for all"
    finish(two_processes(project, "small.arch", *chosen, "--run", "alone"))
    assert_same_runs(project.folder / "hosts", project.folder / "alone")
    session = json.loads((project.folder / "hosts" / "sessions.jsonl").read_text("utf-8"))
    assert session["processes"] == 2


def test_a_batch_that_two_processes_cannot_share_is_a_finding(project: Cli) -> None:
    out, _ = two_processes(project, "small.arch", *settings("batch=15")).communicate(timeout=120)
    assert b"error[E0812]" in out
    assert b"2 processes" in out
