"""The command line under test, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import Cli


@pytest.fixture(scope="session")
def byte_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Byte code shared by the runs of a session: compiling archdsl takes longer than what is tested."""
    return tmp_path_factory.mktemp("byte_code")


@pytest.fixture
def cli(tmp_path: Path, byte_code: Path) -> Cli:
    """Runs commands in ``tmp_path / "work"``; the cache lies beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    return Cli(folder, tmp_path / "scratch", byte_code)
