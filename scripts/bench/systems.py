"""The systems that `compare.py` sets side by side, and one of them as a process of its own.

    python scripts/bench/systems.py NAME DATA_DIR PICTURE_LIST DOOR_PICTURE [--core N]

is started by compare.py, which sends it one word a line ("door", "pictures", "end") and reads one JSON line for each.
PICTURE_LIST names a picture a line. Times are wall-clock milliseconds around one look, with the picture in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts" / "peers"), str(ROOT / "scripts" / "bench")]

BLOCK = 10
"""Looks at the door picture for one "door"."""

OUR_MODELS = ("models/scored/face_detector.tflite", "models/scored/mask_classifier.tflite")
"""As large and as fast as those that are shipped, but made without the pictures that all are scored on."""
INT8_224 = ".cache/bench/mobilenet_v2_224_int8.tflite"
"""Made by compare.py from the tutorial's float classifier."""

Look = Callable[[Any], Sequence[Any]]


@dataclass(frozen=True)
class System:
    """One way to find faces and judge them.

    `open_look` loads it. `ours` are files of this repository, `data` those of the data folder: models all of them.
    """

    title: str
    open_look: Callable[[Path], Look]
    ours: tuple[str, ...] = ()
    data: tuple[str, ...] = ()

    def models(self, data: Path) -> list[Path]:
        """Return where its models lie."""
        return [*(ROOT / name for name in self.ours), *(data / name for name in self.data)]


def _open_ours(data: Path) -> Look:
    from edge.looker import open_looker

    return open_looker(_our_settings(), ROOT).look


def _open_closer(data: Path) -> Look:
    """Return what `maskwatch image` does: five looks for faces, each mirrored too, four views of each face."""
    from edge.looker import open_looker

    return open_looker(_our_settings(), ROOT, closely=True).look


def _our_settings() -> Any:
    from edge.settings import Classifier, Detector, Settings

    return Settings(
        accelerator="cpu", detector=Detector(model=OUR_MODELS[0]), classifier=Classifier(model=OUR_MODELS[1])
    )


def _open_daemon(data: Path) -> Look:
    """Return a look that sends the picture through the daemon's loop, pins and journal off."""
    from edge.alarm import Silence
    from edge.looker import open_looker
    from edge.pipeline import Turn, watch

    settings = _our_settings()
    looker = open_looker(settings, ROOT)

    def look(frame: Any) -> Sequence[Any]:
        turns: list[Turn] = []
        watch(_Once(frame), looker, (), settings, lambda: False, Silence, turns.append)
        return turns[0].verdicts

    return look


class _Once:
    def __init__(self, frame: Any) -> None:
        self._frames = [frame]

    def next_frame(self, timeout_s: float) -> Any:
        return self._frames.pop() if self._frames else None

    def close(self) -> None: ...


def _open_tutorial(data: Path) -> Look:
    from tutorial import Tutorial

    tutorial = Tutorial(data)
    return lambda frame: tutorial.look(frame.bgr)


def _open_aizoo(data: Path) -> Look:
    import aizoo

    return aizoo.Aizoo(data / "peers/aizoo_face_mask_detection.tflite", aizoo.MIN_SCORE).look


def _open_mobiledet(data: Path) -> Look:
    import mobiledet

    return mobiledet.Mobiledet(data / "peers/ssdlite_mobiledet_mask.tflite", mobiledet.MIN_SCORE).look


def _open_yunet(size: int, small: bool = True) -> Callable[[Path], Look]:
    def open_look(data: Path) -> Look:
        import yunet
        from classifiers import open_ours

        from edge.looker import Looker

        detector = yunet.YunetPeer(data / f"teachers/yunet_n_{size}_{size}.onnx", size, yunet.MIN_SCORE)
        classifier = open_ours() if small else _Int8Classifier(ROOT / INT8_224)
        return Looker(detector, classifier, min_face_score=yunet.MIN_SCORE).look

    return open_look


