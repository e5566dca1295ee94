"""Which people are at the door."""

from __future__ import annotations

from collections.abc import Sequence

from edge.geometry import Box
from edge.records import Person
from edge.settings import Zone

_LINGER_FRAC = 0.1
_LINGER_SIDES = 0.15
"""Who stands at the door stays there until a tenth too small or large, or this many sides out of the polygon: a box
that jitters at the border shall not switch the buzzer on and off."""

_NEAR_FRAC = 0.3
_NEAR_SIDES = 1.5
"""Who is this close to counting is looked at as closely as those who count: there is no time to lose at the door."""


def stands_at_door(
    person: Person, width: int, height: int, now_s: float, config: Zone, stood_there: bool = False
) -> bool:
    """Return whether a person counts: large enough, not too large, in the polygon, and no picture on a wall.

    `width` and `height` are the frame's in pixels. The middle of the face must lie in the polygon; whoever
    `stood_there` in the last frame is given a little room.
    """
    frac, sides = (_LINGER_FRAC, _LINGER_SIDES) if stood_there else (0.0, 0.0)
    at_door = _lies_in(person.box, width, height, config, frac, sides)
    return at_door and not is_static(person, now_s, config.ignore_static_after_s)


def may_count_soon(box: Box, width: int, height: int, config: Zone) -> bool:
    """Return whether a face is at the door or close to it, in place and size."""
    return _lies_in(box, width, height, config, _NEAR_FRAC, _NEAR_SIDES)


def _lies_in(box: Box, width: int, height: int, config: Zone, extra_frac: float, extra_sides: float) -> bool:
    """Return whether a box lies in the zone, made larger by a fraction of its size limits and sides of the box."""
    side = max(box.width, box.height)
    if (
        not config.min_face_frac * (1 - extra_frac)
        <= side / max(width, height)
        <= config.max_face_frac * (1 + extra_frac)
    ):
        return False
    if not config.polygon:
        return True
    (x, y), room = box.center, extra_sides * side
    spots = ((x, y), (x - room, y), (x + room, y), (x, y - room), (x, y + room))
    return any(contains(config.polygon, sx / width, sy / height) for sx, sy in spots)


def is_static(person: Person, now_s: float, ignore_static_after_s: float) -> bool:
    """Return whether a face is taken for a poster: it never moved, or has long stood in its place.

    0 for `ignore_static_after_s` switches the second rule off.
    """
    long_still = ignore_static_after_s > 0 and now_s - person.still_s >= ignore_static_after_s
    return not person.moved or (long_still and person.still_s <= person.since_s)


def contains(polygon: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Return whether a point lies in a polygon, by the even-odd rule (Shimrat 1962, CACM algorithm 112)."""
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
