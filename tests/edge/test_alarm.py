from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from people import MASKED, UNSURE, person, square

from edge.alarm import AlarmMemory, Silence, dark, starting, step
from edge.geometry import Box
from edge.records import AlarmState, Decision, Person, StatusPattern
from edge.settings import Alarm

CONFIG = Alarm(hold_s=3, max_on_s=30, cooldown_s=5)
BARE = [person(1)]


def drive(
    history: Sequence[Sequence[Person]], step_s: float = 0.5, config: Alarm = CONFIG, silence: Silence | None = None
) -> list[Decision]:
    memory, decisions = AlarmMemory(), []
    for index, people in enumerate(history):
        memory, decision = step(memory, people, index, index * step_s, config, silence or Silence())
        decisions.append(decision)
    return decisions


def test_an_unmasked_person_lights_the_lamp_and_sounds_the_buzzer() -> None:
    (decision,) = drive([BARE])
    assert decision.alarm is AlarmState.ALARM
    assert (decision.lamp, decision.buzzer, decision.relay, decision.ok_lamp) == (True, True, True, False)
    assert decision.person_ids == (1,)


def test_masked_and_unsure_people_do_not() -> None:
    decisions = drive([[person(1, MASKED), person(2, UNSURE)]] * 50)
    assert all(d.alarm is AlarmState.CLEAR and not d.lamp and not d.buzzer for d in decisions)


def test_the_lamp_stays_for_the_hold_time_and_the_buzzer_does_not() -> None:
    decisions = drive([BARE, *[[]] * 7])
    assert [d.lamp for d in decisions] == [True] * 6 + [False] * 2
    assert [d.buzzer for d in decisions] == [True] + [False] * 7
    assert decisions[3].alarm is AlarmState.HOLDING


def test_without_a_hold_time_the_alarm_lasts_as_long_as_somebody_stands_there() -> None:
    decisions = drive([BARE] * 10 + [[]], config=Alarm(hold_s=0))
    assert [d.buzzer for d in decisions] == [d.lamp for d in decisions] == [True] * 10 + [False]


def test_while_the_lamp_is_on_nobody_is_thanked() -> None:
    decisions = drive([BARE, *[[person(2, MASKED)]] * 8])
    assert [d.ok_lamp for d in decisions] == [not d.lamp for d in decisions]


def test_after_the_hold_time_comes_the_cooldown_and_then_the_next_alarm() -> None:
    decisions = drive([BARE, *[[]] * 7, *[[person(2)]] * 20])
    assert decisions[6].alarm is AlarmState.COOLDOWN
    first = next(index for index, d in enumerate(decisions) if index > 6 and d.buzzer)
    assert first * 0.5 == 3.0 + 5.0


def test_an_alarm_ends_after_its_longest_time_and_is_over_for_whoever_stays() -> None:
    decisions = drive([BARE] * 400)
    lit_s = sum(d.lamp for d in decisions) * 0.5
    assert lit_s == 30.0


def test_somebody_else_is_alarmed_about_while_the_first_one_stays() -> None:
    decisions = drive([BARE] * 200 + [[person(1), person(2)]])
    assert decisions[-1].alarm is AlarmState.ALARM
    assert decisions[-1].person_ids == (2,)


def test_whoever_puts_a_mask_on_and_takes_it_off_again_is_alarmed_about_again() -> None:
    decisions = drive([BARE] * 200 + [[person(1, MASKED)]] + [BARE])
    assert decisions[-1].buzzer


def test_mute_and_quiet_hours_silence_buzzer_and_relay_but_not_the_lamp() -> None:
    for silence in (Silence(muted=True), Silence(quiet=True)):
        (decision,) = drive([BARE], silence=silence)
        assert (decision.lamp, decision.buzzer, decision.relay) == (True, False, False)


def test_outside_the_schedule_nothing_happens() -> None:
    decisions = drive([BARE] * 10, silence=Silence(inactive=True))
    assert not any(d.lamp or d.buzzer for d in decisions)


def test_the_green_lamp_thanks_when_all_at_the_door_are_masked() -> None:
    decisions = drive([[], [person(1, MASKED)], [person(1, MASKED), person(2, UNSURE)]])
    assert [d.ok_lamp for d in decisions] == [False, True, False]


def test_whoever_joined_late_is_alarmed_about_after_the_cooldown() -> None:
    decisions = drive([BARE] * 58 + [[person(1), person(2)]] * 40)
    assert decisions[-1].alarm is AlarmState.ALARM
    assert decisions[-1].person_ids == (2,)


def test_outside_the_schedule_the_green_lamp_is_off_too() -> None:
    (decision,) = drive([[person(1, MASKED)]], silence=Silence(inactive=True))
    assert not decision.ok_lamp
    assert decision.status is StatusPattern.WATCHING


def test_an_alarm_ends_at_once_when_the_schedule_does() -> None:
    memory, _ = step(AlarmMemory(), BARE, 0, 0.0, CONFIG, Silence())
    memory, decision = step(memory, BARE, 1, 0.1, CONFIG, Silence(inactive=True))
    assert (decision.alarm, decision.lamp, decision.buzzer) == (AlarmState.CLEAR, False, False)


def test_a_hand_before_the_face_does_not_start_the_alarm_over() -> None:
    decisions = drive([BARE] * 80 + [[person(1, UNSURE)]] * 10 + [BARE] * 20)
    assert not any(d.lamp for d in decisions[80:])


