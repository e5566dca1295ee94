"""python -m train evaluate: systems against annotated pictures, all by the same scorer.

A system is a command that takes a folder of pictures and prints one JSON line a picture, as `maskwatch image --json`
does.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from edge.errors import DataError, UsageError
from edge.preprocess import Picture
from edge.records import LABELS, NOT_FACE
from train import evaluation_plots, scoring
from train.annotations import AnnotatedPicture
from train.contact_sheets import Mistakes, worst_mistakes, write_sheet
from train.evaluation import Exam, Headline, Scores, System, headlines, score_system
from train.evaluation_report import left_out, write_markdown
from train.intervals import draw_weights
from train.looks import Place, look_at
from train.predictions import Prediction
from train.provenance import command_line, describe_run
from train.scoring import FoundFace, Tally
from train.slices import make_slicings
from train.sources import add_boxes_arguments, parse_boxes, parse_renames, read_sources, source_name
from train.whole_files import check_folder

OURS = f"maskwatch={shlex.quote(sys.executable)} -m edge image --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_boxes_arguments(parser, required=True)
    parser.add_argument(
        "--system",
        action="append",
        metavar="NAME=COMMAND",
        help="what to score; the folder of pictures is added to the command (default: maskwatch as it is here); the "
        "others are compared with the first",
    )
    parser.add_argument("--min-side", type=float, nargs="+", default=[0.03, 0.08], metavar="FRAC")
    parser.add_argument("--rounds", type=int, default=1000, help="bootstrap samples (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the bootstrap samples (%(default)s)")
    parser.add_argument("--tiles", type=int, default=24, help="faces on a contact sheet, 0: no sheets (%(default)s)")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR",
        help="report.md and .json, plots, contact sheets, predictions, evaluation.md and .json",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run every system over every set, score, print the table and write the report."""
    started_s = time.monotonic()
    _check(options)
    commands = parse_systems(options.system or [OURS])
    options.output.mkdir(parents=True, exist_ok=True)
    exam = read_exam(options.boxes, options.rename)
    systems = [ask(name, command, exam, options.output) for name, command in commands.items()]
    table = _write_rows(exam, systems, options)
    _write_report(exam, systems, options, started_s)
    print(table)
    return 0


def _check(options: argparse.Namespace) -> None:
    check_folder("--output", options.output)
    if options.rounds < 1 or min(options.tiles, options.seed) < 0:
        raise UsageError("--rounds must be 1 or more, --tiles and --seed 0 or more")
    if not all(0 <= side < 1 for side in options.min_side):
        raise UsageError("--min-side must be 0 or more and less than 1: parts of the picture's longer side")


def parse_systems(words: Sequence[str]) -> dict[str, str]:
    """Return the commands by name from words `NAME=COMMAND`.

    Raises UsageError for any other word, a name twice, and a command that cannot be run.
    """
    commands: dict[str, str] = {}
    for word in words:
        name, _, command = word.partition("=")
        if not name or not command:
            raise UsageError(f"--system {word}: NAME=COMMAND is expected, for example {OURS}")
        if name in commands or "/" in name:
            raise UsageError(f"--system {word}: a name without / is expected, each once; {name} is not")
        _check_command(word, command)
        commands[name] = command
    return commands


def _check_command(word: str, command: str) -> None:
    """Raise UsageError for a command that cannot be run: before the others have run for an hour."""
    try:
        words = shlex.split(command)
    except ValueError as exc:
        raise UsageError(f"--system {word}: {exc}; a quote is not closed") from exc
    if not words or shutil.which(words[0]) is None:
        raise UsageError(f"--system {word}: there is no program {' '.join(words[:1])}; give its path")


def read_exam(words: Sequence[str], renames: Sequence[str]) -> Exam:
    """Return the annotated pictures that the words name; see `train.sources.parse_boxes`.

    Raises DataError when there are none, or some with labels that no figure knows and no rename names; UsageError when
    two of the data sets have the same name.
    """
    known = {*LABELS, NOT_FACE, *scoring.UNKNOWN, *parse_renames(renames).values()}
    found: list[tuple[AnnotatedPicture, str, str]] = []
    for source, pictures in read_sources(words, None, Path(), renames).items():
        name = source_name(pictures[0].path.parent)
        _check_labels(pictures, words, known)
        found += [(_without_not_faces(picture), name, source) for picture in pictures]
    if not found:
        raise DataError(f"{', '.join(words)}: no annotated pictures; see docs/training.md for the format")
    pictures_, sets, sources = zip(*found, strict=True)
    return Exam(pictures_, sets, sources)


def _without_not_faces(picture: AnnotatedPicture) -> AnnotatedPicture:
    """Return the picture without boxes of what is no face: whoever finds one there is wrong."""
    return picture.with_faces([face for face in picture.faces if face.label != NOT_FACE])


def _check_labels(pictures: Sequence[AnnotatedPicture], words: Sequence[str], known: Set[str]) -> None:
    folder = pictures[0].path.parent
    files = ", ".join(str(path) for path, images in map(parse_boxes, words) if images.resolve() == folder.resolve())
    counts = Counter(face.label for picture in pictures for face in picture.faces if face.label not in known)
    if counts:
        listed = ", ".join(f"{label!r} ({count} boxes)" for label, count in sorted(counts.items()))
        raise DataError(
            f"{files}: labels that are not scored: {listed}; known are {', '.join(sorted(known))}; correct them, or "
            "keep a class of your own: --rename NAME=NAME"
        )


