"""YuNet, the face detector that people use today, with our classifier or the tutorial's.

    python scripts/peers/yunet.py [--size 320|640] [--classifier ours|tutorial] DATA_DIR FOLDER

prints one JSON line a picture of FOLDER, as `maskwatch image --json` does. DATA_DIR holds `teachers/yunet_n_*.onnx`
(and what tutorial.py needs for its classifier).

It is what `detector.backend: yunet` runs (`edge.yunet`), but with the boxes that YuNet itself draws.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from classifiers import open_classifier
from lines import Look, data_file, make_faces, make_parser, run

from edge.looker import Looker
from edge.records import Face, Frame
from edge.yunet import MIN_SCORE, Yunet

__all__ = ["MIN_SCORE", "YunetPeer", "main"]


class YunetPeer:
    """YuNet with its boxes as they are."""

    def __init__(self, onnx: Path, size_px: int, min_score: float) -> None:
        """Load the network; `size_px` is the side of its square input, a face counts from `min_score` (0..1) on."""
        self._yunet = Yunet(onnx, min_score, size_px)

    def detect(self, frame: Frame) -> tuple[Face, ...]:
        """Return the faces of a frame, best score first, boxes inside the picture."""
        return make_faces(frame, *self._yunet.find(frame.bgr))


def open_yunet(options: argparse.Namespace) -> Look:
    """Return the detector and classifier that the command line asks for."""
    onnx = data_file(options.data, f"teachers/yunet_n_{options.size}_{options.size}.onnx")
    detector = YunetPeer(onnx, options.size, options.min_score)
    classifier = open_classifier(options.classifier, options.data)
    return Looker(detector, classifier, min_face_score=options.min_score).look


def main(words: Sequence[str] | None = None) -> int:
    """Print a JSON line for each picture."""
    parser = make_parser(__doc__, MIN_SCORE)
    parser.add_argument("--size", type=int, choices=(320, 640), default=320, help="side of the input, pixels")
    parser.add_argument("--classifier", choices=("ours", "tutorial"), default="ours")
    return run(parser.parse_args(words), open_yunet)


if __name__ == "__main__":
    sys.exit(main())
