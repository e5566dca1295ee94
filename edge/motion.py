"""Where a followed face is, where it will be next, and whether it ever left its place.

The model is a constant velocity in place and in size, averaged over the last looks. All numbers of it stand at the top.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from math import exp, hypot, log
from typing import NamedTuple

from edge.geometry import Box, iou

_VELOCITY_S = 0.25
"""Time over which a velocity is averaged."""

_FORESEEN_S = 0.5
"""A face goes on at its velocity for so long after it was last seen, then it is waited for where it got to."""

_FASTEST_GROWTH = 2.0
"""Most that the logarithm of a side is believed to change in a second: a runner toward the camera."""

_REACH_SIDES = 0.6
_REACH_NEW_SIDES_PER_S = 6.0
_REACH_KNOWN_SIDES_PER_S = 3.0
_REACH_STILL_SIDES_PER_S = 1.0
_REACH_MOST_SIDES = 3.5
"""How far from the expected place a face is looked for, in its sides: a base, and more with every second unseen. A face
is about 0.2 m high and people walk 1.4 m/s, seven sides a second; less is needed once the velocity is known, and
least for what has never moved, so that nobody who walks by takes the place of a poster."""

_STILL_S = 1.0
"""A face that was seen in its first place for so long counts as one that has never moved."""

_RESIZE = 0.45
_RESIZE_PER_S = 0.6
"""Most that the logarithm of a side may differ from the expected one: a base, and more with every second unseen."""

_MOST_ROOM = 50.0
"""Logarithm of how many times larger a face may have become at all: no number grows out of bounds, however long ago."""

_WEIGHT_APART, _WEIGHT_OVERLAP, _WEIGHT_RESIZE, _WEIGHT_UNSEEN = 0.35, 0.3, 0.2, 0.15
"""What an unlikely pair costs; together 1, which is also what it costs to leave both alone."""

_UNSEEN_S = 1.0
"""A track that has not been seen for this long yields to a fresh one at the same distance."""

_CALM_S = 0.3
_CALM_MOST = 0.4
"""A box is smoothed over this time, and one look never counts for more than this share: detectors jitter."""

_MOVED_SIDES = 0.35
"""A face has moved once its smoothed center is this far from where it was, in sides, or its side changed by this."""


class Spot(NamedTuple):
    """A center and a side, in pixels: of a box, or of several smoothed together."""

    x: float
    y: float
    side: float


class Motion(NamedTuple):
    """How a face moves.

    `spot` is that of its box. `velocity` is (pixels/s to the right, pixels/s down, change of the side's logarithm per
    second). `first` is where it was first seen, `calm` its smoothed spot, `still` where it has stood since `still_s`.
    """

    box: Box
    spot: Spot
    seen_s: float
    looks: int
    velocity: tuple[float, float, float]
    first: Spot
    calm: Spot
    still: Spot
    still_s: float
    moved: bool = False


def begin(box: Box, now_s: float) -> Motion:
    """Return the motion of a face that is seen for the first time."""
    spot = spot_of(box)
    return Motion(box, spot, now_s, 1, (0.0, 0.0, 0.0), spot, spot, spot, now_s)


def observe(motion: Motion, box: Box, now_s: float) -> Motion:
    """Return the motion after the face was seen in `box`."""
    elapsed_s, spot = max(now_s - motion.seen_s, 1e-3), spot_of(box)
    motion = _steady(motion, spot) if motion.looks == 1 else motion
    calm = _calm_down(motion.calm, spot, elapsed_s)
    left_still = _left(motion.still, calm)
    return Motion(
        box=box,
        spot=spot,
        seen_s=now_s,
        looks=motion.looks + 1,
        velocity=_average_velocity(motion, spot, calm, elapsed_s),
        first=motion.first,
        calm=calm,
        still=calm if left_still else motion.still,
        still_s=now_s if left_still else motion.still_s,
        moved=motion.moved or left_still,
    )


def expect(motion: Motion, now_s: float) -> Box:
    """Return where the face should be at `now_s`."""
    ahead_s = min(max(now_s - motion.seen_s, 0.0), _FORESEEN_S)
    box, spot, (vx, vy, growth) = motion.box, motion.spot, motion.velocity
    x, y, scale = spot.x + vx * ahead_s, spot.y + vy * ahead_s, exp(growth * ahead_s) / 2
    half_width, half_height = (box.x_max - box.x_min) * scale, (box.y_max - box.y_min) * scale
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def pair_costs(motions: Sequence[Motion], boxes: Sequence[Box], now_s: float) -> list[list[float]]:
    """Return a row for each motion, a column for each box, 0..1: how unlikely it is that the box shows that face.

    1 is a pair that cannot be. People stop: a box near the last one may be the face too, and one upon it likely is.
    Plain numbers: for the one to five faces of most frames several times faster than arrays.
    """
    found = sorted((spot_of(box), i, box) for i, box in enumerate(boxes))
    found_x = [spot.x for spot, _, _ in found]
    costs = []
    for motion in motions:
        row = [1.0] * len(boxes)
        for i, cost in _costs_of(motion, found, found_x, now_s):
            row[i] = cost
        costs.append(row)
    return costs


def _costs_of(
    motion: Motion, found: Sequence[tuple[Spot, int, Box]], found_x: Sequence[float], now_s: float
) -> Iterator[tuple[int, float]]:
    """Yield the number and the cost of each box that can be; `found` goes from left to right, as `found_x` does."""
    unseen_s = max(now_s - motion.seen_s, 0.0)
    expected = expect(motion, now_s)
    ahead, last = spot_of(expected), motion.spot
    reach, most = _reach_sides(motion, unseen_s), _RESIZE + _RESIZE_PER_S * unseen_s
    waited = _WEIGHT_UNSEEN * min(unseen_s / _UNSEEN_S, 1)
    room = reach * max(ahead.side * exp(min(most, _MOST_ROOM)), last.side)
    left, right = min(ahead.x, last.x) - room, max(ahead.x, last.x) + room
    top, bottom = min(ahead.y, last.y) - room, max(ahead.y, last.y) + room
    for spot, i, box in found[bisect_left(found_x, left) : bisect_right(found_x, right)]:
        if not top <= spot.y <= bottom:
            continue  # neither place is within reach, however large the face may be
        apart, resized = _apart_sides(ahead, spot), abs(log(spot.side / ahead.side)) / most
        if resized <= 1 and (apart <= reach or _apart_sides(last, spot) <= reach):
            overlap = max(iou(expected, box), iou(motion.box, box))
            near = _WEIGHT_APART * min(apart / _REACH_MOST_SIDES, 1) + _WEIGHT_OVERLAP * (1 - overlap)
            yield i, near + _WEIGHT_RESIZE * resized + waited


def spot_of(box: Box) -> Spot:
    """Return the center of a box and its larger side."""
    side = max(box.x_max - box.x_min, box.y_max - box.y_min, 1e-6)
    return Spot((box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2, side)


def _steady(motion: Motion, spot: Spot) -> Motion:
    """Return the motion with its first place averaged over the first two looks, unless the face moves already."""
    if _left(motion.first, spot):
        return motion
    first = _between(motion.first, spot, 0.5)
    return motion._replace(first=first, still=first)


def _apart_sides(a: Spot, b: Spot) -> float:
    """Return how far two spots are apart, in sides of the larger one."""
    return hypot(a.x - b.x, a.y - b.y) / max(a.side, b.side)


def _reach_sides(motion: Motion, unseen_s: float) -> float:
    per_s = _REACH_KNOWN_SIDES_PER_S if motion.looks > 1 else _REACH_NEW_SIDES_PER_S
    if not motion.moved and motion.seen_s - motion.still_s >= _STILL_S:
        per_s = _REACH_STILL_SIDES_PER_S
    return min(_REACH_SIDES + per_s * unseen_s, _REACH_MOST_SIDES)


def _average_velocity(motion: Motion, after: Spot, calm: Spot, elapsed_s: float) -> tuple[float, float, float]:
    """Return the velocity with the newest step in it: a plain mean at first, then an exponential one.

    The change of size is that of the smoothed side: sizes jitter more than places do.
    """
    before, (vx, vy, growth) = motion.spot, motion.velocity
    grown = min(max(log(calm.side / motion.calm.side) / elapsed_s, -_FASTEST_GROWTH), _FASTEST_GROWTH)
    share = max(1 - exp(-elapsed_s / _VELOCITY_S), 1 / motion.looks)
    vx += share * ((after.x - before.x) / elapsed_s - vx)
    vy += share * ((after.y - before.y) / elapsed_s - vy)
    return vx, vy, growth + share * (grown - growth)


def _calm_down(calm: Spot, spot: Spot, elapsed_s: float) -> Spot:
    return _between(calm, spot, min(1 - exp(-elapsed_s / _CALM_S), _CALM_MOST))


def _between(a: Spot, b: Spot, share: float) -> Spot:
    return Spot(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), a.side + share * (b.side - a.side))


def _left(before: Spot, after: Spot) -> bool:
    apart, resized = hypot(before.x - after.x, before.y - after.y) / before.side, abs(after.side / before.side - 1)
    return max(apart, resized) > _MOVED_SIDES
