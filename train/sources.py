"""The data sets that a command names: annotations with their pictures, what to leave out, and the teacher's repairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from edge.errors import DataError, UsageError
from edge.records import FACE, IGNORE
from train.annotation_formats import PICTURE_FOLDERS, pictures_folder, read_boxes
from train.annotations import AnnotatedPicture, LabeledBox, read_csv, write_csv
from train.faces import LabeledFace, read_picture
from train.pictures import upright_size
from train.tables import read_rows
from train.whole_files import write_whole

if TYPE_CHECKING:
    from train.teacher import Teacher


_PARTS = frozenset({"train", "valid", "val", "validation", "test"})


def add_boxes_arguments(parser: argparse._ActionsContainer, required: bool = False) -> None:
    """Add `--boxes` and `--rename`, see `parse_boxes` and `parse_renames`."""
    parser.add_argument(
        "--boxes",
        nargs="+",
        required=required,
        default=[],
        metavar="BOXES[=DIR]",
        help="annotations: CSV file, VOC folder or YOLO folder [and their pictures]",
    )
    parser.add_argument(
        "--rename", nargs="+", default=[], metavar="OLD=NEW", help="what a name in VOC or YOLO folders means here"
    )


def parse_boxes(word: str) -> tuple[Path, Path]:
    """Return the annotations file or folder and the folder of its pictures that `BOXES` or `BOXES=FOLDER` names."""
    boxes_word, _, folder_word = word.partition("=")
    path = Path(boxes_word)
    return path, Path(folder_word) if folder_word else pictures_folder(path)


def parse_renames(words: Iterable[str]) -> dict[str, str]:
    """Return what the names of others mean here, from words `OLD=NEW`. Raises UsageError for any other word."""
    renames: dict[str, str] = {}
    for word in words:
        old, _, new = (part.strip() for part in word.rpartition("="))
        if not old or not new or renames.get(old, new) != new:
            raise UsageError(f"--rename {word}: OLD=NEW is expected, each OLD once, for example mask=with_mask")
        renames[old] = new
    return renames


def source_name(pictures: Path) -> str:
    """Return the name of a data set: its folder's, or for a part such as `train` that of both, `street/train`."""
    folder = pictures.resolve()
    folder = folder.parent if folder.name in PICTURE_FOLDERS else folder
    if folder.name not in _PARTS:
        return folder.name
    above = folder.parent.parent if folder.parent.name in PICTURE_FOLDERS else folder.parent
    return f"{above.name}/{folder.name}"


def read_sources(
    words: Sequence[str], teacher: Path | None, cache: Path, renames: Sequence[str] = ()
) -> dict[str, list[AnnotatedPicture]]:
    """Return the annotated pictures of each data set, by its name; see `parse_boxes` and `parse_renames` for the words.

    Several words may be about one folder of pictures. Where `contributors.csv` (image,contributor) lies beside it, the
    names are `data set/contributor`. With a teacher the boxes are repaired by it, once: the result is kept in the
    folder `cache`. Raises UsageError for two data sets of one name, for a picture that is annotated twice, and when
    what is kept is of other pictures or has other labels.
    """
    found: dict[str, list[AnnotatedPicture]] = {}
    for name, (folder, paths) in _by_name(words).items():
        pictures = _read_set(paths, folder, parse_renames(renames))
        if teacher is not None:
            pictures = _repaired(pictures, folder, teacher, cache / f"{name}.csv")
        contributors = _read_contributors(folder.parent / "contributors.csv")
        for picture in pictures:
            contributor = contributors.get(picture.path.name)
            found.setdefault(f"{name}/{contributor}" if contributor else name, []).append(picture)
    return found


def _by_name(words: Iterable[str]) -> dict[str, tuple[Path, list[Path]]]:
    """Return, by the name of each data set, the folder of its pictures and its annotations."""
    sets: dict[str, tuple[Path, list[Path]]] = {}
    for word in words:
        path, folder = parse_boxes(word)
        known, paths = sets.setdefault(source_name(folder), (folder, []))
        if known.resolve() != folder.resolve():
            raise UsageError(
                f"--boxes: {known} and {folder} are two data sets called {source_name(folder)}; rename one folder"
            )
        paths.append(path)
    return sets


def _read_set(paths: Sequence[Path], folder: Path, renames: Mapping[str, str]) -> list[AnnotatedPicture]:
    known: dict[Path, Path] = {}
    pictures: list[AnnotatedPicture] = []
    for path in paths:
        found = read_boxes(path, folder, renames)
        if not path.is_dir():  # in folders the pictures themselves say how large they are
            _check_sizes(path, found)
        for picture in found:
            if picture.path in known:
                raise UsageError(
                    f"--boxes: {picture.path} is annotated in {known[picture.path]} and in {path}; leave one out"
                )
            known[picture.path] = path
            pictures.append(picture)
    return pictures


def _check_sizes(path: Path, pictures: Iterable[AnnotatedPicture]) -> None:
    """Raise DataError when a CSV file says another size of a picture than it has: its boxes would lie elsewhere."""
    for picture in pictures:
        if not picture.path.is_file():
            continue
        width, height, _ = upright_size(picture.path)
        if (width, height) != (picture.width, picture.height):
            raise DataError(
                f"{path}: {picture.path.name} is {picture.width}x{picture.height} px there, but upright it is "
                f"{width}x{height} px; put back the picture that was annotated, or annotate this one"
            )


