"""Classifiers for the peers that only find faces: ours, or the tutorial's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from lines import data_file, make_verdict
from numpy.typing import NDArray

from edge.classifier import Classifier, TfliteClassifier
from edge.geometry import Box
from edge.manifest import CLASSIFIER_KIND
from edge.preprocess import Picture, real_input
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY, Face, Frame, Verdict
from edge.runtime.tflite import TfliteModel

MODELS = Path(__file__).resolve().parents[2] / "models"
LABELS = (WITH_MASK, WITHOUT_MASK)
_INPUT_PX = 224


def open_classifier(name: str, data: Path) -> Classifier:
    """Return the classifier `ours`, from models/scored/, or `tutorial`, from the data folder."""
    return TutorialClassifier(data) if name == "tutorial" else open_ours()


def open_ours() -> Classifier:
    """Return Maskwatch's classifier as it is scored: made without the pictures that all are compared on."""
    model = TfliteModel(MODELS / "scored" / "mask_classifier.tflite", CLASSIFIER_KIND)
    return TfliteClassifier(model, None, (WITHOUT_MASK, WORN_INCORRECTLY))


class TutorialClassifier:
    """Float Keras MobileNetV2 with a dense head, on the face's box squeezed into a square."""

    def __init__(self, data: Path) -> None:
        """Load weights and head. Raises DataError when one of them is missing."""
        self._model = build_tutorial(
            data_file(data, "peers/tutorial_head.npz"),
            data_file(data, "weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5"),
        )

    def judge(self, frame: Frame, faces: Sequence[Face]) -> tuple[Verdict, ...]:
        """Return a verdict for each face of a frame, in their order."""
        if not faces:
            return ()
        crops = real_input(np.stack([crop_face(frame.bgr, face.box) for face in faces]))
        rows = self._model.predict(crops, batch_size=32, verbose=0)
        return tuple(
            make_verdict(face, dict(zip(LABELS, (float(v) for v in row), strict=True)))
            for face, row in zip(faces, rows, strict=True)
        )


def crop_face(bgr: Picture, box: Box) -> NDArray[np.uint8]:
    """Return a face's box squeezed into the tutorial's input, (224, 224, 3) uint8 RGB."""
    x0, y0, x1, y1 = (int(v) for v in box.as_tuple())
    face = cv2.cvtColor(bgr[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.resize(face, (_INPUT_PX, _INPUT_PX)), np.uint8)


def build_tutorial(head: Path, weights: Path) -> Any:
    """Return the Keras model: float RGB (224, 224, 3) in −1…1 to a score for each of `LABELS`."""
    import keras

    base = keras.applications.MobileNetV2(input_shape=(_INPUT_PX, _INPUT_PX, 3), include_top=False, weights=None)
    base.load_weights(str(weights))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(7)(base.output))
    x = keras.layers.Dense(128, activation="relu", name="dense1")(x)
    model = keras.Model(base.input, keras.layers.Dense(len(LABELS), activation="softmax", name="dense2")(x))
    arrays = np.load(head)
    for name in ("dense1", "dense2"):
        model.get_layer(name).set_weights([arrays[f"{name}_kernel"], arrays[f"{name}_bias"]])
    return model
