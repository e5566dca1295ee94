"""What the demo says of itself."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DEMO))
    return importlib.import_module("demo")


def test_pictures_that_came_too_late_are_said_to_be_left_out(demo: ModuleType) -> None:
    assert demo.describe_count(300, 300) == "All 300 pictures looked at."
    assert demo.describe_count(299, 300).startswith("299 of 300 pictures looked at; the others came while one was")
