"""What systems say about pictures: runs their commands and reads their JSON lines (see `edge.contract`)."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import DataError
from edge.geometry import Box
from train.annotations import AnnotatedPicture
from train.scoring import FoundFace

Found = Mapping[str, Sequence[FoundFace]]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a system said about a set of pictures, by file name, and how long it took."""

    found: Found
    wall_s: float

    @staticmethod
    def make(command: str, pictures: Sequence[AnnotatedPicture], kept: Path) -> Prediction:
        """Run a system over the folder that the pictures lie in and keep its lines in `kept`.

        Raises DataError when it fails or says nothing about one of the pictures.
        """
        words = [*shlex.split(command), str(pictures[0].path.parent)]
        started_s = time.monotonic()
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        wall_s = time.monotonic() - started_s
        if done.returncode != 0:
            raise DataError(f"{shlex.join(words)}: ended with exit code {done.returncode}; its own words are above")
        kept.write_text(done.stdout, encoding="utf-8")
        try:
            found = read_predictions(done.stdout)
        except DataError as exc:
            raise DataError(f"{command}: {exc}") from exc
        missing = [picture.path.name for picture in pictures if picture.path.name not in found]
        if missing:
            raise DataError(f"{command}: said nothing about {len(missing)} pictures, {missing[0]} among them")
        return Prediction(found, wall_s)


def read_predictions(text: str) -> dict[str, list[FoundFace]]:
    """Return the faces of each picture by file name from JSON lines; lines of pictures with an error are passed over.

    Each face needs `box` and `label`; `score` is 1 where it is missing, the rest is optional. Raises DataError for a
    line that is no such JSON.
    """
    found: dict[str, list[FoundFace]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.update(_read_line(line, number))
    return found


def _read_line(line: str, number: int) -> dict[str, list[FoundFace]]:
    try:
        content = json.loads(line)
        if "error" in content:
            return {}
        return {Path(content["image"]).name: [_read_face(face) for face in content["faces"]]}
    except (ValueError, TypeError, KeyError) as exc:
        raise DataError(
            f"line {number} is not what `maskwatch image --json` prints ({exc!r}): {line[:80]}; print one JSON object "
            "a picture and anything else to standard error"
        ) from exc


def _read_face(face: Mapping[str, Any]) -> FoundFace:
    box = Box(*(float(value) for value in face["box"]))
    label_score = float(face.get("score", 1.0))
    return FoundFace(box, face["label"], label_score, face.get("face_score"), face.get("scores"), face.get("verdict"))
