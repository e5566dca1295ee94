"""The JSON lines of `--json`. Their keys are a contract; README.md documents them.

Every face has all keys. In a video not every face is judged in every frame: label, scores and verdict of one that was
not are those of the last look at that person, with the box and face score of this frame.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from edge.records import AlarmState, Frame, Verdict


def result_line(frame: Frame, verdicts: Sequence[Verdict], alarm: AlarmState) -> str:
    """Return one line for a frame; boxes are pixels of the picture, rounded to a tenth, scores to 1/10,000."""
    height, width = frame.bgr.shape[:2]
    return json.dumps(
        {
            "image": frame.name,
            "width": width,
            "height": height,
            "frame_index": frame.frame_index,
            "captured_s": round(frame.captured_s, 3),
            "faces": [_face(verdict) for verdict in verdicts],
            "alarm": alarm.value,
        },
        ensure_ascii=False,
    )


def error_line(name: str, error: str) -> str:
    """Return the line for a picture that cannot be read."""
    return json.dumps({"image": name, "error": error}, ensure_ascii=False)


def _face(verdict: Verdict) -> dict[str, Any]:
    return {
        "box": [round(value, 1) for value in verdict.face.shown.as_tuple()],
        "face_score": round(verdict.face.score, 4),
        "label": verdict.label,
        "score": round(verdict.score, 4),
        "scores": {label: round(score, 4) for label, score in verdict.scores.items()},
        "verdict": verdict.kind.value,
    }
