"""Follows faces from frame to frame and lets looks become a decision about a person.

A look is a vote that weighs what the classifier is sure of and how large the face is. A person is decided once enough
votes of the last seconds agree, and stays decided until the votes turn. State goes in and comes out; time is an
argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.geometry import Box, iou
from edge.records import Person, Verdict, VerdictKind
from edge.settings import Tracking

_MATCH_IOU = 0.2
_MATCH_DISTANCE = 0.8
"""Two boxes may be one face when their centers are no farther apart than this, in sides of the larger one."""

_MOVED_SIDES = 0.35
"""A face has moved once its center is this far from where it was first seen, in sides, or its side changed by this."""

_FULL_WEIGHT_PX = 48.0
"""Side from which a face's votes count in full; below it they count in proportion, down to a quarter."""

_LOOKS_PER_EVIDENCE = 1.5
_LONGEST_STEP_S = 2.0
"""Looks farther apart than this are a gap: nobody is waited for over it."""

_DOUBT_WINDOWS = 2
_KNOWN_PLACES = 16
_STOOD_S = 5.0
_PLACE_IOU = 0.5
_SETTLED_S = 2.0


@dataclass(frozen=True, slots=True)
class Vote:
    """One look: when, what it said, and how much it weighs (0..1)."""

    at_s: float
    kind: VerdictKind
    label: str
    weight: float


@dataclass(frozen=True, slots=True)
class Track:
    """A face that is being followed.

    `still_s` is when it last left the place where it stands, `sure_s` when a look last said something, `looks` how
    often it was seen.
    """

    id: int
    box: Box
    first_box: Box
    still_box: Box
    still_s: float
    first_s: float
    seen_s: float
    sure_s: float
    moved: bool
    looks: int = 0
    kind: VerdictKind = VerdictKind.UNSURE
    label: str = ""
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracks:
    """All that the tracker remembers.

    `places` are boxes where a face once stood and never moved: what appears there again is no newcomer.
    """

    tracks: tuple[Track, ...] = ()
    next_id: int = 1
    started_s: float | None = None
    looked_s: float | None = None
    places: tuple[Box, ...] = ()


def follow(
    state: Tracks, verdicts: Sequence[Verdict], now_s: float, config: Tracking
) -> tuple[Tracks, tuple[Person, ...]]:
    """Return the state after a frame's verdicts at `now_s` (monotonic seconds), and the people in view."""
    state = _catch_up(state, now_s, config)
    matches = _match(state.tracks, verdicts)
    tracks = [_look(track, verdicts[matches[i]], now_s, config) for i, track in enumerate(state.tracks) if i in matches]
    # one that was seen in a single frame was a false one
    tracks += [track for i, track in enumerate(state.tracks) if i not in matches and track.looks > 1]
    new = [verdict for i, verdict in enumerate(verdicts) if i not in matches.values()]
    for number, verdict in enumerate(new):
        tracks.append(_look(_start(verdict, state.next_id + number, now_s, state), verdict, now_s, config))
    state = replace(state, tracks=tuple(tracks), next_id=state.next_id + len(new))
    return state, tuple(_person(track) for track in tracks)


def _catch_up(state: Tracks, now_s: float, config: Tracking) -> Tracks:
    """Return the state without the faces that have been away for too long.

    A look or two may always be missed, however far apart the looks are; after a real gap everybody is a newcomer.
    """
    started_s = now_s if state.started_s is None else state.started_s
    step_s = min(now_s - state.looked_s, _LONGEST_STEP_S) if state.looked_s is not None else 0.0
    patience_s = max(config.forget_after_s, 2 * step_s)
    kept = tuple(track for track in state.tracks if now_s - track.seen_s <= patience_s)
    places = _remember(state.places, [track for track in state.tracks if track not in kept])
    return replace(state, tracks=kept, places=places, started_s=started_s, looked_s=now_s)


def _match(tracks: Sequence[Track], verdicts: Sequence[Verdict]) -> dict[int, int]:
    """Return which verdict continues which track (indices): the closest pairs first, each used once."""
    pairs = [
        (_likeness(track.box, verdict.face.box), t, v)
        for t, track in enumerate(tracks)
        for v, verdict in enumerate(verdicts)
    ]
    matches: dict[int, int] = {}
    for likeness, t, v in sorted(pairs, reverse=True):
        if likeness > 0 and t not in matches and v not in matches.values():
            matches[t] = v
    return matches


