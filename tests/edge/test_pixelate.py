"""Faces that cannot be recognized any more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.geometry import Box
from edge.pixelate import pixelate

NOISE = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
FACE = Box(100, 60, 190, 170)


def colors(picture: np.ndarray) -> int:
    return len(np.unique(picture.astype(np.uint32) @ [65536, 256, 1]))


def test_a_face_becomes_at_most_seven_by_seven_blocks_with_a_margin_around_it() -> None:
    mosaic = pixelate(NOISE, [FACE])[44:186, 87:203]
    assert 16 <= colors(mosaic) <= 49


@given(x=st.floats(-100, 400), y=st.floats(-100, 300), width=st.floats(0.5, 400), height=st.floats(0.5, 400))
@settings(deadline=None)
def test_no_face_keeps_more_colors_than_blocks_whatever_its_place_and_size(
    x: float, y: float, width: float, height: float
) -> None:
    picture = pixelate(NOISE, [Box(x, y, x + width, y + height)])
    left, top = max(round(x), 0), max(round(y), 0)
    inside = picture[top : max(round(y + height), 0), left : max(round(x + width), 0)]
    assert inside.size == 0 or colors(inside) <= 64


def test_only_the_mean_of_each_block_matters() -> None:
    """Pictures that differ within the blocks become the same: what made the difference cannot be got back."""
    flat = np.full((200, 200, 3), 100, np.uint8)
    detailed = flat.copy()
    detailed[::2, ::2], detailed[1::2, ::2], detailed[::2, 1::2], detailed[1::2, 1::2] = 60, 140, 140, 60
    whole = Box(0, 0, 200, 200)
    assert np.array_equal(pixelate(flat, [whole]), pixelate(detailed, [whole]))


def test_everything_else_stays_and_the_original_is_not_touched() -> None:
    before = NOISE.copy()
    picture = pixelate(NOISE, [FACE])
    assert np.array_equal(NOISE, before)
    assert np.array_equal(picture[:, :86], NOISE[:, :86])
    assert np.array_equal(picture[187:], NOISE[187:])


@pytest.mark.parametrize("box", [Box(-50, -50, -10, -10), Box(400, 300, 450, 350), Box(10, 10, 10, 10)])
def test_boxes_without_a_pixel_in_the_picture_change_little(box: Box) -> None:
    assert np.count_nonzero((pixelate(NOISE, [box]) != NOISE).any(axis=2)) <= 1
