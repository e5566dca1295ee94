from __future__ import annotations

import numpy as np
import pytest

from edge.geometry import Box
from train.face_map import MOUTH_DOWN, map_face
from train.occlusions import OCCLUSIONS
from train.painting import Real, skin_color

BOX = Box(21, 14, 107, 113)
LANDMARKS = np.array([[47, 52], [81, 52], [64, 71], [50, 88], [78, 88]], np.float32)
FACE = map_face(BOX, LANDMARKS)
SKIN = np.array((205, 160, 135), np.float32)


def plain_face() -> Real:
    return np.broadcast_to(SKIN, (128, 128, 3)).astype(np.float32)


def change_at(name: str, across: float, down: float, seed: int) -> float:
    x, y = np.round(FACE.at(across, down)[0]).astype(int)
    drawn = OCCLUSIONS[name](plain_face(), FACE, np.random.default_rng(seed))
    return float(np.abs(drawn - SKIN)[y - 1 : y + 2, x - 1 : x + 2].mean())


@pytest.mark.parametrize("name", OCCLUSIONS)
def test_everything_in_front_of_a_face_can_be_seen_and_is_drawn_the_same_again(name: str) -> None:
    for seed in range(20):
        drawn, again = (OCCLUSIONS[name](plain_face(), FACE, np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(drawn, again)
        assert (drawn.shape, drawn.dtype) == ((128, 128, 3), np.float32)
        assert (np.abs(drawn - SKIN).max(axis=2) > 15).mean() > 0.02


def test_a_beard_covers_the_jaw_and_leaves_lips_and_eyes_bare() -> None:
    jaw = np.mean([change_at("beard", side, 0.55, seed) for seed in range(10) for side in (-0.7, 0.7)])
    assert jaw > 30
    assert max(change_at("beard", 0, MOUTH_DOWN + 0.03, seed) for seed in range(10)) < 0.5 * jaw
    assert max(change_at("beard", 0, -1, seed) for seed in range(10)) < 2


def test_a_scarf_covers_the_neck_and_leaves_the_eyes() -> None:
    assert np.mean([change_at("scarf", 0, 1.3, seed) > 20 for seed in range(20)]) > 0.8
    assert max(change_at("scarf", 0, -1, seed) for seed in range(20)) < 5


def test_a_hand_has_the_color_of_the_face() -> None:
    blue = np.broadcast_to(np.array((60, 90, 200), np.float32), (128, 128, 3)).astype(np.float32)
    assert skin_color(blue, FACE) == pytest.approx([60, 90, 200])
    drawn = OCCLUSIONS["hand"](blue, FACE, np.random.default_rng(2))
    changed = drawn[np.abs(drawn - blue).max(axis=2) > 8]
    assert (changed[:, 2] > 1.5 * changed[:, 0]).mean() > 0.95
