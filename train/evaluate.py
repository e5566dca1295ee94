"""python -m train evaluate: systems against annotated pictures, all by the same scorer.

A system is a command that takes a folder of pictures and prints one JSON line a picture, as `maskwatch image --json`
does.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import DataError, UsageError
from edge.geometry import Box
from train import scoring
from train.annotation_formats import read_boxes
from train.annotations import AnnotatedPicture
from train.scoring import FoundFace, Tally
from train.sources import add_boxes_arguments, parse_boxes, parse_renames, source_name

OURS = f"maskwatch={shlex.quote(sys.executable)} -m edge image --json"

Found = Mapping[str, Sequence[FoundFace]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_boxes_arguments(parser, required=True)
    parser.add_argument(
        "--system",
        action="append",
        metavar="NAME=COMMAND",
        help="what to score; the folder of pictures is added to the command (default: maskwatch as it is here)",
    )
    parser.add_argument("--min-side", type=float, nargs="+", default=[0.03, 0.08], metavar="FRAC")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="predictions, evaluation.md and .json"
    )


def run(options: argparse.Namespace) -> int:
    """Run every system over every set, score, print and write the table."""
    rows: list[dict[str, Any]] = []
    options.output.mkdir(parents=True, exist_ok=True)
    for system in options.system or [OURS]:
        name, _, command = system.partition("=")
        if not command:
            raise UsageError(f"--system {system}: NAME=COMMAND is expected, for example {OURS}")
        for word in options.boxes:
            rows += _evaluate(name, command, word, options)
    table = write_table(rows)
    command_line = shlex.join(["python", "-m", "train", *sys.argv[1:]])
    (options.output / "evaluation.md").write_text(f"`{command_line}`\n\n{table}", encoding="utf-8")
    (options.output / "evaluation.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(table)
    return 0


def _evaluate(name: str, command: str, word: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    path, folder = parse_boxes(word)
    source = source_name(folder)
    pictures = read_boxes(path, folder, parse_renames(options.rename))
    predicted = Prediction.make(command, pictures, options.output / f"{name}-{source.replace('/', '-')}.jsonl")
    return [
        {"system": name, "set": source, "min_side": side, "seconds": round(predicted.wall_s, 1)}
        | summarize(scoring.tally(pictures, predicted.found, side))
        for side in options.min_side
    ]


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
        found = read_predictions(done.stdout)
        missing = [picture.path.name for picture in pictures if picture.path.name not in found]
        if missing:
            raise DataError(f"{command}: said nothing about {len(missing)} pictures, {missing[0]} among them")
        return Prediction(found, wall_s)


def read_predictions(text: str) -> dict[str, list[FoundFace]]:
    """Return the faces of each picture by file name from JSON lines."""
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    return {
        Path(line["image"]).name: [FoundFace(Box(*f["box"]), f["label"], f["face_score"]) for f in line["faces"]]
        for line in lines
    }


def summarize(counts: Tally) -> dict[str, Any]:
    """Return the scores of one system on one set."""
    masked, unmasked = (scoring.score_labels(counts, labels) for labels in (scoring.MASKED, scoring.UNMASKED))
    return {
        "mean_f1": round(scoring.mean_f1(counts), 4),
        "masked_f1": round(masked.f1, 4),
        "unmasked_f1": round(unmasked.f1, 4),
        "masked_found": round(scoring.found_frac(counts, scoring.MASKED), 4),
        "unmasked_found": round(scoring.found_frac(counts, scoring.UNMASKED), 4),
        "label_right": round(scoring.label_accuracy(counts), 4),
        "false_faces_per_picture": round(scoring.false_faces_per_picture(counts), 4),
        "faces": dict(counts.faces),
        "confusion": {f"{true}>{said}": n for (true, said), n in sorted(counts.pairs.items())},
    }


def write_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    columns = [
        "system", "set", "min_side", "mean_f1", "masked_f1", "unmasked_f1", "masked_found", "unmasked_found",
        "label_right", "false_faces_per_picture", "seconds",
    ]  # fmt: skip
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row[column]) for column in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"
