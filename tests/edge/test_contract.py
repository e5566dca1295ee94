from __future__ import annotations

import json

from people import blank_frame

from edge.contract import result_line
from edge.geometry import Box
from edge.records import AlarmState, Face, Verdict, VerdictKind

BOX, OUTLINE = Box(10, 10, 30, 40), Box(9, 14.04, 31, 40)


def boxes_of(*faces: Face) -> list[list[float]]:
    said = [Verdict(face, "with_mask", 1.0, {"with_mask": 1.0}, VerdictKind.MASKED) for face in faces]
    line = json.loads(result_line(blank_frame(0, 0.0), said, AlarmState.CLEAR))
    return [face["box"] for face in line["faces"]]


def test_a_line_tells_the_box_that_people_would_draw() -> None:
    assert boxes_of(Face(0, BOX, 0.9, OUTLINE), Face(0, BOX, 0.9)) == [[9, 14.0, 31, 40], [10, 10, 30, 40]]
