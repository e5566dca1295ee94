"""What flows through the appliance, frozen: Frame → Face → Verdict → Person → Decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Box

WITH_MASK = "with_mask"
WITHOUT_MASK = "without_mask"
WORN_INCORRECTLY = "mask_worn_incorrectly"
LABELS = (WITH_MASK, WITHOUT_MASK, WORN_INCORRECTLY)
FACE = "face"
"""In data: a face whose mask state is unknown. The detector learns it, the classifier does not."""
NOT_FACE = "not_face"
"""Something that only looks like a face to the detector: a hand, an ear, a round sign. Nobody stands there."""
IGNORE = "ignore"
"""In data: a place that may or may not be a face. Nobody learns from it, and finding something there is no mistake."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source.

    `bgr` is (height, width, 3) uint8 and belongs to the reader. `captured_s` is in monotonic seconds for cameras and in
    seconds from the start for files. `name` is the file's, or the source's.
    """

    frame_index: int
    captured_s: float
    bgr: NDArray[np.uint8]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that the detector found: its box in pixels of the frame, and the detector's score in 0..1.

    `box` is what everything in the appliance goes by. `outline` is the same face as people would draw it, which is
    what pictures and JSON lines show; None where nobody says so.
    """

    frame_index: int
    box: Box
    score: float
    outline: Box | None = None

    @property
    def shown(self) -> Box:
        """The box to show, in pixels of the frame."""
        return self.outline or self.box


class VerdictKind(StrEnum):
    """What one look at one face says."""

    MASKED = "masked"
    UNMASKED = "unmasked"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the classifier says about a face: the best label, its score, the score of every label (0..1, sum 1).

    `face_share` is its score, 0..1, that this is a face at all. `sureness` is the score of all labels of its kind
    together, 0.5..1; 1 where nobody says.
    """

    face: Face
    label: str
    score: float
    scores: Mapping[str, float]
    kind: VerdictKind
    sureness: float = 1.0
    face_share: float = 1.0


@dataclass(frozen=True, slots=True)
class Person:
    """A face followed from frame to frame.

    `kind` is what the votes say that counted last. `moved` tells whether it is known to be a living thing: it moved,
    or came into a picture that was already being watched. It came at `since_s`, was last seen at `seen_s` and has stood
    in its place since `still_s`.
    """

    id: int
    box: Box
    kind: VerdictKind
    label: str
    since_s: float
    seen_s: float
    still_s: float
    moved: bool


class AlarmState(StrEnum):
    """Where the alarm stands."""

    CLEAR = "clear"
    ALARM = "alarm"
    HOLDING = "holding"
    COOLDOWN = "cooldown"


SOUNDING = frozenset({AlarmState.ALARM, AlarmState.HOLDING})
"""The states in which the alarm is on; their names as text are in it too."""


class StatusPattern(StrEnum):
    """What the status lamp shows; `troubled`: it watches, and something else needs a look."""

    STARTING = "starting"
    WATCHING = "watching"
    TROUBLED = "troubled"
    BLIND = "blind"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the outputs shall show after a frame; `person_ids` are those the alarm is about."""

    frame_index: int
    decided_s: float
    alarm: AlarmState
    lamp: bool
    buzzer: bool
    relay: bool
    ok_lamp: bool
    status: StatusPattern
    person_ids: tuple[int, ...] = ()
