"""What all tests share: `--update-golden` records expected files anew, to be read in the diff."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="record expected files anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are recorded instead of compared."""
    return bool(request.config.getoption("--update-golden"))
