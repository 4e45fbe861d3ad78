"""The update switch of the explain pages: ``pytest tests/diagnostics --update-explain`` writes what is shown today."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-explain", action="store_true", help="write the findings into the pages of the codes")


@pytest.fixture
def update_explain(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-explain", default=False))
