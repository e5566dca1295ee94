"""All observers together: opened by the settings, opened anew when these change."""

from __future__ import annotations

import importlib.util
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from edge.control import Answers
from edge.errors import ConfigError
from edge.observers import Observer
from edge.observers.tally import Tally
from edge.pipeline import Turn
from edge.settings import Settings

log = logging.getLogger(__name__)

_CLOSE_S: Final = 8.0
_RETRY_S: Final = 30.0
"""What cannot be opened is tried again: at boot the network may come later than the daemon, or a file be corrected."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What observers have of the daemon. `answers` are the control socket's; `settings` gives those in force."""

    answers: Answers
    tally: Tally
    settings: Callable[[], Settings]


class Observers:
    """What one of them cannot do never stops the alarm: it is logged, and told to `say` for the journal.

    A thread of its own opens and closes them, so that the alarm waits neither for imports nor for a broker's good-bye.
    """

    def __init__(
        self,
        settings: Settings,
        answers: Answers,
        say: Callable[[str], None] = lambda fault: None,
        retry_s: float = _RETRY_S,
    ) -> None:
        """Begin to open those that are switched on; `say` is called in another thread."""
        self._settings, self._say, self._retry_s = settings, say, retry_s
        self._desk = Desk(answers, Tally(settings.tracking.window_s), lambda: self._settings)
        self._open: Mapping[str, Observer] = {}
        self._faults: dict[str, str] = {}
        self._jobs: queue.Queue[tuple[Settings | None, Settings] | None] = queue.Queue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="observers", daemon=True)
        self._thread.start()
        self._jobs.put((None, settings))

    def add(self, turn: Turn, now_s: float) -> None:
        """Take in what a frame gave; `now_s` is in monotonic seconds."""
        self._desk.tally.add(turn, now_s)
        for observer in self._open.values():
            observer.add(turn, now_s)

    def add_blind(self, reason: str) -> None:
        """Take in that there is no picture, and why."""
        self._desk.tally.add_blind()
        for observer in self._open.values():
            observer.add_blind(reason)

    def change(self, settings: Settings) -> None:
        """Go by other settings from now on; only what they are about is closed and opened anew."""
        before, self._settings = self._settings, settings
        self._desk.tally.min_stay_s = settings.tracking.window_s
        self._jobs.put((before, settings))

    def settle(self) -> None:
        """Return once everything that was asked for is open, or has failed to."""
        self._jobs.join()

    def close(self) -> None:
        """Close all of them, within a few seconds. Calling it again does nothing."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=self._retry_s if self._faults else None)
            except queue.Empty:
                for name in tuple(self._faults):
                    self._replace(name, self._settings)
                continue
            if job is None:
                break
            try:
                self._follow(*job)
            finally:
                self._jobs.task_done()
        for observer in self._open.values():
            observer.close()
        self._open = {}

    def _follow(self, before: Settings | None, after: Settings) -> None:
        for name, (sections, _) in OPENERS.items():
            if before is None or any(getattr(before, each) != getattr(after, each) for each in sections):
                self._replace(name, after)

    def _replace(self, name: str, settings: Settings) -> None:
        others = {key: observer for key, observer in self._open.items() if key != name}
        old, self._open = self._open.get(name), others
        if old is not None:
            old.close()
        try:
            new = OPENERS[name][1](settings, self._desk)
        except ConfigError as exc:
            self._fail(name, str(exc))
            return
        except (OSError, ImportError, RuntimeError) as exc:  # no file or thread to be had, half an installation
            self._fail(name, f"{name} cannot be opened ({exc})")
            return
        if self._faults.pop(name, None) is not None and new is not None:
            log.info("%s works now", name)
        if new is not None:
            self._open = {**others, name: new}

    def _fail(self, name: str, fault: str) -> None:
        if fault != self._faults.get(name):
            log.error("%s; the alarm goes on without, and tries again", fault)
            self._say(fault)
        self._faults[name] = fault


def _open_mqtt(settings: Settings, desk: Desk) -> Observer | None:
    if not settings.mqtt.enabled:
        return None
    _need("mqtt", "paho")
    from edge.mqtt.open import open_mqtt

    return open_mqtt(settings.mqtt, desk.answers, desk.tally)


def _open_page(settings: Settings, desk: Desk) -> Observer | None:
    if not settings.web.enabled:
        return None
    _need("web", "starlette", "uvicorn")
    from edge.web.open import open_page

    return open_page(settings.web, desk.answers, desk.tally, desk.settings, _find_metrics(settings, desk))


def _open_textfile(settings: Settings, desk: Desk) -> Observer | None:
    metrics = _find_metrics(settings, desk)
    if metrics is None or settings.metrics.textfile is None:
        return None
    from edge.metrics.textfile import TextfileWriter

    return TextfileWriter(Path(settings.metrics.textfile), settings.metrics.write_every_s, metrics)


def _find_metrics(settings: Settings, desk: Desk) -> Callable[[], bytes] | None:
    if not settings.metrics.enabled:
        return None
    _need("metrics", "prometheus_client")
    from edge.metrics.collector import make_registry, render

    registry = make_registry(desk.answers, desk.tally)
    return lambda: render(registry)


def _need(extra: str, *packages: str) -> None:
    """Raise ConfigError for packages that are not installed."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        advice = f"install Maskwatch with the extra {extra}, or switch it off"
        raise ConfigError(f"{extra}.enabled: {' and '.join(missing)} not installed; {advice}")


Opener: TypeAlias = Callable[[Settings, Desk], Observer | None]

OPENERS: Final[dict[str, tuple[tuple[str, ...], Opener]]] = {
    "mqtt": (("mqtt",), _open_mqtt),
    "web": (("web", "metrics"), _open_page),
    "metrics": (("metrics",), _open_textfile),
}
"""Name: the sections of config.yaml that it is about, and what opens it; None where it is switched off."""
