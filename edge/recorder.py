"""What the daemon tells others: every frame goes into the journal's counts and the status, every change is an event."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import Any

from edge.clock import Moment, read_clock
from edge.control import Answer, Answers, Control
from edge.journal import CLOSE_S, Journal
from edge.journal_file import EntryKind
from edge.live import list_changes
from edge.mute import Mute
from edge.pipeline import Turn
from edge.records import SOUNDING
from edge.rules import limits_of
from edge.runtime.edgetpu import Acceleration, log_acceleration
from edge.settings import Journal as JournalSettings
from edge.settings import Settings
from edge.sight import Sight
from edge.status import Seen, Status, to_text
from edge.visits import Visits, count_visits

log = logging.getLogger(__name__)


class Recorder:
    """Follows the frames, in the frame loop's thread; answers the control socket, in its own."""

    def __init__(
        self, settings: Settings, journal: Journal, mute: Mute, status: Status, clock: Callable[[], Moment] = read_clock
    ) -> None:
        """Begin with nobody at the door, the alarm off and nothing muted."""
        self._settings, self._journal, self._mute, self._status = settings, journal, mute, status
        self._clock = clock
        self._left: list[Journal] = []
        self._control: Control | None = None
        self._sight = Sight(self.note_fault)
        self._config_fault = ""
        self._visits = Visits()
        self._alarm_on = self._muted = self._coral_fails = False

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; `now_s` is in monotonic seconds."""
        self._status.tell(Seen(len(turn.at_door), turn.decision.alarm, turn.decision.status), now_s)
        min_stay_s = self._settings.tracking.window_s
        self._visits, kinds = count_visits(self._visits, turn.people, turn.at_door, turn.frame.captured_s, min_stay_s)
        for kind in kinds:
            self._journal.count(kind)
        self._note_alarm(turn.decision.alarm in SOUNDING)
        self._note_mute(now_s)
        self._sight.see(now_s)

    def add_blind(self, reason: str, now_s: float) -> None:
        """Take in that there is no picture, and why: nobody is at the door any more, as far as anybody can tell."""
        self._status.tell_blind(reason, now_s)
        self._end_visits()
        self._note_mute(now_s)
        self._sight.lose(reason, now_s)

    def start_over(self, now_s: float) -> None:
        """Take in that another camera is being opened: nobody is at the door any more, as far as anybody can tell."""
        self._status.tell_starting(now_s)
        self._sight.start_over()
        self._end_visits()

    @property
    def status(self) -> Status:
        """What `maskwatch status` is told."""
        return self._status

    def tell_config(self, fault: str) -> None:
        """Take in what is wrong with config.yaml, "" for nothing; called again and again."""
        if fault != self._config_fault:
            self.note(EntryKind.CONFIG, fault or "config.yaml is fine again")
            self._status.tell_config(fault)
        self._config_fault = fault

    def tell_acceleration(self, acceleration: Acceleration) -> None:
        """Take in what the models run on from now on; a Coral that fails is an event, and so is the end of that."""
        log_acceleration(acceleration)
        if acceleration.fault or self._coral_fails:
            self.note_fault(str(acceleration))
        self._status.tell_acceleration(acceleration)
        self._coral_fails = acceleration.fault

    def change(self, settings: Settings, facts: Mapping[str, Any]) -> None:
        """Go by other settings from now on: another journal, another socket, other models to tell of."""
        before, self._settings = self._settings, settings
        self._status.tell_facts(facts)
        if _is_same_file(settings.journal, before.journal):
            self._journal.change(settings.journal)  # a new one could not correct what this one wrote without a clock
        else:
            self._leave_journal()
        if settings.control != before.control:
            self.listen()
        self.note(EntryKind.CONFIG, f"changed: {', '.join(list_changes(before, settings))}")

    def note(self, kind: EntryKind, detail: str = "") -> None:
        """Write an event into the journal."""
        self._journal.note(kind, detail)

    def note_fault(self, fault: str) -> None:
        """Write a fault into the journal, from whatever thread."""
        self.note(EntryKind.FAULT, fault)

    def listen(self) -> None:
        """Answer at the control socket that the settings name; where that cannot be, say so and go on without."""
        self._hang_up()
        path = Path(self._settings.control.path)
        try:
            self._control = Control(path, self.answers())
        except OSError as exc:
            reason = exc.strerror if path.parent.is_dir() else f"there is no folder {path.parent}"
            advice = (
                "maskwatch status, mute and unmute do not reach this daemon; correct control.path or make the folder"
            )
            log.warning("control: %s cannot be made (%s); %s", path, reason or exc, advice)

    def close(self) -> None:
        """Count those who are still waiting for a decision, end an alarm that is on, and answer no more."""
        self._hang_up()
        self._end_visits()

    def close_journal(self) -> None:
        """Write what waits, in journals that were left for another one too. Calling it again does nothing."""
        journals, ends_s = (self._journal, *self._left), time.monotonic() + CLOSE_S
        for journal in journals:
            journal.finish()
        for journal in journals:
            journal.close(max(0.0, ends_s - time.monotonic()))

    def _leave_journal(self) -> None:
        """Begin the journal that the settings name now; the one before ends when its disk lets it: no frame waits."""
        self._left.append(self._journal)
        self._journal = Journal(self._settings.journal, self._clock)
        self._left[-1].finish()

    def _hang_up(self) -> None:
        if self._control is not None:
            self._control.close()
        self._control = None

    def _end_visits(self) -> None:
        left, self._visits = count_visits(self._visits, (), (), inf, self._settings.tracking.window_s), Visits()
        for kind in left[1]:
            self._journal.count(kind)
        self._note_alarm(False)

    def answers(self) -> Answers:
        """Return what the control socket can be asked."""
        return {"status": self._say_status, "mute": self._do_mute, "unmute": self._do_unmute}

    def _note_alarm(self, on: bool) -> None:
        if on is not self._alarm_on:
            self._journal.note(EntryKind.ALARM_ON if on else EntryKind.ALARM_OFF)
        self._alarm_on = on

    def _note_mute(self, now_s: float) -> None:
        """Note a change, whoever made it: the socket, the button, or time."""
        left_s = self._mute.remaining_s(now_s)
        if (left_s > 0) is not self._muted:
            self._muted = left_s > 0
            detail = f"for {left_s / 60:.0f} min" if self._muted else ""
            self._journal.note(EntryKind.MUTE if self._muted else EntryKind.UNMUTE, detail)

    def _say_status(self, request: Mapping[str, Any]) -> Answer:
        now = self._clock()
        health = self._journal.health
        journal = {"state": health.state, "reason": health.reason, "path": self._settings.journal.path}
        return {**self._status.ask(now), **self._say_mute(now), "journal": journal}

    def _say_mute(self, now: Moment) -> Answer:
        left_s = self._mute.remaining_s(now.monotonic_s)
        until = to_text(now.utc_s + left_s) if left_s else None
        return {"muted": left_s > 0, "muted_s": round(left_s), "muted_until": until}

    def _do_mute(self, request: Mapping[str, Any]) -> Answer:
        gpio = self._settings.gpio
        low, high = limits_of(gpio, "mute_minutes")
        minutes = request.get("minutes", gpio.mute_minutes)
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not low <= minutes <= high:
            raise ValueError(f"minutes must be between {low:g} and {high:g}, got {minutes!r:.40}")
        now = self._clock()
        self._mute.set(now.monotonic_s + 60 * minutes)
        log.info("muted for %g min", minutes)
        return self._say_mute(now)

    def _do_unmute(self, request: Mapping[str, Any]) -> Answer:
        self._mute.clear()
        log.info("unmuted")
        return self._say_mute(self._clock())


def _is_same_file(one: JournalSettings, other: JournalSettings) -> bool:
    return (one.enabled, one.path) == (other.enabled, other.path)


@contextmanager
def recording(settings: Settings, mute: Mute, facts: Mapping[str, Any]) -> Iterator[Recorder]:
    """Yield a recorder with its journal and control socket; start, stop and faults in between are written down."""
    recorder = Recorder(settings, Journal(settings.journal), mute, Status(read_clock().monotonic_s, facts))
    recorder.note(EntryKind.START, f"maskwatch {facts['version']}")
    try:
        with closing(recorder):
            recorder.listen()
            yield recorder
    except Exception as exc:
        recorder.note(EntryKind.FAULT, str(exc) or type(exc).__name__)
        raise
    finally:
        recorder.note(EntryKind.STOP)
        recorder.close_journal()
