"""Peak memory of `maskwatch run`, read by the kernel from the outside.

    .venv/bin/python scripts/bench/memory.py [--clip FILE]

Runs the daemon on a clip (default: the demo's) with mock pins until the clip ends, and prints its largest resident
size.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = "camera: {{source: files, device: {clip}}}\ngpio: {{driver: mock}}\njournal: {{enabled: false}}\n"


def main() -> None:
    """Print the peak resident size of the daemon."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=ROOT / "out" / "demo" / "door.mp4")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG.format(clip=options.clip.resolve()))
        subprocess.run([sys.executable, "-m", "edge", "run", "--config", str(config)], cwd=ROOT, check=True)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"maskwatch run: peak resident memory {peak_kb / 1024:.0f} MB")


if __name__ == "__main__":
    main()