def test_a_hand_before_the_face_when_an_alarm_ends_does_not_start_it_over() -> None:
    decisions = drive([BARE] * 56 + [[person(1, UNSURE)]] * 10 + [BARE] * 20)
    assert sum(d.lamp for d in decisions) * 0.5 == 30.0
    assert not decisions[-1].lamp


def test_whoever_was_unsure_during_an_alarm_about_somebody_else_is_alarmed_about_afterwards() -> None:
    decisions = drive([[person(1), person(2, UNSURE)]] * 80 + [[person(1), person(2)]])
    assert decisions[-1].person_ids == (2,)


def test_stepping_out_for_a_moment_neither_ends_an_alarm_nor_starts_it_over() -> None:
    for away_index in (32, 60):  # in the middle of the alarm, and just when its longest time is over
        history = [BARE] * 200
        history[away_index] = []
        decisions = drive(history)
        assert sum(d.lamp for d in decisions) * 0.5 == 30.0


def test_whoever_puts_a_mask_on_during_an_alarm_may_have_another_one() -> None:
    decisions = drive([BARE] * 40 + [[person(1, MASKED)]] * 30 + [BARE] * 2)
    assert decisions[-1].buzzer


def test_whoever_was_gone_for_long_enough_is_alarmed_about_again() -> None:
    for away_s, again in ((8, False), (12, True)):
        decisions = drive([BARE] * 80 + [[]] * (2 * away_s) + [BARE])
        assert decisions[-1].buzzer is again


def test_whoever_is_lost_for_a_moment_and_found_in_the_same_place_is_no_new_offender() -> None:
    assert not drive([BARE] * 80 + [[]] * 6 + [[came_up(2, 43.0)]] * 20)[-1].lamp
    assert drive([BARE] * 80 + [[]] * 6 + [[came_up(2, 43.0, square(20, 200))]])[-1].lamp
    assert drive([BARE] * 80 + [[]] * 6 + [[person(2)]])[-1].lamp
    assert drive([BARE] * 80 + [[]] * 6 + [[came_up(2, 43.0, square(300, 220, 40))]])[-1].lamp


def test_whoever_walks_in_where_a_spent_person_walked_out_is_alarmed_about() -> None:
    newcomer = came_up(2, 43.0)
    walks_on = replace(newcomer, box=square(400, 200), still_s=43.5)
    decisions = drive([BARE] * 80 + [[]] * 6 + [[newcomer], [walks_on], [walks_on]])
    assert [d.buzzer for d in decisions[-3:]] == [False, True, True]


def test_whoever_was_there_already_or_comes_from_elsewhere_is_not_taken_for_a_spent_person_who_leaves() -> None:
    beside = came_up(2, 20.0)
    decisions = drive([[person(1), replace(beside, kind=UNSURE)]] * 80 + [[beside]])
    assert decisions[-1].buzzer
    arrives = replace(came_up(2, 41.0), still_s=44.5)
    assert drive([BARE] * 80 + [[]] * 10 + [[arrives]])[-1].buzzer


def test_whoever_was_lost_and_found_again_may_move_later() -> None:
    found = came_up(2, 43.0)
    moves_on = replace(found, box=square(330, 200), still_s=47.0)
    assert not any(d.lamp for d in drive([BARE] * 80 + [[]] * 6 + [[found]] * 8 + [[moves_on]] * 8)[80:])


def came_up(number: int, since_s: float, box: Box | None = None) -> Person:
    """Return somebody without a mask who has not moved since coming up."""
    return replace(person(number, box=box), since_s=since_s, still_s=since_s)


def test_more_alarms_than_people_can_live_with_light_the_lamp_only() -> None:
    once = [[person(1)], *[[]] * 20]
    decisions = drive(once * 10, config=Alarm(hold_s=1, cooldown_s=1, max_per_minute=3))
    starts = [d for before, d in pairwise([dark(0.0), *decisions]) if d.lamp and not before.lamp]
    assert [d.buzzer for d in starts] == [True] * 3 + [False] * 3 + [True] * 3 + [False]


def test_alarms_that_were_muted_use_up_none_of_those_that_may_sound() -> None:
    config = Alarm(hold_s=1, cooldown_s=1, max_per_minute=3)
    memory, starts = AlarmMemory(), []
    for index, people in enumerate([[person(1)], *[[]] * 20] * 8):
        before = memory.state
        silence = Silence(muted=index < 4 * 21)
        memory, decision = step(memory, people, index, index * 0.1, config, silence)
        if before is AlarmState.CLEAR and memory.state is AlarmState.ALARM:
            starts.append(decision.buzzer)
    assert starts == [False] * 4 + [True] * 3 + [False]


def test_an_alarm_that_is_unmuted_in_its_middle_counts_as_one_that_sounded() -> None:
    config = Alarm(hold_s=1, cooldown_s=1, max_per_minute=1)
    memory, _ = step(AlarmMemory(), BARE, 0, 0.0, config, Silence(muted=True))
    memory, decision = step(memory, BARE, 1, 1.0, config, Silence())
    assert decision.buzzer
    for index, now_s in enumerate((2.0, 4.0, 6.0, 8.0), start=2):
        memory, _ = step(memory, [], index, now_s, config, Silence())
    memory, decision = step(memory, BARE, 6, 9.0, config, Silence())
    assert (decision.lamp, decision.buzzer) == (True, False)


def test_start_and_end_are_dark_but_for_the_status_lamp() -> None:
    for decision, status in ((dark(1.0), StatusPattern.OFF), (starting(1.0), StatusPattern.STARTING)):
        assert decision.status is status
        assert not (decision.lamp or decision.buzzer or decision.relay or decision.ok_lamp)
