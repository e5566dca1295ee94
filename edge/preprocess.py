"""From a picture to what a model sees. Training, calibration, evaluation and the device all call these.

Pictures are (height, width, 3) uint8 in OpenCV's order, BGR. Models take RGB.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box, Boxes

Picture = NDArray[np.uint8]

PAD_VALUE = 127
"""Grey of the padding: the middle of the range, which both models read as zero."""

MAX_STRETCH = 1.2
"""Detector input: how far one axis may be stretched against the other, so that 4:3 and 16:9 both fill 3:2."""

CROP_MARGIN_FRAC = 0.15
"""Classifier crop: context added on each side of a face, as a fraction of the face's longer side."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in a model's input: top left, scaled by (scale_x, scale_y) to (width_px, height_px)."""

    scale_x: float
    scale_y: float
    width_px: int
    height_px: int

    def to_picture(self, boxes: Boxes) -> Boxes:
        """Return boxes (n, 4) in input pixels as boxes in pixels of the picture."""
        scale = np.array([self.scale_x, self.scale_y, self.scale_x, self.scale_y], np.float32)
        return boxes / scale

    def to_input(self, boxes: Boxes) -> Boxes:
        """Return boxes (n, 4) in pixels of the picture as boxes in input pixels."""
        scale = np.array([self.scale_x, self.scale_y, self.scale_x, self.scale_y], np.float32)
        return boxes * scale


def fit_picture(width: int, height: int, input_width: int, input_height: int) -> Fit:
    """Return how a picture of width × height pixels is laid into the detector's input.

    The larger axis ratio is reduced until the two differ by no more than MAX_STRETCH; what is left is padding.
    """
    scale_x, scale_y = input_width / width, input_height / height
    scale_x, scale_y = min(scale_x, scale_y * MAX_STRETCH), min(scale_y, scale_x * MAX_STRETCH)
    fit_width = max(1, min(input_width, round(width * scale_x)))
    fit_height = max(1, min(input_height, round(height * scale_y)))
    return Fit(fit_width / width, fit_height / height, fit_width, fit_height)


def detector_input(
    bgr: Picture, input_width: int, input_height: int, into: Picture | None = None
) -> tuple[Picture, Fit]:
    """Return the detector's input, (input_height, input_width, 3) uint8 RGB, and how the picture lies in it.

    `into` is such an array to write to, which takes half as long as one that the system has to find anew each time.
    """
    fit = fit_picture(bgr.shape[1], bgr.shape[0], input_width, input_height)
    rgb = np.empty((input_height, input_width, 3), np.uint8) if into is None else into
    rgb[fit.height_px :], rgb[:, fit.width_px :] = PAD_VALUE, PAD_VALUE
    inside = rgb[: fit.height_px, : fit.width_px]
    _resize(bgr, fit.width_px, fit.height_px, inside)
    cv2.cvtColor(inside, cv2.COLOR_BGR2RGB, dst=inside)
    return rgb, fit


def whole_input(bgr: Picture, size_px: int) -> Picture:
    """Return a whole picture squeezed into the classifier's input, (size_px, size_px, 3) uint8 RGB.

    For the pictures of class folders, which are faces already.
    """
    return squeezed_input(bgr, size_px, size_px)


def squeezed_input(bgr: Picture, width: int, height: int) -> Picture:
    """Return a whole picture squeezed into (height, width, 3) uint8 RGB."""
    return np.asarray(cv2.cvtColor(_resize(bgr, width, height), cv2.COLOR_BGR2RGB), np.uint8)


def mirror(picture: Picture) -> Picture:
    """Return a picture with left and right changed; several times faster than numpy's steps backward."""
    return np.asarray(cv2.flip(picture, 1), np.uint8)


def real_input(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (…, 3) uint8 as the float32 in −1…1 that the float models take."""
    real: NDArray[np.float32] = rgb.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return real


def crop_square(box: Box) -> tuple[float, float, float]:
    """Return (left, top, side) of the square that the classifier sees for a face, in the box's unit."""
    side = max(box.width, box.height) * (1 + 2 * CROP_MARGIN_FRAC)
    x, y = box.center
    return x - side / 2, y - side / 2, side


def classifier_input(bgr: Picture, box: Box, size_px: int) -> Picture:
    """Return the square around a face as the classifier's input, (size_px, size_px, 3) uint8 RGB.

    Where the square leaves the picture the picture's edge is repeated. A box of no area gives one pixel's color.
    """
    left, top, side = crop_square(box)
    side = max(side, 1.0)
    x0, y0 = int(np.floor(left)), int(np.floor(top))
    x1, y1 = int(np.ceil(left + side)), int(np.ceil(top + side))
    height, width = bgr.shape[:2]
    inside = bgr[_clip(y0, height) : _clip(y1 - 1, height) + 1, _clip(x0, width) : _clip(x1 - 1, width) + 1]
    most = int(side) + 1
    top_pad, bottom_pad = min(max(0, -y0), most), min(max(0, y1 - height), most)
    left_pad, right_pad = min(max(0, -x0), most), min(max(0, x1 - width), most)
    if top_pad or bottom_pad or left_pad or right_pad:
        padded = cv2.copyMakeBorder(inside, top_pad, bottom_pad, left_pad, right_pad, cv2.BORDER_REPLICATE)
        inside = np.asarray(padded, np.uint8)
    return np.asarray(cv2.cvtColor(_resize(inside, size_px, size_px), cv2.COLOR_BGR2RGB), np.uint8)


def _resize(bgr: Picture, width: int, height: int, into: Picture | None = None) -> Picture:
    """Return a picture in another size, written to `into` if that is given.

    Along a side that shrinks to half or less, a pixel is the mean of two samples.

    OpenCV's exact averaging is slow unless the factor is whole: 21 ms from 4K to 480×320 and 1.3 ms from 640×480 on a
    desktop's core, against 2.3 ms and 0.3 ms of this.
    """
    twice = (2 if bgr.shape[1] >= 2 * width else 1, 2 if bgr.shape[0] >= 2 * height else 1)
    if twice == (1, 1):
        return np.asarray(cv2.resize(bgr, (width, height), dst=into, interpolation=cv2.INTER_LINEAR), np.uint8)
    sampled = cv2.resize(bgr, (twice[0] * width, twice[1] * height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(sampled, (width, height), dst=into, interpolation=cv2.INTER_AREA), np.uint8)


def _clip(position: int, length: int) -> int:
    return min(max(position, 0), length - 1)
