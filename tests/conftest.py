"""What holds for every test: no colours and caches of the developer's, repeatable examples, one thread per process."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# pytest-xdist already runs one process per core; torch's and the linear algebra libraries' own threads on top of that
# only fight over the cores. Read by them on import, so it is set before any test file is imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_variable, "1")

# A shell ignores interruptions for what it starts in the background; so would the commands that are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run: a change is judged by what it does, not by what chance found.
# HYPOTHESIS_PROFILE=explore draws new ones. No deadline: the machine is shared.
settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True)
def neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away what would colour or localise the output of the commands under test."""
    for variable in ("FORCE_COLOR", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "PYTHONWARNINGS"):
        monkeypatch.delenv(variable, raising=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Switches that rewrite expected files instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden with what is generated today")
