from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Box
from train.annotations import AnnotatedPicture, LabeledBox
from train.contact_sheets import caption, worst_mistakes, write_sheet
from train.looks import TILE_PX
from train.scoring import FoundFace, Outcome


def outcome(
    side_px: float, true: str | None, said: str | None, score: float = 0.9, face: float | None = 0.5
) -> Outcome:
    box = Box(0, 0, side_px, side_px)
    found = FoundFace(box, said, score, face) if said else None
    return Outcome(0, 100, box, LabeledBox(box, true) if true else None, found)


OUTCOMES = [
    outcome(10, None, "with_mask", face=0.6),
    outcome(11, None, "with_mask", face=0.8),
    outcome(12, "with_mask", None),
    outcome(30, "with_mask", None),
    outcome(14, "with_mask", "without_mask", score=0.7),
    outcome(15, "with_mask", "mask_worn_incorrectly", score=0.95),
    outcome(16, "with_mask", "with_mask", score=0.99),
]


def test_the_worst_of_each_kind_come_first() -> None:
    false, missed, wrong = worst_mistakes(OUTCOMES, 5)
    assert [one.box.width for one in false.outcomes] == [11, 10]
    assert [one.box.width for one in missed.outcomes] == [30, 12]
    assert [one.box.width for one in wrong.outcomes] == [15, 14]
    assert [len(one.outcomes) for one in worst_mistakes(OUTCOMES, 1)] == [1, 1, 1]
    assert [len(one.outcomes) for one in worst_mistakes(OUTCOMES, 0)] == [0, 0, 0]


def test_caption_says_picture_labels_and_scores() -> None:
    assert caption(OUTCOMES[5], "a.jpg") == ("a.jpg", "with_mask > incorrectly", "face 0.50 label 0.95 15%")
    assert caption(OUTCOMES[3], "a.jpg") == ("a.jpg", "with_mask > missed", "30% of side")
    assert caption(outcome(10, None, "with_mask", face=None), "a.jpg")[1:] == ("no face > with_mask", "label 0.90 10%")


def test_a_sheet_has_a_tile_for_each_mistake(tmp_path: Path) -> None:
    pictures = [AnnotatedPicture(Path("a_picture_with_a_name_that_is_far_too_long_for_a_tïle.jpg"), 100, 100, ())]
    false = worst_mistakes([outcome(10 + n, None, "with_mask") for n in range(8)], 8)[0]
    tiles = {(0, one.box): np.full((TILE_PX, TILE_PX, 3), 50, np.uint8) for one in false.outcomes}
    write_sheet(tmp_path / "sheet.png", false, pictures, tiles)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert int((sheet == 50).all(axis=2).sum()) >= 8 * TILE_PX * TILE_PX
    assert sheet.shape[1] == 6 * (TILE_PX + 6)
