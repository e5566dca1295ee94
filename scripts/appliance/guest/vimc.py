"""The kernel's simulated camera vimc, as a hand at the plug and a scene in front of it. Needs the rights of root."""

from __future__ import annotations

import subprocess
from pathlib import Path

BARS_BGR = (
    (191, 191, 191),
    (0, 191, 191),
    (191, 191, 0),
    (0, 191, 0),
    (191, 0, 191),
    (0, 0, 191),
    (191, 0, 0),
    (0, 0, 0),
)
"""Its color bars from left to right: white, yellow, cyan, green, magenta, red, blue, black, at three quarters."""

BARS, NOISE = 0, 21
"""Its test patterns: a still picture, and one that is never the same."""

_DRIVER = Path("/sys/bus/platform/drivers/vimc")
_SILENT = Path("/sys/module/vimc/parameters/silent")
"""A switch of our own: trixie.sh builds it in."""

_NODES = Path("/sys/class/video4linux")


def is_plugged() -> bool:
    """Return whether the camera is there."""
    return (_DRIVER / "vimc.0").exists()


def plug(pattern: int) -> None:
    """Plug the camera in, showing a test pattern; one that is there already changes to it."""
    if not _DRIVER.is_dir():
        subprocess.run(["modprobe", "vimc"], check=True)
    elif not is_plugged():
        (_DRIVER / "bind").write_text("vimc.0")
    subprocess.run(["udevadm", "settle"], check=True)
    # noise needs no smoothing, which is most of the work for an emulated processor
    _set("Debayer B", f"debayer_mean_window_size={1 if pattern == NOISE else 3}")
    _set("Sensor B", f"test_pattern={pattern}")


def unplug() -> None:
    """Pull the camera out, also while it is in use."""
    if is_plugged():
        (_DRIVER / "unbind").write_text("vimc.0")


def silence(silent: bool) -> None:
    """Let the camera give no frames, while all of it stays there: a sensor whose cable has come loose."""
    _SILENT.write_text("Y" if silent else "N")


def _set(name: str, control: str) -> None:
    node = next(folder for folder in _NODES.iterdir() if (folder / "name").read_text().strip() == name)
    subprocess.run(["v4l2-ctl", "-d", f"/dev/{node.name}", "-c", control], check=True)
