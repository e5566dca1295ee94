"""Faces that are drawn, none of a person: for tests of training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Box
from edge.preprocess import Picture
from train.annotations import AnnotatedPicture, LabeledBox, write_csv


def draw_scene(seed: int, masked: bool = False, size_px: int = 96) -> tuple[Picture, Box]:
    """Return a picture (size_px, size_px, 3) uint8 BGR of one face before a random background, and the face's box."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    bgr = np.asarray(cv2.resize(coarse, (size_px, size_px), interpolation=cv2.INTER_CUBIC), np.uint8)
    radius = int(size_px * rng.uniform(0.2, 0.28))
    x, y = (int(v) for v in size_px * rng.uniform(0.4, 0.6, 2))
    skin = tuple(int(v) for v in rng.integers((60, 90, 140), (150, 180, 230)))
    cv2.ellipse(bgr, (x, y), (int(radius * 0.8), radius), 0, 0, 360, skin, -1)
    for side in (-1, 1):
        cv2.circle(bgr, (x + side * radius // 3, y - radius // 3), max(1, radius // 8), (20, 20, 20), -1)
    if masked:
        cv2.ellipse(bgr, (x, y + radius // 2), (int(radius * 0.7), radius // 2), 0, 0, 360, (235, 225, 200), -1)
    else:
        cv2.ellipse(bgr, (x, y + radius // 2), (radius // 3, radius // 6), 0, 0, 180, (40, 40, 160), 2)
    return bgr, Box(x - 0.8 * radius, y - radius, x + 0.8 * radius, y + radius)


def write_class_folders(folder: Path, per_class: int, first_seed: int = 0) -> Path:
    """Write `per_class` different pictures into with_mask/ and without_mask/ and return the folder."""
    for number in range(2 * per_class):
        label = ("with_mask", "without_mask")[number % 2]
        (folder / label).mkdir(parents=True, exist_ok=True)
        bgr, _ = draw_scene(first_seed + number, masked=number % 2 == 0)
        cv2.imwrite(str(folder / label / f"face_{number:03}.jpg"), bgr)
    return folder


def write_annotated(folder: Path, count: int, label: str) -> Path:
    """Write `count` pictures of one face each into images/ and annotations.csv beside it, and return the folder."""
    (folder / "images").mkdir(parents=True)
    pictures = []
    for seed in range(count):
        bgr, box = draw_scene(seed)
        path = folder / "images" / f"{seed}.png"
        cv2.imwrite(str(path), bgr)
        pictures.append(AnnotatedPicture(path, 96, 96, (LabeledBox(box, label),)))
    write_csv(folder / "annotations.csv", pictures)
    return folder
