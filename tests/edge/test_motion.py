from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from people import square

from edge.geometry import Box
from edge.motion import Motion, begin, expect, observe, pair_costs


def follow(boxes: Sequence[Box], step_s: float = 0.1) -> Motion:
    motion = begin(boxes[0], 0.0)
    for index, box in enumerate(boxes[1:], 1):
        motion = observe(motion, box, index * step_s)
    return motion


def cost(motion: Motion, box: Box, now_s: float) -> float:
    return pair_costs([motion], [box], now_s)[0][0]


def jitter(share: float, count: int = 3000, side: float = 80.0) -> list[Box]:
    """Return boxes of a face that hangs on a wall, each side of them off by a share of the face."""
    chance = random.Random(4)
    return [
        Box(*(at + chance.gauss(0, share * side) for at in (200, 200, 200 + side, 200 + side))) for _ in range(count)
    ]


def test_a_walker_is_expected_a_step_farther_and_not_farther_than_half_a_second_ahead() -> None:
    motion = follow([square(100 + 20 * i, 200) for i in range(6)])
    assert expect(motion, 0.6).x_min == pytest.approx(220)
    assert expect(motion, 5.0).x_min == pytest.approx(300)


def test_somebody_who_comes_nearer_is_expected_larger() -> None:
    motion = follow([square(100, 100, 60 * 1.05**i) for i in range(8)])
    assert expect(motion, 0.8).width == pytest.approx(60 * 1.05**8, rel=0.03)


def test_the_longer_a_face_is_missed_the_farther_away_it_is_looked_for() -> None:
    motion = follow([square(100 + 10 * i, 200) for i in range(5)])
    there = square(360, 200)
    assert cost(motion, there, 0.5) == 1.0
    assert cost(motion, there, 1.2) < 1.0


def test_a_face_of_another_size_is_another_face() -> None:
    motion = follow([square(200, 200)] * 3)
    assert cost(motion, square(200, 200, 90), 0.3) < 0.5
    assert cost(motion, square(220, 220, 40), 0.3) == 1.0


def test_who_is_far_away_in_a_crowd_costs_1_and_who_is_near_the_same_as_alone() -> None:
    motions = [begin(square(100 * i, 200), 0.0) for i in range(6)]
    boxes = [square(100 * i, 205) for i in range(6)]
    costs = pair_costs(motions, boxes, 0.1)
    assert costs == [[cost(motion, box, 0.1) for box in boxes] for motion in motions]
    assert [[each < 1 for each in row] for row in costs] == [[i == j for j in range(6)] for i in range(6)]


def test_nobody_and_nothing_cost_nothing() -> None:
    assert pair_costs([], [square(0, 0)], 0.0) == []
    assert pair_costs([begin(square(0, 0), 0.0)], [], 0.0) == [[]]


@pytest.mark.parametrize("unseen_s", [0.1, 3600.0])
def test_a_box_of_no_area_and_a_long_gap_cost_a_number(unseen_s: float) -> None:
    flat = Box(200, 200, 200, 200)
    assert 0 <= cost(begin(flat, 0.0), flat, unseen_s) <= 1
    assert 0 <= cost(begin(square(200, 200), 0.0), flat, unseen_s) <= 1


def test_the_cost_stays_within_its_range() -> None:
    motion = begin(square(200, 200), 0.0)
    costs = [cost(motion, square(200 + dx, 200, side), 0.5) for dx in range(0, 600, 25) for side in (60, 80, 100)]
    assert all(0 <= each <= 1 and math.isfinite(each) for each in costs)


def test_a_fresh_track_is_preferred_to_one_that_was_lost_a_while_ago() -> None:
    fresh = observe(begin(square(200, 200), 0.0), square(200, 200), 1.0)
    lost = begin(square(200, 200), 0.0)
    assert cost(fresh, square(210, 200), 1.1) < cost(lost, square(210, 200), 1.1)


def test_whoever_stops_abruptly_is_still_the_same_person() -> None:
    walked = follow([square(160.0 * i, 200) for i in range(4)], step_s=0.5)
    assert cost(walked, square(480, 200), 2.0) < 1.0


def test_nobody_who_walks_by_takes_the_place_of_a_face_that_never_moved() -> None:
    poster, walker = follow([square(200, 200)] * 20), follow([square(10.0 * i, 200) for i in range(20)])
    assert cost(poster, square(400, 200), 2.6) == 1.0
    assert cost(walker, square(400, 200), 2.6) < 1.0


@pytest.mark.parametrize("share", [0.02, 0.05, 0.08])
@pytest.mark.parametrize("step_s", [0.033, 0.1, 0.5])
def test_a_box_that_jitters_has_not_moved(share: float, step_s: float) -> None:
    assert not follow(jitter(share), step_s).moved


def test_a_face_that_sways_out_of_its_place_has_moved() -> None:
    assert follow([square(200 + 60 * math.sin(i / 8), 200) for i in range(40)]).moved


def test_whoever_walks_and_stops_stands_still_since_then() -> None:
    motion = follow([square(min(20.0 * i, 400), 200) for i in range(80)])
    assert 1.8 < motion.still_s < 2.5
