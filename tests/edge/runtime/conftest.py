from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from stick_bench import START_LIMIT_S, Bench


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from stand_in_stick import build_delegate

    return build_delegate(tmp_path_factory.mktemp("library"))


@pytest.fixture
def bench(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    from stand_in_stick import write_models

    from edge.runtime import edgetpu

    monkeypatch.setattr(edgetpu, "START_LIMIT_S", START_LIMIT_S)
    bench = Bench(write_models(tmp_path / "models"), tmp_path / "told")
    bench.tell("fine")
    monkeypatch.setenv("STAND_IN_STICK", str(bench.told))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(library.parent))
    yield bench
    for models in bench.opened:
        models.close()
