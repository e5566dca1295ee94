"""Follows faces from frame to frame, says which of them are worth a look, and keeps what is thought of each person.

A frame goes `move` → `choose` → (classifier) → `vote` → `list_people`. State goes in and comes out; time is an argument
in monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import NamedTuple

from edge import motion
from edge.assignment import assign
from edge.geometry import Box, iou
from edge.motion import Motion
from edge.records import NOT_FACE, Face, Person, Verdict, VerdictKind
from edge.settings import Tracking
from edge.voting import Opinion, add_vote, rest_s

_LONGEST_STEP_S = 2.0
"""Looks farther apart than this are a gap: nobody is waited for over it."""

_FALSE_FACE_S = 0.25
"""A face that was seen in a single frame and not again within this time, or two frames, was a false one."""

_LOST_S = 0.4
_LOST_FRAMES = 2.5
"""A face that comes back after this time, and so many frames, is looked at like a newcomer: it may be somebody else."""

_SETTLED_S = 2.0
"""What is there when the watch begins may be a poster; whoever comes up after this is not."""

_KNOWN_PLACES = 16
_STOOD_S = 5.0
_PLACE_IOU = 0.3
"""A face that stood still for so long leaves a place behind, in which a face that comes up is no newcomer: a poster
that was lost, or whose box jumps."""

_ROUTINE_PEOPLE = 4
"""Among so many people the decided are each looked at every `recheck_s`; among more they share as many looks."""

_FAR_RESTS = 5
"""How many times rarer somebody is looked at who cannot raise the alarm: far from the door, or a poster."""


class Track(NamedTuple):
    """A face that is being followed.

    `found_s` is when it was first seen, or seen again after a gap. `newcomer` tells whether it came up where nothing
    was. `face` is its face in the newest frame, None while it is missed; `last` is what the last look at it said.
    """

    id: int
    motion: Motion
    since_s: float
    found_s: float
    newcomer: bool
    face: Face | None
    opinion: Opinion = Opinion()
    last: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Tracks:
    """All that the tracker remembers.

    `step_s` is the time between the last two frames, `places` are boxes where a face once stood and never moved.
    """

    tracks: tuple[Track, ...] = ()
    next_id: int = 1
    started_s: float | None = None
    looked_s: float | None = None
    step_s: float = 0.0
    places: tuple[Box, ...] = ()


def move(state: Tracks, faces: Sequence[Face], now_s: float, config: Tracking) -> Tracks:
    """Return the state after the faces of a frame have been given to the tracks, or have begun new ones."""
    state = _catch_up(state, now_s, config)
    costs = motion.pair_costs([track.motion for track in state.tracks], [face.box for face in faces], now_s)
    face_of = assign(costs)
    tracks = [
        _see(track, faces[face_of[i]], now_s, state.step_s) if i in face_of else track._replace(face=None)
        for i, track in enumerate(state.tracks)
    ]
    known = set(face_of.values())
    new = [face for i, face in enumerate(faces) if i not in known]
    tracks += [_start(face, state.next_id + number, now_s, state) for number, face in enumerate(new)]
    return replace(state, tracks=tuple(tracks), next_id=state.next_id + len(new))


def choose(state: Tracks, may_count: Callable[[Box], bool], now_s: float, config: Tracking) -> tuple[Face, ...]:
    """Return the faces of this frame that the classifier shall judge: those where a look can change a decision.

    These are the new and the undecided at once, the decided now and then, spread over the frames so that each gets its
    turn every `recheck_s`, later where more than four share the looks; those for whom `may_count` says no only rarely.
    """
    seen = [track for track in state.tracks if track.face]
    rest_of = {track.id: _rest_s(track, may_count, now_s, config) for track in seen}
    due = [track for track in seen if _waited_s(track, now_s) >= rest_of[track.id] - state.step_s / 2]
    urgent = [track for track in due if rest_of[track.id] < config.recheck_s]
    overdue = [track for track in due if track not in urgent]
    routine = sorted(overdue, key=lambda track: rest_of[track.id] / _waited_s(track, now_s))
    turns = _routine_turns(len(seen), now_s, state.step_s, config)
    return tuple(track.face for track in urgent + routine[:turns] if track.face)


def _routine_turns(people: int, now_s: float, step_s: float, config: Tracking) -> int:
    """Return how many routine looks a frame may have: where they are shared, those that fell due since the last one."""
    if people <= _ROUTINE_PEOPLE:
        return max(1, ceil(round(people * step_s / config.recheck_s, 3)))
    per_s = _ROUTINE_PEOPLE / config.recheck_s
    return floor(now_s * per_s) - floor((now_s - step_s) * per_s)


def vote(state: Tracks, verdicts: Sequence[Verdict], now_s: float, config: Tracking) -> Tracks:
    """Return the state after the verdicts on faces of this frame, which are those that `choose` gave.

    Who was not judged keeps the old opinion.
    """
    verdict_on = {id(verdict.face): verdict for verdict in verdicts}
    tracks = [
        track._replace(opinion=add_vote(track.opinion, verdict, now_s, config), last=verdict)
        if (verdict := verdict_on.get(id(track.face)))
        else track
        for track in state.tracks
    ]
    return replace(state, tracks=tuple(tracks))


def list_people(state: Tracks) -> tuple[Person, ...]:
    """Return the people in view, those too who are missed for a moment.

    Where the last look saw no face, and none before decided anything, there is nobody.
    """
    return tuple(_person(track) for track in state.tracks if (track.face or track.motion.looks > 1) and _is_one(track))


def list_verdicts(state: Tracks, faces: Sequence[Face]) -> tuple[Verdict, ...]:
    """Return a verdict for each face of this frame: of this look, or a repetition of what the last one said.

    What the last look took for no face is left out.
    """
    last_on = {id(track.face): track.last for track in state.tracks if track.last and track.last.label != NOT_FACE}
    said = ((face, last) for face in faces if (last := last_on.get(id(face))))
    return tuple(last if last.face is face else _repeat(last, face) for face, last in said)


def start_over(state: Tracks) -> Tracks:
    """Return what is left of a state when nobody has been seen for a while: no face, but where posters hang."""
    return Tracks(next_id=state.next_id, places=_remember(state.places, state.tracks))


def _catch_up(state: Tracks, now_s: float, config: Tracking) -> Tracks:
    """Return the state without the faces that have been away for too long.

    A look or two may always be missed, however far apart the looks are; after a real gap everybody is a newcomer.
    """
    started_s = now_s if state.started_s is None else state.started_s
    step_s = min(now_s - state.looked_s, _LONGEST_STEP_S) if state.looked_s is not None else 0.0
    awaited = [_is_awaited(track, step_s, now_s, config) for track in state.tracks]
    kept = tuple(track for track, stays in zip(state.tracks, awaited, strict=True) if stays)
    places = _remember(state.places, [track for track, stays in zip(state.tracks, awaited, strict=True) if not stays])
    return Tracks(kept, state.next_id, started_s, now_s, step_s, places)


def _is_awaited(track: Track, step_s: float, now_s: float, config: Tracking) -> bool:
    patience_s = config.forget_after_s if track.motion.looks > 1 else _FALSE_FACE_S
    return now_s - track.motion.seen_s <= max(patience_s, 2 * step_s)


def _see(track: Track, face: Face, now_s: float, step_s: float) -> Track:
    lost = now_s - track.motion.seen_s > max(_LOST_S, _LOST_FRAMES * step_s)
    moved = motion.observe(track.motion, face.box, now_s)
    found_s = now_s if lost else track.found_s
    return Track(track.id, moved, track.since_s, found_s, track.newcomer, face, track.opinion, track.last)


def _start(face: Face, track_id: int, now_s: float, state: Tracks) -> Track:
    watched = now_s - (state.started_s if state.started_s is not None else now_s) >= _SETTLED_S
    places = [*state.places, *(track.motion.box for track in state.tracks if not _lives(track))]
    known = any(iou(face.box, place) >= _PLACE_IOU for place in places)
    begun = motion.begin(face.box, now_s)
    return Track(track_id, begun, now_s, now_s, newcomer=watched and not known, face=face)


def _rest_s(track: Track, may_count: Callable[[Box], bool], now_s: float, config: Tracking) -> float:
    if not track.last:
        return 0.0
    if not _lives(track) or not may_count(track.motion.box):
        return _FAR_RESTS * config.recheck_s
    return rest_s(track.opinion, track.found_s, now_s, config)


def _waited_s(track: Track, now_s: float) -> float:
    return now_s - track.opinion.judged_s


def _remember(places: Sequence[Box], gone: Sequence[Track]) -> tuple[Box, ...]:
    if not gone:
        return tuple(places)
    still = [track.motion.box for track in gone if track.motion.looks > 1 and (not _lives(track) or _only_stood(track))]
    fresh = [box for box in places if all(iou(box, new) < _PLACE_IOU for new in still)]
    return tuple((fresh + still)[-_KNOWN_PLACES:])


def _only_stood(track: Track) -> bool:
    return not track.motion.moved and track.motion.seen_s - track.since_s >= _STOOD_S


def _lives(track: Track) -> bool:
    return track.newcomer or track.motion.moved


def _is_one(track: Track) -> bool:
    decided = track.opinion.kind is not VerdictKind.UNSURE
    return decided or track.last is None or track.last.label != NOT_FACE


def _repeat(said: Verdict, face: Face) -> Verdict:
    return Verdict(face, said.label, said.score, said.scores, said.kind, said.sureness, said.face_share)


def _person(track: Track) -> Person:
    said, at = track.opinion, track.motion
    return Person(track.id, at.box, said.kind, said.label, track.since_s, at.seen_s, at.still_s, _lives(track))
