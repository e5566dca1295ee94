"""Turns what the appliance said about a clip, and the truth about it, into visits: alarmed or not, how late, how often.

Pure: lists in, records out. Times are seconds of the clip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from truth import COVERED, LEAST_VISIBLE_FRAC, ClipTruth, PersonTruth, Sight, is_in_zone, is_visible

from edge.geometry import Box, iou
from edge.records import AlarmState
from edge.settings import Settings

Flags = NDArray[np.bool_]
"""(frames,) bool."""

_SAME_FACE_IOU = 0.3


class VisitKind(StrEnum):
    """What a visit is, by its truth."""

    UNMASKED = "unmasked"
    MASKED = "masked"
    COVERED = "covered"
    OUTSIDE = "outside"
    POSTER = "poster"
    BRIEF = "brief"


@dataclass(frozen=True, slots=True)
class Rules:
    """How visits are counted.

    A visit counts from `least_s` in the zone. An alarm is right while somebody is seen without a mask who
    comes into the zone, on the way in and out too, and for `grace_s` after: that is how long the tracker waits for a
    lost face, and a little more.
    """

    least_s: float = 1.0
    grace_s: float = 1.5


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about a clip, a frame each: is the alarm on (buzzer), is the lamp on, the unmasked faces."""

    on: Flags
    lit: Flags
    accused: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit, or a poster, and what was made of it.

    For one without a mask: `alarmed`; seconds from being visible and from being in the zone to the alarm, None when it
    was on already; `alarms` that began meanwhile. For all others: `alarmed` is a false alarm.
    """

    kind: VisitKind
    pictures: tuple[str, ...]
    alarmed: bool
    from_visible_s: float | None = None
    from_zone_s: float | None = None
    alarms: int = 0


@dataclass(frozen=True, slots=True)
class ClipScore:
    """A clip: its visits, false alarms (in all, about nobody), seconds without a reason, seconds over max_on_s."""

    scenario: str
    visits: tuple[Visit, ...]
    false_alarms: int
    about_nobody: int
    calm_s: float
    over_max_s: float


def read_said(lines: Sequence[Mapping[str, Any]], truth: ClipTruth, settings: Settings) -> Said:
    """Return what `maskwatch video --json` said, frame by frame; a frame that was skipped repeats the one before."""
    state = _fill(lines, truth)
    alarms = [line["alarm"] if line else AlarmState.CLEAR for line in state]
    on = np.array([alarm == AlarmState.ALARM for alarm in alarms], bool)
    lit = on | np.array([alarm == AlarmState.HOLDING for alarm in alarms], bool)
    return Said(on, lit, tuple(_accused(line, settings) for line in state))


def read_every_frame(lines: Sequence[Mapping[str, Any]], truth: ClipTruth, settings: Settings) -> Said:
    """Return what the tutorial's way makes of the same faces: an alarm in every frame with one that wears no mask."""
    accused = tuple(_accused(line, settings) for line in _fill(lines, truth))
    on = np.array([bool(boxes) for boxes in accused], bool)
    return Said(on, on, accused)


def _fill(lines: Sequence[Mapping[str, Any]], truth: ClipTruth) -> list[Mapping[str, Any]]:
    by_frame = {line["frame_index"]: line for line in lines}
    state: list[Mapping[str, Any]] = []
    for frame_index in range(truth.frame_count):
        state.append(by_frame.get(frame_index, state[-1] if state else {}))
    return state


def _accused(line: Mapping[str, Any], settings: Settings) -> tuple[Box, ...]:
    return tuple(Box(*face["box"]) for face in line.get("faces", ()) if face["label"] in settings.alarm.labels)


def score_clip(truth: ClipTruth, said: Said, settings: Settings, rules: Rules) -> ClipScore:
    """Return what became of every visit of a clip."""
    wanted = [_flags(truth, person, settings, settings.alarm.labels) for person in truth.people]
    wanted = [flags & (not person.poster) for flags, person in zip(wanted, truth.people, strict=True)]
    reason = _reason(truth, wanted, settings, rules)
    starts = _starts(said.on)
    false = [frame for frame in starts if not reason[frame]]
    blamed = [_blame(truth, frame, said.accused[frame]) for frame in false]
    visits = []
    for person, flags in zip(truth.people, wanted, strict=True):
        kind = _kind(truth, person, flags, reason, settings, rules)
        accused = any(person.id in those for those in blamed)
        right = _unmasked_visit(truth, person, flags, said, settings, rules)
        visits.append(right if kind is VisitKind.UNMASKED else Visit(kind, person.pictures, accused))
    about_nobody = sum(not those for those in blamed)
    over_s = _over(said.lit, settings.alarm.max_on_s, truth.fps)
    calm_s = float((~reason).sum()) / truth.fps
    return ClipScore(truth.scenario, tuple(visits), len(false), about_nobody, calm_s, over_s)


