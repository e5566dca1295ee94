"""A mute ends by itself, and the last word counts."""

from __future__ import annotations

from edge.mute import Mute


def test_a_new_mute_is_not_muted() -> None:
    assert not Mute().is_muted(0.0)


def test_a_mute_ends_by_itself_at_its_time() -> None:
    mute = Mute()
    mute.set(until_s=160.0)
    assert [mute.is_muted(now_s) for now_s in (100.0, 159.9, 160.0, 500.0)] == [True, True, False, False]


def test_unmuting_ends_a_mute_at_once() -> None:
    mute = Mute()
    mute.set(until_s=160.0)
    mute.clear()
    assert not mute.is_muted(100.0)


def test_a_shorter_mute_replaces_a_longer_one() -> None:
    mute = Mute()
    mute.set(until_s=1000.0)
    mute.set(until_s=160.0)
    assert not mute.is_muted(200.0)


def test_what_remains_of_a_mute_counts_down_to_nothing() -> None:
    mute = Mute()
    mute.set(until_s=160.0)
    assert [mute.remaining_s(now_s) for now_s in (100.0, 150.0, 170.0)] == [60.0, 10.0, 0.0]
