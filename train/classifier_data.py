"""Batches for the classifier: faces cut as the device cuts them, in training jittered and changed at random."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.geometry import Box
from edge.preprocess import Picture, mirror, real_input
from train.augment import cover, photometric
from train.balance import BalancedOrder
from train.dressing import Dressing
from train.faces import LabeledFace, cut_face
from train.picture_store import PictureStore

# As the detector's boxes lie against the repaired ones: 1,156 faces of jolignier and adityap27, the shipped int8 model.
# 5th to 95th percentile: centers ±0.09 of the longer side, size -15 to +19 %; 1st to 99th: ±0.17, -24 to +32 %.
_SHIFT_FRAC = 0.09
_SCALE = (0.86, 1.16)
_WILD_SHARE = 0.15
_WILD_SHIFT_FRAC = 0.17
_WILD_SCALE = (0.76, 1.32)
_MAX_TURN_DEG = 15.0
_SMALLEST_SEEN_PX = 16


class FaceBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of faces (n, size, size, 3) float32 in −1…1, RGB, and one-hot labels (n, labels) float32.

    Without `seed` the faces come in their order and as the device cuts them. With one, each epoch is drawn anew by
    `order`, and what is drawn depends on seed, epoch and face alone, so that a resumed run repeats an uncut one.
    """

    def __init__(
        self, faces: Sequence[LabeledFace], labels: Sequence[str], size_px: int, batch: int,
        seed: int | None = None, order: BalancedOrder | None = None, dressing: Dressing | None = None,
    ) -> None:  # fmt: skip
        """Prepare batches of `batch` faces; pictures are read when they are needed, and kept while there is room.

        With a seed and `dressing` some bare faces get a mask drawn on, and its label.
        """
        super().__init__()
        self._faces, self._size_px, self._batch, self._seed = faces, size_px, batch, seed
        self._labels, self._dressing = labels, dressing
        self._store = PictureStore()
        self._balance = order or BalancedOrder(faces, power=1.0)
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Draw the faces of an epoch; the first is 0."""
        self._epoch = epoch
        if self._seed is None:
            self._order = np.arange(len(self._faces))
        else:
            self._order = self._balance.draw(np.random.default_rng((self._seed, epoch)))

    def __len__(self) -> int:
        """Return the number of batches; the last one may be smaller."""
        return -(-len(self._order) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return one batch. Raises DataError when a picture cannot be read."""
        places = range(index * self._batch, min((index + 1) * self._batch, len(self._order)))
        pictures, labels = zip(*(self._cut(place) for place in places), strict=True)
        targets = np.eye(len(self._labels), dtype=np.float32)[[self._labels.index(label) for label in labels]]
        return real_input(np.stack(pictures)), targets

    def _cut(self, place: int) -> tuple[Picture, str]:
        face = self._faces[self._order[place]]
        bgr = self._store.read(face.path)
        if self._seed is None:
            return cut_face(bgr, face.box, self._size_px), face.label
        rng = np.random.default_rng((self._seed, self._epoch, place))
        if self._dressing is None or face.box is None:
            return vary_face(bgr, face.box, self._size_px, rng), face.label
        box = _jitter_as_detected(face.box, rng)
        rgb, label = self._dressing.dress(cut_face(bgr, box, self._size_px), face, box, rng)
        return _vary_crop(rgb, rng), label


def vary_face(bgr: Picture, box: Box | None, size_px: int, rng: Generator) -> Picture:
    """Return a face, (size_px, size_px, 3) uint8 RGB, seen another way: place, size, turn, distance, light.

    Nothing is painted over the lower half, where a mask would be: that must not change the label.
    """
    if box is None:
        return _vary_crop(cut_face(_part(bgr, rng), None, size_px), rng)
    return _vary_crop(cut_face(bgr, _jitter_as_detected(box, rng), size_px), rng)


def _vary_crop(rgb: Picture, rng: Generator) -> Picture:
    size_px = rgb.shape[0]
    if rng.random() < 0.5:
        rgb = mirror(rgb)
    if rng.random() < 0.4:
        rgb = _turn(rgb, rng.uniform(-_MAX_TURN_DEG, _MAX_TURN_DEG))
    if rng.random() < 0.3:
        rgb = _move_away(rgb, rng)
    if rng.random() < 0.1:
        cover(rgb, (0.1 * size_px, 0.0, 0.9 * size_px, 0.48 * size_px), rng)
    return np.ascontiguousarray(photometric(np.ascontiguousarray(rgb[..., ::-1]), rng)[..., ::-1])


def _jitter_as_detected(box: Box, rng: Generator) -> Box:
    wild = rng.random() < _WILD_SHARE
    shift, scale = (_WILD_SHIFT_FRAC, _WILD_SCALE) if wild else (_SHIFT_FRAC, _SCALE)
    return jitter(box, shift, scale, rng)


def jitter(box: Box, shift_frac: float, scale: tuple[float, float], rng: Generator) -> Box:
    """Return the box moved by up to `shift_frac` of its longer side and scaled by a factor within `scale`."""
    x, y = box.center + rng.uniform(-shift_frac, shift_frac, 2) * max(box.width, box.height)
    factor = float(np.exp(rng.uniform(*np.log(scale)))) / 2
    width, height = box.width * factor, box.height * factor
    return Box(float(x - width), float(y - height), float(x + width), float(y + height))


def _part(bgr: Picture, rng: Generator) -> Picture:
    """Return a part of a whole picture: 80 to 100 % of its width and of its height."""
    height, width = bgr.shape[:2]
    part_height, part_width = (round(n * f) for n, f in zip((height, width), rng.uniform(0.8, 1.0, 2), strict=True))
    top, left = int(rng.integers(height - part_height + 1)), int(rng.integers(width - part_width + 1))
    return bgr[top : top + max(1, part_height), left : left + max(1, part_width)]


def _turn(rgb: Picture, degrees: float) -> Picture:
    middle = (rgb.shape[1] / 2 - 0.5, rgb.shape[0] / 2 - 0.5)
    turn = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    return np.asarray(cv2.warpAffine(rgb, turn, rgb.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _move_away(rgb: Picture, rng: Generator) -> Picture:
    """Return the face as if it had been fewer pixels: scaled down, to 16 px at the least, and up again."""
    size_px = rgb.shape[0]
    seen_px = round(float(np.exp(rng.uniform(np.log(_SMALLEST_SEEN_PX), np.log(max(size_px, 2 * _SMALLEST_SEEN_PX))))))
    small = cv2.resize(rgb, (min(seen_px, size_px),) * 2, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size_px, size_px), interpolation=cv2.INTER_LINEAR), np.uint8)
