"""What is drawn onto pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.annotate import ALARM_COLORS_BGR, KIND_COLORS_BGR, annotate, banner_text, label_text
from edge.clip import annotate_turn
from edge.geometry import Box
from edge.pipeline import Turn
from edge.records import AlarmState, Decision, Face, Frame, Person, StatusPattern, Verdict, VerdictKind

MASKED, UNMASKED, UNSURE = VerdictKind.MASKED, VerdictKind.UNMASKED, VerdictKind.UNSURE
MIDDLE = Box(200, 180, 300, 300)


def verdict(kind: VerdictKind = UNMASKED, box: Box = MIDDLE, label: str = "without_mask") -> Verdict:
    return Verdict(Face(0, box, 0.9), label, 0.987, {label: 0.987}, kind)


def grey(width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 128, np.uint8)


def has_color(picture: NDArray[np.uint8], color: tuple[int, int, int]) -> bool:
    return bool((picture == color).all(axis=2).any())


@pytest.mark.parametrize("kind", list(VerdictKind))
def test_face_is_boxed_in_the_color_of_its_verdict(kind: VerdictKind) -> None:
    picture = annotate(grey(), [verdict(kind)])
    for x, y in ((200, 240), (300, 240), (250, 180), (250, 300)):
        assert tuple(picture[y, x]) == KIND_COLORS_BGR[kind]
    assert tuple(picture[240, 250]) == (128, 128, 128)


def test_face_is_boxed_where_people_would_draw_the_box() -> None:
    face = Face(0, MIDDLE, 0.9, Box(190, 200, 310, 300))
    picture = annotate(grey(), [Verdict(face, "without_mask", 0.9, {"without_mask": 0.9}, UNMASKED)])
    assert tuple(picture[250, 190]) == KIND_COLORS_BGR[UNMASKED]
    assert tuple(picture[250, 200]) == (128, 128, 128)


def test_picture_itself_stays_as_it_was() -> None:
    original = grey()
    annotate(original, [verdict()], AlarmState.ALARM, ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)))
    assert np.array_equal(original, grey())


def test_picture_without_faces_alarm_and_zone_is_a_plain_copy() -> None:
    assert np.array_equal(annotate(grey(), []), grey())


@pytest.mark.parametrize("state", list(AlarmState))
def test_banner_has_the_color_of_the_alarm(state: AlarmState) -> None:
    picture = annotate(grey(), [], state)
    assert tuple(picture[0, 639]) == ALARM_COLORS_BGR[state]
    assert tuple(picture[60, 639]) == (128, 128, 128)


def test_zone_is_outlined_at_its_fractions_of_the_picture() -> None:
    picture = annotate(grey(), [], polygon=((0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)))
    assert (picture[240:, 320] != 128).all()
    assert (picture[:230] == 128).all()


def test_caption_is_above_the_box_and_below_it_where_there_is_no_room() -> None:
    assert (annotate(grey(), [verdict()])[165:178, 203:230] != 128).any()
    at_top = annotate(grey(), [verdict(box=Box(200, 0, 300, 100))])
    assert (at_top[103:115, 203:230] != 128).any()


def test_caption_does_not_hide_the_face_at_the_top_below_the_banner() -> None:
    picture = annotate(grey(), [verdict(box=Box(200, 30, 300, 130))], AlarmState.ALARM)
    assert (picture[40:125, 210:290] == 128).all()


def test_caption_goes_below_where_it_would_hide_another_face_above() -> None:
    above = verdict(MASKED, Box(220, 150, 280, 180))
    picture = annotate(grey(), [above, verdict()])
    assert (picture[160:178, 222:279] == 128).all()
    assert has_color(picture[301:330, 200:330], KIND_COLORS_BGR[UNMASKED])


def test_caption_that_has_no_place_is_left_out_of_the_smaller_face() -> None:
    between = verdict(MASKED, Box(210, 200, 240, 220))
    crowd = [between, verdict(box=Box(200, 120, 320, 199)), verdict(box=Box(200, 221, 320, 300))]
    picture = annotate(grey(), crowd)
    assert tuple(picture[210, 210]) == KIND_COLORS_BGR[MASKED]
    assert not has_color(picture[:, 250:], KIND_COLORS_BGR[MASKED])
    assert has_color(picture[:118], KIND_COLORS_BGR[UNMASKED])
    assert has_color(picture[302:], KIND_COLORS_BGR[UNMASKED])


@pytest.mark.parametrize(("width", "height"), [(4, 3), (24, 24), (64, 48), (120, 400), (640, 480), (3000, 2000)])
@pytest.mark.parametrize("corner", [(-0.2, -0.2), (0.9, -0.2), (-0.2, 0.9), (0.9, 0.9), (5.0, 5.0)])
def test_any_face_on_any_size_of_picture_can_be_drawn(width: int, height: int, corner: tuple[float, float]) -> None:
    left, top = corner[0] * width, corner[1] * height
    faces = [verdict(box=Box(left, top, left + 0.4 * width, top + 0.4 * height), label="mask_worn_incorrectly")]
    picture = annotate(grey(width, height), faces, AlarmState.COOLDOWN, person_ids={faces[0].face: 12345})
    assert picture.shape == (height, width, 3)


@pytest.mark.parametrize(("left", "top"), [(600, 200), (-90, 200), (300, 460), (600, 460)])
def test_caption_of_a_face_at_the_edge_is_whole(left: float, top: float) -> None:
    box = Box(left, top, left + 100, top + 100)
    plain = annotate(grey(), [verdict()])
    white = int((plain > 200).all(axis=2).sum())
    picture = annotate(grey(), [verdict(box=box)])
    assert int((picture > 200).all(axis=2).sum()) == white > 0


def test_tiny_picture_has_no_unreadable_text() -> None:
    picture = annotate(grey(40, 30), [verdict(box=Box(10, 10, 25, 25))], AlarmState.ALARM)
    assert not has_color(picture, (255, 255, 255))
    assert has_color(picture, KIND_COLORS_BGR[UNMASKED])


@pytest.mark.parametrize(
    ("kind", "label", "person_id", "text"),
    [
        (MASKED, "with_mask", None, "mask 99%"),
        (UNMASKED, "without_mask", 2, "2: no mask 99%"),
        (UNMASKED, "mask_worn_incorrectly", None, "mask worn wrong 99%"),
        (UNSURE, "with_mask", None, "unsure 99%"),
        (MASKED, "gesichtsschild_für_tür", None, "gesichtsschild f?r t?r 99%"),
    ],
)
def test_caption_says_it_in_plain_words(kind: VerdictKind, label: str, person_id: int | None, text: str) -> None:
    assert label_text(verdict(kind, label=label), person_id) == text


def test_banner_counts_faces_by_kind() -> None:
    faces = [verdict(UNMASKED), verdict(MASKED), verdict(MASKED)]
    assert banner_text(AlarmState.ALARM, faces) == "ALARM: 2 masked, 1 unmasked"
    assert banner_text(AlarmState.CLEAR, []) == "CLEAR: no face"


def test_turn_is_drawn_with_its_people_and_alarm() -> None:
    face = verdict()
    person = Person(7, MIDDLE, UNMASKED, "without_mask", 0.0, 0.0, 1.0, True)
    decision = Decision(0, 0.0, AlarmState.ALARM, True, True, True, False, StatusPattern.WATCHING, (7,))
    turn = Turn(Frame(0, 0.0, grey()), (face,), (person,), decision)
    assert np.array_equal(annotate_turn(turn), annotate(grey(), [face], AlarmState.ALARM, person_ids={face.face: 7}))
