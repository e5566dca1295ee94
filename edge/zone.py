"""Which people are at the door."""

from __future__ import annotations

from collections.abc import Sequence

from edge.records import Person
from edge.settings import Zone


def stands_at_door(person: Person, width: int, height: int, now_s: float, config: Zone) -> bool:
    """Return whether a person counts: large enough, not too large, in the polygon, and no picture on a wall.

    `width` and `height` are the frame's in pixels. The middle of the face must lie in the polygon.
    """
    size_frac = max(person.box.width, person.box.height) / max(width, height)
    x, y = person.box.center
    return (
        config.min_face_frac <= size_frac <= config.max_face_frac
        and (not config.polygon or contains(config.polygon, x / width, y / height))
        and not is_static(person, now_s, config.ignore_static_after_s)
    )


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