class _Int8Classifier:
    """The tutorial's MobileNetV2-1.0/224 as an int8 TFLite model, in our runtime."""

    def __init__(self, path: Path) -> None:
        from edge.runtime.tflite import open_raw_interpreter

        self._interpreter = open_raw_interpreter(path.read_bytes())
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]

    def judge(self, frame: Any, faces: Sequence[Any]) -> tuple[Any, ...]:
        from classifiers import LABELS, crop_face
        from lines import make_verdict

        verdicts = []
        for face in faces:
            self._interpreter.set_tensor(self._input, crop_face(frame.bgr, face.box)[None])
            self._interpreter.invoke()
            scale, zero = self._output["quantization"]
            row = (self._interpreter.get_tensor(self._output["index"])[0].astype(float) - zero) * scale
            verdicts.append(make_verdict(face, dict(zip(LABELS, row.tolist(), strict=True))))
        return tuple(verdicts)


_YUNET = "teachers/yunet_n_{0}_{0}.onnx"
_HEAD = ("peers/tutorial_head.npz", "weights/mobilenet_v2_1.0_224_imagenet_notop.weights.h5")
SYSTEMS = {
    "maskwatch": System("Maskwatch", _open_ours, OUR_MODELS),
    "daemon": System("Maskwatch, daemon loop", _open_daemon, OUR_MODELS),
    "closer": System("Maskwatch, closer look", _open_closer, OUR_MODELS),
    "tutorial": System(
        "tutorial: res10 + float MobileNetV2",
        _open_tutorial,
        data=("peers/opencv_face_detector_uint8.pb", "peers/opencv_face_detector.pbtxt", *_HEAD),
    ),
    "yunet320": System("YuNet 320 + our classifier", _open_yunet(320), OUR_MODELS[1:], (_YUNET.format(320),)),
    "yunet640": System("YuNet 640 + our classifier", _open_yunet(640), OUR_MODELS[1:], (_YUNET.format(640),)),
    "yunet320_224": System(
        "YuNet 320 + MobileNetV2-1.0/224 int8", _open_yunet(320, small=False), (INT8_224,), (_YUNET.format(320),)
    ),
    "aizoo": System("AIZOO SSD", _open_aizoo, data=("peers/aizoo_face_mask_detection.tflite",)),
    "mobiledet": System("SSDLite MobileDet", _open_mobiledet, data=("peers/ssdlite_mobiledet_mask.tflite",)),
}
"""By the name under which a process of its own is started; the first is the one that the others are compared with."""


def main() -> None:
    """Open one system, and answer what compare.py asks until it says "end"."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=tuple(SYSTEMS))
    for name in ("data", "pictures", "door"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--core", type=int, help="the only one to run on (default: all)")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    for answer in serve(options, sys.stdin):
        print(json.dumps(answer), file=answers, flush=True)


def serve(options: argparse.Namespace, questions: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield how many faces are at the door, then an answer to each question."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from edge.records import Frame
    from edge.sources.files import read_picture

    door = Frame(0, 0.0, read_picture(options.door), "door")
    look = SYSTEMS[options.name].open_look(options.data)
    yield {"faces": len(look(door))}
    for question in questions:
        match question.strip():
            case "door":
                yield _time(look, door)
            case "pictures":
                yield _look_at_all(look, options.pictures.read_text(encoding="utf-8").splitlines())
            case _:
                yield {"rss_mb": peak_memory_mb()}
                return


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process; getrusage would count that of the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _time(look: Look, frame: Any) -> dict[str, Any]:
    times_ms, cpu_s = [], time.process_time()
    for _ in range(BLOCK):
        began_s = time.perf_counter()
        look(frame)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    return {"times_ms": times_ms, "cpu_s": time.process_time() - cpu_s}


def _look_at_all(look: Look, paths: Sequence[str]) -> dict[str, Any]:
    from edge.contract import result_line
    from edge.records import AlarmState, Frame
    from edge.sources.files import read_picture

    lines, times_ms = [], []
    for index, path in enumerate(paths):
        frame = Frame(index, 0.0, read_picture(Path(path)), path)
        began_s = time.perf_counter()
        verdicts = look(frame)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        lines.append(result_line(frame, verdicts, AlarmState.CLEAR))
    return {"lines": "\n".join(lines), "times_ms": times_ms}


if __name__ == "__main__":
    main()
