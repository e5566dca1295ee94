"""Finds faces with a TFLite SSD, whose file the owner supplies (`detector.backend: ssd`).

Such a model ends in the operator TFLite_Detection_PostProcess, which decodes and suppresses duplicates itself: Coral's
face detector, MobileDet, and what TensorFlow's object detection API exports for TFLite. It runs on the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.detector import make_faces
from edge.errors import ModelError
from edge.geometry import Boxes
from edge.manifest import Outline, read_unpromised
from edge.preprocess import Picture, real_input, squeezed_input
from edge.records import Face, Frame
from edge.runtime import lay_in
from edge.runtime.compiled import CUSTOM_OPERATOR
from edge.runtime.tflite import open_interpreter

MIN_SCORE = 0.5
"""A find counts from here on."""

MAX_IOU = 0.6
"""Finds that overlap more are one face; what TensorFlow's object detection API has the operator go by by default."""

_OPERATOR = "TFLite_Detection_PostProcess"
_LEVELS = frozenset({"uint8", "int8", "float32"})
_ANOTHER = "name another file below `detector:` in config.yaml"


class Ssd:
    """The network: from a picture to boxes. Not for several threads."""

    def __init__(self, interpreter: Any, name: str) -> None:
        """Use a TFLite interpreter whose tensors are allocated, and try it.

        Raises ModelError, which begins with `name`, when the model does not take one RGB picture, does not end in the
        operator, or fails.
        """
        self._interpreter = interpreter
        self._input = _find_input(interpreter.get_input_details(), name)
        self._outputs = _find_outputs(interpreter, name)
        try:
            self.find(np.zeros(tuple(self._input["shape"][1:]), np.uint8))
        except (ValueError, RuntimeError) as exc:
            raise ModelError(f"{name}: fails on a black picture ({' '.join(str(exc).split())}); {_ANOTHER}") from exc

    def find(self, bgr: Picture) -> tuple[Boxes, NDArray[np.float32], NDArray[np.intp]]:
        """Return boxes (n, 4) in pixels of a picture, scores (n,) in 0..1 and classes (n,), best score first.

        The picture is squeezed into the input, whatever its shape.
        """
        self._lay_in(bgr)
        self._interpreter.invoke()
        boxes, classes, scores, count = (self._interpreter.get_tensor(index)[0] for index in self._outputs)
        height, width = bgr.shape[:2]
        best = np.argsort(-scores[: int(count)], kind="stable")
        pixels: Boxes = boxes[best][:, [1, 0, 3, 2]] * np.array([width, height] * 2, np.float32)
        return pixels, scores[best], classes[best].astype(np.intp)

    def _lay_in(self, bgr: Picture) -> None:
        _, height, width, _ = self._input["shape"]
        rgb = squeezed_input(bgr, int(width), int(height))
        stored = self._interpreter.tensor(self._input["index"])()  # a view, which must be gone before it runs
        if self._input["dtype"] == np.float32:
            stored[0] = real_input(rgb)
        else:
            lay_in(rgb, stored)


class SsdDetector:
    """An SSD in the place of our own detector. What it finds is a face, whatever class it gives."""

    max_iou = MAX_IOU

    def __init__(self, ssd: Ssd, min_score: float | None) -> None:
        """Use a network; `min_score` (0..1) overrides MIN_SCORE."""
        self.min_score = MIN_SCORE if min_score is None else min_score
        self._ssd = ssd

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        boxes, scores, _ = self._ssd.find(frame.bgr)
        sure = scores >= self.min_score
        return make_faces(frame, boxes[sure], scores[sure], Outline())


def load_ssd(tflite: Path) -> Ssd:
    """Load a network from its file. Raises ModelError when there is none, it is damaged, or no such model."""
    data = read_unpromised(tflite)
    compiled = CUSTOM_OPERATOR.encode() in data
    remedy = "take the file that is not compiled for a Coral" if compiled else "copy the file again"
    return Ssd(open_interpreter(tflite, data, remedy=remedy), str(tflite))


def open_ssd(tflite: Path, min_score: float | None) -> SsdDetector:
    """Load a detector from its file; `min_score` (0..1) overrides MIN_SCORE. Raises ModelError; see `load_ssd`."""
    return SsdDetector(load_ssd(tflite), min_score)


def _find_input(details: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    shapes = [tuple(int(n) for n in each["shape"]) for each in details]
    kinds = [np.dtype(each["dtype"]).name for each in details]
    is_rgb = len(shapes) == 1 and len(shapes[0]) == 4 and (shapes[0][0], shapes[0][3]) == (1, 3)
    if not is_rgb or shapes[0][1:3] == (1, 1) or kinds[0] not in _LEVELS:
        raise ModelError(f"{name}: takes {shapes} {kinds}, expected is one RGB picture of a fixed size; {_ANOTHER}")
    return details[0]


def _find_outputs(interpreter: Any, name: str) -> tuple[int, ...]:
    """Return the tensors of boxes (1, n, 4), classes (1, n), scores (1, n) and count (1,).

    Boxes are y_min, x_min, y_max, x_max in fractions of the picture. The operator gives the four in this order; as
    outputs of the model they have other names and orders from each exporter, so the operator is asked.
    """
    operators = interpreter._get_ops_details()  # neither runtime has a public way
    found = [each["outputs"] for each in operators if each["op_name"] == _OPERATOR]
    if len(found) != 1:
        raise ModelError(f"{name}: does not end in one {_OPERATOR}, as an SSD for TFLite does; {_ANOTHER}")
    return tuple(int(index) for index in found[0])
