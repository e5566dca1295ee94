"""Decides which bare faces of an epoch get a mask, or something else, drawn on, and draws it into the crop."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from edge.geometry import Box
from edge.preprocess import Picture, crop_square
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY
from train.face_map import FaceMap, Points, guess_landmarks, map_face, place_in_crop
from train.faces import LabeledFace
from train.occlusions import HAND, OCCLUSIONS, choose_occlusion, occlusion_share
from train.painting import Draw, match_sharpness
from train.synthetic_masks import RIGHT, wearing, wrong_way

_OUTCOMES = (WITH_MASK, WORN_INCORRECTLY, WITHOUT_MASK)
_OUTCOME_SHARE = (0.3, 0.3, 0.4)
"""Mask worn right, worn wrong, something that is no mask."""
_HAND_DOUBT = 0.3
"""How often a hand over the mouth is taught as a mask: nobody can see what is behind it, so the scores must say so."""


@dataclass(frozen=True, slots=True)
class Dressing:
    """What is drawn on bare faces.

    `share`, 0..1, of the bare faces with a box get something drawn on. `labels` are those of the model. `landmarks`
    (5, 2) in pixels of their picture make it sit better; a face without them is taken for an average one.
    """

    share: float
    labels: Collection[str]
    landmarks: Mapping[LabeledFace, Points] = field(default_factory=dict)

    def dress(self, rgb: Picture, face: LabeledFace, cut_box: Box, rng: Generator) -> tuple[Picture, str]:
        """Return a face's crop (size, size, 3) uint8 RGB, cut for `cut_box`, maybe with something on, and its label."""
        if face.label != WITHOUT_MASK or face.box is None or rng.random() >= self.share:
            return rgb, face.label
        points = self.landmarks.get(face)
        known = guess_landmarks(face.box, rng) if points is None else points
        draw, label = self._choose(rng)
        return draw_on_crop(rgb, face.box, known, cut_box, draw, rng), label

    def taught(self, face: LabeledFace) -> dict[str, float]:
        """Return which labels `dress` may give a face, and how likely each is, 0..1."""
        if face.label != WITHOUT_MASK or face.box is None:
            return {face.label: 1.0}
        worn = {
            outcome: self.share * part
            for outcome, part in zip(_OUTCOMES, _OUTCOME_SHARE, strict=True)
            if outcome in self.labels and outcome != WITHOUT_MASK
        }
        behind_hand = (self.share - sum(worn.values())) * occlusion_share(HAND)
        if WITH_MASK in self.labels:
            worn[WITH_MASK] += behind_hand * _HAND_DOUBT
        return worn | {WITHOUT_MASK: 1.0 - sum(worn.values())}

    def _choose(self, rng: Generator) -> tuple[Draw, str]:
        outcome = str(rng.choice(_OUTCOMES, p=_OUTCOME_SHARE))
        if outcome == WITHOUT_MASK or outcome not in self.labels:
            name = choose_occlusion(rng)
            doubtful = name == HAND and WITH_MASK in self.labels and rng.random() < _HAND_DOUBT
            return OCCLUSIONS[name], WITH_MASK if doubtful else WITHOUT_MASK
        return wearing(RIGHT if outcome == WITH_MASK else wrong_way(rng)), outcome


def draw_on_crop(rgb: Picture, box: Box, landmarks: Points, cut_box: Box, draw: Draw, rng: Generator) -> Picture:
    """Return a face's crop (size, size, 3) uint8 RGB, cut for `cut_box`, with something drawn on it.

    `box` and `landmarks` (5, 2) are the face's, in pixels of the picture that the crop was cut from.
    """
    bare = rgb.astype(np.float32)
    drawn = draw(bare, _map_crop(box, landmarks, cut_box, rgb.shape[0]), rng)
    sharp = match_sharpness(bare, drawn, crop_square(cut_box)[2])
    return np.clip(np.round(sharp), 0, 255).astype(np.uint8)


def _map_crop(box: Box, landmarks: Points, cut_box: Box, size_px: int) -> FaceMap:
    corners = np.array([(box.x_min, box.y_min), (box.x_max, box.y_max)], np.float32)
    (x_min, y_min), (x_max, y_max) = place_in_crop(corners, cut_box, size_px).tolist()
    return map_face(Box(x_min, y_min, x_max, y_max), place_in_crop(landmarks, cut_box, size_px))
