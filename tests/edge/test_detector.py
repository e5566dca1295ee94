from __future__ import annotations

import msgspec
import numpy as np
from people import blank_frame
from scripted import ScriptedModel

from edge.detector import TfliteDetector
from edge.manifest import Outline
from edge.records import Frame

SIZE = (96, 64)


def outputs(logit: float = 3.0, distance: float = 1.0) -> dict[str, np.ndarray]:
    found = {}
    for stride in (8, 16, 32):
        found[f"score_{stride}"] = np.full((64 // stride, 96 // stride, 1), -9, np.float32)
        found[f"distance_{stride}"] = np.full((64 // stride, 96 // stride, 4), distance, np.float32)
    found["score_16"][1, 2] = logit
    return found


def test_boxes_come_back_in_pixels_of_the_picture() -> None:
    detector = TfliteDetector(ScriptedModel(outputs(), SIZE), None)
    (face,) = detector.detect(blank_frame(7, 0.0, 960, 640))
    assert face.frame_index == 7
    assert face.box.as_tuple() == (240.0, 80.0, 560.0, 400.0)


def test_boxes_end_where_the_picture_ends() -> None:
    detector = TfliteDetector(ScriptedModel(outputs(distance=50), SIZE), None)
    (face,) = detector.detect(blank_frame(0, 0.0, 960, 640))
    assert face.box.as_tuple() == (0.0, 0.0, 960.0, 640.0)


def test_the_threshold_is_the_manifests_unless_the_owner_sets_one() -> None:
    model = ScriptedModel(outputs(logit=0.2), SIZE)  # a score of 0.55; the manifest recommends 0.6
    frame = blank_frame(0, 0.0)
    assert TfliteDetector(model, None).detect(frame) == ()
    assert len(TfliteDetector(model, 0.5).detect(frame)) == 1


def test_what_is_shown_of_a_face_is_what_the_manifest_says_of_the_boxes() -> None:
    model = ScriptedModel(outputs(), SIZE)
    model.manifest = msgspec.structs.replace(model.manifest, outline=Outline(widen_frac=0.05, lower_top_frac=0.125))
    (face,) = TfliteDetector(model, None).detect(blank_frame(0, 0.0, 960, 640))
    assert face.box.as_tuple() == (240.0, 80.0, 560.0, 400.0)
    assert face.shown.as_tuple() == (232.0, 120.0, 568.0, 400.0)


def test_what_is_shown_of_a_face_ends_where_the_picture_ends() -> None:
    model = ScriptedModel(outputs(distance=50), SIZE)
    model.manifest = msgspec.structs.replace(model.manifest, outline=Outline(0.05, 0.125))
    (face,) = TfliteDetector(model, None).detect(blank_frame(0, 0.0, 960, 640))
    assert face.shown.as_tuple() == (0.0, 80.0, 960.0, 640.0)


def test_a_manifest_that_says_nothing_of_the_boxes_shows_them_as_they_are() -> None:
    (face,) = TfliteDetector(ScriptedModel(outputs(), SIZE), None).detect(blank_frame(0, 0.0))
    assert face.shown == face.box


def test_a_second_look_is_at_the_picture_mirrored() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    model = ScriptedModel(outputs(logit=9), SIZE)
    faces = TfliteDetector(model, None, twice=True).detect(Frame(0, 0.0, noise))
    plain, mirrored = model.inputs
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])
    assert faces == ()  # in the mirrored picture it should be in the cell on the other side: the mean of both is 0
