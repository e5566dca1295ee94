"""The demo: makes a clip of somebody who walks up to a door, and runs the real daemon loop on it with mock pins.

    ./setup.sh demo

What a person sees is what the log of the appliance would say, with the clip's time in front.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from make_clip import FPS, ClipError, fetch_portrait, make_clip  # noqa: E402

from edge.clip import ClipWriter, annotate_turn  # noqa: E402
from edge.daemon import run_daemon  # noqa: E402
from edge.errors import MaskwatchError  # noqa: E402
from edge.pipeline import Turn  # noqa: E402
from edge.records import VerdictKind  # noqa: E402
from edge.settings import Camera, Control, Gpio, Journal, Settings  # noqa: E402

log = logging.getLogger(__name__)

PORTRAIT = ROOT / ".cache" / "astronaut.png"


class Story:
    """Tells what happens in the clip, a line whenever something changes, and draws the annotated copy."""

    def __init__(self, copy: ClipWriter) -> None:
        """Write the annotated frames to `copy`."""
        self._copy = copy
        self._told = ""

    def add(self, turn: Turn) -> None:
        """Tell and draw one frame."""
        self._copy.write(annotate_turn(turn))
        decided = sorted((p.id, p.kind) for p in turn.people if p.kind is not VerdictKind.UNSURE)
        line = (
            ", ".join(f"person {number} is {kind}" for number, kind in decided) or "nobody at the door is decided about"
        )
        if line != self._told:
            log.info("%s", line)
            self._told = line


class SinceStart(logging.Formatter):
    """Puts the seconds since the watch began in front of each line of the log."""

    def __init__(self) -> None:
        """Start counting."""
        super().__init__("%(message)s")
        self._started_s = time.time()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what the pins do stands out."""
        arrow = "=> " if "(pin " in record.getMessage() else ""
        return f"{record.created - self._started_s:6.1f} s  {arrow}{super().format(record)}"


def main() -> int:
    """Make the clip, watch it, and say where everything is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "demo", metavar="DIR")
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    clip, copy = options.output / "door.mp4", options.output / "door.annotated.mp4"
    if not PORTRAIT.is_file():
        print("Fetching the person: scikit-image's public-domain portrait of the astronaut Eileen Collins", flush=True)
    print(f"Drawing the clip of a walk up to the door ({options.seconds:.0f} s): {clip}", flush=True)
    try:
        make_clip(fetch_portrait(PORTRAIT), clip, options.seconds)
        frames = watch_clip(clip, copy)
    except (ClipError, MaskwatchError) as exc:
        print(f"demo: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; every output is off", file=sys.stderr)
        return 130
    print(f"{describe_count(frames, round(options.seconds * FPS))} The annotated clip: {copy}")
    return 0


def describe_count(looked_at: int, drawn: int) -> str:
    """Return how many of the clip's pictures were looked at: it plays like a camera, and waits for nobody."""
    if looked_at == drawn:
        return f"All {drawn} pictures looked at."
    return f"{looked_at} of {drawn} pictures looked at; the others came while one was, and are left out, as at a door."


def watch_clip(clip: Path, copy: Path) -> int:
    """Run the daemon loop on the clip at its own pace and return how many frames were decided."""
    settings = Settings(
        camera=Camera(source="files", device=str(clip), max_fps=FPS),
        gpio=Gpio(driver="mock", ok_lamp_pin=23),
        journal=Journal(path=str(copy.with_name("journal.db"))),
        control=Control(path=str(copy.with_name("control.sock"))),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(SinceStart())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    pins = settings.gpio
    print(
        f"Watching it as it plays (mock pins: lamp {pins.lamp_pin}, buzzer {pins.buzzer_pin}, "
        f"ok lamp {pins.ok_lamp_pin}, status lamp {pins.status_lamp_pin}; seconds since the start in front)"
    )
    with closing(ClipWriter(copy, FPS)) as writer:
        return run_daemon(settings, ROOT, lambda: False, Story(writer).add)


if __name__ == "__main__":
    sys.exit(main())
