"""Several outputs as one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from edge.outputs import Output
from edge.records import Decision

log = logging.getLogger(__name__)


class Together:
    """Shows every decision on every output. One that raises OSError is logged once and asked again with the next one.

    What no output should raise still ends the daemon: then systemd starts it again.
    """

    def __init__(self, outputs: Sequence[Output]) -> None:
        """Take over outputs; the first is switched first."""
        self._outputs = tuple(outputs)
        self._failing: set[Output] = set()

    def show(self, decision: Decision) -> None:
        """Show a decision on all of them."""
        for output in self._outputs:
            self._try(output, lambda output=output: output.show(decision))  # type: ignore[misc]

    def close(self) -> None:
        """Close all of them, the last one first. Calling it again does nothing."""
        for output in reversed(self._outputs):
            self._try(output, output.close)
        self._outputs = ()

    def _try(self, output: Output, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as exc:
            if output not in self._failing:
                log.error("%s failed: %s; the other outputs go on, it is tried again", type(output).__name__, exc)
            self._failing.add(output)
            return
        if output in self._failing:
            log.info("%s works again", type(output).__name__)
        self._failing.discard(output)
