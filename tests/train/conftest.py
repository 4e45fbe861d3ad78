"""Fixtures of the training tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.cli.conftest import byte_code, cli

__all__ = ["byte_code", "cli"]


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """A run sets what holds for a process; the next test starts without it."""
    yield
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
