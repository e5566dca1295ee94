"""Do those who look on slow the alarm down? Viewers of the page and a broker that comes and goes, in one table.

    .venv/bin/python scripts/bench/observers.py [--rounds 10] [--seconds 6] [--fps 10]

The real daemon (`edge.daemon.run_daemon`, mock pins, journal on) watches a camera of known frame times in a process of
its own. Each round goes through every case once, in another order than the one before; page and MQTT are switched by
saving config.yaml. Measured for each picture: the milliseconds from when it was due to the end of its turn, that is,
after the lamp was switched and page, MQTT and journal were told. The last column is the p95 over that of "nobody". The
case "nobody, again" is the same once more: what it differs by is the machine's noise. Without mosquitto the cases with
a broker are left out, and it says so.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, TypeAlias

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "bench")]

from viewers import Viewers  # noqa: E402

from edge.pipeline import Turn  # noqa: E402

Times: TypeAlias = list[tuple[float, float]]
"""For each picture: when it was due and when its turn ended, in monotonic seconds."""

_PATIENCE_S: Final = 120.0
_SETTLE_S: Final = 1.5
_FLAP_S: Final = 1.0
_CONFIG: Final = """
camera: {{source: files, device: door, max_fps: {fps}}}
gpio: {{driver: mock}}
alarm: {{max_per_minute: 60, cooldown_s: 0}}
journal: {{path: {folder}/journal.db}}
control: {{path: {folder}/control.sock}}
web: {{enabled: {web}, port: {web_port}}}
mqtt: {{enabled: {mqtt}, port: {mqtt_port}}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Who looks on. `viewers` None: the page is off. `broker`: off (MQTT is), up, down or flapping."""

    name: str
    viewers: int | None = None
    broker: str = "off"


CASES: Final = (
    Case("nobody: no page, no MQTT"),
    Case("nobody, again"),
    Case("page, 0 viewers", 0),
    Case("page, 1 viewer", 1),
    Case("page, 20 viewers", 20),
    Case("broker up", broker="up"),
    Case("broker down", broker="down"),
    Case("broker up and down every second", broker="flapping"),
    Case("20 viewers, broker up and down", 20, "flapping"),
)


@dataclass(slots=True)
class Measured:
    """What a case gave in all rounds: when it was measured, from and to in monotonic seconds, and pictures sent."""

    windows: list[tuple[float, float]] = field(default_factory=list)
    sent: int = 0


Results: TypeAlias = dict[Case, Measured]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the daemon is found: its folder, its ports, its frames a second, and what has it read config.yaml.

    `equal`: the page's threads are as urgent as the alarm's.
    """

    folder: Path
    web_port: int
    mqtt_port: int
    fps: float
    equal: bool
    reload: Event

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config.yaml"

    def switch(self, web: bool, mqtt: bool) -> None:
        """Have the page and MQTT switched on or off."""
        words = {True: "true", False: "false"}
        part = self.config.with_suffix(".part")
        ports = {"web_port": self.web_port, "mqtt_port": self.mqtt_port}
        part.write_text(_CONFIG.format(folder=self.folder, fps=self.fps, web=words[web], mqtt=words[mqtt], **ports))
        part.replace(self.config)
        self.reload.set()


def watch(place: Place, stop: Event, answer: Connection) -> None:
    """Be the daemon until `stop`; send True after the first picture, and the times at the end."""
    from edge.daemon import run_daemon
    from edge.live import LiveConfig
    from edge.sources import SOURCES

    if place.equal:
        forbid_priorities()
    SOURCES["files"] = "door_camera:open_source"
    os.environ["STATE_DIRECTORY"] = str(place.folder)
    times: Times = []

    def is_forced() -> bool:
        asked = place.reload.is_set()
        place.reload.clear()
        return asked

    config = LiveConfig(place.config, is_forced)

    def note(turn: Turn) -> None:
        times.append((turn.frame.captured_s, time.monotonic()))
        if len(times) == 1:
            answer.send(True)

    run_daemon(config.settings, ROOT, stop.is_set, note, config)
    answer.send(times)


def forbid_priorities() -> None:
    """Have the page's threads run like all others, as under a unit that lets nobody change a priority."""
    from edge.web import picture, server

    picture.lower_priority = server.lower_priority = lambda: None


@contextmanager
def broker(place: Place, how: str) -> Iterator[None]:
    """Have mosquitto as a case wants it."""
    if how not in ("up", "flapping"):
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_keep_broker, args=(place, _FLAP_S if how == "flapping" else None, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_broker(place: Place, flap_s: float | None, stop: threading.Event) -> None:
    """Have mosquitto run until `stop`, or run and be dead by turns of `flap_s` seconds."""
    config = place.folder / "mosquitto.conf"
    config.write_text(f"listener {place.mqtt_port} 127.0.0.1\nuser root\nallow_anonymous true\n")
    while not stop.is_set():
        with subprocess.Popen([find_mosquitto(), "-c", config], stderr=subprocess.DEVNULL) as running:
            stop.wait(flap_s)
            running.kill()
        stop.wait(flap_s)


def find_mosquitto() -> str:
    """Return where mosquitto is, "" where it is not."""
    return shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") or ""


def measure(place: Place, case: Case, seconds: float, measured: Measured) -> None:
    """Have a case for `seconds`, after a moment to settle."""
    place.switch(web=case.viewers is not None, mqtt=case.broker != "off")
    with ExitStack() as opened:
        opened.enter_context(broker(place, case.broker))
        if case.viewers is not None:
            wait_for_page(place.web_port)
        viewers = opened.enter_context(Viewers(place.web_port, case.viewers or 0))
        time.sleep(_SETTLE_S)
        sent, begun_s = viewers.pictures, time.monotonic()
        time.sleep(seconds)
        measured.windows.append((begun_s, time.monotonic()))
        measured.sent += viewers.pictures - sent


def wait_for_page(port: int) -> None:
    """Return once the page listens."""
    until_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until_s:
                sys.exit(f"the page does not open at port {port} within {_PATIENCE_S:g} s")
            time.sleep(0.1)
        else:
            return


def run_rounds(cases: Sequence[Case], options: argparse.Namespace) -> tuple[Results, Times]:
    """Return what each case gave and the daemon's times, after going through all cases."""
    results: Results = {case: Measured() for case in cases}
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), free_port(), free_port(), options.fps, options.equal, context.Event())
        place.switch(web=False, mqtt=False)
        stop, (mine, theirs) = context.Event(), context.Pipe()
        daemon = context.Process(target=watch, args=(place, stop, theirs))
        daemon.start()
        mine.recv()
        for number in range(options.rounds):
            for case in cases[number % len(cases) :] + cases[: number % len(cases)]:
                measure(place, case, options.seconds, results[case])
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        stop.set()
        times: Times = mine.recv()
        daemon.join()
    return results, times


