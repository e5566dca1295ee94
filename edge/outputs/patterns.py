"""What an output shows over time: steady, blinking, beeping. Pure: how long it has been shown is given."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from edge.records import StatusPattern


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rhythm and its name in the log.

    `spans_ms` are how many milliseconds it is on, off, on… in turn, and then from the start again; none is for ever.
    `first` says whether it begins on.
    """

    name: str
    spans_ms: tuple[int, ...] = ()
    first: bool = True

    def is_on(self, age_s: float) -> bool:
        """Return whether it is on after being shown for `age_s` seconds, to the nearest millisecond."""
        return self._place(age_s)[0] % 2 == 0 if self.first else self._place(age_s)[0] % 2 == 1

    def rest_s(self, age_s: float) -> float:
        """Return the seconds until it switches, infinite where it never does.

        Counted from the beginning and not from the last switch, so that being late once does not add up.
        """
        return self._place(age_s)[1] / 1000

    def _place(self, age_s: float) -> tuple[int, float]:
        """Return in which of the spans an age lies, and the milliseconds that are left of it."""
        if not self.spans_ms:
            return 0, inf
        left_ms = round(age_s * 1000) % sum(self.spans_ms)
        ends_ms = tuple(accumulate(self.spans_ms))
        index = bisect_right(ends_ms, left_ms)
        return index, ends_ms[index] - left_ms


OFF = Pattern("off", first=False)
ON = Pattern("on")

LAMP_PATTERNS = {"steady": ON, "blink": Pattern("blinking", (500, 500))}
"""What `gpio.lamp_pattern` chooses from. One blink a second: flashes above three a second can cause seizures
(WCAG 2.2, 2.3.1)."""

BUZZER_PATTERNS = {
    "steady": ON,
    "beep": Pattern("beeping", (200, 800)),
    "double_beep": Pattern("beeping twice", (120, 120, 120, 840)),
}
"""What `gpio.buzzer_pattern` chooses from."""

TROUBLE = Pattern("blinking twice", (150, 150, 150, 850))
"""The status lamp when it watches but another output, or a Coral, fails."""

STATUS_PATTERNS = {
    StatusPattern.STARTING: Pattern("blinking slowly", (1000, 1000)),
    StatusPattern.WATCHING: ON,
    StatusPattern.TROUBLED: TROUBLE,
    StatusPattern.BLIND: Pattern("blinking fast", (100, 100)),
    StatusPattern.OFF: OFF,
}

MUTED = Pattern("winking", (200, 1800), first=False)
"""The status lamp of a muted Maskwatch: it watches. Begins dark, so that a press of the button is answered at once."""
