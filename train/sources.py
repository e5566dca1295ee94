"""The data sets that a command names: annotations with their pictures, what to leave out, and the teacher's repairs."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from edge.errors import DataError, UsageError
from train.annotations import AnnotatedPicture, read_csv, write_csv
from train.faces import read_picture

log = logging.getLogger(__name__)


def parse_boxes(word: str) -> tuple[Path, Path]:
    """Return the annotations file and the folder of its pictures that `CSV` or `CSV=FOLDER` names."""
    csv_word, _, folder_word = word.partition("=")
    path = Path(csv_word)
    return path, Path(folder_word) if folder_word else path.parent / "images"


def source_name(pictures: Path) -> str:
    """Return the name of a data set: its folder's."""
    folder = pictures.resolve()
    return folder.parent.name if folder.name == "images" else folder.name


def read_sources(words: Sequence[str], teacher: Path | None, cache: Path) -> dict[str, list[AnnotatedPicture]]:
    """Return the annotated pictures of each data set, by its name; see `parse_boxes` for the words.

    Where `contributors.csv` (image,contributor) lies beside the pictures' folder, the names are `data set/contributor`.
    With a teacher the boxes are repaired by it, once: the result is kept in the folder `cache`.
    """
    found: dict[str, list[AnnotatedPicture]] = {}
    for word in words:
        path, folder = parse_boxes(word)
        name = source_name(folder)
        pictures = read_csv(path, folder)
        if teacher is not None:
            pictures = _repaired(pictures, teacher, cache / f"{name}.csv")
        contributors = _read_contributors(folder.parent / "contributors.csv")
        for picture in pictures:
            contributor = contributors.get(picture.path.name)
            found.setdefault(f"{name}/{contributor}" if contributor else name, []).append(picture)
    return found


def _read_contributors(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["image"]: row["contributor"] for row in csv.DictReader(file)}


def _repaired(pictures: list[AnnotatedPicture], onnx: Path, kept: Path) -> list[AnnotatedPicture]:
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".part")
        write_csv(unfinished, list(_repair(pictures, onnx)))
        unfinished.rename(kept)
    return read_csv(kept, pictures[0].path.parent)


def _repair(pictures: list[AnnotatedPicture], onnx: Path) -> Iterable[AnnotatedPicture]:
    if not onnx.is_file():
        raise DataError(f"{onnx}: no such teacher; give an SCRFD model as .onnx, or leave out --teacher")
    from train.teacher import Teacher, repair  # onnxruntime, needed with a teacher only

    teacher = Teacher(onnx)
    for picture in tqdm(pictures, desc="teacher", unit="picture"):
        yield repair(picture, *teacher.detect(read_picture(picture.path)))


def is_left_out(source: str, names: Iterable[str]) -> bool:
    """Return whether a source (`data set` or `data set/contributor`) is one of `names` or a part of one."""
    return any(source == name or source.startswith(f"{name}/") for name in names)


def check_left_out(names: Sequence[str], sources: Iterable[str]) -> None:
    """Raise UsageError when a name to leave out is none of the sources."""
    known = sorted(set(sources))
    for name in names:
        if not any(is_left_out(source, [name]) for source in known):
            raise UsageError(f"--leave-out {name}: no such source; known are {', '.join(known)}")
