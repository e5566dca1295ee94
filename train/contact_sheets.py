"""Contact sheets of a system's worst mistakes, to be looked at and never published: they show people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.preprocess import Picture
from train.annotations import AnnotatedPicture
from train.looks import TILE_PX, Place
from train.scoring import Outcome, by_face_score

_COLUMNS = 6
_LINE_PX = 14
_LETTERS = 27
"""As many characters of the caption's font fit below a tile."""


@dataclass(frozen=True, slots=True)
class Mistakes:
    """One kind of mistake, the worst first."""

    kind: str
    outcomes: tuple[Outcome, ...]


def worst_mistakes(outcomes: Sequence[Outcome], most: int) -> tuple[Mistakes, ...]:
    """Return at most `most` of each kind: the surest false faces, the largest missed, the surest wrong labels.

    `outcomes` are those that count.
    """
    false = [(by_face_score(o.found), o) for o in outcomes if o.true is None and o.found is not None]
    missed = [(o.side_frac, o) for o in outcomes if o.found is None]
    wrong = [(o.found.score, o) for o in outcomes if o.true and o.found and o.true.label != o.found.label]
    kinds = (("false faces", false), ("missed faces", missed), ("wrong labels", wrong))
    return tuple(Mistakes(kind, _largest(scored, most)) for kind, scored in kinds)


def _largest(scored: Sequence[tuple[float, Outcome]], most: int) -> tuple[Outcome, ...]:
    return tuple(outcome for _, outcome in sorted(scored, key=lambda pair: -pair[0])[:most])


def write_sheet(
    path: Path, mistakes: Mistakes, pictures: Sequence[AnnotatedPicture], tiles: Mapping[Place, Picture]
) -> None:
    """Write the mistakes as one PNG: tiles in rows of six, each with its picture's name, labels and scores below."""
    drawn = [_draw(tiles[o.picture, o.box], caption(o, pictures[o.picture].path.name)) for o in mistakes.outcomes]
    blank = np.full_like(drawn[0], 255)
    drawn += [blank] * (-len(drawn) % _COLUMNS)
    rows = [np.hstack(drawn[start : start + _COLUMNS]) for start in range(0, len(drawn), _COLUMNS)]
    cv2.imwrite(str(path), np.vstack(rows))


def caption(outcome: Outcome, name: str) -> tuple[str, str, str]:
    """Return the three lines below a tile: picture, annotated and said label, scores and size."""
    true = outcome.true.label if outcome.true else "no face"
    said = outcome.found.label if outcome.found else "missed"
    size = f"{outcome.side_frac:.0%} of side"
    if outcome.found is None:
        return name, f"{_short(true)} > {said}", size
    face = "" if outcome.found.face_score is None else f"face {outcome.found.face_score:.2f} "
    return name, f"{_short(true)} > {_short(said)}", f"{face}label {outcome.found.score:.2f} {size[:-8]}"


def _short(label: str) -> str:
    return label.replace("mask_worn_incorrectly", "incorrectly")


def _draw(tile: Picture, lines: Sequence[str]) -> Picture:
    framed = cv2.copyMakeBorder(tile, 3, _LINE_PX * len(lines) + 5, 3, 3, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    for number, text in enumerate(lines):
        place = (4, TILE_PX + 3 + _LINE_PX * (number + 1) - 3)
        cv2.putText(framed, _fit(text), place, cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)


def _fit(text: str) -> str:
    """Return the text as the font can draw it, its middle left out where it is too long."""
    short = text if len(text) <= _LETTERS else f"{text[: _LETTERS - 10]}..{text[-8:]}"
    return short.encode("ascii", "replace").decode()