def ask(name: str, command: str, exam: Exam, output: Path) -> System:
    """Run a system over the pictures of each set and return what it said; its lines are kept in the folder `output`."""
    found: list[Sequence[FoundFace]] = [()] * len(exam.pictures)
    wall_s: dict[str, float] = {}
    for set_name in dict.fromkeys(exam.sets):
        numbers = [number for number, one in enumerate(exam.sets) if one == set_name]
        kept = output / f"{name}-{set_name.replace('/', '-')}.jsonl"
        said = Prediction.make(command, [exam.pictures[number] for number in numbers], kept)
        wall_s[set_name] = round(said.wall_s, 1)
        for number in numbers:
            found[number] = said.found[exam.pictures[number].path.name]
    return System.make(name, command, wall_s, exam, found)


def _write_rows(exam: Exam, systems: Sequence[System], options: argparse.Namespace) -> str:
    rows = [
        {"system": system.name, "set": name, "min_side": side, "seconds": system.wall_s[name]}
        | summarize(_tally_set(exam, system, name, side))
        for system in systems
        for name in dict.fromkeys(exam.sets)
        for side in options.min_side
    ]
    table = write_table(rows)
    said = shlex.join(["python", "-m", "train", *command_line()])
    (options.output / "evaluation.md").write_text(f"`{said}`\n\n{table}", encoding="utf-8")
    (options.output / "evaluation.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return table


def _tally_set(exam: Exam, system: System, name: str, min_side: float) -> Tally:
    inside = (outcome for outcome in system.outcomes if exam.sets[outcome.picture] == name)
    return scoring.count(inside, exam.sets.count(name), min_side)


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


def _write_report(exam: Exam, systems: Sequence[System], options: argparse.Namespace, started_s: float) -> None:
    sides = tuple(dict.fromkeys(options.min_side))
    weights = draw_weights(len(exam.pictures), options.rounds, options.seed)
    worst = {one.name: worst_mistakes(scoring.counted(one.outcomes, min(sides)), options.tiles) for one in systems}
    cut = {(o.picture, o.box) for kinds in worst.values() for mistakes in kinds for o in mistakes.outcomes}
    annotated, measured = _places(systems, min(sides))
    looks, tiles = look_at(exam.pictures, measured, cut)
    slicings = make_slicings(exam.pictures, exam.sources, looks, annotated)
    size = len(exam.pictures)
    scores = [score_system(system, side, slicings, size, weights) for side in sides for system in systems]
    main = tuple(headlines(exam, systems, sides, weights))
    sheets = _write_sheets(options.output, worst, exam, tiles)
    _draw(options.output, scores)
    made = describe_run(command_line(), time.monotonic() - started_s)
    made |= {"rounds": options.rounds, "seed": options.seed, "pictures": len(exam.pictures)}
    report = write_markdown(made, systems, main, scores, sheets)
    (options.output / "report.md").write_text(report, encoding="utf-8")
    _write_numbers(options.output / "report.json", made, systems, main, scores)


def _places(systems: Sequence[System], min_side: float) -> tuple[list[Place], set[Place]]:
    """Return the annotated faces that count, and those with the false faces of every system."""
    counting = [outcome for system in systems for outcome in scoring.counted(system.outcomes, min_side)]
    annotated = dict.fromkeys((o.picture, o.box) for o in counting if o.true is not None)
    return list(annotated), {(o.picture, o.box) for o in counting}


def _write_sheets(
    output: Path, worst: Mapping[str, Sequence[Mistakes]], exam: Exam, tiles: Mapping[Place, Picture]
) -> dict[str, str]:
    sheets = {}
    for system, kinds in worst.items():
        for mistakes in kinds:
            name = f"sheet_{system}_{mistakes.kind.replace(' ', '_')}.png"
            if mistakes.outcomes:
                write_sheet(output / name, mistakes, exam.pictures, tiles)
                sheets[name] = f"{system}: {mistakes.kind}"
    return sheets


def _draw(output: Path, scores: Sequence[Scores]) -> None:
    evaluation_plots.plot_detector(output / "detector.png", scores)
    evaluation_plots.plot_chain(output / "chain.png", scores)
    evaluation_plots.plot_reliability(output / "reliability.png", scores)
    evaluation_plots.plot_band(output / "band.png", scores)
    by_side: dict[float, list[Scores]] = {}
    for one in scores:
        by_side.setdefault(one.min_side, []).append(one)
    for side, some in by_side.items():
        evaluation_plots.plot_confusion(output / f"confusion_{side:g}.png", some)
    evaluation_plots.plot_slices(output / "slices.png", by_side[min(by_side)])


def _write_numbers(
    path: Path, made: Mapping[str, Any], systems: Sequence[System], main: Sequence[Headline], scores: Sequence[Scores]
) -> None:
    content = {
        **made,
        "systems": [{"name": one.name, "command": one.command, "wall_s": one.wall_s} for one in systems],
        "headlines": [dataclasses.asdict(one) for one in main],
        "scores": [dataclasses.asdict(one) for one in scores],
        "left_out": left_out(scores),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
