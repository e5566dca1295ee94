"""What may happen at a door, each a function from a director to a plan. Seconds, and pixels of the frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from plans import LIGHTS, WIDTH, Light, Look, Plan, Poster, Walk, Waypoint

from edge.errors import DataError
from edge.records import WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY
from train.faces import LabeledFace

FAR_SIDE = 38.0
"""Height of a face that has just come into the doorway."""

NEAR_SIDE = 165.0
_ENLARGED_MOST = 1.25
"""A face is shown at most this much larger than in its picture."""

_FPS = (10.0, 12.0, 15.0)
_GAP_S = 6.0
_OUTSIDE_X = 860.0
"""Where people pass who do not come to the door."""


@dataclass(frozen=True, slots=True, eq=False)
class Director:
    """Casts and times a clip: its chance, the faces to choose from, and the pause between visits."""

    random: np.random.Generator
    cast: Sequence[LabeledFace]
    gap_s: float = _GAP_S

    def pick(self, *labels: str) -> int:
        """Return the number of a face of one of the labels, each as likely, those without a face left out.

        Raises DataError when there is none.
        """
        known = [[n for n, face in enumerate(self.cast) if face.label == label] for label in labels]
        there = [numbers for numbers in known if numbers]
        if not there:
            raise DataError(f"no face that may play is labeled {' or '.join(labels)}; take more sources or pictures")
        return int(self.random.choice(there[int(self.random.integers(len(there)))]))

    def between(self, low: float, high: float) -> float:
        """Return a number between two."""
        return float(self.random.uniform(low, high))

    def near_side(self, *faces: int) -> float:
        """Return how high the faces may become, each enlarged no more than it bears."""
        sides = [face.box.height * _ENLARGED_MOST for n in faces if (face := self.cast[n]).box]
        return min(NEAR_SIDE * self.between(0.75, 1.1), *sides)

    def walk(self, face: int, waypoints: Sequence[Waypoint], hands: Sequence[tuple[float, float]] = ()) -> Walk:
        """Return a visit of a face that never changes."""
        looks = (Look(waypoints[0].at_s, face),)
        return Walk(looks, tuple(waypoints), tuple(hands), self.between(-0.25, 0.3), self.between(0, 1))

    def visit(self, face: int, at_s: float, stay_s: float) -> Walk:
        """Return a visit by the door, or along the wall when the face is too small to come close."""
        near = self.near_side(face)
        return self.walk(face, self.come(at_s, near, stay_s) if self.random.random() < 0.75 else self.cross(at_s, near))

    def come(self, at_s: float, near: float, stay_s: float, x: float | None = None) -> list[Waypoint]:
        """Return the way in through the door, towards the camera, and out past it."""
        middle = self.between(280, 640) if x is None else x
        start = self.between(250, 500)
        in_s, out_s = self.between(1.8, 3.0), self.between(0.9, 1.6)
        edge = -0.8 * near if middle < WIDTH / 2 else WIDTH + 0.8 * near
        return [
            Waypoint(at_s, 150.0 if start < 375 else 600.0, FAR_SIDE, outside=True),
            Waypoint(at_s + 0.6, start, FAR_SIDE * 1.05),
            Waypoint(at_s + 0.6 + in_s, middle, near),
            Waypoint(at_s + 0.6 + in_s + stay_s, middle + self.between(-15, 15), near * 1.02),
            Waypoint(at_s + 0.6 + in_s + stay_s + out_s, edge, near * 1.12),
        ]

    def cross(self, at_s: float, side: float, rightward: bool | None = None) -> list[Waypoint]:
        """Return the way from one side of the picture to the other."""
        right = self.random.random() < 0.5 if rightward is None else rightward
        ends = (-0.8 * side, WIDTH + 0.8 * side)
        took_s = self.between(3.0, 4.5)
        start, end = ends if right else ends[::-1]
        return [Waypoint(at_s, start, side * 0.95), Waypoint(at_s + took_s, end, side)]

    def plan(self, scenario: str, walks: Sequence[Walk], light: str | Light | None = None, seconds: float = 0) -> Plan:
        """Return a clip that ends a while after the last walk, in some light."""
        ends_s = max((walk.waypoints[-1].at_s for walk in walks), default=0.0) + self.gap_s
        name = str(self.random.choice(["day", "day", "bright", "warm", "back light", "dusk"]))
        lit = light if isinstance(light, Light) else LIGHTS[light or name]
        seed = int(self.random.integers(2**31))
        return Plan(scenario, seed, float(self.random.choice(_FPS)), max(seconds, ends_s), tuple(walks), light=lit)

    def one_by_one(self, faces: Sequence[int]) -> list[Walk]:
        """Return visits one after the other, with a pause in between."""
        walks: list[Walk] = []
        at_s = 2.5
        for face in faces:
            walks.append(self.visit(face, at_s, self.between(0.5, 2.5)))
            at_s = walks[-1].waypoints[-1].at_s + self.gap_s
        return walks


def single_masked(d: Director) -> Plan:
    """Three masked visitors, one after the other."""
    return d.plan("single masked", d.one_by_one([d.pick(WITH_MASK) for _ in range(3)]))


def single_unmasked(d: Director) -> Plan:
    """Two visitors without a mask."""
    return d.plan("single unmasked", d.one_by_one([d.pick(WITHOUT_MASK) for _ in range(2)]))


def worn_incorrectly(d: Director) -> Plan:
    """Two visitors whose mask does not cover the nose."""
    return d.plan("worn incorrectly", d.one_by_one([d.pick(WORN_INCORRECTLY) for _ in range(2)]))


def among_masked(d: Director) -> Plan:
    """A group of five, one of them without a mask."""
    faces = [d.pick(WITH_MASK) for _ in range(4)]
    faces.insert(int(d.random.integers(5)), d.pick(WITHOUT_MASK))
    walks = [_in_row(d, face, place, 5, 2.5 + d.between(0, 1.5), d.between(3, 5)) for place, face in enumerate(faces)]
    return d.plan("unmasked among masked", walks, seconds=20)


def poster(d: Director) -> Plan:
    """Two photographs of bare faces hang on the wall; masked people come and go."""
    faces = [d.pick(WITHOUT_MASK) for _ in range(2)]
    places = ((95.0, 150.0), (690.0, 150.0))
    posters = tuple(
        Poster(face, x, y, min(80.0, d.near_side(face))) for face, (x, y) in zip(faces, places, strict=True)
    )
    return replace(d.plan("posters", d.one_by_one([d.pick(WITH_MASK) for _ in range(2)]), seconds=30), posters=posters)


def hand_before_mask(d: Director) -> Plan:
    """Masked people who touch their masks."""
    walks = [replace(w, hands=_hands(d, w)) for w in d.one_by_one([d.pick(WITH_MASK) for _ in range(2)])]
    return d.plan("hand before a mask", walks)


def hand_before_mouth(d: Director) -> Plan:
    """People without a mask whose hand is before the mouth for as long as they are seen."""
    walks = d.one_by_one([d.pick(WITHOUT_MASK) for _ in range(2)])
    walks = [replace(w, hands=((w.waypoints[0].at_s - 1, w.waypoints[-1].at_s + 1),)) for w in walks]
    return d.plan("hand before the mouth", walks)


def crossing(d: Director) -> Plan:
    """Pairs that walk across each other, both masked or one of them not."""
    walks: list[Walk] = []
    at_s = 2.5
    for _ in range(2):
        faces = d.pick(WITH_MASK), d.pick(WITH_MASK, WITHOUT_MASK)
        side = d.near_side(*faces)
        walks.append(d.walk(faces[0], d.cross(at_s, side * d.between(0.75, 0.95), rightward=True)))
        walks.append(d.walk(faces[1], d.cross(at_s + d.between(0, 0.5), side, rightward=False)))
        at_s = max(walk.waypoints[-1].at_s for walk in walks) + d.gap_s
    return d.plan("crossing", walks)


def crowd_masked(d: Director) -> Plan:
    """Ten masked people who come together and stay for a while."""
    walks = [_in_row(d, d.pick(WITH_MASK), place, 10, d.between(2, 6), d.between(6, 12)) for place in range(10)]
    return d.plan("crowd of ten masked", walks, seconds=25)


def night(d: Director) -> Plan:
    """Nobody for forty seconds: dark, noisy, with slow swings of light."""
    return d.plan("empty night", (), "night", seconds=40)


def mask_taken_off(d: Director) -> Plan:
    """Somebody comes masked and takes the mask off at the door."""
    return _changes(d, "mask taken off", (WITH_MASK, WITHOUT_MASK))


def mask_put_on(d: Director) -> Plan:
    """Somebody comes without a mask and puts one on at the door."""
    return _changes(d, "mask put on", (WITHOUT_MASK, WITH_MASK))


def passers_by(d: Director) -> Plan:
    """People without a mask who stay outside the zone: on the right, or far away in the doorway."""
    walks: list[Walk] = []
    for at_s in (2.5, 12.0):
        face = d.pick(WITHOUT_MASK)
        side = d.near_side(face) * 0.8
        ways = (WIDTH + side, 0.0), (_OUTSIDE_X, 1.0), (_OUTSIDE_X - 10, 4.0), (WIDTH + side, 5.0)
        walks.append(d.walk(face, [Waypoint(at_s + after_s, x, side) for x, after_s in ways]))
    far = [Waypoint(5.0, 150.0, 36.0, outside=True), Waypoint(12.0, 600.0, 38.0, outside=True)]
    return d.plan("outside the zone", [*walks, d.walk(d.pick(WITHOUT_MASK), far)], seconds=25)


def low_frame_rate(d: Director) -> Plan:
    """Visitors with and without a mask at two to four frames a second."""
    walks = d.one_by_one([d.pick(WITH_MASK), d.pick(WITHOUT_MASK), d.pick(WITH_MASK)])
    return replace(d.plan("low frame rate", walks), fps=float(d.random.choice([2.0, 3.0, 4.0])))


def stalling_camera(d: Director) -> Plan:
    """A camera that repeats its last picture now and then for half a second."""
    plan = d.plan("stalling camera", d.one_by_one([d.pick(WITHOUT_MASK), d.pick(WITH_MASK), d.pick(WITH_MASK)]))
    starts = np.arange(2.0, plan.seconds, 1.5) + d.random.uniform(0, 0.6, len(np.arange(2.0, plan.seconds, 1.5)))
    return replace(plan, stalls=tuple((float(at_s), float(at_s) + d.between(0.2, 0.6)) for at_s in starts))


def flickering_light(d: Director) -> Plan:
    """A lamp that flickers over visitors with and without a mask."""
    return d.plan("flickering light", d.one_by_one([d.pick(WITH_MASK), d.pick(WITHOUT_MASK)]), "flicker")


def repeated_visits(d: Director) -> Plan:
    """The same person without a mask comes three times."""
    face = d.pick(WITHOUT_MASK)
    return d.plan("repeated visits", d.one_by_one([face] * 3))


def long_stay(d: Director) -> Plan:
    """Somebody without a mask stands at the door for three quarters of a minute."""
    face = d.pick(WITHOUT_MASK)
    ways = d.come(2.5, d.near_side(face), 45.0)
    steps = [Waypoint(8.0 + 3 * n, ways[2].x + d.between(-40, 40), ways[2].side) for n in range(12)]
    return d.plan("long stay", [d.walk(face, [*ways[:3], *steps, *ways[3:]])])


def stream(d: Director) -> Plan:
    """Four visitors one by one, masked or not, ten frames a second: what the rates are measured on."""
    faces = [d.pick(WITH_MASK, WITHOUT_MASK) for _ in range(4)]
    return replace(d.plan("stream", d.one_by_one(faces)), fps=10.0)


SCENARIOS: Mapping[str, Callable[[Director], Plan]] = {
    function.__name__: function
    for function in (
        single_masked, single_unmasked, worn_incorrectly, among_masked, poster, hand_before_mask, hand_before_mouth,
        crossing, crowd_masked, night, mask_taken_off, mask_put_on, passers_by, low_frame_rate, stalling_camera,
        flickering_light, repeated_visits, long_stay, stream,
    )
}  # fmt: skip
"""Every scenario by its name."""


def _in_row(d: Director, face: int, place: int, places: int, at_s: float, stay_s: float) -> Walk:
    """Return a visit to one of several places side by side, the outer ones farther back."""
    x = 90 + 640 * (place + 0.5) / places
    near = min(d.near_side(face), d.between(70, 120) if places > 5 else d.between(95, 150))
    return d.walk(face, d.come(at_s, near, stay_s, x=x))


def _hands(d: Director, walk: Walk) -> tuple[tuple[float, float], ...]:
    start_s, end_s = walk.waypoints[0].at_s, walk.waypoints[-1].at_s
    return ((start_s + 0.4 * (end_s - start_s), start_s + 0.4 * (end_s - start_s) + d.between(1.0, 2.0)),)


def _changes(d: Director, scenario: str, labels: tuple[str, str]) -> Plan:
    """Return a plan in which a face is changed for another one, behind a hand, while somebody stands at the door."""
    faces = [d.pick(label) for label in labels]
    ways = d.come(2.5, d.near_side(*faces), 9.0)
    at_s = ways[2].at_s + d.between(2.5, 3.5)
    walk = d.walk(faces[0], ways, ((at_s - 0.6, at_s + 0.6),))
    return d.plan(scenario, [replace(walk, looks=(*walk.looks, Look(at_s, faces[1])))])
