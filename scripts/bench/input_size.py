r"""Input sizes of the classifier side by side: int8 latency on one core, file size, accuracy and F1 of each label.

    .venv/bin/python scripts/bench/input_size.py runs/masks_96 runs/masks_128 runs/masks_160 \
        --boxes ../shared/data/detection/adityap27/annotations.csv [--teacher SCRFD.onnx] [--faces 1000]

Each run is a folder that `python -m train classifier --input N` left. Its model is made int8 once, from its own
training pictures, and kept as RUN/int8.tflite. All see the same faces, cut as the device cuts them, which should be of
a source that no run has learned from; the rounds of timing take turns. Needs the development environment.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from convert.twins import Int8Twin  # noqa: E402
from edge.errors import MaskwatchError, UsageError  # noqa: E402
from train.faces import LabeledFace, cut_face, faces_of, read_picture  # noqa: E402
from train.report import table  # noqa: E402
from train.scores import Scores, score_labels  # noqa: E402
from train.sources import add_boxes_arguments, read_sources  # noqa: E402

INT8 = "int8.tflite"
_WARM_ROUNDS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a run and return the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        print(compare(options))
    except MaskwatchError as exc:
        print(f"input_size: {exc}", file=sys.stderr)
        return exc.exit_code
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_DIR")
    add_boxes_arguments(parser, required=True)
    parser.add_argument("--teacher", type=Path, metavar="ONNX", help="repairs the boxes, as in training")
    parser.add_argument("--faces", type=int, default=1000, help="at most, drawn evenly (1000)")
    parser.add_argument("--rounds", type=int, default=200, help="faces that each model is timed on (200)")
    return parser


def compare(options: argparse.Namespace) -> str:
    """Return the Markdown table. Raises UsageError when the runs have different labels or no face has one."""
    labels = _read_labels(options.runs)
    faces = _read_faces(options, labels)
    twins = {run: open_int8(run) for run in options.runs}
    scores = {run: score(twin, faces, labels) for run, twin in twins.items()}
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    times_ms = measure(twins, faces[: options.rounds] or faces, options.rounds)
    head = ("input px", "int8 ms", "MB", "accuracy", *(f"F1 {label}" for label in labels), "run")
    rows = [_row(run, twins[run], times_ms[run], scores[run]) for run in options.runs]
    machine = f"{platform.machine()}, core {core}, {options.rounds} rounds, {len(faces)} faces"
    return f"{table(head, rows)}\n\n{machine}: latency is the median of one face on one core"


def _row(run: Path, twin: Int8Twin, times_ms: Sequence[float], scores: Scores) -> tuple[str, ...]:
    size_mb = (run / INT8).stat().st_size / 1e6
    f1 = (f"{one.f1:.4f}" for one in scores.labels.values())
    median_ms = statistics.median(times_ms)
    return str(twin.input_size[0]), f"{median_ms:.2f}", f"{size_mb:.2f}", f"{scores.accuracy:.4f}", *f1, str(run)


def _read_labels(runs: Sequence[Path]) -> tuple[str, ...]:
    found = set()
    for run in runs:
        path = run / "labels.txt"
        if not path.is_file():
            raise UsageError(f"{run}: no labels.txt; give folders of finished classifier runs")
        found.add(tuple(path.read_text(encoding="utf-8").splitlines()))
    if len(found) > 1:
        raise UsageError(f"the runs have different labels: {sorted(found)}; compare runs with the same ones")
    return found.pop()


def _read_faces(options: argparse.Namespace, labels: Sequence[str]) -> list[LabeledFace]:
    sources = read_sources(options.boxes, options.teacher, options.runs[0] / "repaired", options.rename)
    faces = [face for name, pictures in sources.items() for face in faces_of(pictures, name, labels)]
    if not faces:
        raise UsageError(f"no face there is labeled {', '.join(labels)}; see --rename")
    if len(faces) <= options.faces:
        return faces
    return [faces[index] for index in np.linspace(0, len(faces) - 1, options.faces).astype(int)]


def open_int8(run: Path, samples: int = 300) -> Int8Twin:
    """Return the int8 model of a run, made first where it is missing or older than the float one."""
    import keras

    from convert.quantize import quantize
    from convert.samples import choose, face_inputs, read_split
    from convert.twins import output_shapes

    path, kept = run / "model.keras", run / INT8
    if not path.is_file():
        raise UsageError(f"{path}: no such model; give folders of finished classifier runs")
    model = keras.models.load_model(path, compile=False)
    if not kept.is_file() or kept.stat().st_mtime < path.stat().st_mtime:
        ranges = choose(read_split(run / "split.csv", frozenset({"train"})), samples)
        kept.write_bytes(quantize(model, list(face_inputs(ranges, model.input.shape[1]))))
    return Int8Twin(kept.read_bytes(), output_shapes(model))


def score(twin: Int8Twin, faces: Sequence[LabeledFace], labels: Sequence[str]) -> Scores:
    """Return how right a model is on faces."""
    said = [int(twin(_cut(twin, face))["scores"].argmax()) for face in faces]
    truth = [labels.index(face.label) for face in faces]
    return score_labels(np.array(truth, np.intp), np.array(said, np.intp), labels)


def measure(twins: Mapping[Path, Int8Twin], faces: Sequence[LabeledFace], rounds: int) -> dict[Path, list[float]]:
    """Return the milliseconds of each round of each model; they take turns, on one face after the other."""
    times_ms: dict[Path, list[float]] = {run: [] for run in twins}
    inputs = {run: [_cut(twin, face) for face in faces] for run, twin in twins.items()}
    for index in range(rounds + _WARM_ROUNDS):
        for run, twin in twins.items():
            rgb = inputs[run][index % len(faces)]
            started_s = time.perf_counter()
            twin(rgb)
            if index >= _WARM_ROUNDS:
                times_ms[run].append((time.perf_counter() - started_s) * 1000)
    return times_ms


def _cut(twin: Int8Twin, face: LabeledFace) -> NDArray[np.uint8]:
    return cut_face(read_picture(face.path), face.box, twin.input_size[0])


if __name__ == "__main__":
    sys.exit(main())
