from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Return a folder with one picture in `images`, 200×100, and no annotations."""
    from annotation_folders import draw

    draw(tmp_path / "street" / "images" / "a.png")
    return tmp_path / "street"


@pytest.fixture
def yolo(street: Path) -> Path:
    """Return the same with names for YOLO files."""
    from annotation_folders import write

    write(street / "labels" / "classes.txt", "with_mask\nwithout_mask\n")
    return street
