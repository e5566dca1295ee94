from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox
from train.intervals import draw_weights
from train.looks import TILE_PX, Look, cut_tile, look_at, measure
from train.scoring import FoundFace, Outcome, counted, match_all
from train.slices import SliceScore, is_overlapped, make_slicings, score_slices, touches_edge

LEFT, MIDDLE, SMALL = Box(0, 40, 40, 80), Box(100, 40, 140, 80), Box(160, 160, 170, 170)
PICTURES = (
    AnnotatedPicture(Path("a.jpg"), 200, 200, (LabeledBox(LEFT, "with_mask"), LabeledBox(MIDDLE, "without_mask"))),
    AnnotatedPicture(Path("b.jpg"), 200, 200, (LabeledBox(SMALL, "with_mask"),)),
)
FALSE = Box(150, 20, 190, 60)
FOUND = (
    [FoundFace(LEFT, "with_mask", 0.9), FoundFace(MIDDLE, "with_mask", 0.9), FoundFace(FALSE, "with_mask", 0.8)],
    [],
)
LOOKS = {(0, LEFT): Look(10, 50), (0, MIDDLE): Look(20, 150), (1, SMALL): Look(30, 250), (0, FALSE): Look(25, 0)}
FACES = [(0, LEFT), (0, MIDDLE), (1, SMALL)]


@pytest.fixture
def scores() -> dict[tuple[str, str], SliceScore]:
    slicings = make_slicings(PICTURES, ["drawn/A", "drawn/B"], LOOKS, FACES)
    outcomes = counted(match_all(PICTURES, FOUND), 0.03)
    return {(one.slicing, one.slice): one for one in score_slices(slicings, outcomes, 2, draw_weights(2, 50, 1))}


def test_every_face_is_in_one_slice_of_each_slicing(scores: dict[tuple[str, str], SliceScore]) -> None:
    for name in {slicing for slicing, _ in scores}:
        assert sum(one.faces for (slicing, _), one in scores.items() if slicing == name) == 3
        assert sum(one.false_faces for (slicing, _), one in scores.items() if slicing == name) == 1


def test_slices_are_scored_by_themselves(scores: dict[tuple[str, str], SliceScore]) -> None:
    large, small = scores["size", "16% to 32% of the long side"], scores["size", "5% to 8% of the long side"]
    assert large.found is not None
    assert large.label_right is not None
    assert (large.faces, large.found.value, large.label_right.value, large.false_faces) == (2, 1.0, 0.5, 1)
    assert large.masked_f1 is not None
    assert large.masked_f1.value == pytest.approx(0.5)  # one right, one bare face and one wall called masked
    assert small.found is not None
    assert (small.found.value, small.label_right, small.unmasked_f1, small.mean_f1) == (0.0, None, None, None)


def test_sources_crowds_and_thirds_are_told_apart(scores: dict[tuple[str, str], SliceScore]) -> None:
    faces = {key: one.faces for key, one in scores.items()}
    assert (faces["source", "drawn/A"], faces["source", "drawn/B"]) == (2, 1)
    assert (faces["faces in the picture", "under 2"], faces["faces in the picture", "2 to 5"]) == (1, 2)
    assert [one.faces for (slicing, _), one in scores.items() if slicing == "sharpness"] == [1, 1, 1]
    assert faces["brightness", "from 183 of 255"] == 1


def test_a_face_at_the_edge_is_within_a_hundredth_of_it() -> None:
    assert touches_edge(PICTURES[0], LEFT)
    assert not touches_edge(PICTURES[0], MIDDLE)
    assert touches_edge(PICTURES[0], Box(100, 100, 198, 150))


def test_a_face_is_overlapped_by_others_but_not_by_itself() -> None:
    near = LabeledBox(Box(120, 40, 160, 80), "face")
    picture = PICTURES[0].with_faces([*PICTURES[0].faces, near])
    left, middle = (Outcome(0, 200, face.box, face, None) for face in PICTURES[0].faces)
    assert [is_overlapped(picture, one) for one in (left, middle)] == [False, True]
    assert is_overlapped(picture, Outcome(0, 200, near.box, None, FoundFace(near.box, "with_mask", 0.9)))


def test_blur_and_light_are_measured() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    assert measure(noise, Box(10, 10, 80, 80)).sharpness > measure(noise // 4, Box(10, 10, 80, 80)).sharpness
    flat = measure(np.full((100, 100, 3), 60, np.uint8), Box(-5, -5, 120, 50))
    assert (flat.sharpness, flat.luma) == (0, 60)


def test_a_box_outside_of_the_picture_is_measured_at_its_edge() -> None:
    assert measure(np.full((20, 20, 3), 7, np.uint8), Box(30, 30, 40, 40)).luma == 7


def test_pictures_are_measured_and_cut_in_one_go(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), np.full((200, 200, 3), 90, np.uint8))
    picture = AnnotatedPicture(tmp_path / "a.png", 200, 200, ())
    looks, tiles = look_at([picture], [(0, LEFT), (0, LEFT)], [(0, MIDDLE)])
    assert looks == {(0, LEFT): Look(0.0, 90.0)}
    assert tiles[0, MIDDLE].shape == (TILE_PX, TILE_PX, 3)


def test_a_tile_has_a_frame_where_the_box_is() -> None:
    tile = cut_tile(np.zeros((200, 200, 3), np.uint8), MIDDLE)
    y, x = np.nonzero(tile.any(axis=2))
    side = TILE_PX / 1.5 / 1.3
    assert (x.max() - x.min(), y.max() - y.min()) == pytest.approx((side, side), abs=2)
