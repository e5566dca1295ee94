"""Makes a collection of pictures fit for training: checked, in one format, split by near-duplicate group.

Reads class folders (`IN/with_mask/…`) or annotated pictures (`IN/images/…` and `IN/annotations.csv`) and never changes
them; what is fit is written in the same layout, with `prepare.csv` beside it.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge.errors import DataError, UsageError
from train.annotations import AnnotatedPicture, read_csv, write_csv
from train.near_duplicates import Hashes, find_pairs, hash_picture, join_pairs
from train.pictures import OpenedPicture, new_name, open_picture, save_jpeg
from train.splits import PREPARED, Fractions, split_groups
from train.whole_files import check_folder

ANNOTATIONS = "annotations.csv"
_NO_CLASSES = frozenset({"images", "jpegimages", "annotations", "labels"})
"""Folders of data sets with boxes, in lower case."""

COLUMNS = ("original", "picture", "label", "group", "split", "problems")


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """One file of the input and what became of it.

    `picture` is its new name, relative to the output, or empty where it was left out. `label` is its class folder, or
    for annotated pictures the rarest label in it. `pixels` is a digest of what it shows, `hashes` see
    `train.near_duplicates`; both are there for readable pictures only.
    """

    original: str
    picture: str
    label: str
    problems: tuple[str, ...] = ()
    pixels: str = ""
    hashes: Hashes | None = None
    scale: float = 1.0

    def with_problem(self, text: str) -> Checked:
        """Return the same with one more problem."""
        return replace(self, problems=(*self.problems, text))


@dataclass(frozen=True, slots=True)
class Prepared:
    """All files of the input, and group and split of those that were kept, in the order of `kept`."""

    checked: tuple[Checked, ...]
    groups: tuple[int, ...]
    splits: tuple[str, ...]

    @property
    def kept(self) -> tuple[Checked, ...]:
        """The pictures that were written."""
        return tuple(one for one in self.checked if one.picture)

    @property
    def hashes(self) -> Hashes:
        """The hashes of the kept pictures, (n, views, 2, 64)."""
        return np.stack([one.hashes for one in self.kept if one.hashes is not None])


def prepare(source: Path, target: Path, long_side_px: int, fractions: Fractions, seed: int) -> Prepared:
    """Write the fit pictures of `source`, at most `long_side_px` long, and prepare.csv to `target`.

    Returns what became of each file. Raises DataError when there is nothing to prepare, UsageError when `target` is in
    use.
    """
    _check_folders(source, target)
    annotated = (source / ANNOTATIONS).is_file()
    known = {picture.path: picture for picture in read_csv(source / ANNOTATIONS)} if annotated else {}
    labels = _rarest_labels(known) if annotated else _folder_labels(source)
    checked = _check_twins(list(_check_all(source, target, labels, known, long_side_px)), target)
    prepared = _split(checked, fractions, seed)
    if annotated:
        _write_boxes(target, prepared.kept, {path.name: picture for path, picture in known.items()})
    _write_table(target / PREPARED, prepared)
    return prepared


def _split(checked: Sequence[Checked], fractions: Fractions, seed: int) -> Prepared:
    kept = [one for one in checked if one.picture]
    if not kept:
        raise DataError(
            f"none of the {len(checked)} files is a picture that can be used, {checked[0].original} for one"
        )
    groups = join_pairs(len(kept), find_pairs(np.stack([one.hashes for one in kept if one.hashes is not None])))
    names = [Path(one.picture) for one in kept]
    strata = {name: one.label for name, one in zip(names, kept, strict=True)}
    split = split_groups(dict(zip(names, groups, strict=True)), strata, fractions, seed)
    return Prepared(tuple(checked), tuple(groups), tuple(split[name] for name in names))


def _check_folders(source: Path, target: Path) -> None:
    if not source.is_dir():
        raise DataError(f"{source}: no such folder; give one with class folders, or with images/ and {ANNOTATIONS}")
    check_folder("OUT_DIR", target)
    if target.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"{target}: lies within {source}, which is never changed; choose another output folder")
    if target.is_dir() and any(target.iterdir()):
        raise UsageError(f"{target}: is not empty; choose another output folder or delete it")


def _folder_labels(source: Path) -> dict[Path, str]:
    files = {path: path.parent.name for path in sorted(source.glob("[!.]*/[!.]*")) if path.is_file()}
    if not files:
        raise DataError(f"{source}: neither {ANNOTATIONS} nor class folders such as with_mask/ with pictures")
    other = sorted({label for label in files.values() if label.lower() in _NO_CLASSES})
    if other:
        raise DataError(
            f"{source}: {other[0]}/ is no class, and {ANNOTATIONS} is missing; give a folder a class, or images/ with "
            f"{ANNOTATIONS}; VOC and YOLO folders need no preparing, --boxes takes them as they are"
        )
    return files


def _rarest_labels(known: Mapping[Path, AnnotatedPicture]) -> dict[Path, str]:
    counts = Counter(face.label for picture in known.values() for face in picture.faces)
    rank = {label: (count, label) for label, count in counts.items()}
    return {path: min((face.label for face in p.faces), key=rank.__getitem__) for path, p in known.items()}


def _check_all(
    source: Path, target: Path, labels: Mapping[Path, str], known: Mapping[Path, AnnotatedPicture], long_side_px: int
) -> Iterator[Checked]:
    taken: set[str] = set()
    for path, label in tqdm(labels.items(), desc="prepare", unit="picture", leave=False):
        original = path.relative_to(source).as_posix()
        try:
            picture = open_picture(path)
        except DataError as exc:
            yield Checked(original, "", label, (f"left out: {str(exc).removeprefix(f'{path}: ')}",))
            continue
        problem = _size_problem(picture, known.get(path))
        if problem:
            yield Checked(original, "", label, (problem,))
            continue
        name = new_name(Path(original).with_suffix("").as_posix(), taken)
        scale = save_jpeg(picture, target / name, long_side_px)
        yield _describe(picture, Checked(original, name, label, scale=scale))


def _size_problem(picture: OpenedPicture, annotated: AnnotatedPicture | None) -> str:
    if annotated is None or picture.size == (annotated.width, annotated.height):
        return ""
    return f"left out: annotated as {annotated.width}x{annotated.height} px but upright it is {_by(picture.size)} px"


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _describe(picture: OpenedPicture, checked: Checked) -> Checked:
    if picture.has_wrong_suffix:
        checked = checked.with_problem(f"is {picture.format}, not {picture.path.suffix or 'what its name says'}")
    bgr = picture.bgr()
    pixels = hashlib.sha256(f"{bgr.shape}".encode() + bgr.tobytes()).hexdigest()
    return replace(checked, pixels=pixels, hashes=hash_picture(bgr))


def _check_twins(checked: Sequence[Checked], target: Path) -> list[Checked]:
    """Name exact copies; leave out pictures that stand in two class folders, since one of their labels is wrong."""
    twins: dict[str, list[Checked]] = {}
    for one in checked:
        if one.pixels:
            twins.setdefault(one.pixels, []).append(one)
    return [_check_twin(one, twins.get(one.pixels, [one]), target) for one in checked]


def _check_twin(one: Checked, twins: Sequence[Checked], target: Path) -> Checked:
    others = [
        twin for twin in twins if twin.label != one.label and Path(twin.original).parent != Path(one.original).parent
    ]
    if others:
        (target / one.picture).unlink()
        left_out = replace(one, picture="")
        return left_out.with_problem(f"left out: the same picture is labeled {others[0].label} in {others[0].original}")
    if twins[0] is not one:
        return one.with_problem(f"exact copy of {twins[0].original}")
    return one


def _write_boxes(target: Path, kept: Sequence[Checked], known: Mapping[str, AnnotatedPicture]) -> None:
    write_csv(target / ANNOTATIONS, [known[Path(o.original).name].scaled(target / o.picture, o.scale) for o in kept])


def _write_table(path: Path, prepared: Prepared) -> None:
    group_and_split = {
        one.picture: (group, split)
        for one, group, split in zip(prepared.kept, prepared.groups, prepared.splits, strict=True)
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in prepared.checked:
            decided = group_and_split.get(one.picture, ("", ""))
            writer.writerow((one.original, one.picture, one.label, *decided, "; ".join(one.problems)))
