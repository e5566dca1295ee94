"""A camera that hangs at one door: the same background behind everybody."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("imagehash", reason="the train extra is not installed")

from edge.errors import DataError  # noqa: E402
from edge.geometry import Box  # noqa: E402
from edge.preprocess import Picture  # noqa: E402
from train.faces import LabeledFace  # noqa: E402
from train.near_duplicates import find_pairs, group_pictures, hash_picture  # noqa: E402
from train.same_faces import portray, show_same_face  # noqa: E402
from train.splits import TEST, TRAIN, VALIDATION, Fractions, settle_split, split_faces  # noqa: E402

HEIGHT_PX, WIDTH_PX = 240, 320


def draw_visitor(seed: int) -> tuple[Picture, Box]:
    """Return a picture (240, 320, 3) uint8 BGR of the door with somebody before it, and the face's box."""
    rng = np.random.default_rng(seed)
    door = np.random.default_rng(1000).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    bgr = np.asarray(cv2.resize(door, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    x, y = (int(v) for v in rng.integers((130, 80), (150, 100)))
    face = cv2.resize(rng.integers(40, 220, (7, 5, 3), dtype=np.uint8), (32, 40), interpolation=cv2.INTER_CUBIC)
    bgr[y : y + 40, x : x + 32] = face
    return bgr, Box(x, y, x + 32, y + 40)


def masked(bgr: Picture, box: Box) -> Picture:
    painted = bgr.copy()
    corners = (int(box.x_min), int(box.center[1]) + 2), (int(box.x_max), int(box.y_max))
    cv2.rectangle(painted, *corners, (250, 250, 250), -1)
    return painted


def write(folder: Path, name: str, bgr: Picture) -> Path:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / name), bgr)
    return folder / name


def visitors(folder: Path, count: int) -> list[LabeledFace]:
    drawn = [draw_visitor(seed) for seed in range(count)]
    return [LabeledFace(write(folder, f"{n}.png", bgr), box, "with_mask", "door") for n, (bgr, box) in enumerate(drawn)]


def test_everybody_before_one_door_looks_alike_as_a_whole_and_not_at_the_face() -> None:
    (bgr, box), *others = (draw_visitor(seed) for seed in range(20))
    for other, other_box in others:
        assert find_pairs(np.stack([hash_picture(bgr), hash_picture(other)])).tolist() == [[0, 1]]
        assert not show_same_face(portray(bgr, box), portray(other, other_box))


def test_pictures_of_one_door_can_be_split(tmp_path: Path) -> None:
    split = split_faces(visitors(tmp_path, 50), Fractions(0.2, 0.2), seed=1)
    assert [list(split.values()).count(name) for name in (TRAIN, VALIDATION, TEST)] == [30, 10, 10]


@pytest.mark.parametrize("known", ["both", "first", "second"])
def test_copies_stay_together_before_a_door_too_where_either_face_is_known(tmp_path: Path, known: str) -> None:
    for seed in range(5):
        bgr, box = draw_visitor(seed)
        height, width = bgr.shape[:2]
        copies = {
            "same.png": (bgr, box),
            "encoded.jpg": (bgr, box),
            "small.png": (cv2.resize(bgr, (160, 120)), Box(*(v / 2 for v in box.as_tuple()))),
            "mirrored.png": (bgr[:, ::-1], Box(width - box.x_max, box.y_min, width - box.x_min, box.y_max)),
            "masked.png": (masked(bgr, box), box),
            "cut.png": (bgr[3 : height - 4, 5 : width - 3], Box(*np.subtract(box.as_tuple(), (5, 3, 5, 3)))),
        }
        first = write(tmp_path, f"{seed}.png", bgr)
        paths = {write(tmp_path, f"{seed}-{name}", copy): its for name, (copy, its) in copies.items()}
        boxes = ({first: box} if known != "second" else {}) | (paths if known != "first" else {})
        groups = group_pictures([first, *paths], boxes)
        assert {path.name: groups[path] for path in paths} == dict.fromkeys((path.name for path in paths), 0)


def test_copies_that_leave_nothing_to_watch_are_named_as_the_cause(tmp_path: Path) -> None:
    bgr, box = draw_visitor(1)
    faces = [LabeledFace(write(tmp_path, f"{n}.png", bgr), box, "with_mask", "door") for n in range(12)]
    with pytest.raises(DataError) as raised:
        settle_split(tmp_path / "run", None, faces, (), lambda earlier: split_faces(faces, Fractions(), 1))
    assert str(raised.value) == (
        "no picture is left for validation: 12 pictures show no more than 1 photographs, counting copies as one, and "
        "copies stay together; give pictures of more people and places"
    )


def test_a_face_at_the_edge_or_without_an_area_can_be_compared() -> None:
    bgr, _ = draw_visitor(1)
    for box in (Box(-20, -30, 4, 6), Box(310, 230, 340, 260), Box(50, 50, 50, 50)):
        assert show_same_face(portray(bgr, box), portray(bgr, box))
