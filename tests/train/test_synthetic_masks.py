from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from train import fabrics
from train.face_map import MOUTH_DOWN, FaceMap, map_face
from train.painting import Real, match_sharpness
from train.synthetic_masks import HANGING, KINDS, WAYS, outline_on_face, wearing, wrong_way

BOX = Box(21, 14, 107, 113)
SKIN = np.array((205, 160, 135), np.float32)
EYES, NOSE, MOUTH, CHIN = (0.0, -1.0), (0.0, 0.0), (0.0, MOUTH_DOWN), (0.0, 0.95)


def front_face() -> FaceMap:
    return map_face(BOX, np.array([[47, 52], [81, 52], [64, 71], [50, 88], [78, 88]], np.float32))


def plain_face(brightness: float = 1.0) -> Real:
    return np.broadcast_to(SKIN * brightness, (128, 128, 3)).astype(np.float32)


def covered(drawn: Real, bare: Real, place: tuple[float, float]) -> bool:
    x, y = np.round(front_face().at(*place)[0]).astype(int)
    patch = np.s_[y - 1 : y + 2, x - 1 : x + 2]
    return bool(np.abs(drawn[patch] - bare[patch]).mean() > 25)


def share_covered(way: str, place: tuple[float, float], rounds: int = 40) -> float:
    bare = plain_face()
    drawn = [wearing(way)(bare, front_face(), np.random.default_rng(seed)) for seed in range(rounds)]
    return float(np.mean([covered(one, bare, place) for one in drawn]))


@pytest.mark.parametrize("way", [*WAYS, HANGING])
def test_a_mask_can_be_seen_in_every_way_to_wear_it(way: str) -> None:
    drawn = wearing(way)(plain_face(), front_face(), np.random.default_rng(1))
    assert (drawn.shape, drawn.dtype) == ((128, 128, 3), np.float32)
    assert np.abs(drawn - plain_face()).max() > 25


def test_a_mask_worn_right_covers_nose_mouth_and_chin_and_leaves_the_eyes_free() -> None:
    assert min(share_covered("right", place) for place in (NOSE, MOUTH, CHIN)) > 0.85
    assert share_covered("right", EYES) == 0


def test_under_the_nose_the_nose_is_out() -> None:
    assert share_covered("under the nose", NOSE) == 0
    assert share_covered("under the nose", (0.0, 0.65)) > 0.85


def test_under_the_chin_nose_and_mouth_are_out() -> None:
    assert share_covered("under the chin", NOSE) == share_covered("under the chin", MOUTH) == 0
    assert share_covered("under the chin", (0.0, 1.2)) > 0.85


def test_hanging_from_an_ear_the_face_is_free() -> None:
    assert max(share_covered(HANGING, place) for place in (NOSE, MOUTH, CHIN)) == 0


def test_the_same_draw_gives_the_same_picture_and_another_one_another() -> None:
    first, again, other = (
        wearing("right")(plain_face(), front_face(), np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_in_the_dark_a_mask_is_dark() -> None:
    x, y = np.round(front_face().at(0, 0.2)[0]).astype(int)
    levels = []
    for brightness in (1.0, 0.2):
        drawn = [
            wearing("right")(plain_face(brightness), front_face(), np.random.default_rng(seed)) for seed in range(20)
        ]
        levels.append(np.mean([one[y - 4 : y + 4, x - 4 : x + 4].mean() for one in drawn]))
    assert levels[1] < 0.45 * levels[0]


def test_wrong_ways_are_all_drawn() -> None:
    rng = np.random.default_rng(0)
    assert {wrong_way(rng) for _ in range(100)} == {HANGING, "under the nose", "under the chin"}


@pytest.mark.parametrize("name", KINDS)
def test_an_outline_lies_between_top_and_bottom(name: str) -> None:
    for seed in range(20):
        outline = outline_on_face(KINDS[name], -0.5, 1.1, WAYS["right"].peak_frac, np.random.default_rng(seed))
        assert -0.65 < outline[:, 1].min() < -0.3
        assert 0.95 < outline[:, 1].max() < 1.25
        assert np.abs(outline[:, 0]).max() <= 1.0


@pytest.mark.parametrize("make", [fabrics.surgical, fabrics.cloth, fabrics.cup, fabrics.fold, fabrics.knit])
def test_a_fabric_is_a_tile_of_colors_that_can_be_seen(make: object) -> None:
    for seed in range(30):
        tile = make(np.random.default_rng(seed))  # type: ignore[operator]
        assert tile.shape == (fabrics.TILE_PX, fabrics.TILE_PX, 3)
        assert np.isfinite(tile).all()
        assert 5 < tile.mean() < 260


@pytest.mark.parametrize("name", fabrics.PATTERNS)
def test_a_pattern_has_more_than_one_color(name: str) -> None:
    assert max(fabrics.patterned(np.random.default_rng(seed), name).std() for seed in range(5)) > 15


def test_paint_on_an_enlarged_face_is_as_blurred_as_the_face() -> None:
    bare, painted = plain_face(), plain_face().copy()
    painted[64:] = 0
    steps = [np.abs(np.diff(match_sharpness(bare, painted, seen)[:, 64, 0])).max() for seen in (128, 64, 16)]
    assert steps[0] == pytest.approx(SKIN[0])
    assert steps[0] > steps[1] > 2 * steps[2]
    assert np.array_equal(match_sharpness(bare, painted, 16)[:20], bare[:20])
