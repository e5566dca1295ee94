from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("keras", reason="the train extra is not installed")

from edge.preprocess import PAD_VALUE  # noqa: E402
from train.detector_loss import FACE_KIND, IGNORE_KIND  # noqa: E402
from train.detector_network import DetectorShape  # noqa: E402
from train.windows import Scene, cut_at_random  # noqa: E402

SHAPE = DetectorShape(96, 64)
NEAR, FAR = 250, 20


def scene(width: int, height: int, level: int, *boxes: tuple[float, float, float, float]) -> Scene:
    bgr = np.full((height, width, 3), level, np.uint8)
    return Scene(bgr, np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), FACE_KIND, np.float32))


def cuts(near: Scene, far: Scene, count: int = 60) -> list[Scene]:
    return [cut_at_random(near, SHAPE, np.random.default_rng(seed), lambda: far) for seed in range(count)]


def share(cut: Scene, level: int) -> float:
    return float((cut.bgr == level).mean())


def whole_boxes(cut: Scene) -> list[tuple[NDArray[np.uint8], float]]:
    """Return what is seen in each box that lies wholly in the cut, and the box's kind."""
    inside = (cut.boxes >= 0).all(axis=1) & (cut.boxes <= [96, 64, 96, 64]).all(axis=1)
    found = zip(cut.boxes[inside].round().astype(int), cut.kinds[inside], strict=True)
    return [(cut.bgr[y0:y1, x0:x1], float(kind)) for (x0, y0, x1, y1), kind in found]


def test_the_room_around_a_picture_shows_another_one_or_is_grey_and_never_both() -> None:
    made = cuts(scene(100, 300, NEAR), scene(600, 600, FAR))
    for cut in made:
        assert min(share(cut, FAR), share(cut, PAD_VALUE)) < 0.03
    assert 0.5 < np.mean([share(cut, FAR) > 0.1 for cut in made]) < 0.95
    assert any(share(cut, PAD_VALUE) > 0.3 for cut in made)


def test_a_window_within_its_picture_shows_nothing_else() -> None:
    alone = [cut for cut in cuts(scene(960, 640, NEAR), scene(600, 600, FAR, (0, 0, 600, 600))) if not share(cut, FAR)]
    assert len(alone) > 10
    assert not any(len(cut.boxes) for cut in alone)


def test_faces_behind_are_learned_where_they_are_seen_and_ignored_where_they_are_hidden_in_part() -> None:
    everywhere = [(x, y, x + 60, y + 60) for x in range(0, 600, 60) for y in range(0, 600, 60)]
    hidden_fracs: dict[float, list[float]] = {FACE_KIND: [], IGNORE_KIND: []}
    for cut in cuts(scene(180, 180, NEAR), scene(600, 600, FAR, *everywhere)):
        for shown, kind in whole_boxes(cut):
            if shown.size:
                hidden_fracs[kind].append(float((shown == NEAR).mean()))
    assert max(hidden_fracs[FACE_KIND]) < 0.35
    assert max(hidden_fracs[IGNORE_KIND]) < 0.35  # the piece beside the picture, not the picture
    assert min(len(fracs) for fracs in hidden_fracs.values()) > 100


def test_a_face_that_is_hidden_wholly_is_forgotten() -> None:
    lone = (280, 280, 320, 320)
    made = [cut for cut in cuts(scene(180, 120, NEAR), scene(600, 600, FAR, lone)) if share(cut, FAR) > 0.1]
    for cut in made:
        assert all((shown == FAR).any() for shown, _ in whole_boxes(cut) if min(shown.shape) > 1)
    assert any(not len(cut.boxes) for cut in made)


def test_boxes_of_the_picture_itself_move_with_it() -> None:
    near = scene(180, 180, NEAR, (60, 60, 120, 120))
    near.bgr[60:120, 60:120] = 168
    seen = [shown for cut in cuts(near, scene(600, 600, FAR)) for shown, _ in whole_boxes(cut)]
    assert len(seen) > 30
    assert all((shown == 168).mean() > 0.7 for shown in seen)
