"""The command line in a git repository of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.support import Cli
from tests.compare.test_state_dict import NET


@pytest.fixture(scope="session")
def byte_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Byte code shared by the runs of a session."""
    return tmp_path_factory.mktemp("byte_code")


@pytest.fixture
def repository(tmp_path: Path, byte_code: Path) -> Cli:
    """Runs commands in a repository whose only commit has ``net.arch``; nothing of the user's own git counts."""
    folder = tmp_path / "work"
    folder.mkdir()
    cli = Cli(
        folder, tmp_path / "scratch", byte_code, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "none")}
    )
    git(cli, "init", "--quiet", ".")
    cli.write("net.arch", NET)
    commit(cli)
    return cli


def git(cli: Cli, *arguments: str) -> str:
    """Runs git as a person would."""
    names = {f"GIT_{role}_{part}": "me@home" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    environment = {**os.environ, **cli.variables, **names}
    command = ["git", *arguments]
    return subprocess.run(command, cwd=cli.folder, env=environment, check=True, capture_output=True, text=True).stdout


def commit(cli: Cli) -> None:
    """Commits everything."""
    git(cli, "add", "--all", ".")
    git(cli, "commit", "--quiet", "--message", "a change")
