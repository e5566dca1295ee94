from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_faces import draw_scene

pytest.importorskip("keras", reason="the train extra is not installed")

from edge.geometry import Box  # noqa: E402
from edge.preprocess import classifier_input  # noqa: E402
from train.classifier_data import FaceBatches, jitter, vary_face  # noqa: E402
from train.dressing import Dressing  # noqa: E402
from train.faces import LabeledFace  # noqa: E402

LABELS = ("with_mask", "without_mask")


@pytest.fixture
def faces(tmp_path: Path) -> list[LabeledFace]:
    made = []
    for seed in range(7):
        bgr, box = draw_scene(seed, masked=seed % 2 == 0)
        path = tmp_path / f"{seed}.png"
        cv2.imwrite(str(path), bgr)
        made.append(LabeledFace(path, box if seed < 5 else None, LABELS[seed % 2], "drawn"))
    return made


def everything(batches: FaceBatches) -> list[np.ndarray]:
    return [np.concatenate(part) for part in zip(*(batches[i] for i in range(len(batches))), strict=True)]


def test_without_a_seed_faces_come_in_order_as_the_device_cuts_them(faces: list[LabeledFace]) -> None:
    pictures, targets = everything(FaceBatches(faces, LABELS, 32, batch=3))
    assert pictures.shape == (7, 32, 32, 3)
    assert pictures.dtype == np.float32
    assert targets.argmax(axis=1).tolist() == [0, 1, 0, 1, 0, 1, 0]
    bgr = cv2.imread(str(faces[2].path))
    assert faces[2].box is not None
    assert np.array_equal(np.round((pictures[2] + 1) * 127.5), classifier_input(bgr, faces[2].box, 32))


def test_an_epoch_is_the_same_whenever_it_is_drawn(faces: list[LabeledFace]) -> None:
    uncut = FaceBatches(faces, LABELS, 32, batch=4, seed=5)
    for epoch in range(3):
        uncut.start_epoch(epoch)
        everything(uncut)
    resumed = FaceBatches(faces, LABELS, 32, batch=4, seed=5)
    resumed.start_epoch(2)
    assert all(np.array_equal(a, b) for a, b in zip(everything(uncut), everything(resumed), strict=True))


def test_every_epoch_and_every_seed_shows_other_pictures(faces: list[LabeledFace]) -> None:
    batches = FaceBatches(faces, LABELS, 32, batch=7, seed=5)
    first = batches[0][0]
    batches.start_epoch(1)
    assert not np.array_equal(first, batches[0][0])
    assert not np.array_equal(first, FaceBatches(faces, LABELS, 32, batch=7, seed=6)[0][0])


def test_targets_belong_to_their_pictures_in_any_order(tmp_path: Path) -> None:
    made = []
    for number, value in enumerate((0, 255) * 4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 40, 3), value, np.uint8))
        made.append(LabeledFace(tmp_path / f"{number}.png", None, LABELS[value // 255], "s"))
    pictures, targets = everything(FaceBatches(made, LABELS, 32, batch=3, seed=1))
    bright = pictures.mean(axis=(1, 2, 3))
    assert bright[targets[:, 1] == 1].min() > bright[targets[:, 0] == 1].max()


def test_a_face_with_a_drawn_mask_has_the_label_of_the_mask(faces: list[LabeledFace]) -> None:
    bare = [face for face in faces if face.label == "without_mask" and face.box]
    dressed = FaceBatches(bare, LABELS, 32, batch=4, seed=1, dressing=Dressing(1.0, LABELS))
    targets = []
    for epoch in range(8):
        dressed.start_epoch(epoch)
        targets.append(everything(dressed)[1])
    masked = np.concatenate(targets)[:, 0].mean()
    assert 0.1 < masked < 0.8
    assert everything(FaceBatches(bare, LABELS, 32, batch=4, seed=1))[1][:, 0].max() == 0


def test_a_varied_face_is_a_picture_of_the_input_size() -> None:
    bgr, box = draw_scene(1)
    for seed in range(60):
        for some in (box, None):
            rgb = vary_face(bgr, some, 48, np.random.default_rng(seed))
            assert (rgb.shape, rgb.dtype) == ((48, 48, 3), np.uint8)


def test_faces_at_the_edge_and_tiny_pictures_can_be_varied() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        bgr = rng.integers(0, 256, (20, 17, 3), dtype=np.uint8)
        for box in (Box(-9, -9, 6, 6), Box(12, 15, 40, 44), None):
            assert vary_face(bgr, box, 32, rng).shape == (32, 32, 3)


def test_jitter_stays_within_its_limits() -> None:
    box = Box(100, 100, 140, 160)
    for seed in range(100):
        moved = jitter(box, 0.08, (0.85, 1.25), np.random.default_rng(seed))
        assert abs(np.subtract(moved.center, box.center)).max() <= 0.08 * 60 + 1e-6
        assert 0.85 - 1e-6 <= moved.width / box.width <= 1.25 + 1e-6
        assert moved.height / moved.width == pytest.approx(1.5)
