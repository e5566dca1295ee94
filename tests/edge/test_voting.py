from __future__ import annotations

from collections.abc import Sequence

import pytest
from people import MASKED, UNMASKED, UNSURE, square, verdict

from edge.geometry import Box
from edge.records import VerdictKind
from edge.settings import Tracking
from edge.voting import Opinion, add_vote, rest_s, weigh

CONFIG = Tracking()


def listen(kinds: Sequence[VerdictKind], step_s: float = 0.1, side: float = 80.0, sureness: float = 1.0) -> Opinion:
    opinion = Opinion()
    for index, kind in enumerate(kinds):
        opinion = add_vote(opinion, verdict(square(0, 0, side), kind, sureness), index * step_s, CONFIG)
    return opinion


def rest(kinds: Sequence[VerdictKind], sureness: float = 1.0, found_s: float = 0.0) -> float:
    """Return the rest right after looks that are 0.5 s apart."""
    opinion = listen(kinds, 0.5, sureness=sureness)
    return rest_s(opinion, found_s, opinion.judged_s, CONFIG)


def test_a_look_weighs_by_its_margin_and_by_the_size_of_the_face() -> None:
    assert weigh(verdict(square(0, 0), UNMASKED, 1.0)) == 1.0
    assert weigh(verdict(square(0, 0), UNMASKED, 0.6)) == pytest.approx(0.2)
    assert weigh(verdict(square(0, 0, 24), MASKED, 1.0)) == pytest.approx(0.5)
    assert weigh(verdict(square(0, 0, 4), MASKED, 1.0)) == pytest.approx(0.25)
    assert weigh(verdict(Box(0, 0, 24, 48), MASKED)) == weigh(verdict(Box(0, 0, 48, 24), MASKED)) == 1.0
    assert weigh(verdict(square(0, 0), UNSURE, 0.99)) == 0.0


def test_faint_looks_need_to_be_more() -> None:
    assert listen([UNMASKED] * 4, sureness=0.75).kind is UNSURE
    assert listen([UNMASKED] * 6, sureness=0.75).kind is UNMASKED


def test_small_faces_are_decided_at_two_frames_a_second_too() -> None:
    assert listen([UNMASKED] * 9, step_s=0.5, side=20.0).kind is UNMASKED


@pytest.mark.parametrize(("min_evidence", "step_s"), [(3.0, 2.0), (3.0, 3.0), (13.0, 0.5), (30.0, 0.25), (30.0, 2.0)])
def test_somebody_who_stays_is_decided_however_rare_the_looks_and_however_many_are_asked_for(
    min_evidence: float, step_s: float
) -> None:
    opinion, config = Opinion(), Tracking(min_evidence=min_evidence)
    for index in range(int(min_evidence) + 1):
        opinion = add_vote(opinion, verdict(square(0, 0, 80.0), UNMASKED, 0.99), index * step_s, config)
    assert opinion.kind is UNMASKED


def test_faint_looks_of_long_ago_do_not_add_up() -> None:
    assert listen([UNMASKED] * 40, step_s=1.0, sureness=0.6).kind is UNSURE


def test_at_many_looks_a_second_all_of_the_window_count() -> None:
    assert listen([MASKED] * 45 + [UNMASKED] * 20, step_s=1 / 30).kind is MASKED
    assert listen([MASKED] * 45 + [UNMASKED] * 35, step_s=1 / 30).kind is UNMASKED


def test_looks_that_disagree_do_not_decide() -> None:
    assert listen([UNMASKED, MASKED] * 10).kind is UNSURE


def test_after_seconds_without_an_answer_nothing_is_known_any_more() -> None:
    assert listen([UNMASKED] * 5 + [UNSURE] * 25).kind is UNMASKED
    assert listen([UNMASKED] * 5 + [UNSURE] * 40).kind is UNSURE


def test_a_few_looks_or_a_short_while_without_an_answer_leave_a_decision_alone() -> None:
    assert listen([UNMASKED] * 60 + [UNSURE] * 10).kind is UNMASKED
    assert listen([UNMASKED] * 5 + [UNSURE] * 3, step_s=2.0).kind is UNMASKED


def test_what_was_known_before_the_doubt_does_not_help_to_decide_after_it() -> None:
    assert listen([UNMASKED] * 10 + [UNSURE] * 40 + [MASKED]).kind is UNSURE


def test_the_undecided_are_looked_at_at_once_and_the_decided_now_and_then() -> None:
    assert rest([UNMASKED]) == 0.0
    assert rest([MASKED] * 12) == CONFIG.recheck_s


def test_whoever_cannot_be_judged_is_looked_at_less_often() -> None:
    assert rest([UNSURE] * 3) == 0.0
    assert 0 < rest([UNSURE] * 8) < CONFIG.recheck_s


def test_a_contrary_look_calls_for_the_next_at_once() -> None:
    assert rest([MASKED] * 12 + [UNMASKED]) == rest([MASKED] * 12 + [UNMASKED, MASKED, MASKED]) == 0.0
    assert rest([MASKED] * 12 + [UNMASKED] + [MASKED] * 3) == CONFIG.recheck_s


def test_young_close_and_refound_decisions_are_checked_sooner() -> None:
    assert 0 < rest([MASKED] * 4) < CONFIG.recheck_s
    assert 0 < rest([MASKED] * 40, sureness=0.8) < CONFIG.recheck_s
    assert 0 < rest([MASKED] * 12, found_s=5.0) < CONFIG.recheck_s
    assert 0 < rest([MASKED] * 12 + [UNSURE]) < CONFIG.recheck_s
