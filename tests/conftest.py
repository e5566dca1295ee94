"""Fixtures for every test."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
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


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in Berlin meanwhile: at 2026-03-29 02:00 it becomes 03:00, at 2026-10-25 03:00 it becomes 02:00."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
