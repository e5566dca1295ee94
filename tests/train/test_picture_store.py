"""Pictures are kept while there is room, and never differ from what is on the disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import DataError
from train.picture_store import PictureStore


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.full((4, 5, 3), 7, np.uint8))
    return path


def test_a_kept_picture_is_not_read_again(picture: Path) -> None:
    store = PictureStore()
    first = store.read(picture)
    picture.unlink()
    assert np.array_equal(store.read(picture), first)


def test_without_room_it_reads_again(picture: Path) -> None:
    store = PictureStore(max_bytes=4 * 5 * 3 - 1)
    store.read(picture)
    picture.unlink()
    with pytest.raises(DataError):
        store.read(picture)


def test_room_is_shared_by_all_pictures(picture: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    cv2.imwrite(str(other), np.zeros((4, 5, 3), np.uint8))
    store = PictureStore(max_bytes=4 * 5 * 3)
    store.read(picture)
    store.read(other)
    other.unlink()
    with pytest.raises(DataError):
        store.read(other)


def test_a_kept_picture_cannot_be_changed(picture: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        PictureStore().read(picture)[0, 0] = 0
