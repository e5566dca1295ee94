"""A camera that delivers the same picture for ever."""

from __future__ import annotations

import numpy as np

from edge.records import Frame
from edge.sources.frozen import Stillness, fingerprint

DOOR = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)


def noisy(index: int) -> np.ndarray:
    """Return the door as a sensor sees it: a level more or less here and there."""
    noise = np.random.default_rng(index).integers(0, 2, DOOR.shape, np.uint8)
    return DOOR // 2 + noise


def verdicts(pictures: list[np.ndarray], fps: float = 10.0) -> list[bool]:
    still = Stillness(10.0)
    return [still.is_frozen(Frame(index, index / fps, each)) for index, each in enumerate(pictures)]


def test_equal_pictures_are_frozen_after_ten_seconds_and_not_before() -> None:
    assert verdicts([DOOR] * 120) == [False] * 100 + [True] * 20


def test_a_quiet_door_with_the_noise_of_a_sensor_is_never_frozen() -> None:
    assert not any(verdicts([noisy(index) for index in range(130)]))


def test_one_other_picture_ends_it() -> None:
    assert verdicts([DOOR] * 105 + [noisy(0)] + [DOOR] * 5)[-6:] == [False] * 6


def test_a_dark_room_or_a_covered_lens_is_not_frozen() -> None:
    for level in (0, 255):
        assert not any(verdicts([np.full((240, 320, 3), level, np.uint8)] * 200))


def test_a_fingerprint_tells_pictures_that_differ_by_one_level_in_a_tenth_of_the_pixels() -> None:
    other = DOOR.copy()
    other[::3, ::3] ^= 1
    assert fingerprint(other) != fingerprint(DOOR)
    assert fingerprint(DOOR.copy()) == fingerprint(DOOR)
