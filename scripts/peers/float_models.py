"""Our own float models through the device's pipeline, to see what int8 costs.

    python scripts/peers/float_models.py [--detector FILE] [--classifier FILE] FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. Without options both models are the Keras
models beside the shipped int8 ones. A `.keras` file runs in Keras, a `.tflite` file as on the device, so that either
model can be compared alone. Size of the input, labels and thresholds are those of the manifest beside the model, FILE
with `.json`, for both alike.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from classifiers import MODELS
from lines import Look, run
from numpy.typing import NDArray

from edge.classifier import TfliteClassifier
from edge.closer import FOUR_VIEWS, CloseDetector
from edge.detector import TfliteDetector
from edge.errors import DataError, ModelError
from edge.looker import Looker
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, Manifest, read_model
from edge.records import WITHOUT_MASK, WORN_INCORRECTLY
from edge.runtime import Model, Outputs
from edge.runtime.tflite import TfliteModel


class KerasModel:
    """A float model that stands in for its int8 twin."""

    def __init__(self, path: Path, kind: str) -> None:
        """Load the model and its twin's manifest. Raises DataError or ModelError when they do not go together."""
        if not path.is_file():
            raise DataError(f"{path}: no such model; give the .keras file that the .tflite beside it was made from")
        import keras

        from convert.twins import FloatTwin

        self.manifest: Manifest = read_model(path.with_suffix(".tflite"), kind)[1]
        self._twin = FloatTwin(keras.models.load_model(path, compile=False))
        if self._twin.input_size != self.manifest.input_size:
            raise ModelError(
                f"{path}: takes {self._twin.input_size} pixels, the manifest beside it promises "
                f"{self.manifest.input_size}; convert the model again"
            )

    def invoke(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return what the model says of a picture; see `Model`."""
        return self._twin(rgb)


def open_model(path: Path, kind: str) -> Model:
    """Return a `.keras` or a `.tflite` model, ready."""
    return KerasModel(path, kind) if path.suffix == ".keras" else TfliteModel(path, kind)


def open_pipeline(options: argparse.Namespace) -> Look:
    """Return detector and classifier as the command line asks for them, looking as closely as `maskwatch image`."""
    detector = TfliteDetector(open_model(options.detector, DETECTOR_KIND), options.min_score)
    model = open_model(options.classifier, CLASSIFIER_KIND)
    classifier = TfliteClassifier(model, None, (WITHOUT_MASK, WORN_INCORRECTLY), FOUR_VIEWS)
    return Looker(CloseDetector(detector, detector.max_iou), classifier, min_face_score=detector.min_score).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the pictures")
    for kind in (DETECTOR_KIND, CLASSIFIER_KIND):
        name, default = kind.split("_")[1], MODELS / f"{kind}.keras"
        parser.add_argument(f"--{name}", type=Path, default=default, metavar="FILE", help="(%(default)s)")
    parser.add_argument("--min-score", type=float, metavar="FRAC", help="a face counts from here on (the manifest's)")
    return run(parser.parse_args(words), open_pipeline)


if __name__ == "__main__":
    sys.exit(main())
