"""Everything that the settings open, and how it follows them: only what a change is about is opened anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.errors import ConfigError, DataError, HardwareError, ModelError
from edge.looker import Looker, open_looker
from edge.mute import Mute
from edge.outputs.snapshot import SnapshotWriter
from edge.panel import Panel
from edge.pipeline import Rig, Turn
from edge.recorder import Recorder
from edge.runtime.coral import find_corals
from edge.runtime.edgetpu import Acceleration, Report
from edge.settings import Camera, Settings
from edge.silencer import Silencer
from edge.sources import Source
from edge.sources.slowed import Slowed
from edge.sources.steady import open_steady
from edge.status import gather_facts
from edge.thermal import Thermal

CHANGE_LIMIT_S: Final = 8.0
"""How long a Coral that must be used may take to start after a change: meanwhile nothing feeds systemd's watchdog."""


class Appliance:
    """Models, camera, schedule, snapshots and thermometers; pins and journal are given, as they open first."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        panel: Panel,
        recorder: Recorder,
        mute: Mute,
        config_path: Path | None = None,
        open_camera: Callable[[Camera], Source] = open_steady,
        thermal: Thermal | None = None,
        find: Callable[[], Sequence[str]] = find_corals,
    ) -> None:
        """Load the models and open the rest; relative model paths are relative to `root`.

        `find` lists the Corals that are plugged in.
        Raises ModelError for a model, DataError for a file in the place of a camera.
        """
        self._settings, self._root, self._config_path = settings, root, config_path
        self._panel, self._recorder, self._mute = panel, recorder, mute
        self._open_camera, self._thermal = open_camera, thermal or Thermal()
        self._find, self._coral_fails = find, False
        self._looker = open_looker(settings, root, self._tell_acceleration, find)
        self._source = self._slowed(open_camera(settings.camera))
        self._snapshots = SnapshotWriter(settings)
        self._silencer = Silencer(settings.schedule)

    def rig(self, fault: bool) -> Rig:
        """Return what the loop works with; `fault` is for the status lamp, which also shows a Coral that fails."""
        return Rig(
            self._source,
            self._looker,
            self._settings,
            lambda: self._silencer.silence(self._mute.is_muted(time.monotonic())),
            fault,
            self._coral_fails,
        )

    def keep_picture(self, turn: Turn) -> None:
        """Have the picture of a turn kept if an alarm begins with it and the owner wants that."""
        self._snapshots.add(turn)

    def look_at_board(self, now_s: float) -> None:
        """Slow down while the board is too hot; `now_s` is in monotonic seconds."""
        status = self._recorder.status
        if self._thermal.look(now_s, status.rate, self._settings.camera.max_fps):
            status.tell_board(self._thermal.board)

    def change(self, settings: Settings) -> None:
        """Go by other settings from now on.

        Raises ConfigError when they do not work here: then nothing has changed. HardwareError when pins were given
        back for others and could be taken neither way.
        """
        before, reports = self._settings, _HeldReports(self._tell_acceleration)
        with ExitStack() as undo:
            looker = self._load_anew(settings, reports)
            if looker:
                undo.callback(looker.close)
            ahead = self._open_file_anew(settings.camera)
            if ahead:
                undo.callback(ahead.close)
            self._panel.change(settings.gpio)
            undo.pop_all()
        reports.release()
        self._settings, self._looker = settings, looker or self._looker
        if settings.camera != before.camera:
            self._source.close()
            self._source = self._slowed(ahead or self._open_camera(settings.camera))
        if settings.schedule != before.schedule:
            self._silencer = Silencer(settings.schedule)
        if (settings.snapshots, settings.zone) != (before.snapshots, before.zone):
            self._snapshots = SnapshotWriter(settings, before=self._snapshots)
        self._recorder.change(settings, gather_facts(settings, self._root, self._config_path))

    def close(self) -> None:
        """Close camera, snapshots and a Coral. Calling it again does nothing."""
        self._snapshots.close()
        self._source.close()
        self._looker.close()

    def _slowed(self, source: Source) -> Source:
        return Slowed(source, lambda: self._thermal.board.limit_fps)

    def _tell_acceleration(self, acceleration: Acceleration) -> None:
        self._coral_fails = acceleration.fault
        self._recorder.tell_acceleration(acceleration)

    def _load_anew(self, settings: Settings, report: Report) -> Looker | None:
        """Return the models for changed settings, None where nothing about them changed.

        A Coral is let go first, as only one process may have it; models that stay after all take it again by
        themselves. Raises ConfigError when the models cannot be loaded.
        """
        if _needs(self._settings) == _needs(settings):
            return None
        self._looker.close()
        try:
            return open_looker(settings, self._root, report, self._find, start_limit_s=CHANGE_LIMIT_S)
        except (ModelError, HardwareError) as exc:
            raise ConfigError(str(exc)) from exc

    def _open_file_anew(self, camera: Camera) -> Source | None:
        """Return the file that stands in for another camera, before that one is given up; None for cameras."""
        if camera == self._settings.camera or camera.source != "files":
            return None
        try:
            return self._open_camera(camera)
        except DataError as exc:
            raise ConfigError(f"camera.device: {exc}") from exc


class _HeldReports:
    """Keeps back what models say that they run on, until these models are in force."""

    def __init__(self, report: Report) -> None:
        self._report, self._held = report, list[Acceleration]()
        self._released = False

    def __call__(self, acceleration: Acceleration) -> None:
        """Pass a report on, or keep it."""
        if self._released:
            self._report(acceleration)
        else:
            self._held.append(acceleration)

    def release(self) -> None:
        """Pass on what was kept, and from now on each report at once."""
        self._released = True
        for acceleration in self._held:
            self._report(acceleration)


def _needs(settings: Settings) -> tuple[object, ...]:
    """Return all that the models depend on."""
    detector = replace(settings.detector, every_n_frames=1)
    return detector, settings.classifier, settings.accelerator, settings.alarm.labels
