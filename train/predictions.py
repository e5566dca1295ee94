"""What systems say about pictures: runs their commands and reads their JSON lines (see `edge.contract`)."""

from __future__ import annotations

import json
import math
import shlex
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import DataError, UsageError
from edge.geometry import Box
from train.annotations import AnnotatedPicture
from train.scoring import UNKNOWN, FoundFace

Found = Mapping[str, Sequence[FoundFace]]

_QUOTED = 2
"""Errors of pictures that are quoted."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a system said about a set of pictures, by file name, and how long it took."""

    found: Found
    wall_s: float

    @staticmethod
    def make(command: str, pictures: Sequence[AnnotatedPicture], kept: Path) -> Prediction:
        """Run a system over the folder that the pictures lie in and keep its lines in `kept`.

        What else lies in that folder may be unreadable. Raises DataError when the system says nothing about one of the
        pictures, prints something else, or fails and no line says why; UsageError when it cannot be started.
        """
        words = [*shlex.split(command), str(pictures[0].path.parent)]
        started_s = time.monotonic()
        try:
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        except OSError as exc:
            raise UsageError(f"--system {command}: cannot be started ({exc})") from exc
        wall_s = time.monotonic() - started_s
        kept.write_text(done.stdout, encoding="utf-8")
        found = _understand(done, [picture.path.name for picture in pictures])
        return Prediction(found, wall_s)


def _understand(done: subprocess.CompletedProcess[str], names: Sequence[str]) -> Found:
    """Return the faces of each picture. Raises DataError when the lines do not account for the pictures or the end."""
    failed = f"ended with exit code {done.returncode}" if done.returncode else ""
    said = f"{shlex.join(done.args)}: {f'{failed}, ' if failed else ''}"
    try:
        found, errors = read_predictions(done.stdout), read_errors(done.stdout)
    except DataError as exc:
        raise DataError(f"{said}{exc}") from exc
    missing = [name for name in names if name not in found]
    if missing:
        own = "; ".join([f"{name}: {errors[name]}" for name in missing if name in errors][:_QUOTED])
        words = f"; its own words: {own}" if own else "; its own words are above" if failed else ""
        raise DataError(f"{said}said nothing about {len(missing)} pictures, {missing[0]} among them{words}")
    if failed and not errors:
        raise DataError(f"{said}though no line tells of an error; its own words are above")
    return found


def read_predictions(text: str) -> dict[str, list[FoundFace]]:
    """Return the faces of each picture by file name from JSON lines; lines of pictures with an error are passed over.

    Each face needs `box` and `label`; `score` is 1 where it is missing, the rest is optional. Raises DataError for a
    line that is no such JSON, has other than finite numbers, or a label that says nothing of a mask (`face`).
    """
    return {name: said for name, said in _read_lines(text) if not isinstance(said, str)}


def read_errors(text: str) -> dict[str, str]:
    """Return what was wrong with pictures by file name, from the lines that `read_predictions` passes over."""
    return {name: said for name, said in _read_lines(text) if isinstance(said, str)}


def _read_lines(text: str) -> Iterator[tuple[str, list[FoundFace] | str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _read_line(line, number)


def _read_line(line: str, number: int) -> tuple[str, list[FoundFace] | str]:
    try:
        content = json.loads(line)
        name = Path(content["image"]).name
        return name, str(content["error"]) if "error" in content else [_read_face(face) for face in content["faces"]]
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise DataError(
            f"line {number} is not what `maskwatch image --json` prints ({exc!r}): {line[:80]}; print one JSON object "
            "a picture and anything else to standard error"
        ) from exc


def _read_face(face: Mapping[str, Any]) -> FoundFace:
    label, scores, face_score = face["label"], face.get("scores"), face.get("face_score")
    if not isinstance(label, str) or label in UNKNOWN:
        raise ValueError(f"label {label!r} is none that a system may give")
    return FoundFace(
        box=Box(*map(_finite, face["box"])),
        label=label,
        score=_finite(face.get("score", 1.0)),
        face_score=None if face_score is None else _finite(face_score),
        scores=None if scores is None else {name: _finite(score) for name, score in scores.items()},
        verdict=face.get("verdict"),
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no finite number")
    return number
