"""The update switch of the explain pages: ``pytest tests/diagnostics --update-explain`` writes what is shown today."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-explain", action="store_true", help="write the findings into the pages of the codes")


@pytest.fixture
def update_explain(request: pytest.FixtureRequest) -> bool:
    asked = bool(request.config.getoption("--update-explain", default=False))
    if asked and "PYTEST_XDIST_WORKER" in os.environ:
        pytest.fail("one process at a time: several would write into one page")
    return asked
