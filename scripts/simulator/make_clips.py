"""Make clips of a simulated door, each with the truth about it, from real faces of the annotated data sets.

    .venv/bin/python scripts/simulator/make_clips.py out/simulator --each 2

writes NAME.mp4 (or with --frames a folder of JPEGs), NAME.json and door.yaml, the configuration to watch them with.
The pictures show people: they stay in `out/`, which git ignores. score_clips.py scores what the appliance makes of
them; docs/simulator.md tells the rest.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from cutouts import SOURCES, Choice, find_faces  # noqa: E402
from plans import Plan  # noqa: E402
from render import collect_truth, render  # noqa: E402
from scenarios import SCENARIOS, Director  # noqa: E402
from truth import Sight, write_truth  # noqa: E402

from edge.clip import ClipWriter, make_folder  # noqa: E402
from edge.errors import DataError, MaskwatchError  # noqa: E402
from edge.preprocess import Picture  # noqa: E402
from edge.settings import Zone  # noqa: E402
from train.faces import LabeledFace  # noqa: E402

ZONE = Zone(polygon=((0.0, 0.0), (0.78, 0.0), (0.78, 1.0), (0.0, 1.0)))
"""The door and what is before it; passers-by are on the right of it."""

_JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: which scenarios, how many clips of each, from which seed, and the pause between visits."""

    scenarios: tuple[str, ...]
    each: int
    seed: int
    gap_s: float
    frames: bool = False


def make_plans(order: Order, cast: Sequence[LabeledFace]) -> dict[str, Plan]:
    """Return the plans by the names of their clips; the same order and cast give the same plans.

    A scenario for which a face is missing is said and left out.
    """
    plans: dict[str, Plan] = {}
    for name in order.scenarios:
        try:
            plans.update((f"{name}_{number:03}", _make_plan(order, cast, name, number)) for number in range(order.each))
        except DataError as exc:
            print(f"{name}: left out: {exc}", file=sys.stderr)
    return plans


def _make_plan(order: Order, cast: Sequence[LabeledFace], name: str, number: int) -> Plan:
    random = np.random.default_rng((order.seed, list(SCENARIOS).index(name), number))
    return SCENARIOS[name](Director(random, cast, order.gap_s))


def make_clip(plan: Plan, cast: Sequence[LabeledFace], base: Path, frames: bool = False) -> None:
    """Write the clip `base`.mp4, or the folder `base` with a JPEG a frame, and `base`.json, which comes last.

    Raises DataError when that cannot be done.
    """
    sights: list[tuple[int, Sight]] = []
    with closing(_FrameFolder(base) if frames else ClipWriter(base.with_suffix(".mp4"), plan.fps)) as writer:
        for picture, seen in render(plan, cast):
            writer.write(picture)
            sights += seen
    write_truth(base.with_suffix(".json"), collect_truth(plan, cast, sights), ZONE, plan)


class _FrameFolder:
    """A folder with a JPEG a frame."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._folder, self._count = folder, 0

    def write(self, bgr: Picture) -> None:
        path = self._folder / f"{self._count:05}.jpg"
        if not cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]):
            raise DataError(f"{path}: cannot be written; choose another folder")
        self._count += 1

    def close(self) -> None:
        """Nothing is open between two frames."""


def read_names(table: Path) -> frozenset[str]:
    """Return the names of the pictures of a split.csv (or leave-out list) that were only ever scored.

    A table with a column `split` counts where it says `test`; without one, every `path` counts. Raises DataError.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return frozenset(Path(row["path"]).name for row in rows if row.get("split", "test") == "test")
    except (OSError, KeyError) as exc:
        raise DataError(f"{table}: not a list of pictures ({exc}); it needs the column `path`") from exc


def write_config(folder: Path, zone: Zone) -> None:
    """Write door.yaml: the zone of the clips; no hold and no cooldown, or an alarm would cover the next visitor."""
    corners = ", ".join(f"[{x:g}, {y:g}]" for x, y in zone.polygon)
    text = f"zone:\n  polygon: [{corners}]\nalarm:\n  hold_s: 0\n  cooldown_s: 0\n"
    (folder / "door.yaml").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the clips that the command line asks for; return the exit code."""
    options = _parse(arguments)
    order = Order(tuple(options.scenarios), options.each, options.seed, options.gap_s, options.frames)
    choice = Choice(sources=tuple(options.sources), min_side_px=options.min_side)
    try:
        make_folder(options.folder)
        cast, reasons = find_faces(options.data, choice, read_names(options.only) if options.only else None)
        print(f"{len(cast)} faces play; left out: {dict(reasons.most_common())}", flush=True)
        if not cast:
            raise DataError(f"{options.data}: no face in it may play; see --data, --sources, --only and --min-side")
        write_config(options.folder, ZONE)
        for name, plan in make_plans(order, cast).items():
            _make_one(name, plan, cast, options.folder, order)
    except MaskwatchError as exc:
        print(f"make_clips: {exc}", file=sys.stderr)
        return exc.exit_code
    return 0


def _make_one(name: str, plan: Plan, cast: Sequence[LabeledFace], folder: Path, order: Order) -> None:
    """Make a clip unless it is there already."""
    base = folder / name
    if base.with_suffix(".json").is_file():
        print(f"{name}: is there already", flush=True)
        return
    started_s = time.monotonic()
    make_clip(plan, cast, base, order.frames)
    print(f"{name}: {plan.seconds:.0f} s at {plan.fps:g} fps, made in {time.monotonic() - started_s:.1f} s", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    data = Path(os.environ.get("MASKWATCH_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the clips go")
    parser.add_argument("--data", type=Path, default=data, metavar="DIR", help="holds detection/ (%(default)s)")
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS), metavar="NAME")
    parser.add_argument("--each", type=int, default=1, metavar="N", help="clips of each scenario (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other clips (%(default)s)")
    parser.add_argument("--gap-s", type=float, default=6.0, help="pause between visits, seconds (%(default)s)")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES), help="whose faces play")
    parser.add_argument("--only", type=Path, metavar="CSV", help="only pictures that a run's split.csv calls test")
    parser.add_argument("--min-side", type=float, default=60.0, help="smallest face in the data, pixels (%(default)s)")
    parser.add_argument("--frames", action="store_true", help="folders of JPEGs in the place of clips")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
