"""What happens in a clip, frozen: who walks where and when, wearing what, in which light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 960, 540

DOORWAY = (192, 33, 558, 540)
"""Opening of the door in pixels: left, top, right, bottom. Whoever is outside is seen only through it."""

_HORIZON_Y = 128.0
_DROP = 0.95
"""The middle of a face of side s is at the horizon + drop × s: the camera hangs a little above the heads."""

_STEPS_HZ = 1.8
_RISE_S = 0.35
"""How long a hand takes to rise, and to fall."""


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where somebody is at a time: x of the middle of the face, and the face's height, in pixels of the frame."""

    at_s: float
    x: float
    side: float
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """From when on which face (its number in the cast) somebody shows."""

    from_s: float
    face: int


@dataclass(frozen=True, slots=True)
class Walk:
    """One visit of somebody. `hands` are the times (from, until) with a hand before the mouth.

    `tall` shifts the face up, in its sides; `phase` is where the steps begin, 0..1.
    """

    looks: tuple[Look, ...]
    waypoints: tuple[Waypoint, ...]
    hands: tuple[tuple[float, float], ...] = ()
    tall: float = 0.0
    phase: float = 0.0


@dataclass(frozen=True, slots=True)
class Poster:
    """A photograph on the wall: number of its face, the middle of the face and its height in pixels of the frame."""

    face: int
    x: float
    y: float
    side: float


@dataclass(frozen=True, slots=True)
class Light:
    """Light and camera: 1.0 is the plain brightness; `tint` is of blue, green, red; noise in levels of 255.

    `back` (0..1) darkens people before a glaring door, `flicker_frac` is how far the brightness swings.
    """

    gain: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    back: float = 0.0
    flicker_frac: float = 0.0
    flicker_hz: float = 1.0
    noise: float = 2.5
    shutter: float = 0.4


LIGHTS = {
    "day": Light(),
    "bright": Light(gain=1.18, noise=1.5),
    "warm": Light(gain=0.9, tint=(0.82, 0.97, 1.08)),
    "back light": Light(gain=1.08, back=0.55, noise=3.0),
    "dusk": Light(gain=0.6, tint=(1.1, 1.0, 0.9), noise=6.0, shutter=0.8),
    "flicker": Light(flicker_frac=0.22, flicker_hz=2.3, noise=3.0),
    "night": Light(gain=0.22, tint=(1.15, 1.0, 0.85), flicker_frac=0.1, flicker_hz=0.3, noise=10.0, shutter=0.9),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole clip. In `stalls` (from, until, seconds) the camera repeats its last picture."""

    scenario: str
    seed: int
    fps: float
    seconds: float
    walks: tuple[Walk, ...]
    posters: tuple[Poster, ...] = ()
    light: Light = LIGHTS["day"]
    stalls: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the middle of a face is, its height, how it leans, its speed (px/s), and how far a hand is up, 0..1."""

    x: float
    y: float
    side: float
    lean_deg: float
    speed: tuple[float, float]
    outside: bool
    hand: float


def pose_at(walk: Walk, time_s: float) -> Pose | None:
    """Return where somebody is at a time; None before the first waypoint and after the last."""
    if not walk.waypoints[0].at_s <= time_s <= walk.waypoints[-1].at_s:
        return None
    x, y, side = _place(walk, time_s)
    ahead_x, ahead_y, _ = _place(walk, time_s + 0.02)
    passed = [waypoint for waypoint in walk.waypoints if waypoint.at_s <= time_s]
    step = 2 * math.pi * (_STEPS_HZ * time_s + walk.phase)
    speed = (ahead_x - x) / 0.02, (ahead_y - y) / 0.02
    return Pose(x, y, side, 2.5 * math.sin(step / 2), speed, passed[-1].outside, _hand(walk, time_s))


def _place(walk: Walk, time_s: float) -> tuple[float, float, float]:
    """Return x, y and side; a little sway and the bounce of the steps included."""
    at = [waypoint.at_s for waypoint in walk.waypoints]
    side = math.exp(np.interp(time_s, at, [math.log(waypoint.side) for waypoint in walk.waypoints]))
    step = 2 * math.pi * (_STEPS_HZ * time_s + walk.phase)
    x = float(np.interp(time_s, at, [waypoint.x for waypoint in walk.waypoints])) + 0.03 * side * math.sin(step / 2)
    y = _HORIZON_Y + (_DROP - walk.tall) * side + 0.025 * side * math.sin(step)
    return x, y, side


def _hand(walk: Walk, time_s: float) -> float:
    """Return how far the hand is up, 0..1."""
    ups = (min(time_s - start_s, end_s - time_s) / _RISE_S for start_s, end_s in walk.hands)
    return max(0.0, min(1.0, max(ups, default=0.0)))


def face_at(walk: Walk, time_s: float) -> int:
    """Return the number of the face that somebody shows at a time."""
    return [look.face for look in walk.looks if look.from_s <= time_s or look is walk.looks[0]][-1]