def _read_contributors(path: Path) -> Mapping[str, str]:
    if not path.is_file():
        return {}
    rows = read_rows(path, ("image", "contributor"), "the first line must be image,contributor")
    return {row["image"]: row["contributor"] for row in rows}


def _repaired(pictures: list[AnnotatedPicture], folder: Path, onnx: Path, kept: Path) -> list[AnnotatedPicture]:
    if not kept.is_file():
        _keep(kept, _repair(pictures, onnx))
    repaired = read_csv(kept, folder)
    named = {picture.path for picture in repaired}
    check_kept(kept, named, pictures, needed={picture.path for picture in pictures if picture.faces})
    _check_labels(kept, repaired, pictures)
    return repaired + [picture for picture in pictures if picture.path not in named]


def check_kept(
    kept: Path, named: Set[Path], pictures: Iterable[AnnotatedPicture], needed: Set[Path] = frozenset()
) -> None:
    """Raise UsageError when a kept file, which names some pictures, is of others or lacks some that it needs.

    Pictures without a face, or in which nothing was found, have no line in it.
    """
    if not needed <= named <= {picture.path for picture in pictures}:
        raise UsageError(
            f"{kept}: is of other pictures than --boxes names; choose another --output or delete this file"
        )


def _check_labels(kept: Path, repaired: Iterable[AnnotatedPicture], pictures: Iterable[AnnotatedPicture]) -> None:
    """Raise UsageError when labels were corrected since the teacher looked: what it adds is FACE and IGNORE only."""
    known = {picture.path: _told_labels(picture) for picture in repaired}
    for picture in pictures:
        if known.get(picture.path, []) != _told_labels(picture):
            raise UsageError(
                f"{kept}: has other labels in {picture.path.name} than --boxes; choose another --output or delete this "
                "file, so that the teacher looks again"
            )


def _told_labels(picture: AnnotatedPicture) -> list[str]:
    return sorted(face.label for face in picture.faces if face.label not in (FACE, IGNORE))


def _repair(pictures: list[AnnotatedPicture], onnx: Path) -> Iterator[AnnotatedPicture]:
    teacher, repair = _open_teacher(onnx)
    for picture in tqdm(pictures, desc="teacher", unit="picture"):
        yield repair(picture, *teacher.detect(read_picture(picture.path)))


def locate_faces(faces: Sequence[LabeledFace], onnx: Path, cache: Path) -> list[LabeledFace]:
    """Return whole-picture faces with the box of the largest face that the teacher finds in each, where it finds one.

    So a portrait is cut as the device would cut it. What was found is kept in the folder `cache`. Raises UsageError for
    two data sets of one name.
    """
    by_folder: dict[Path, list[LabeledFace]] = {}
    for face in faces:
        by_folder.setdefault(face.path.parent, []).append(face)
    _check_folders(by_folder)
    located: list[LabeledFace] = []
    for folder, some in by_folder.items():
        kept = cache / f"{some[0].source}-{folder.name}.csv"
        if not kept.is_file():
            _keep(kept, _largest_faces(some, onnx))
        found = {picture.path: picture.faces[0].box for picture in read_csv(kept, folder)}
        located += [replace(face, box=found.get(face.path)) for face in some]
    return located


def _check_folders(by_folder: Mapping[Path, Sequence[LabeledFace]]) -> None:
    """Raise UsageError for class folders that neither data set nor label tells apart: they would share what is kept."""
    known: dict[tuple[str, str], Path] = {}
    for folder, some in by_folder.items():
        first = known.setdefault((some[0].source, folder.name), folder)
        if first.resolve() != folder.resolve():
            raise UsageError(
                f"--folders: {first.parent} and {folder.parent} are two data sets called {some[0].source}; rename one"
            )


def _largest_faces(faces: Sequence[LabeledFace], onnx: Path) -> Iterator[AnnotatedPicture]:
    teacher, repair = _open_teacher(onnx)
    for face in tqdm(faces, desc="teacher", unit="picture"):
        bgr = read_picture(face.path)
        found = repair(AnnotatedPicture(face.path, bgr.shape[1], bgr.shape[0], ()), *teacher.detect(bgr))
        sure = [one for one in found.faces if one.label == FACE]
        largest = sorted(sure, key=lambda one: one.box.area)[-1:]
        yield found.with_faces(LabeledBox(one.box, face.label) for one in largest)


def _open_teacher(onnx: Path) -> tuple[Teacher, Callable[..., AnnotatedPicture]]:
    if not onnx.is_file():
        raise DataError(f"{onnx}: no such teacher; give an SCRFD model as .onnx, or leave out --teacher")
    from train.teacher import Teacher, repair  # needs onnxruntime, which nothing else here does

    return Teacher(onnx), repair


def _keep(path: Path, pictures: Iterable[AnnotatedPicture]) -> None:
    write_whole(path, lambda unfinished: write_csv(unfinished, list(pictures)))


def is_left_out(source: str, names: Iterable[str]) -> bool:
    """Return whether a source (`data set` or `data set/contributor`) is one of `names` or a part of one."""
    return any(source == name or source.startswith(f"{name}/") for name in names)


def check_left_out(names: Sequence[str], sources: Iterable[str]) -> None:
    """Raise UsageError when a name to leave out is none of the sources."""
    known = sorted(set(sources))
    for name in names:
        if not any(is_left_out(source, [name]) for source in known):
            raise UsageError(f"--leave-out {name}: no such source; known are {', '.join(known)}")
