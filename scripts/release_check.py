"""Says what a release of this folder still lacks.

command    make release-check
says       one line for each thing that is missing or wrong, and what to do about it
exit code  1 when something is wrong; 0 when it may go out, be it with gaps that no device falls over
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.commands import ROOT
from edge.errors import ModelError
from edge.manifest import CLASSIFIER_KIND, DETECTOR_KIND, read_model
from edge.runtime.compiled import compiled_path, read_compiled

SHIPPED = {"face_detector.tflite": DETECTOR_KIND, "mask_classifier.tflite": CLASSIFIER_KIND}


def find_faults(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the models in a folder: nobody may get them like that."""
    for name, kind in SHIPPED.items():
        try:
            manifest = read_model(folder / name, kind)[1]
            if compiled_path(folder / name).exists():
                read_compiled(folder / name, manifest)
        except ModelError as exc:
            yield str(exc)


def find_gaps(folder: Path) -> Iterator[str]:
    """Yield what is missing and known to be: devices do without."""
    missing = [path.name for path in (compiled_path(folder / name) for name in SHIPPED) if not path.exists()]
    if missing:
        yield (
            f"{folder}: {' and '.join(missing)}: nobody with Google's compiler has run scripts/edgetpu/compile.sh yet "
            "(docs/coral.md); until then the processor does a Coral's work"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print faults and gaps; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder of the models (default: models)")
    folder = parser.parse_args(arguments).models
    faults, gaps = list(find_faults(folder)), list(find_gaps(folder))
    for line in [*(f"wrong: {each}" for each in faults), *(f"missing: {each}" for each in gaps)]:
        print(line)
    fit = "fit for a release, but for what is missing" if gaps else "fit for a release"
    print("not fit for a release" if faults else fit)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
