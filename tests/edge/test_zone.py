from __future__ import annotations

import pytest
from people import person, square

from edge.geometry import Box
from edge.settings import Zone
from edge.zone import contains, is_static, may_count_soon, stands_at_door

SQUARE = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
ARROW = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.0, 1.0))
SLANTED = ((0.1, 0.2), (0.9, 0.4), (0.7, 0.9), (0.3, 0.8))


@pytest.mark.parametrize(
    ("polygon", "x", "y", "inside"),
    [
        (SQUARE, 0.25, 0.5, True),
        (SQUARE, 0.75, 0.5, False),
        (ARROW, 0.3, 0.5, True),
        (ARROW, 0.9, 0.5, False),
        (ARROW, 0.9, 0.05, True),
        *((SLANTED, x, y, True) for x, y in ((0.22, 0.5), (0.78, 0.65), (0.5, 0.32), (0.5, 0.83))),
        *((SLANTED, x, y, False) for x, y in ((0.18, 0.5), (0.82, 0.65), (0.5, 0.28), (0.5, 0.87))),
    ],
)
def test_a_polygon_may_be_slanted_and_bent_inward(
    polygon: tuple[tuple[float, float], ...], x: float, y: float, inside: bool
) -> None:
    assert contains(polygon, x, y) is inside


def at_door(box: Box, config: Zone, moved: bool = True) -> bool:
    return stands_at_door(person(1, box=box, moved=moved), 640, 480, 1.0, config)


def test_without_a_polygon_the_whole_picture_is_the_door() -> None:
    assert at_door(square(0, 0), Zone())


def test_the_middle_of_the_face_must_lie_in_the_polygon() -> None:
    config = Zone(polygon=SQUARE)
    assert at_door(square(200, 200), config)
    assert not at_door(square(300, 200), config)


def test_faces_too_small_or_too_large_do_not_count() -> None:
    assert not at_door(square(100, 100, 30), Zone(min_face_frac=0.06))
    assert at_door(square(100, 100, 39), Zone(min_face_frac=0.06))
    assert at_door(square(0, 0, 570), Zone(max_face_frac=0.9))
    assert not at_door(square(0, 0, 585), Zone(max_face_frac=0.9))


def test_sizes_are_those_of_the_longer_sides_of_face_and_picture() -> None:
    config = Zone(min_face_frac=0.1)
    for box in (Box(100, 100, 130, 170), Box(100, 100, 170, 130)):
        assert at_door(box, config)
    for width, height in ((640, 480), (480, 640)):
        assert not stands_at_door(person(1, box=square(100, 100, 60)), width, height, 1.0, config)


def test_whoever_stood_at_the_door_stays_there_while_the_box_jitters_at_the_border() -> None:
    middle = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
    config, width, height = Zone(polygon=middle, min_face_frac=0.125, max_face_frac=0.25), 640, 480
    beside = [square(x - 40, y - 40) for x, y in ((154, 240), (486, 240), (320, 114), (320, 366))]
    for box in (square(250, 200, 74), square(240, 160, 168), *beside):
        assert not stands_at_door(person(1, box=box), width, height, 1.0, config)
        assert stands_at_door(person(1, box=box), width, height, 1.0, config, stood_there=True)
    farther = [square(x - 40, y - 40) for x, y in ((146, 240), (494, 240), (320, 106), (320, 374))]
    for box in (square(250, 200, 70), square(240, 160, 180), *farther):
        assert not stands_at_door(person(1, box=box), width, height, 1.0, config, stood_there=True)


def test_whoever_comes_near_the_door_is_looked_at_already() -> None:
    config = Zone(polygon=SQUARE, min_face_frac=0.125)
    assert may_count_soon(square(360, 100), 640, 480, config)
    assert may_count_soon(square(100, 100, 60), 640, 480, config)
    assert not may_count_soon(square(450, 100), 640, 480, config)
    assert not may_count_soon(square(100, 100, 40), 640, 480, config)


def test_a_face_that_never_moved_does_not_count() -> None:
    assert not at_door(square(200, 200), Zone(), moved=False)


def test_a_newcomer_who_does_not_stir_becomes_a_poster_after_a_while() -> None:
    newcomer = person(1)
    still = type(newcomer)(1, newcomer.box, newcomer.kind, "", 5.0, 5.0, 5.0, True)
    assert not is_static(still, 14.0, 10.0)
    assert is_static(still, 15.0, 10.0)
    assert not is_static(still, 1000.0, 0.0)


def test_somebody_who_walked_in_and_stands_still_stays_a_person() -> None:
    assert not is_static(person(1), 1000.0, 10.0)
