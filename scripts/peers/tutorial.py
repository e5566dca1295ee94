"""The tutorial's pipeline: res10 SSD through OpenCV, float Keras MobileNetV2 with a dense head. The one to beat.

    python scripts/peers/tutorial.py DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`peers/opencv_face_detector*`, `peers/tutorial_head.npz` and `weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

LABELS = ("with_mask", "without_mask")
MIN_CONFIDENCE = 0.5


class Tutorial:
    """Detector and classifier as the tutorial runs them, one picture at a time."""

    def __init__(self, data: Path) -> None:
        """Load both networks."""
        peers = data / "peers"
        self._detector = cv2.dnn.readNetFromTensorflow(
            str(peers / "opencv_face_detector_uint8.pb"), str(peers / "opencv_face_detector.pbtxt")
        )
        self._classifier = _build_classifier(peers / "tutorial_head.npz", data / "weights")

    def look(self, bgr: np.ndarray) -> list[dict[str, Any]]:
        """Return the faces of a picture (height, width, 3) uint8 BGR."""
        boxes = self._detect(bgr)
        if not boxes:
            return []
        crops = np.stack([_crop(bgr, box) for box, _ in boxes])
        scores = self._classifier.predict(crops, batch_size=32, verbose=0)
        return [
            {"box": box, "face_score": confidence, "label": LABELS[int(s.argmax())], "score": float(s.max())}
            for (box, confidence), s in zip(boxes, scores, strict=True)
        ]

    def _detect(self, bgr: np.ndarray) -> list[tuple[list[float], float]]:
        height, width = bgr.shape[:2]
        self._detector.setInput(cv2.dnn.blobFromImage(bgr, 1.0, (300, 300), (104.0, 177.0, 123.0)))
        found = []
        for row in self._detector.forward()[0, 0]:
            box = np.clip(row[3:7] * [width, height, width, height], 0, [width - 1, height - 1] * 2)
            if row[2] > MIN_CONFIDENCE and (box[2:] - box[:2] >= 1).all():
                found.append(([float(v) for v in box], float(row[2])))
        return found


def _crop(bgr: np.ndarray, box: list[float]) -> np.ndarray:
    x0, y0, x1, y1 = (int(v) for v in box)
    face = cv2.cvtColor(bgr[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], cv2.COLOR_BGR2RGB)
    return cv2.resize(face, (224, 224)).astype(np.float32) / 127.5 - 1


def _build_classifier(head: Path, weights: Path) -> Any:
    import keras

    base = keras.applications.MobileNetV2(input_shape=(224, 224, 3), include_top=False, weights=None)
    base.load_weights(str(weights / "mobilenet_v2_1.0_224_imagenet_notop.weights.h5"))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(7)(base.output))
    x = keras.layers.Dense(128, activation="relu", name="hidden")(x)
    model = keras.Model(base.input, keras.layers.Dense(2, activation="softmax", name="scores")(x))
    arrays = np.load(head)
    by_shape = {array.shape: array for array in arrays.values()}
    for layer in ("hidden", "scores"):
        kernel, bias = model.get_layer(layer).weights
        model.get_layer(layer).set_weights([by_shape[tuple(kernel.shape)], by_shape[tuple(bias.shape)]])
    return model


def main() -> None:
    """Print a JSON line for each picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    tutorial = Tutorial(options.data)
    for path in sorted(options.folder.iterdir()):
        bgr = cv2.imread(str(path))
        if bgr is not None:
            print(json.dumps({"image": str(path), "faces": tutorial.look(bgr)}), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
