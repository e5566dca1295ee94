"""The tutorial's pipeline: res10 SSD through OpenCV, float Keras MobileNetV2 with a dense head. The one to beat.

    python scripts/peers/tutorial.py DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds
`peers/opencv_face_detector*`, `peers/tutorial_head.npz` and `weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from classifiers import TutorialClassifier
from lines import Look, data_file, make_faces, make_parser, run

from edge.preprocess import Picture
from edge.records import Face, Frame, Verdict

MIN_SCORE = 0.5
_INPUT_PX = 300
_MEAN_BGR = (104.0, 177.0, 123.0)


class Tutorial:
    """Detector and classifier as the tutorial runs them, one picture at a time."""

    def __init__(self, data: Path, min_score: float = MIN_SCORE) -> None:
        """Load both networks; a face must score more than `min_score` (0..1)."""
        graph, text = (data_file(data, f"peers/opencv_face_detector{end}") for end in ("_uint8.pb", ".pbtxt"))
        self._detector = cv2.dnn.readNetFromTensorflow(str(graph), str(text))
        self._classifier = TutorialClassifier(data)
        self._min_score = min_score

    def look(self, bgr: Picture) -> tuple[Verdict, ...]:
        """Return the faces of a picture (height, width, 3) uint8 BGR."""
        frame = Frame(0, 0.0, bgr)
        return self._classifier.judge(frame, self._detect(frame))

    def _detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces; as in the tutorial, boxes end at the last pixel rather than behind it."""
        height, width = frame.bgr.shape[:2]
        self._detector.setInput(cv2.dnn.blobFromImage(frame.bgr, 1.0, (_INPUT_PX, _INPUT_PX), _MEAN_BGR))
        rows = self._detector.forward()[0, 0]
        rows = rows[rows[:, 2] > self._min_score]
        boxes = np.clip(rows[:, 3:7] * [width, height, width, height], 0, [width - 1, height - 1] * 2)
        return make_faces(frame, boxes.astype(np.float32), rows[:, 2])


def open_tutorial(options: argparse.Namespace) -> Look:
    """Return the pipeline that the command line asks for."""
    tutorial = Tutorial(options.data, options.min_score)
    return lambda frame: tutorial.look(frame.bgr)


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    return run(make_parser(__doc__, MIN_SCORE).parse_args(words), open_tutorial)


if __name__ == "__main__":
    sys.exit(main())
