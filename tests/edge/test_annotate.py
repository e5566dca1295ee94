"""What is drawn onto pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.annotate import ALARM_COLORS_BGR, KIND_COLORS_BGR, annotate, banner_text, label_text, short_text
from edge.clip import annotate_turn
from edge.geometry import Box
from edge.pipeline import Turn
from edge.records import AlarmState, Decision, Face, Frame, Person, StatusPattern, Verdict, VerdictKind

MASKED, UNMASKED, UNSURE = VerdictKind.MASKED, VerdictKind.UNMASKED, VerdictKind.UNSURE
MIDDLE = Box(200, 180, 300, 300)


def verdict(kind: VerdictKind = UNMASKED, box: Box = MIDDLE, label: str = "without_mask") -> Verdict:
    return Verdict(Face(0, box, 0.9), label, 0.6, {label: 0.6}, kind, sureness=0.9979)


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


def captioned(picture: NDArray[np.uint8], kind: VerdictKind, box: Box) -> bool:
    """Tell whether a plate in the color of the kind lies right above or below a box."""
    x, above, below = round(box.x_min) + 2, round(box.y_min) - 4, round(box.y_max) + 5
    return any((picture[y, x] == KIND_COLORS_BGR[kind]).all() for y in (above, below))


@pytest.mark.parametrize("small", [Box(230, 128, 250, 148), Box(210, 405, 230, 425), Box(205, 150, 223, 168)])
def test_the_largest_face_keeps_its_caption_whatever_stands_behind_it(small: Box) -> None:
    large = Box(200, 150, 440, 400)
    for faces in ([verdict(box=large), verdict(MASKED, small)], [verdict(MASKED, small), verdict(box=large)]):
        assert captioned(annotate(grey(), faces), UNMASKED, large)


def test_of_two_faces_that_want_one_place_the_larger_one_gets_it() -> None:
    low, tall = Box(200, 0, 260, 120), Box(210, 145, 290, 300)
    for order in (1, -1):
        faces = [verdict(MASKED, low), verdict(UNMASKED, tall)][::order]
        assert captioned(annotate(grey(height=301), faces), UNMASKED, tall)


def test_a_caption_is_short_where_the_word_has_no_room() -> None:
    assert short_text(verdict(), 2) == "2: 99%"
    between = Box(250, 200, 300, 300)
    beside = [verdict(MASKED, Box(x, y, x + 20, y + 14)) for x in (222, 308) for y in (184, 302)]
    picture = annotate(grey(), [verdict(box=between), *beside])
    assert captioned(picture, UNMASKED, between)
    assert not has_color(picture[:, 306:], KIND_COLORS_BGR[UNMASKED])


def test_several_captions_together_hide_little_of_a_face() -> None:
    tall = Box(300, 150, 400, 310)
    beside = [verdict(MASKED, Box(255, y, 295, y + 40)) for y in (170, 220, 270)]
    picture = annotate(grey(), [verdict(box=tall), *beside])
    assert (picture[152:309, 302:399] == 128).all(axis=2).mean() > 0.84


def test_captions_keep_off_what_is_shown_of_a_face() -> None:
    outlined = Verdict(Face(0, Box(200, 100, 300, 160), 0.9, Box(200, 120, 300, 160)), "with_mask", 0.9, {}, MASKED)
    lower = Box(200, 185, 300, 300)
    assert captioned(annotate(grey(), [outlined, verdict(box=lower)]), UNMASKED, lower)


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
        (UNSURE, "with_mask", None, "mask? 99%"),
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
