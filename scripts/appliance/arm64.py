"""The edge on the processor of a Pi: its arm64 libraries and models in an emulator, compared with this computer.

    sudo .venv/bin/python scripts/appliance/arm64.py [--tests tests/edge/test_decode.py …] [--inputs 10]

Lays out an arm64 Debian, kept in the appliance's cache, and runs it without starting it, through QEMU's user emulation.
Gives the models of models/ the same inputs on both processors and compares the outputs; then runs tests of the edge
there. Half an hour and more for all tests; `--tests tests/edge/[a-z]*` runs them a file or folder at a time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from foreign import lay_out, put_checkout, run, run_shown
from numpy.typing import NDArray
from tools import HERE, ROOT, ApplianceError, call, require_tools

_PROCESSORS: Final = ("cortex-a53", "cortex-a72", "cortex-a76")
"""Of the Pi 3B+, 4 and 5."""

_MODELS: Final = ("face_detector", "mask_classifier")

_FACES: Final = ((200, 164), (772, 172), (244, 530), (900, 530))
"""Middles (x, y) of the faces in docs/demo.jpg, in pixels."""

_EDGETPU: Final = "tests/edge/runtime/test_edgetpu.py::test"
_LEFT_OUT: Final = (
    f"{_EDGETPU}_a_start_without_a_working_stick_falls_back_to_the_cpu[vanish",
    f"{_EDGETPU}_a_stick_lost_in_mid_run_costs_no_frame_and_less_than_two_seconds[vanish",
)
"""Beginnings of tests' names: the emulator adds a line to what an aborted process said last, whatever the edge does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and test; return the exit code: 0 when the bytes are the same and the tests pass."""
    options = _parse(arguments)
    try:
        require_tools()
        tree = lay_out()
        put_checkout(tree)
        same = sum(compare(tree, model, options.inputs) for model in _MODELS) == len(_MODELS)
        passed = not options.tests or run_tests(tree, options.tests)
    except ApplianceError as exc:
        print(f"arm64: {exc}", file=sys.stderr)
        return 1
    return 0 if same and passed else 1


def compare(tree: Path, model: str, inputs: int) -> bool:
    """Return whether each processor gives the same bytes as this one; print how far they are apart."""
    manifest = json.loads((ROOT / f"models/{model}.json").read_text(encoding="utf-8"))
    _, height, width, _ = manifest["input"]["shape"]
    np.save(tree / "inputs.npy", draw_inputs(width, height, inputs))
    here, path = tree / "here.npz", f"models/{model}.tflite"
    call((sys.executable, HERE / "model_bytes.py", ROOT / path, tree / "inputs.npy", here))
    same = True
    for processor in _PROCESSORS:
        there = ("/usr/local/lib/appliance/model_bytes.py", path, "/inputs.npy", "/there.npz")
        said = run(tree, processor, there).stderr
        if "XNNPACK delegate" not in said:  # it goes on without, when it cannot tell the processor
            raise ApplianceError(f"on {processor}, LiteRT runs {model} without its fast kernels: {said.strip()[-500:]}")
        for kernels, apart in measure(here, tree / "there.npz").items():
            equal = f"{int((apart == 0).sum()):,} of {apart.size:,} values the same"
            print(
                f"{model}, {kernels}, {processor}: {equal}, {apart.mean():.2f} apart on average, {apart.max()} at most"
            )
            same = same and not apart.any()
    return same


def measure(here: Path, there: Path) -> dict[str, NDArray[np.int16]]:
    """Return how far each output value is apart, in steps of 256, by the kernels that computed it."""
    with np.load(here) as mine, np.load(there) as theirs:
        return {name: np.abs(mine[name] - theirs[name]).ravel() for name in mine}


def draw_inputs(width: int, height: int, count: int) -> NDArray[np.uint8]:
    """Return pictures (count, height, width, 3) uint8 RGB, the same each time: faces, nothing, and all between.

    Each is a window of docs/demo.jpg at a face, more or less hidden by soft shapes, with a sensor's noise.
    """
    random = np.random.default_rng(0)
    demo = cv2.cvtColor(cv2.imread(str(ROOT / "docs/demo.jpg")), cv2.COLOR_BGR2RGB)
    pictures = []
    for index in range(count):
        side_px, hidden_frac = int(random.uniform(60, 200)), random.uniform()
        middle = np.array(_FACES[index % len(_FACES)]) + random.uniform(-side_px / 4, side_px / 4, 2)
        window = cv2.getRectSubPix(demo, (side_px, side_px), middle.tolist())
        face, shapes = (
            cv2.resize(each, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
            for each in (window, random.integers(0, 256, (6, 8, 3), np.uint8))
        )
        noise = random.normal(0, 4, face.shape)
        pictures.append(face * (1 - hidden_frac) + shapes * hidden_frac + noise)
    return np.asarray(np.clip(np.stack(pictures), 0, 255), np.uint8)


def run_tests(tree: Path, tests: Sequence[str]) -> bool:
    """Return whether these tests pass on the emulated processor of a Pi 4, each path in a run of its own."""
    # hypothesis' profile ci: as many examples, and no limit of milliseconds for one
    words = ["-m", "pytest", "-p", "no:cacheprovider", "-rfEs", "--hypothesis-profile=ci"]
    for test in _LEFT_OUT:
        words += ["--deselect", test]
        print(f"left out: {test}…: the emulator adds a line to what an aborted process said last", flush=True)
    return not [path for path in tests if run_shown(tree, _PROCESSORS[1], [*words, path])]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tests", nargs="*", default=["tests/edge"], metavar="PATH", help="(%(default)s)")
    parser.add_argument("--inputs", type=int, default=10, metavar="N", help="inputs a model (%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
