"""The notes of the guest's watcher, as they are written, over one connection: each new one costs the guest a second."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import Final

from emulator import Guest
from signals import Change, read_changes
from tools import ApplianceError

_FOLLOW: Final = "tail -n +1 -F /run/appliance/pins 2>/dev/null"
_FIRST_S: Final = 60.0


class Notes:
    """What the pins did since the boot."""

    def __init__(self, machine: Guest) -> None:
        """Follow a machine; the connection is made when it is needed, and again after each boot."""
        self._machine = machine
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []

    def changes(self) -> list[Change]:
        """Return all changes so far. Raises ApplianceError when the watcher says nothing."""
        self._require_connection()
        return [change for change in read_changes("".join(list(self._lines))) if change.pin]

    def now_s(self) -> float:
        """Return the guest's time, in seconds since its boot: that of the last note, at most a second old."""
        self._require_connection()
        return read_changes(self._lines[-1])[0].at_s

    def _require_connection(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._lines = []
        self._process = self._machine.follow(_FOLLOW)
        threading.Thread(target=self._read, args=(self._process, self._lines), daemon=True).start()
        begun_s = time.monotonic()
        while not self._lines:
            if time.monotonic() - begun_s > _FIRST_S:
                raise ApplianceError("the guest's watcher of the pins says nothing")
            time.sleep(0.2)

    @staticmethod
    def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                lines.append(line)  # not extend: it would show them only at the end
