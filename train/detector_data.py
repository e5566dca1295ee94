"""Training batches for the detector: a random window of a picture, changed at random, and the faces in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from edge.geometry import Boxes
from edge.preprocess import Picture, detector_input, real_input
from edge.records import IGNORE
from train.annotations import AnnotatedPicture
from train.augment import cover, photometric
from train.detector_loss import FACE_KIND, IGNORE_KIND, MAX_FACES
from train.detector_network import DetectorShape
from train.picture_dressing import PictureDressing
from train.picture_store import PictureStore
from train.windows import Scene, cut_at_random

MAX_BOXES = 128
"""Boxes that a target holds: of a crowd the largest `MAX_FACES` faces teach, the others are places to ignore."""

_SMALLEST_PX = 6.0
_VISIBLE_FRAC = 0.6
_COVERED_SHARE = 0.05
_MOSAIC_SHARE = 0.3


class DetectorBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of pictures (n, h, w, 3) float32 in −1…1 and targets (n, MAX_BOXES, 5), see DetectorLoss.

    Without `seed` every picture is laid in as the device does it; with one, every epoch cuts and changes it anew.
    """

    def __init__(
        self, pictures: Sequence[AnnotatedPicture], shape: DetectorShape, batch: int, seed: int | None,
        dressing: PictureDressing | None = None,
    ) -> None:  # fmt: skip
        """Prepare batches of `batch` pictures; pictures are read when they are needed, and kept while there is room.

        What `dressing` draws on faces is drawn anew in every epoch, and never without a seed.
        """
        super().__init__(workers=1, max_queue_size=8)
        self._pictures, self._shape, self._batch, self._seed = pictures, shape, batch, seed
        self._dressing = dressing
        self._store = PictureStore()
        self.start_epoch(0)

    def __len__(self) -> int:
        """Return the number of batches; without a seed the last one may be smaller, with one it is left out."""
        if self._seed is None:
            return -(-len(self._pictures) // self._batch)
        return max(1, len(self._pictures) // self._batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return one batch. Raises DataError when a picture cannot be read."""
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        pairs = [self._sample(self._pictures[i], int(i)) for i in chosen]
        return real_input(np.stack([picture for picture, _ in pairs])), np.stack([targets for _, targets in pairs])

    def start_epoch(self, epoch: int) -> None:
        """Draw the pictures of an epoch; the first is 0."""
        self._epoch = epoch
        self._order = self._shuffled()

    def _shuffled(self) -> NDArray[np.intp]:
        if self._seed is None:
            return np.arange(len(self._pictures))
        return np.random.default_rng((self._seed, self._epoch)).permutation(len(self._pictures))

    def _sample(self, picture: AnnotatedPicture, index: int) -> tuple[Picture, NDArray[np.float32]]:
        if self._seed is None:
            bgr = self._store.read(picture.path)
            rgb, fit = detector_input(bgr, self._shape.width_px, self._shape.height_px)
            return rgb, pack_targets(fit.to_input(picture.boxes()), _kinds(picture), self._shape)
        rng = np.random.default_rng((self._seed, self._epoch, index))
        cut = self._mosaic(index, rng) if rng.random() < _MOSAIC_SHARE else self._cut(index, self._shape, rng)
        for box in cut.boxes[rng.random(len(cut.boxes)) < _COVERED_SHARE]:
            cover(cut.bgr, tuple(box), rng)
        rgb = np.asarray(cv2.cvtColor(photometric(cut.bgr, rng), cv2.COLOR_BGR2RGB), np.uint8)
        return rgb, pack_targets(cut.boxes, cut.kinds, self._shape)

    def _mosaic(self, index: int, rng: Generator) -> Scene:
        """Return four pictures' windows as one, so that small faces and many surroundings are seen at once.

        The idea is from YOLOv4 (Bochkovskiy et al. 2020, https://arxiv.org/abs/2004.10934).
        """
        part = replace(self._shape, width_px=self._shape.width_px // 2, height_px=self._shape.height_px // 2)
        canvas = np.empty((self._shape.height_px, self._shape.width_px, 3), np.uint8)
        found: list[tuple[Boxes, NDArray[np.float32]]] = []
        for place, chosen in enumerate([index, *rng.integers(len(self._pictures), size=3)]):
            top, left = place // 2 * part.height_px, place % 2 * part.width_px
            cut = self._cut(int(chosen), part, rng)
            canvas[top : top + part.height_px, left : left + part.width_px] = cut.bgr
            boxes, kinds = _clip(cut.boxes, cut.kinds, part)
            found.append((boxes + np.array([left, top, left, top], np.float32), kinds))
        return Scene(
            canvas, np.concatenate([boxes for boxes, _ in found]), np.concatenate([kinds for _, kinds in found])
        )

    def _cut(self, index: int, shape: DetectorShape, rng: Generator) -> Scene:
        return cut_at_random(
            self._scene(index, rng), shape, rng, lambda: self._scene(int(rng.integers(len(self._pictures))), rng)
        )

    def _scene(self, index: int, rng: Generator) -> Scene:
        picture = self._pictures[index]
        bgr = self._store.read(picture.path)
        if self._dressing is not None:
            bgr = self._dressing.dress(bgr, picture, rng)
        return Scene(bgr, picture.boxes(), _kinds(picture))


def _kinds(picture: AnnotatedPicture) -> NDArray[np.float32]:
    return np.array([IGNORE_KIND if f.label == IGNORE else FACE_KIND for f in picture.faces], np.float32)


def pack_targets(boxes: Boxes, kinds: NDArray[np.float32], shape: DetectorShape) -> NDArray[np.float32]:
    """Return (MAX_BOXES, 5) float32, faces first, for boxes (n, 4) in input pixels and their kinds (n,).

    Boxes are clipped to the input. Of a face mostly outside, or smaller than six pixels, nobody learns.
    """
    boxes, kinds = _clip(boxes, kinds, shape)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    order = np.lexsort((-area, -kinds))[:MAX_BOXES]
    packed = np.zeros((MAX_BOXES, 5), np.float32)
    packed[: len(order), :4] = boxes[order]
    packed[: len(order), 4] = kinds[order]
    too_many = packed[MAX_FACES:, 4]
    too_many[too_many == FACE_KIND] = IGNORE_KIND
    return packed


def _clip(boxes: Boxes, kinds: NDArray[np.float32], shape: DetectorShape) -> tuple[Boxes, NDArray[np.float32]]:
    """Return the boxes cut at the picture's edges, those that are there at all, and their kinds."""
    clipped = np.clip(boxes, 0, [shape.width_px, shape.height_px, shape.width_px, shape.height_px])
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3), axis=1)
    sides = clipped[:, 2:] - clipped[:, :2]
    doubtful = (np.prod(sides, axis=1) < _VISIBLE_FRAC * area) | (sides.max(axis=1, initial=0) < _SMALLEST_PX)
    there = (sides > 0.5).all(axis=1)
    return clipped[there].astype(np.float32), np.where(doubtful, IGNORE_KIND, kinds)[there].astype(np.float32)
