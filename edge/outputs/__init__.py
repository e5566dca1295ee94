"""What shows a decision to people."""

from __future__ import annotations

from typing import Protocol

from edge.records import Decision


class Output(Protocol):
    """Shows decisions."""

    def show(self, decision: Decision) -> None:
        """Show a decision; called after every frame, so it does nothing where nothing changed."""
        ...

    def close(self) -> None:
        """Switch everything off and give the hardware back. Calling it again does nothing."""
        ...
