"""Draws what was found onto a copy of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box, common_area
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY, AlarmState, Face, Verdict, VerdictKind

Color = tuple[int, int, int]

KIND_COLORS_BGR: dict[VerdictKind, Color] = {
    VerdictKind.MASKED: (80, 175, 40),
    VerdictKind.UNMASKED: (40, 40, 220),
    VerdictKind.UNSURE: (0, 130, 230),
}

ALARM_COLORS_BGR: dict[AlarmState, Color] = {
    AlarmState.CLEAR: (80, 175, 40),
    AlarmState.ALARM: (40, 40, 220),
    AlarmState.HOLDING: (40, 40, 220),
    AlarmState.COOLDOWN: (0, 130, 230),
}

WORDS = {WITH_MASK: "mask", WITHOUT_MASK: "no mask", WORN_INCORRECTLY: "mask worn wrong"}
"""What people read for a label; other labels are shown as they are."""

_FONT = cv2.FONT_HERSHEY_DUPLEX
_FONT_HEIGHT_PX = 22
"""Height of a capital letter of that font at scale 1."""

_MIN_LETTER_PX = 9.0
_MAX_LETTER_PX = 40.0
_READABLE_PX = 6.0
_MAX_HIDDEN_FRAC = 0.15
"""Captions may hide so much of another face."""

_WHITE: Color = (255, 255, 255)
_ZONE_COLOR_BGR: Color = (230, 190, 60)


def annotate(
    bgr: NDArray[np.uint8],
    verdicts: Sequence[Verdict],
    alarm: AlarmState | None = None,
    polygon: Sequence[tuple[float, float]] = (),
    person_ids: Mapping[Face, int] | None = None,
) -> NDArray[np.uint8]:
    """Return a copy of a picture, (height, width, 3) uint8 BGR, with every face boxed and captioned.

    Green is masked, red unmasked, amber unsure. Where a caption would hide a larger face or another caption it is
    shortened or left out. `alarm` adds a banner at the top, `polygon` (points as fractions of
    width and height) the outline of the zone, `person_ids` a number to the faces that it knows.
    """
    picture = bgr.copy()
    _draw_zone(picture, polygon)
    for verdict in verdicts:
        _draw_box(picture, verdict)
    top_px = 0 if alarm is None else _draw_banner(picture, alarm, verdicts)
    _draw_captions(picture, verdicts, top_px, person_ids or {})
    return picture


def label_text(verdict: Verdict, person_id: int | None = None) -> str:
    """Return what a face is captioned with, in ASCII: `2: no mask 99%`, with how sure the verdict is, rounded down.

    `no mask? 90%` is unsure: what it looks most like.
    """
    word = WORDS.get(verdict.label, verdict.label) + ("?" if verdict.kind is VerdictKind.UNSURE else "")
    plain = word.replace("_", " ").encode("ascii", "replace").decode("ascii")
    return _caption(verdict, person_id, f"{plain} ")


def short_text(verdict: Verdict, person_id: int | None = None) -> str:
    """Return the caption of a face without the word, which the color tells: `2: 99%`."""
    return _caption(verdict, person_id)


def _caption(verdict: Verdict, person_id: int | None, word: str = "") -> str:
    who = "" if person_id is None else f"{person_id}: "
    return f"{who}{word}{floor(verdict.sureness * 100)}%"


def banner_text(alarm: AlarmState, verdicts: Sequence[Verdict]) -> str:
    """Return what the banner says: the state, then how many faces are of which kind."""
    kinds = [verdict.kind for verdict in verdicts]
    counts = [f"{kinds.count(kind)} {kind}" for kind in VerdictKind if kind in kinds]
    return f"{alarm.upper()}: {', '.join(counts) or 'no face'}"


def _draw_zone(picture: NDArray[np.uint8], polygon: Sequence[tuple[float, float]]) -> None:
    if polygon:
        height, width = picture.shape[:2]
        points = np.array(polygon) * (width - 1, height - 1)
        outline = np.rint(points).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [outline], True, _ZONE_COLOR_BGR, _line_px(picture), cv2.LINE_AA)


def _draw_box(picture: NDArray[np.uint8], verdict: Verdict) -> None:
    x_min, y_min, x_max, y_max = _corners(verdict.face.shown)
    cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), KIND_COLORS_BGR[verdict.kind], _line_px(picture))


def _draw_captions(
    picture: NDArray[np.uint8], verdicts: Sequence[Verdict], top_px: int, person_ids: Mapping[Face, int]
) -> None:
    """Caption the faces, the largest first, in full if there is room and else in short, never higher than `top_px`."""
    ordered = sorted(verdicts, key=lambda each: -each.face.shown.height)
    boxes = [verdict.face.shown for verdict in ordered]
    captions: list[Box] = []
    for rank, verdict in enumerate(ordered):
        others, larger = [*boxes[:rank], *boxes[rank + 1 :]], boxes[:rank]
        for spared, text in product((others, larger), (label_text, short_text)):
            plate = _fit_text(picture, text(verdict, person_ids.get(verdict.face)))
            places = _find_places(picture, boxes[rank], plate, top_px)
            place = next((each for each in places if _is_free(each, captions, spared)), None)
            if place:
                _draw_plate(picture, plate, round(place.x_min), round(place.y_min), KIND_COLORS_BGR[verdict.kind])
                captions.append(place)
                break


def _find_places(picture: NDArray[np.uint8], box: Box, plate: _Plate, top_px: int) -> list[Box]:
    """Return where a caption may go: above the box and below it, or, where there is no room for either, on it."""
    x_min, y_min, x_max, y_max = _corners(box)
    highest, lowest = top_px, picture.shape[0] - plate.height_px
    tops = [top for top in (y_min - plate.height_px, y_max) if highest <= top <= lowest]
    tops = tops or [_clamp(y_max, highest, lowest)]
    lefts = [_clamp(left, 0, picture.shape[1] - plate.width_px) for left in (x_min, x_max - plate.width_px)]
    return [Box(left, top, left + plate.width_px, top + plate.height_px) for left, top in product(lefts, tops)]


def _is_free(place: Box, captions: Sequence[Box], faces: Sequence[Box]) -> bool:
    """Return whether a caption there hides none of the captions, and, with them, little of any of the faces."""
    if any(_hidden_frac(caption, place) for caption in captions):
        return False
    hidden = (sum(_hidden_frac(face, each) for each in (*captions, place)) for face in faces)
    return all(frac <= _MAX_HIDDEN_FRAC for frac in hidden)


def _hidden_frac(box: Box, behind: Box) -> float:
    """Return the part of a box, 0..1, that lies behind another."""
    return common_area(box, behind) / max(box.area, 1e-9)


def _draw_banner(picture: NDArray[np.uint8], alarm: AlarmState, verdicts: Sequence[Verdict]) -> int:
    """Draw the banner over the whole width and return its height in pixels."""
    plate = replace(_fit_text(picture, banner_text(alarm, verdicts)), width_px=picture.shape[1])
    _draw_plate(picture, plate, 0, 0, ALARM_COLORS_BGR[alarm])
    return plate.height_px


@dataclass(frozen=True, slots=True)
class _Plate:
    """A text and the size of the colored plate that it is written on."""

    text: str
    scale: float
    width_px: int
    height_px: int

    @property
    def thickness_px(self) -> int:
        return max(1, round(self.scale * 1.2))

    @property
    def margin_px(self) -> int:
        return max(2, round(self.scale * 10))


def _fit_text(picture: NDArray[np.uint8], text: str) -> _Plate:
    """Return the plate for a text, no wider than the picture; a text that would be unreadably small becomes empty."""
    height, width = picture.shape[:2]
    letter_px = min(max(min(height, width) / 40, _MIN_LETTER_PX), _MAX_LETTER_PX)
    plate = _measure(text, letter_px / _FONT_HEIGHT_PX)
    if plate.width_px > width:
        plate = _measure(text, plate.scale * (width - 2 * plate.margin_px) / plate.width_px)
    if plate.width_px > width or plate.scale * _FONT_HEIGHT_PX < _READABLE_PX:
        return _Plate("", plate.scale, min(width, plate.width_px), min(height, 3))
    return replace(plate, height_px=min(height, plate.height_px))


def _measure(text: str, scale: float) -> _Plate:
    bare = _Plate(text, scale, 0, 0)
    (text_width, _), _ = cv2.getTextSize(text, _FONT, scale, bare.thickness_px)
    letter_px = round(scale * _FONT_HEIGHT_PX)
    return replace(bare, width_px=text_width + 2 * bare.margin_px, height_px=letter_px + 2 * bare.margin_px)


def _draw_plate(picture: NDArray[np.uint8], plate: _Plate, left: int, top: int, color: Color) -> None:
    right, bottom = left + plate.width_px - 1, top + plate.height_px - 1
    cv2.rectangle(picture, (left, top), (right, bottom), color, cv2.FILLED)
    if plate.text:
        origin = (left + plate.margin_px, bottom - plate.margin_px)
        cv2.putText(picture, plate.text, origin, _FONT, plate.scale, _WHITE, plate.thickness_px, cv2.LINE_AA)


def _line_px(picture: NDArray[np.uint8]) -> int:
    smaller_px: int = min(picture.shape[:2])
    return max(1, round(smaller_px / 240))


def _corners(box: Box) -> tuple[int, int, int, int]:
    return round(box.x_min), round(box.y_min), round(box.x_max), round(box.y_max)


def _clamp(position: int, low: int, high: int) -> int:
    return max(low, min(position, high))
