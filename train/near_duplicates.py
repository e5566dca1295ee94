"""Groups pictures that show the same photograph: copied, re-encoded, resized, cropped a little, mirrored.

Perceptual hashes (pHash, through imagehash) of the whole picture and of its mirror image; pictures whose hashes
differ in few bits belong together, and so does whoever belongs to one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from edge.preprocess import Picture
from train.faces import read_picture

MAX_BITS = 8
"""Of 64: hashes that differ in no more come from the same photograph."""

Hashes = NDArray[np.float32]
"""(n, 64) float32, a hash a row, each bit −1 or 1."""


def hash_pictures(paths: Iterable[Path]) -> tuple[Hashes, Hashes]:
    """Return the hashes of pictures and of their mirror images. Raises DataError for a picture that cannot be read."""
    pairs = [_hash_both(read_picture(path)) for path in tqdm(paths, desc="near-duplicates", unit="picture", leave=False)]
    upright, mirrored = (np.array(side, np.float32).reshape(-1, 64) for side in zip(*pairs, strict=True))
    return upright, mirrored


def _hash_both(bgr: Picture) -> tuple[Hashes, Hashes]:
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    return hash_of(grey), hash_of(np.ascontiguousarray(grey[:, ::-1]))


def hash_of(grey: Picture) -> Hashes:
    """Return the pHash, (64,) float32 of −1 and 1, of a (height, width) uint8 picture."""
    bits = imagehash.phash(Image.fromarray(grey)).hash
    return np.where(bits, 1, -1).astype(np.float32).reshape(-1)


def pairs_within(hashes: tuple[Hashes, Hashes], max_bits: int, rows: int = 1024) -> NDArray[np.intp]:
    """Return the pairs, (m, 2), of different pictures whose hashes, one maybe mirrored, differ in at most `max_bits`."""
    upright, mirrored = hashes
    found = []
    for start in range(0, len(upright), rows):
        block = upright[start : start + rows]
        alike = np.maximum(block @ upright.T, block @ mirrored.T)
        a, b = np.nonzero((64 - alike) / 2 <= max_bits)
        found.append(np.stack([a + start, b], axis=1)[a + start < b])
    return np.concatenate(found) if found else np.zeros((0, 2), np.intp)


def join_pairs(count: int, pairs: Iterable[Sequence[int]]) -> list[int]:
    """Return the group of each of `count` things, where paired things share one; a group's number is its first member's.

    Union-find with path halving (Tarjan and van Leeuwen 1984).
    """
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in pairs:
        low, high = sorted((root(int(a)), root(int(b))))
        parent[high] = low
    return [root(i) for i in range(count)]


def group_pictures(paths: Sequence[Path], max_bits: int = MAX_BITS) -> dict[Path, int]:
    """Return the group of each picture. Raises DataError for a picture that cannot be read."""
    distinct = list(dict.fromkeys(paths))
    if not distinct:
        return {}
    groups = join_pairs(len(distinct), pairs_within(hash_pictures(distinct), max_bits))
    return dict(zip(distinct, groups, strict=True))
