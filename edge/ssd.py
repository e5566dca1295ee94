"""Finds faces with a TFLite SSD, whose file the owner supplies (`detector.backend: ssd`).

Such a model ends in the operator TFLite_Detection_PostProcess, which decodes and suppresses duplicates itself: Coral's
face detector, MobileDet and all that TensorFlow's object detection API exports for TFLite. It runs on the processor.
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
from edge.manifest import Outline
from edge.preprocess import Picture, real_input, squeezed_input
from edge.records import Face, Frame
from edge.runtime import lay_in
from edge.runtime.tflite import INSTALL, open_raw_interpreter

MIN_SCORE = 0.5
"""A find counts from here on."""

_OPERATOR = "TFLite_Detection_PostProcess"
_OUTPUTS = 4


class Ssd:
    """The network: from a picture to boxes. Not for several threads."""

    def __init__(self, interpreter: Any, name: str) -> None:
        """Use a TFLite interpreter whose tensors are allocated.

        Raises ModelError, which begins with `name`, when the model does not take one RGB picture, or does not end in
        the operator.
        """
        self._interpreter = interpreter
        self._input = _find_input(interpreter.get_input_details(), name)
        self._outputs = _find_outputs(interpreter.get_output_details(), name)

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
        stored = self._interpreter.tensor(self._input["index"])()
        if self._input["dtype"] == np.float32:
            stored[0] = real_input(rgb)
        else:
            lay_in(rgb, stored)


class SsdDetector:
    """An SSD in the place of our own detector. What it finds is a face, whatever class it gives."""

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
    try:
        data = tflite.read_bytes()
    except OSError as exc:
        raise ModelError(
            f"{tflite}: cannot be read ({exc.strerror}); check `model:` below `detector:` in config.yaml"
        ) from exc
    try:
        return Ssd(open_raw_interpreter(data), str(tflite))
    except ImportError as exc:
        raise ModelError(f"{tflite}: no TFLite runtime works here ({exc}); {INSTALL}") from exc
    except (ValueError, RuntimeError) as exc:
        reason = " ".join(str(exc).split())
        raise ModelError(
            f"{tflite}: the runtime refuses the model ({reason}); take one that is not compiled for a Coral"
        ) from exc


def open_ssd(tflite: Path, min_score: float | None) -> SsdDetector:
    """Load a detector from its file; `min_score` (0..1) overrides MIN_SCORE. Raises ModelError; see `load_ssd`."""
    return SsdDetector(load_ssd(tflite), min_score)


def _find_input(details: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    shapes = [tuple(int(n) for n in each["shape"]) for each in details]
    kinds = [np.dtype(each["dtype"]).name for each in details]
    fits = len(shapes) == 1 and len(shapes[0]) == 4 and (shapes[0][0], shapes[0][3]) == (1, 3)
    if not fits or kinds[0] not in {"uint8", "int8", "float32"}:
        raise ModelError(f"{name}: takes {shapes} {kinds}, expected is one RGB picture (1, height, width, 3)")
    return details[0]


def _find_outputs(details: Sequence[dict[str, Any]], name: str) -> tuple[int, ...]:
    """Return the tensors of boxes (1, n, 4), classes (1, n), scores (1, n) and count (1,), as the operator has them.

    It numbers its outputs in this order: TFLite_Detection_PostProcess, …:1, …:2, …:3. Boxes are y_min, x_min, y_max,
    x_max in fractions of the picture.
    """
    names = sorted(str(each["name"]) for each in details)
    if names != [_OPERATOR, *(f"{_OPERATOR}:{n}" for n in range(1, _OUTPUTS))]:
        raise ModelError(f"{name}: gives {', '.join(names)}, expected are the four outputs of {_OPERATOR}")
    indices = {str(each["name"]): int(each["index"]) for each in details}
    return tuple(indices[each] for each in names)
