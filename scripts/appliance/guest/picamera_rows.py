"""The source for the Pi camera with the real picamera2, on the kernel's simulated camera: picamera_rows.py [ROW…].

Runs as root in the emulator, in the folder of the checkout. Prints one JSON object a row: row, passed, says.
"""

from __future__ import annotations

import gc
import json
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import vimc

from edge.control import ask
from edge.errors import HardwareError, NoFrameError, NotDueError
from edge.records import Frame
from edge.settings import Camera, Settings
from edge.sources import Source, open_source
from edge.sources.steady import Steady

PATIENCE_S: Final = 300.0
"""How long anything may take under emulation on a busy computer."""

_ENDED_S: Final = 15.0
"""How long libcamera may take to find that it cannot go on without the camera."""

_HOLD: Final = """
from picamera2 import Picamera2
camera = Picamera2(0)
print("held", flush=True)
input()
camera.close()
"""
"""Another program that has the camera. It takes no pictures: while it does, libcamera does not even list vimc."""


class RowError(Exception):
    """A row does not hold; the text says what was seen."""


def require(holds: bool, says: str) -> None:
    """Raise RowError unless it holds."""
    if not holds:
        raise RowError(says)


def versions() -> str:
    """Say what runs here."""
    names = ("picamera2", "simplejpeg", "numpy", "opencv-python-headless", "ai-edge-litert")
    query = ("dpkg-query", "--show", "--showformat=${Version}", "python3-libcamera")
    libcamera = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in names)
    return f"Python {platform.python_version()}, Linux {platform.release()}, libcamera {libcamera}, {libraries}"


