"""Draws what was found onto a copy of the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY, AlarmState, Face, Verdict, VerdictKind

Color = tuple[int, int, int]

KIND_COLORS_BGR: dict[VerdictKind, Color] = {
    VerdictKind.MASKED: (80, 175, 40),
    VerdictKind.UNMASKED: (40, 40, 220),
    VerdictKind.UNSURE: (0, 165, 245),
}

ALARM_COLORS_BGR: dict[AlarmState, Color] = {
    AlarmState.CLEAR: (80, 175, 40),
    AlarmState.ALARM: (40, 40, 220),
    AlarmState.HOLDING: (40, 40, 220),
    AlarmState.COOLDOWN: (0, 165, 245),
}

WORDS = {WITH_MASK: "mask", WITHOUT_MASK: "no mask", WORN_INCORRECTLY: "mask worn wrong"}
"""What people read for a label; other labels are shown as they are."""

_FONT = cv2.FONT_HERSHEY_DUPLEX
_FONT_HEIGHT_PX = 22
"""Height of a capital letter of that font at scale 1."""

_WHITE: Color = (255, 255, 255)
_ZONE_COLOR_BGR: Color = (230, 190, 60)


def annotate(
    bgr: NDArray[np.uint8],
    verdicts: Sequence[Verdict],
    alarm: AlarmState | None = None,
    polygon: Sequence[tuple[float, float]] = (),
    person_ids: Mapping[Face, int] | None = None,
) -> NDArray[np.uint8]:
    """Return a copy of a picture, (height, width, 3) uint8 BGR, with every face boxed and named.

    Green is masked, red unmasked, amber unsure. `alarm` adds a banner at the top, `polygon` (points as fractions of
    width and height) the outline of the zone, `person_ids` a number to the faces that it knows.
    """
    picture = bgr.copy()
    _draw_zone(picture, polygon)
    for verdict in verdicts:
        _draw_box(picture, verdict)
    top_px = 0 if alarm is None else _draw_banner(picture, alarm, verdicts)
    for verdict in verdicts:
        _draw_label(picture, verdict, top_px, (person_ids or {}).get(verdict.face))
    return picture


def label_text(verdict: Verdict, person_id: int | None = None) -> str:
    """Return what a face is captioned with, in ASCII: `2: no mask 99%`."""
    word = "unsure" if verdict.kind is VerdictKind.UNSURE else WORDS.get(verdict.label, verdict.label)
    who = "" if person_id is None else f"{person_id}: "
    text = f"{who}{word.replace('_', ' ')} {round(verdict.score * 100)}%"
    return text.encode("ascii", "replace").decode("ascii")


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
    x_min, y_min, x_max, y_max = _corners(verdict.face.box)
    cv2.rectangle(picture, (x_min, y_min), (x_max, y_max), KIND_COLORS_BGR[verdict.kind], _line_px(picture))


def _draw_label(picture: NDArray[np.uint8], verdict: Verdict, top_px: int, person_id: int | None) -> None:
    """Put the caption above the box, or inside it where there is no room above; below `top_px` in any case."""
    text = label_text(verdict, person_id)
    scale, width, height = _fit_text(picture, text)
    x_min, y_min, _, _ = _corners(verdict.face.box)
    left = _clamp(x_min, 0, picture.shape[1] - width)
    top = _clamp(y_min - height if y_min - height >= top_px else y_min, top_px, picture.shape[0] - height)
    _draw_plate(picture, text, (left, top, width, height), scale, KIND_COLORS_BGR[verdict.kind])


def _draw_banner(picture: NDArray[np.uint8], alarm: AlarmState, verdicts: Sequence[Verdict]) -> int:
    """Draw the banner over the whole width and return its height in pixels."""
    text = banner_text(alarm, verdicts)
    scale, _, height = _fit_text(picture, text)
    _draw_plate(picture, text, (0, 0, picture.shape[1], height), scale, ALARM_COLORS_BGR[alarm])
    return height


def _fit_text(picture: NDArray[np.uint8], text: str) -> tuple[float, int, int]:
    """Return font scale, and width and height in pixels of the plate, so that it is no wider than the picture."""
    height, width = picture.shape[:2]
    letter_px = min(max(min(height, width) / 32, 9), 48)
    scale = letter_px / _FONT_HEIGHT_PX
    margin = 2 * _margin_px(scale)
    (text_width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    scale *= min(1.0, width / (text_width + margin + 1))
    (text_width, _), _ = cv2.getTextSize(text, _FONT, scale, 1)
    plate_height = round(scale * _FONT_HEIGHT_PX) + 2 * margin
    return scale, min(width, text_width + margin), min(height, plate_height)


def _draw_plate(
    picture: NDArray[np.uint8], text: str, place: tuple[int, int, int, int], scale: float, color: Color
) -> None:
    left, top, width, height = place
    cv2.rectangle(picture, (left, top), (left + width - 1, top + height - 1), color, cv2.FILLED)
    baseline = top + (height + round(scale * _FONT_HEIGHT_PX)) // 2
    thickness = max(1, round(scale * 1.2))
    cv2.putText(picture, text, (left + _margin_px(scale), baseline), _FONT, scale, _WHITE, thickness, cv2.LINE_AA)


def _margin_px(scale: float) -> int:
    return max(2, round(scale * 12))


def _line_px(picture: NDArray[np.uint8]) -> int:
    return max(1, round(min(picture.shape[:2]) / 240))


def _corners(box: Box) -> tuple[int, int, int, int]:
    return round(box.x_min), round(box.y_min), round(box.x_max), round(box.y_max)


def _clamp(position: int, low: int, high: int) -> int:
    return max(low, min(position, high))
