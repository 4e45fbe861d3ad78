"""The update switch of the corpus: ``pytest tests/corpus --update-corpus`` writes the rendered texts anew."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-corpus", action="store_true", help="write the .expected files instead of comparing")


@pytest.fixture
def update_corpus(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-corpus", default=False))
