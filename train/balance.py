"""Which faces an epoch shows: rare classes and small data sets more often than their share, within limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from train.faces import LabeledFace

MAX_REPEATS = 4
"""How often one face may appear in one epoch at most."""

Taught = Callable[[LabeledFace], Mapping[str, float]]
"""From a face to the labels it may be taught as and how likely each is, 0..1, together 1."""


def as_labeled(face: LabeledFace) -> Mapping[str, float]:
    """Return the face's own label as the only one."""
    return {face.label: 1.0}


def quotas(sizes: NDArray[np.int_], power: float, total: int) -> NDArray[np.int_]:
    """Return how many of `total` draws each group gets, (n,) int, for groups of `sizes` (n,).

    In proportion to size ** power: 1 leaves the data as it is, 0 makes all groups alike; never more than MAX_REPEATS
    times a group's size.
    """
    share = sizes.astype(float) ** power
    wanted = share / share.sum() * total
    limited: NDArray[np.int_] = np.minimum(np.ceil(wanted).astype(int), sizes * MAX_REPEATS)
    return limited


class BalancedOrder:
    """Draws the faces of each epoch.

    First the classes share the epoch, then within a class its sources, both by `quotas`. With the default power of
    0.5 a class that is nine times as large is shown three times as often, and a very large source drowns nobody.
    """

    def __init__(self, faces: Sequence[LabeledFace], power: float = 0.5, epoch_faces: int | None = None) -> None:
        """Sort the faces; `epoch_faces` is how many an epoch shows (default: as many as there are)."""
        total = epoch_faces or len(faces)
        by_label = _indices_by(face.label for face in faces)
        per_label = quotas(np.array([len(i) for i in by_label]), power, total)
        self._cells: list[tuple[NDArray[np.intp], int]] = []
        for members, quota in zip(by_label, per_label, strict=True):
            cells = [members[i] for i in _indices_by(faces[i].source for i in members)]
            counts = quotas(np.array([len(cell) for cell in cells]), power, int(quota))
            self._cells += zip(cells, (int(n) for n in counts), strict=True)

    def __len__(self) -> int:
        """Return how many faces an epoch shows."""
        return sum(count for _, count in self._cells)

    def count_shown(self, faces: Sequence[LabeledFace], taught: Taught = as_labeled) -> dict[str, float]:
        """Return how often an epoch is expected to teach each label, of the faces that the order was made for.

        `taught` says as what a face is taught.
        """
        shown: defaultdict[str, float] = defaultdict(float)
        for members, count in self._cells:
            for index in members:
                for label, part in taught(faces[index]).items():
                    shown[label] += part * count / len(members)
        return dict(shown)

    def draw(self, rng: Generator) -> NDArray[np.intp]:
        """Return the indices of one epoch's faces, shuffled: every face of a cell once before any appears again."""
        chosen = np.concatenate([_draw(cell, count, rng) for cell, count in self._cells])
        return rng.permutation(chosen)


def _draw(cell: NDArray[np.intp], count: int, rng: Generator) -> NDArray[np.intp]:
    rounds = -(-count // len(cell))
    drawn: NDArray[np.intp] = np.concatenate([rng.permutation(cell) for _ in range(rounds)])[:count]
    return drawn


def _indices_by(keys: Iterable[str]) -> list[NDArray[np.intp]]:
    groups: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return [np.array(groups[key], np.intp) for key in sorted(groups)]
