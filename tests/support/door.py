"""A door with scripted visitors: who walks in, stands there and walks out again, seen at any frame rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from people import UNMASKED, square, verdict
from scripted import ScriptedEyes, scripted_looker

from edge.alarm import Silence
from edge.geometry import Box
from edge.looker import Looker
from edge.pipeline import Memory, Turn, take_turn
from edge.records import Frame, Verdict, VerdictKind
from edge.settings import Settings

WIDTH_PX, HEIGHT_PX = 640, 480
PICTURE = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
SIDES_PER_S = 4.0
"""How fast people walk, in sides of their faces."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Walks in from the left at `enters_s`, stands at `door_x` for `stays_s`, walks out to the right.

    `kinds` is what the looks say, one after the other and again.
    """

    enters_s: float
    stays_s: float
    kinds: tuple[VerdictKind, ...] = (UNMASKED,)
    y: float = 200.0
    side_px: float = 80.0
    door_x: float = 280.0

    @property
    def leaves_s(self) -> float:
        """When the visitor has stood long enough."""
        return self.enters_s + self.door_x / self._px_per_s + self.stays_s

    @property
    def _px_per_s(self) -> float:
        return SIDES_PER_S * self.side_px

    def box_at(self, at_s: float) -> Box | None:
        """Return where the face is, None while it is outside the picture."""
        walked = (at_s - self.enters_s) * self._px_per_s
        x = min(walked, self.door_x) + max(0.0, (at_s - self.leaves_s) * self._px_per_s)
        return square(x, self.y, self.side_px) if walked >= 0 and x + self.side_px < WIDTH_PX else None


def film(
    visitors: Sequence[Visitor], fps: float, duration_s: float, seen: Callable[[int, int], bool] = lambda i, n: True
) -> list[list[Verdict]]:
    """Return what the models say on each frame; `seen(frame, visitor)` tells whether the detector finds the face."""
    frames: list[list[Verdict]] = []
    for index in range(int(duration_s * fps)):
        boxes = [visitor.box_at(index / fps) for visitor in visitors]
        frames.append(
            [
                verdict(box, visitor.kinds[index % len(visitor.kinds)])
                for number, (visitor, box) in enumerate(zip(visitors, boxes, strict=True))
                if box and seen(index, number)
            ]
        )
    return frames


def watch_film(
    frames: Sequence[Sequence[Verdict]],
    fps: float,
    settings: Settings | None = None,
    silence: Callable[[int], Silence] = lambda index: Silence(),
) -> list[Turn]:
    """Return what comes out of each frame."""
    return watch_with(scripted_looker(frames), len(frames), fps, settings or Settings(), silence)


def count_judged(frames: Sequence[Sequence[Verdict]], fps: float, settings: Settings | None = None) -> list[int]:
    """Return how many faces the classifier is shown on each frame."""
    eyes = ScriptedEyes(frames)
    watch_with(Looker(eyes, eyes), len(frames), fps, settings or Settings(), lambda index: Silence())
    return eyes.judged


def watch_with(
    looker: Looker, count: int, fps: float, settings: Settings, silence: Callable[[int], Silence]
) -> list[Turn]:
    """Return what comes out of each of `count` frames."""
    memory, turns = Memory(), []
    for index in range(count):
        frame = Frame(index, index / fps, PICTURE)
        memory, turn = take_turn(memory, frame, looker, settings, silence(index))
        turns.append(turn)
    return turns
