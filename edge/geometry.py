"""Boxes and polygons in the plane: pixels or fractions, x to the right, y down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Boxes: TypeAlias = NDArray[np.float32]
"""(n, 4) float32, a box a row: x_min, y_min, x_max, y_max."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in one frame, in pixels of that frame unless said otherwise."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @property
    def width(self) -> float:
        """Width, in the box's unit."""
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        """Height, in the box's unit."""
        return self.y_max - self.y_min

    @property
    def area(self) -> float:
        """Width times height, in the box's unit squared."""
        return (self.x_max - self.x_min) * (self.y_max - self.y_min)

    @property
    def center(self) -> tuple[float, float]:
        """Center as (x, y), in the box's unit."""
        return (self.x_min + self.x_max) / 2, (self.y_min + self.y_max) / 2

    def scaled(self, factor: float) -> Box:
        """Return the box with the same center and `factor` times its width and height."""
        (x, y), wide, high = self.center, self.width * factor / 2, self.height * factor / 2
        return Box(x - wide, y - high, x + wide, y + high)

    def moved(self, x: float, y: float) -> Box:
        """Return the box so far to the right and down."""
        return Box(self.x_min + x, self.y_min + y, self.x_max + x, self.y_max + y)

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Return (x_min, y_min, x_max, y_max)."""
        return self.x_min, self.y_min, self.x_max, self.y_max


def iou(a: Box, b: Box) -> float:
    """Return the intersection over union of two boxes in one frame, 0..1; 0.0 when they only touch. Jaccard 1912."""
    both = common_area(a, b)
    return both / (a.area + b.area - both) if both else 0.0


def common_area(a: Box, b: Box) -> float:
    """Return the area that two boxes of one frame share, in their unit squared; 0.0 when they only touch."""
    width = min(a.x_max, b.x_max) - max(a.x_min, b.x_min)
    height = min(a.y_max, b.y_max) - max(a.y_min, b.y_min)
    return max(0.0, width) * max(0.0, height)


def iou_matrix(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Return the (n, m) float32 intersection over union, 0..1, of n boxes with m boxes."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = _area(high - low)
    union = _area(a[:, 2:] - a[:, :2])[:, None] + _area(b[:, 2:] - b[:, :2])[None, :] - both
    ratio: NDArray[np.float32] = (both / np.maximum(union, 1e-9)).astype(np.float32)
    return ratio


def _area(sides: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return width times height (…) of sides (…, 2); 0 where one is negative."""
    there = np.maximum(sides, 0)
    area: NDArray[np.float32] = there[..., 0] * there[..., 1]
    return area