def _reason(truth: ClipTruth, wanted: Sequence[Flags], settings: Settings, rules: Rules) -> Flags:
    """Return when an alarm is right: while somebody who comes into the zone without a mask is seen so, and a while."""
    reason = np.zeros(truth.frame_count, bool)
    for person, flags in zip(truth.people, wanted, strict=True):
        if flags.any():
            reason[[s.frame_index for s in person.sights if is_visible(s) and s.label in settings.alarm.labels]] = True
    return _stretch(reason, rules.grace_s, truth.fps)


def _flags(truth: ClipTruth, person: PersonTruth, settings: Settings, labels: Sequence[str]) -> Flags:
    """Return in which frames somebody is in the zone with one of the labels."""
    flags = np.zeros(truth.frame_count, bool)
    for sight in person.sights:
        if sight.label in labels and is_in_zone(sight, truth.width, truth.height, settings.zone):
            flags[sight.frame_index] = True
    return flags


def _kind(
    truth: ClipTruth, person: PersonTruth, wanted: Flags, reason: Flags, settings: Settings, rules: Rules
) -> VisitKind:
    if person.poster:
        return VisitKind.POSTER
    if wanted.any():
        return VisitKind.UNMASKED if wanted.sum() / truth.fps >= rules.least_s else VisitKind.BRIEF
    labels = {sight.label for sight in person.sights if is_visible(sight)}
    if labels & set(settings.alarm.labels) and COVERED not in labels:
        return VisitKind.OUTSIDE
    present = _flags(truth, person, settings, tuple(labels)) & ~reason
    if present.sum() / truth.fps < rules.least_s:
        return VisitKind.BRIEF
    return VisitKind.COVERED if COVERED in labels else VisitKind.MASKED


def _unmasked_visit(
    truth: ClipTruth, person: PersonTruth, wanted: Flags, said: Said, settings: Settings, rules: Rules
) -> Visit:
    """Return what became of a visit without a mask, given when somebody was in the zone."""
    bare = [s.frame_index for s in person.sights if is_visible(s) and s.label in settings.alarm.labels]
    if not bare or not wanted.any():
        return Visit(VisitKind.BRIEF, person.pictures, False)
    entered, left = int(np.argmax(wanted)), int(np.flatnonzero(wanted)[-1])
    until = min(truth.frame_count, left + 1 + round(rules.grace_s * truth.fps))
    frames = np.flatnonzero(said.on[bare[0] : until]) + bare[0]
    if not len(frames):
        return Visit(VisitKind.UNMASKED, person.pictures, False)
    alarms = sum(bare[0] <= frame < until for frame in _starts(said.on))
    if frames[0] == bare[0] and bare[0] > 0 and said.on[bare[0] - 1]:
        return Visit(VisitKind.UNMASKED, person.pictures, True, alarms=alarms)
    late, in_zone = (frames[0] - bare[0]) / truth.fps, max(0, frames[0] - entered) / truth.fps
    return Visit(VisitKind.UNMASKED, person.pictures, True, float(late), float(in_zone), alarms)


def _blame(truth: ClipTruth, frame: int, accused: Sequence[Box]) -> frozenset[int]:
    """Return whom an alarm is about: those whose faces were called unmasked, or else everybody in view."""
    there = [(person.id, sight) for person in truth.people if (sight := _sight(person, frame))]
    meant = frozenset(who for who, s in there if any(iou(s.box, box) >= _SAME_FACE_IOU for box in accused))
    return meant or frozenset(who for who, s in there if s.visible_frac >= LEAST_VISIBLE_FRAC and not accused)


def _sight(person: PersonTruth, frame: int) -> Sight | None:
    return next((sight for sight in person.sights if sight.frame_index == frame), None)


def _stretch(flags: Flags, after_s: float, fps: float) -> Flags:
    """Return the flags, each lasting so much longer."""
    frames = round(after_s * fps)
    tail = np.convolve(flags, np.ones(frames + 1))[: len(flags)]
    return np.asarray(tail > 0, bool)


def _starts(flags: Flags) -> list[int]:
    before = np.concatenate([[False], flags[:-1]])
    return [int(frame) for frame in np.flatnonzero(flags & ~before)]


def _over(lit: Flags, max_on_s: float, fps: float) -> float:
    """Return how many seconds alarms lasted longer than allowed; the frame that ends one is no excess."""
    ends = _starts(~lit) + [len(lit)]
    runs = [(min(end for end in ends if end > start) - start) / fps for start in _starts(lit)]
    return float(sum(max(0.0, run_s - max_on_s - 1 / fps) for run_s in runs))
