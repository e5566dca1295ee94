"""Fixtures for every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the data sets beside the repository; without it the test is skipped."""
    folder = Path(os.environ.get("MASKWATCH_DATA", _ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing; set MASKWATCH_DATA to the folder of the data sets")
    return folder.resolve()
