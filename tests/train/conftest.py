"""Fixtures of the training tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.cli.conftest import byte_code
from tests.cli.conftest import cli as plain_cli
from tests.cli.support import Cli

__all__ = ["byte_code", "plain_cli"]


@pytest.fixture
def cli(plain_cli: Cli) -> Cli:
    """The command line with the byte code that lies beside torch: to compile all of torch anew takes half a minute."""
    return plain_cli.with_variables(PYTHONPYCACHEPREFIX="", OMP_NUM_THREADS="1")


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """A run sets what holds for a process; the next test starts without it."""
    yield
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
