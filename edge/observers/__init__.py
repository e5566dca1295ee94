"""Those who look on from outside: the page, MQTT, metrics. The alarm does not know of them and never waits for them."""

from __future__ import annotations

from typing import Protocol

from edge.pipeline import Turn


class Observer(Protocol):
    """Is told of every frame, in the frame loop's thread, and returns at once: its work is done in its own threads."""

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; `now_s` is in monotonic seconds."""

    def add_blind(self, reason: str) -> None:
        """Take in that there is no picture, and why; called several times a second."""

    def close(self) -> None:
        """Stop the threads, within a few seconds. Calling it again does nothing."""