def free_port() -> int:
    """Return a port that nobody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def print_table(results: Results, times: Times) -> None:
    """Print a line a case."""
    print(f"{'case':34} frames/s  median ms  p95 ms  p95 to nobody  pictures/s a viewer")
    nobody_ms = 0.0
    for case, measured in results.items():
        taken_ms = [1000 * (done - due) for due, done in times if any(a <= due < b for a, b in measured.windows)]
        seconds = sum(end - begun for begun, end in measured.windows)
        p95_ms = statistics.quantiles(taken_ms, n=20)[-1]
        nobody_ms = nobody_ms or p95_ms
        seen = f"{measured.sent / seconds / case.viewers:6.1f}" if case.viewers else ""
        rate, median_ms = len(taken_ms) / seconds, statistics.median(taken_ms)
        print(f"{case.name:34} {rate:8.2f}  {median_ms:9.1f}  {p95_ms:6.1f}  {p95_ms / nobody_ms:13.3f}  {seen}")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=6.0, help="that each case is measured for in a round")
    parser.add_argument("--fps", type=float, default=10.0, help="pictures a second that the camera gives")
    parser.add_argument("--equal", action="store_true", help="do not lower the priority of the page's threads")
    options = parser.parse_args()
    cases = [case for case in CASES if find_mosquitto() or case.broker in ("off", "down")]
    if len(cases) < len(CASES):
        print("mosquitto is not installed: cases with a broker are left out (sudo apt install mosquitto)")
    load = os.getloadavg()[0]
    results, times = run_rounds(cases, options)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load before {load:.1f};",
        end=" ",
    )
    print(f"camera 1280×720 at {options.fps:g} fps, {options.rounds} rounds of {options.seconds:g} s a case")
    print_table(results, times)


if __name__ == "__main__":
    main()
