"""Peak memory of `maskwatch run` and its time to the first decided frame, seen from the outside.

    .venv/bin/python scripts/bench/memory.py [--clip FILE]

Runs the daemon on a clip (default: the demo's) with mock pins until the clip ends. Prints its largest resident size,
and the time from its start to the word "watching" in its log, which it says once the first frame is decided.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = "camera: {{source: files, device: {clip}}}\ngpio: {{driver: mock}}\njournal: {{enabled: false}}\n"
CONFIG += "control: {{path: {folder}/control.sock}}\n"


def main() -> None:
    """Print the peak resident size of the daemon, and how long its start took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=ROOT / "out" / "demo" / "door.mp4")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG.format(clip=options.clip.resolve(), folder=folder))
        start_s = watch(config)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"maskwatch run: peak resident memory {peak_kb / 1024:.0f} MB, first frame decided after {start_s:.2f} s")


def watch(config: Path) -> float:
    """Run the daemon to its end and return the seconds to its first decided frame."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "edge", "run", "--config", str(config)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr
        words = []
        start_s = None
        for line in daemon.stderr:
            words.append(line)
            if start_s is None and line.strip() == "INFO watching":
                start_s = time.monotonic() - began_s
    if daemon.returncode or start_s is None:
        sys.exit(f"memory: the daemon ended with exit code {daemon.returncode}:\n{''.join(words)}")
    return start_s


if __name__ == "__main__":
    main()
