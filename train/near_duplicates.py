"""Groups pictures that show the same photograph: copied, re-encoded, resized, mirrored, with a mask painted in.

Perceptual hashes (pHash, through imagehash) of the whole picture and of its upper part, upright and mirrored; pictures
one of whose hashes differs in few bits belong together, and so does whoever belongs to one of them. The upper part is
what a mask pasted over mouth and nose leaves alone: of 477 pictures of the classic 1,376 whose photograph also stands,
without the mask, in the other class, the whole picture's hash finds 302 and both together 463. Where faces are known
they must be alike too, see `train.same_faces`: else all pictures of one door would be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from edge.geometry import Box
from edge.preprocess import Picture, mirror
from train.faces import read_picture
from train.same_faces import with_same_face

_BITS = 64
_ROWS = 1024
"""How many pictures are compared with all others at once."""

Hashes = NDArray[np.int8]
"""(…, 64) int8, each bit −1 or 1."""


@dataclass(frozen=True, slots=True)
class View:
    """A part of a picture that is hashed: from its top down to `height_frac` of its height.

    Hashes that differ in no more than `max_bits` of 64 come from the same photograph.
    """

    height_frac: float
    max_bits: int


VIEWS = (View(1.0, 8), View(0.4, 4))
"""Measured on 7,667 pictures of seven sources: two bits more in either chain hundreds of unlike pictures together."""


TRIMS_FRAC = (0.0, 0.05, 0.1)
"""How much `hash_trims` cuts off at each border, as a fraction of the side: nothing first."""


def hash_picture(bgr: Picture) -> Hashes:
    """Return the hashes, (views, 2, 64) int8, of a picture: of each view upright and mirrored."""
    grey = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    parts = [grey[: max(1, round(grey.shape[0] * view.height_frac))] for view in VIEWS]
    return np.stack([[_phash(part), _phash(mirror(part))] for part in parts])


def _phash(grey: Picture) -> Hashes:
    bits = imagehash.phash(Image.fromarray(np.ascontiguousarray(grey))).hash
    return np.where(bits, 1, -1).astype(np.int8).reshape(_BITS)


def hash_trims(bgr: Picture) -> Hashes:
    """Return the hashes, (trims, views, 2, 64) int8, of a picture: whole, and with its borders cut off."""
    return np.stack([hash_picture(_trim(bgr, frac)) for frac in TRIMS_FRAC])


def _trim(bgr: Picture, frac: float) -> Picture:
    dy, dx = (int(side * frac) for side in bgr.shape[:2])
    return bgr[dy : bgr.shape[0] - dy, dx : bgr.shape[1] - dx]


def is_like(hashes: Hashes, known: Hashes) -> bool:
    """Return whether a picture, or the inside of it, shows the photograph of a known one, or the inside of that.

    `hashes` is what `hash_trims` gives for it, `known` (n, trims, views, 2, 64) those of the known ones. One of the two
    is always whole.
    """
    return any(
        _is_like_view(hashes[:, i].astype(np.float32), known[:, :, i].astype(np.float32), view.max_bits)
        for i, view in enumerate(VIEWS)
    )


def _is_like_view(hashes: NDArray[np.float32], known: NDArray[np.float32], max_bits: int) -> bool:
    """Return it for one view: of `hashes` (trims, 2, 64) the upright ones count, `known` is (n, trims, 2, 64)."""
    upright = hashes[:, 0]
    mine_whole = known.reshape(-1, _BITS) @ upright[0]
    theirs_whole = known[:, 0].reshape(-1, _BITS) @ upright[1:].T
    alike = max(mine_whole.max(initial=-_BITS), theirs_whole.max(initial=-_BITS))
    return bool((_BITS - alike) / 2 <= max_bits)


def find_pairs(hashes: Hashes, views: Sequence[View] = VIEWS) -> NDArray[np.intp]:
    """Return the pairs (m, 2), smaller index first, of pictures alike in one view; `hashes` is (n, views, 2, 64)."""
    pairs = [_pairs_within(hashes[:, i].astype(np.float32), view.max_bits) for i, view in enumerate(views)]
    found: NDArray[np.intp] = np.unique(np.concatenate(pairs), axis=0)
    return found


def _pairs_within(hashes: NDArray[np.float32], max_bits: int) -> NDArray[np.intp]:
    found = [np.zeros((0, 2), np.intp)]
    upright, mirrored = hashes[:, 0], hashes[:, 1]
    for start in range(0, len(hashes), _ROWS):
        block = upright[start : start + _ROWS]
        alike = np.maximum(block @ upright.T, block @ mirrored.T)
        a, b = np.nonzero((_BITS - alike) / 2 <= max_bits)
        found.append(np.stack([a + start, b], axis=1)[a + start < b])
    return np.concatenate(found)


def join_pairs(count: int, pairs: Iterable[Sequence[int]]) -> list[int]:
    """Return the group of each of `count` things: paired things share one, and its number is its first member's.

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


def group_pictures(paths: Iterable[Path], faces: Mapping[Path, Box] | None = None) -> dict[Path, int]:
    """Return the group of each picture; `faces` has the largest face, in pixels, of those where one is known.

    Raises DataError for a picture that cannot be read.
    """
    distinct = list(dict.fromkeys(paths))
    if not distinct:
        return {}
    bar = tqdm(distinct, desc="near-duplicates", unit="picture", leave=False)
    pairs = find_pairs(np.stack([hash_picture(read_picture(path)) for path in bar]))
    same = with_same_face(distinct, pairs, faces or {})
    return dict(zip(distinct, join_pairs(len(distinct), same), strict=True))