def _likeness(a: Box, b: Box) -> float:
    """Return 0..2, how much two boxes may be one face: overlap first, then nearness of alike sizes."""
    overlap = iou(a, b)
    if overlap >= _MATCH_IOU:
        return 1 + overlap
    side_a, side_b = _side(a), _side(b)
    alike = min(side_a, side_b) / max(side_a, side_b, 1e-6)
    nearness = 1 - _distance(a, b) / max(side_a, side_b, 1e-6) / _MATCH_DISTANCE
    return nearness * alike if alike > 0.6 and nearness > 0 else 0.0


def _start(verdict: Verdict, track_id: int, now_s: float, state: Tracks) -> Track:
    box = verdict.face.box
    watched = now_s - (state.started_s if state.started_s is not None else now_s) >= _SETTLED_S
    known = any(iou(box, place) >= _PLACE_IOU for place in state.places)
    return Track(track_id, box, box, box, now_s, now_s, now_s, now_s, moved=watched and not known)


def _look(track: Track, verdict: Verdict, now_s: float, config: Tracking) -> Track:
    box = verdict.face.box
    vote = Vote(now_s, verdict.kind, verdict.label, _weight(verdict))
    votes = _recent(track.votes, now_s, config) + (vote,)
    kind, label = _decide(track, votes, now_s, config)
    left = _has_moved(track.still_box, box)
    return replace(
        track,
        box=box,
        seen_s=now_s,
        sure_s=now_s if vote.weight else track.sure_s,
        looks=track.looks + 1,
        votes=votes,
        kind=kind,
        label=label,
        moved=track.moved or _has_moved(track.first_box, box),
        still_box=box if left else track.still_box,
        still_s=now_s if left else track.still_s,
    )


def _recent(votes: tuple[Vote, ...], now_s: float, config: Tracking) -> tuple[Vote, ...]:
    """Return the votes of the window, or of the last few looks where the looks are far apart."""
    fresh = sum(now_s - vote.at_s <= config.window_s for vote in votes)
    return votes[-max(fresh, round(config.min_evidence * _LOOKS_PER_EVIDENCE)) :]


def _weight(verdict: Verdict) -> float:
    size = min(1.0, max(0.25, _side(verdict.face.box) / _FULL_WEIGHT_PX))
    return 0.0 if verdict.kind is VerdictKind.UNSURE else size * max(verdict.score, 0.5)


def _decide(track: Track, votes: Sequence[Vote], now_s: float, config: Tracking) -> tuple[VerdictKind, str]:
    """Return the kind and label of a person: the old ones unless enough votes agree on others.

    Whoever nothing could be said about for a while is undecided again.
    """
    total = sum(vote.weight for vote in votes)
    if not total and now_s - track.sure_s > _DOUBT_WINDOWS * config.window_s:
        return VerdictKind.UNSURE, ""
    for kind in (VerdictKind.MASKED, VerdictKind.UNMASKED):
        agreeing = [vote for vote in votes if vote.kind is kind]
        if total >= config.min_evidence and sum(v.weight for v in agreeing) >= config.turn_at * total:
            return kind, max(agreeing, key=lambda vote: vote.weight).label
    return track.kind, track.label


def _has_moved(before: Box, after: Box) -> bool:
    side = max(_side(before), 1e-6)
    return _distance(before, after) > _MOVED_SIDES * side or abs(_side(after) / side - 1) > _MOVED_SIDES


def _remember(places: Sequence[Box], gone: Sequence[Track]) -> tuple[Box, ...]:
    still = [track.box for track in gone if not track.moved or _only_stood(track)]
    fresh = [box for box in places if all(iou(box, new) < _PLACE_IOU for new in still)]
    return tuple((fresh + still)[-_KNOWN_PLACES:])


def _only_stood(track: Track) -> bool:
    return track.still_s <= track.first_s and track.seen_s - track.first_s >= _STOOD_S


def _person(track: Track) -> Person:
    return Person(track.id, track.box, track.kind, track.label, track.first_s, track.seen_s, track.still_s, track.moved)


def _side(box: Box) -> float:
    return max(box.width, box.height)


def _distance(a: Box, b: Box) -> float:
    (ax, ay), (bx, by) = a.center, b.center
    return float(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5)