def frames() -> str:
    """Take pictures of several sizes: the size that was granted, and each color where it belongs."""
    vimc.plug(vimc.BARS)
    said: list[str] = []
    for width, height in ((640, 480), (1280, 720), (641, 481)):
        asked = Camera(source="auto", width_px=width, height_px=height)
        with given_back(open_source(asked, said.append)) as camera:
            bgr = take(camera).bgr
        got = tuple(tuple(map(int, bgr[len(bgr) // 2, (2 * bar + 1) * bgr.shape[1] // 16])) for bar in range(8))
        require(got == vimc.BARS_BGR, f"at {width}x{height} the bars are {got}")
        require(f"{bgr.shape[1]}x{bgr.shape[0]} px" in said[-1], f"{said[-1]}, and the picture is {bgr.shape}")
    require(said[0] == "camera.source auto: picamera, found Sensor B", said[0])
    return "; ".join(line for line in said if "auto" not in line)


def timestamps() -> str:
    """Follow frames: their times are the sensor's, in the past, and grow."""
    vimc.plug(vimc.BARS)
    read_s: list[float] = []

    def clock() -> float:
        read_s.append(time.monotonic())
        return read_s[-1]

    from edge.sources.picamera import open_source as open_picamera

    with closing(open_picamera(Camera(width_px=320, height_px=240), clock)) as camera:
        taken = [(take(camera).captured_s, time.monotonic()) for _ in range(8)]
    times_s, ages_ms = [at_s for at_s, _ in taken], [1000 * (now_s - at_s) for at_s, now_s in taken]
    require(not set(times_s) & set(read_s), "a frame carries the time of its arrival")
    require(all(b > a for a, b in zip(times_s, times_s[1:], strict=False)), f"the times do not grow: {times_s}")
    require(min(ages_ms) >= 0 and max(ages_ms) < 2000, f"the frames are {ages_ms} ms old")
    return f"of the sensor, growing; 8 frames reached the reader {min(ages_ms):.0f} to {max(ages_ms):.0f} ms later"


def reopened() -> str:
    """Open and close again and again: nothing stays open."""
    vimc.plug(vimc.BARS)
    held = [_open_and_close() for _ in range(6)]
    require(held[1] == held[-1], f"files and threads after each closing: {held}")
    return f"{len(held)} times; {held[-1][0]} open files and {held[-1][1]} threads after each"


def _open_and_close() -> tuple[int, int]:
    with given_back(open_source(Camera(source="picamera", width_px=320, height_px=240))) as camera:
        take(camera)
    return count_held()


def busy() -> str:
    """Open the camera while another process has it."""
    vimc.plug(vimc.BARS)
    words = [sys.executable, "-c", _HOLD]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        require(other.stdout.readline() == "held\n", "the other process did not get the camera")
        said = refused()
        held = [count_held() for _ in range(4) if refused()]
        other.communicate("\n")
    require("another program uses it" in said, said)
    require(held[0] == held[-1], f"files and threads after each try: {held}")
    return f"`{said}`"


def absent() -> str:
    """Open a camera that is not there, again and again; then it comes."""
    vimc.plug(vimc.BARS)
    vimc.unplug()
    said = refused()
    held = [count_held() for _ in range(4) if refused()]
    require("no Pi camera is connected" in said, said)
    require(held[0] == held[-1], f"files and threads after each try: {held}")
    vimc.plug(vimc.BARS)
    with closing(open_source(Camera(source="picamera", width_px=320, height_px=240))) as camera:
        take(camera)
    return f"`{said}`; found once it is there"


def silent() -> str:
    """Let the camera give no more frames, as with a loose cable, and again, twice."""
    vimc.plug(vimc.NOISE)
    camera = Steady(lambda: open_source(Camera(source="picamera", width_px=320, height_px=240)))
    with closing(camera):
        indexes, said = [wait_for_frame(camera)[0].frame_index], []
        for _ in range(2):
            vimc.silence(True)
            reason, blind_s = wait_for_fault(camera)
            vimc.silence(False)
            frame, seeing_s = wait_for_frame(camera)
            indexes.append(frame.frame_index)
            said.append(f"blind after {blind_s:.1f} s (`{reason}`), frames again after {seeing_s:.1f} s")
    require(indexes == sorted(set(indexes)), f"frames are numbered {indexes}")
    return "; ".join(said)


def service() -> str:
    """Run the service, let the camera be silent and give frames again: the daemon is the same one all the time."""
    vimc.plug(vimc.NOISE)
    with running_service():
        said = [wait_for_state("watching")]
        vimc.silence(True)
        said.append(wait_for_state("blind"))
        vimc.silence(False)
        said.append(wait_for_state("watching"))
    require(len({each["pid"] for each in said}) == 1, "the daemon was restarted")
    return f"watching, blind (`{said[1]['camera_fault']}`), watching; one process"


def service_late() -> str:
    """Start the service before the camera is there, as at a boot whose sensor driver comes late."""
    vimc.plug(vimc.BARS)
    vimc.unplug()
    with running_service():
        said = [wait_for_state("blind")]
        vimc.plug(vimc.NOISE)
        said.append(wait_for_state("watching"))
    require(len({each["pid"] for each in said}) == 1, "the daemon was restarted")
    return f"blind (`{said[0]['camera_fault']}`), watching; one process"


def service_unplugged() -> str:
    """Take the whole camera away from the service, driver and all, and put it back."""
    vimc.plug(vimc.NOISE)
    with running_service():
        said = [wait_for_state("watching")]
        vimc.unplug()
        said.append(wait_for_state("blind"))
        time.sleep(_ENDED_S)
        said.append(wait_for_state("blind"))
        vimc.plug(vimc.NOISE)
        said.append(wait_for_state("watching"))
    processes = len({each["pid"] for each in said})
    return f"watching, blind, watching; {'one process' if processes == 1 else 'systemd restarted the service'}"


@contextmanager
def given_back(camera: Source) -> Iterator[Source]:
    """Close a camera at the end, however long it takes: on a busy computer longer than the source waits for it."""
    with closing(camera):
        yield camera
    for thread in threading.enumerate():
        if thread.name.startswith("closing camera"):
            thread.join(PATIENCE_S)


@contextmanager
def running_service() -> Iterator[None]:
    """Start the service; stop it at the end, which gives the camera back."""
    subprocess.run(["systemctl", "start", "maskwatch"], check=True)
    try:
        yield
    finally:
        subprocess.run(["systemctl", "stop", "maskwatch"], check=True)


def wait_for_state(state: str) -> dict[str, Any]:
    """Return what the daemon says once it says that it is in this state."""
    end_s, said = time.monotonic() + PATIENCE_S, ""
    while time.monotonic() < end_s:
        try:
            answer = ask(Path(Settings().control.path), {"command": "status"})
        except HardwareError as exc:
            answer = {"state": str(exc)}
        if answer["state"] == state:
            return answer
        said = str(answer.get("camera_fault") or answer["state"])
        time.sleep(1.0)
    raise RowError(f"the daemon is not {state} after {PATIENCE_S:.0f} s: {said}")


def take(camera: Source) -> Frame:
    """Return the next frame of a camera that is well."""
    frame = camera.next_frame(PATIENCE_S)
    if frame is None:
        raise RowError("the camera ended")
    return frame


def refused() -> str:
    """Return what the source says when it cannot open the camera."""
    try:
        open_source(Camera(source="picamera", width_px=320, height_px=240)).close()
    except HardwareError as exc:
        return str(exc)
    raise RowError("the camera was opened")


def wait_for_frame(camera: Source) -> tuple[Frame, float]:
    """Return the next frame, and the seconds until it came."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < PATIENCE_S:
        try:
            return take(camera), time.monotonic() - begun_s
        except (NoFrameError, NotDueError):
            time.sleep(0.1)
    raise RowError(f"no frame for {PATIENCE_S:.0f} s")


def wait_for_fault(camera: Source) -> tuple[str, float]:
    """Return what the camera says once it is lost, and the seconds until it said so."""
    begun_s = time.monotonic()
    while time.monotonic() - begun_s < PATIENCE_S:
        try:
            camera.next_frame(0.2)
        except NotDueError:
            continue
        except NoFrameError as exc:
            return str(exc), time.monotonic() - begun_s
    raise RowError(f"no fault for {PATIENCE_S:.0f} s")


def count_held() -> tuple[int, int]:
    """Return how many files and threads this process has."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())), len(list(Path("/proc/self/task").iterdir()))


_ALL: Final = (versions, frames, timestamps, reopened, busy, absent, silent, service, service_late, service_unplugged)
ROWS: Final[Mapping[str, Callable[[], str]]] = {row.__name__: row for row in _ALL}


def main(names: list[str]) -> None:
    """Go through the rows."""
    for name in names or ROWS:
        try:
            passed, says = True, ROWS[name]()
        except (RowError, HardwareError, NoFrameError) as exc:
            passed, says = False, str(exc)
        print(json.dumps({"row": name, "passed": passed, "says": says}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
