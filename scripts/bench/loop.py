"""What a frame costs in the daemon's loop, stage by stage, beside what its two models need.

    .venv/bin/python scripts/bench/loop.py [--picture FILE] [--frames 600] [--cpu-time]

640×480 pictures that lie in memory, one face that sways so that it is judged in every frame, drawing off, one core.
Everything else is the daemon: tracking, alarm, pins (not there), journal, status. Two passes: the loop as a multiple of
its models is from one in which nothing but the models is timed, as every watch on a stage costs a little itself; the
stages are from the other. `--cpu-time` counts the loop's own processor time, for a machine that is busy with something
else.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import in_memory
from in_memory import daemon_settings, door_picture, every_frame_judged, sway, watch

_WARM = 50
Times = dict[str, list[float]]


class StageClock:
    """Adds up, frame by frame, what named calls take."""

    def __init__(self, clock: Callable[[], int]) -> None:
        """Measure with `clock`, in nanoseconds."""
        self._clock = clock
        self._frame: dict[str, float] = {}
        self.frames: list[dict[str, float]] = []
        self._last = clock()

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Time a function or method in its place from now on."""
        inner = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:
            began = self._clock()
            try:
                return inner(*args, **options)
            finally:
                self._frame[stage] = self._frame.get(stage, 0.0) + (self._clock() - began) / 1e6

        setattr(owner, name, timed)

    def end_frame(self) -> None:
        """Close the books of a frame."""
        now = self._clock()
        self._frame["loop"], self._last = (now - self._last) / 1e6, now
        self.frames.append(self._frame)
        self._frame = {}


def measure(count: int, picture: Path | None, stages: StageClock) -> list[dict[str, float]]:
    """Return the milliseconds of each stage of each frame in which both models ran, the first ones left out."""
    with tempfile.TemporaryDirectory() as folder, _timed_models(stages):
        settings = every_frame_judged(daemon_settings(Path(folder)))
        watch(sway(door_picture(picture)), count + _WARM, settings, lambda turn: stages.end_frame())
    return [frame for frame in stages.frames[_WARM:] if {"detector model", "classifier model"} <= frame.keys()]


@contextmanager
def _timed_models(stages: StageClock) -> Iterator[None]:
    from edge.runtime import tflite

    inner = tflite.open_interpreter
    numbers = iter(("detector model", "classifier model"))

    def open_timed(*args: Any) -> Any:
        return _Timed(inner(*args), stages, next(numbers))

    tflite.open_interpreter = open_timed
    try:
        yield
    finally:
        tflite.open_interpreter = inner


def watch_stages(stages: StageClock) -> None:
    """Time what happens around the models too, from now on."""
    from edge import classifier, detector, pipeline, recorder
    from edge.observers import group
    from edge.outputs import together

    stages.wrap(detector, "detector_input", "picture to detector")
    stages.wrap(detector, "decode_faces", "boxes from detector")
    stages.wrap(classifier, "classifier_input", "face to classifier")
    stages.wrap(detector.TfliteDetector, "detect", "find")
    stages.wrap(classifier.TfliteClassifier, "judge", "judge")
    stages.wrap(pipeline, "take_turn", "turn")
    stages.wrap(together.Together, "show", "outputs")
    stages.wrap(recorder.Recorder, "add", "recorder")
    stages.wrap(group.Observers, "add", "observers")


class _Timed:
    """An interpreter whose `invoke` is timed."""

    def __init__(self, inner: Any, stages: StageClock, stage: str) -> None:
        self._inner = inner
        self.invoke, self.tensor, self.get_tensor = inner.invoke, inner.tensor, inner.get_tensor
        stages.wrap(self, "invoke", stage)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def summarize(frames: Sequence[dict[str, float]]) -> list[tuple[str, float]]:
    """Return (stage, median ms), the parts of the loop."""
    of = {stage: [frame.get(stage, 0.0) for frame in frames] for stage in frames[0]}
    median = {stage: statistics.median(values) for stage, values in of.items()}
    models = models_ms(frames)
    parts = ["picture to detector", "boxes from detector", "face to classifier"]
    rest_models = median["find"] + median["judge"] - models - sum(median[part] for part in parts)
    rows = [(part, median[part]) for part in ("detector model", "classifier model", *parts)]
    rows.append(("tensors in and out, records", rest_models))
    rows.append(("tracking, votes, alarm", median["turn"] - median["find"] - median["judge"]))
    rows += [(part, median[part]) for part in ("outputs", "recorder", "observers")]
    rows.append(("the rest of the loop", median["loop"] - sum(ms for _, ms in rows)))
    return rows


def models_ms(frames: Sequence[dict[str, float]]) -> float:
    """Return the medians of both models together, in milliseconds."""
    return sum(statistics.median(frame[name] for frame in frames) for name in ("detector model", "classifier model"))


def main() -> None:
    """Print a line a stage, and the loop as a multiple of its models."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = time.thread_time_ns if options.cpu_time else time.perf_counter_ns
    bare = measure(options.frames, options.picture, StageClock(clock))
    stages = StageClock(clock)
    watch_stages(stages)
    for stage, ms in summarize(measure(options.frames, options.picture, stages)):
        print(f"{stage:28} {ms:7.3f} ms")
    loop, models = statistics.median(frame["loop"] for frame in bare), models_ms(bare)
    print(f"the whole loop {loop:.3f} ms, its two models {models:.3f} ms: loop / models = {loop / models:.3f}")
    print(f"(medians of {len(bare)} frames, {in_memory.ROOT.name})")


if __name__ == "__main__":
    main()
