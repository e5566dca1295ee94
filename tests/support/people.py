"""Scripted verdicts for tests of tracker, alarm and pipeline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.geometry import Box
from edge.records import NOT_FACE, Face, Frame, Person, Verdict, VerdictKind

MASKED, UNMASKED, UNSURE = VerdictKind.MASKED, VerdictKind.UNMASKED, VerdictKind.UNSURE
LABELS = {MASKED: "with_mask", UNMASKED: "without_mask", UNSURE: "with_mask"}


def square(x: float, y: float, side: float = 80.0) -> Box:
    """Return a square box whose top left corner is (x, y)."""
    return Box(x, y, x + side, y + side)


def verdict(box: Box, kind: VerdictKind = UNMASKED, score: float = 1.0) -> Verdict:
    """Return what one look at a face said."""
    label = LABELS[kind]
    return Verdict(Face(0, box, 0.9), label, score, {label: score}, kind, score)


def no_face(box: Box) -> Verdict:
    """Return what one look at a hand said."""
    return Verdict(Face(0, box, 0.5), NOT_FACE, 0.9, {NOT_FACE: 0.9}, UNSURE)


def person(number: int, kind: VerdictKind = UNMASKED, box: Box | None = None, moved: bool = True) -> Person:
    """Return a person who came at 0 s and has been walking."""
    return Person(number, box or square(280, 200), kind, LABELS[kind], 0.0, 0.0, 1.0, moved)


def blank_frame(index: int, at_s: float, width: int = 640, height: int = 480) -> Frame:
    """Return a black frame."""
    return Frame(index, at_s, np.zeros((height, width, 3), np.uint8))


def walk(count: int, step_px: float = 20.0, start: float = 40.0) -> Sequence[Box]:
    """Return the boxes of somebody who walks to the right."""
    return [square(start + i * step_px, 200) for i in range(count)]
