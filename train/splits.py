"""Which pictures train, which decide when to stop, which are only ever scored: split by group, never by picture."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from edge.errors import DataError, UsageError
from edge.geometry import Box
from edge.records import NOT_FACE
from train.faces import LabeledFace
from train.near_duplicates import group_pictures
from train.tables import read_rows
from train.whole_files import write_whole

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
"""From the least strict to the strictest."""

SPLIT_COLUMNS = ("path", "x_min", "y_min", "x_max", "y_max", "label", "source", "split")
SPLIT_FILE = "split.csv"
"""What a run leaves in its folder."""

PREPARED = "prepare.csv"
"""What `python -m train prepare` leaves beside the pictures."""


@dataclass(frozen=True, slots=True)
class Fractions:
    """Which part of the groups, 0..1, is held back to decide when to stop, and which to be scored.

    Raises UsageError when nothing is left to learn from.
    """

    validation: float = 0.1
    test: float = 0.1

    def __post_init__(self) -> None:
        if min(self.validation, self.test) < 0 or self.validation + self.test >= 1:
            raise UsageError(
                f"--validation {self.validation} and --test {self.test}: must be 0 or more, and less than 1 together"
            )

    def of(self, split: str) -> float:
        """Return the fraction, 0..1, that a split gets."""
        held_back = {VALIDATION: self.validation, TEST: self.test}
        return held_back.get(split, 1 - self.validation - self.test)


def split_groups(
    groups: Mapping[Path, int], strata: Mapping[Path, Hashable], fractions: Fractions, seed: int
) -> dict[Path, str]:
    """Return the split of each picture; pictures of one group share one.

    Groups are drawn at random, separately for each stratum (that of a group's first picture), so that each split sees
    its part of every label and source. The same groups and seed give the same splits.
    """
    members: dict[int, list[Path]] = {}
    for path in sorted(groups):
        members.setdefault(groups[path], []).append(path)
    by_stratum: dict[str, list[list[Path]]] = {}
    for paths in sorted(members.values()):
        by_stratum.setdefault(repr(strata[paths[0]]), []).append(paths)
    rng = np.random.default_rng(seed)
    split: dict[Path, str] = {}
    for _, some in sorted(by_stratum.items()):
        order = [some[i] for i in rng.permutation(len(some))]
        split.update(_deal(order, fractions))
    return split


def _deal(groups: Sequence[Sequence[Path]], fractions: Fractions) -> dict[Path, str]:
    """Deal groups, each to the split that is furthest behind its fraction."""
    given = dict.fromkeys(SPLITS, 0)
    split: dict[Path, str] = {}
    for paths in groups:
        total = sum(given.values()) + len(paths)
        behind = max(SPLITS, key=lambda name: fractions.of(name) * total - given[name])
        given[behind] += len(paths)
        split.update(dict.fromkeys(paths, behind))
    return split


def split_pictures(
    strata: Mapping[Path, Hashable],
    fractions: Fractions,
    seed: int,
    left_out: frozenset[Path],
    earlier: Mapping[Path, str],
    boxes: Mapping[Path, Box],
) -> dict[Path, str]:
    """Return the split of each picture; `strata` tells what of, for example its source and label.

    Pictures listed in a `prepare.csv` keep the split it gives, those in `earlier` the one they have there, and their
    near-duplicates elsewhere share it; where these contradict each other, test goes before validation before train.
    Pictures that are left out are only scored, and so are their near-duplicates. `boxes` has the largest face of
    pictures, see `group_pictures`. Raises DataError when near-duplicates leave nothing to learn from or to watch.
    """
    known = {path: split for path, split in earlier.items() if path in strata}
    tables = [table for table in (known, *read_prepared(strata)) if table]
    if len(tables) == 1 and not left_out and tables[0].keys() >= strata.keys():
        return tables[0]
    given = {path: split for table in tables for path, split in table.items()} | dict.fromkeys(left_out, TEST)
    groups = group_pictures(sorted(strata), boxes)
    decided = _decide(groups, given)
    drawn = split_groups(groups, strata, fractions, seed)
    split = {path: decided.get(groups[path], drawn[path]) for path in strata}
    _check_groups(split, len(set(groups.values())), fractions)
    return split


def _decide(groups: Mapping[Path, int], given: Mapping[Path, str]) -> dict[int, str]:
    """Return the split of each group of which a picture has one: of several the strictest."""
    decided: dict[int, str] = {}
    for path, name in given.items():
        decided[groups[path]] = max(decided.get(groups[path], name), name, key=SPLITS.index)
    return decided


def _check_groups(split: Mapping[Path, str], photographs: int, fractions: Fractions) -> None:
    """Raise DataError when a part that shall have pictures has none, and most pictures are copies of others."""
    for name in (TRAIN, VALIDATION):
        if fractions.of(name) and name not in split.values() and photographs < len(split) / 2:
            raise DataError(
                f"no picture is left for {name}: {len(split)} pictures show no more than {photographs} photographs, "
                "counting copies as one, and copies stay together; give pictures of more people and places"
            )


def split_faces(
    faces: Sequence[LabeledFace],
    fractions: Fractions,
    seed: int,
    left_out: frozenset[Path] = frozenset(),
    earlier: Mapping[Path, str] = MappingProxyType({}),
) -> dict[Path, str]:
    """Return the split of each face's picture, see `split_pictures`; each label and source gets its part."""
    strata = {face.path: (face.source, face.label) for face in reversed(faces)}
    return split_pictures(strata, fractions, seed, left_out, earlier, largest_boxes(faces))


def largest_boxes(faces: Iterable[LabeledFace]) -> dict[Path, Box]:
    """Return the largest face of each picture where it has a box, in pixels; what is no face does not count."""
    found: dict[Path, Box] = {}
    for face in faces:
        if face.box is not None and face.label != NOT_FACE:
            found[face.path] = max(found.get(face.path, face.box), face.box, key=lambda box: box.area)
    return found


def earlier_split(weights: Path | None) -> dict[Path, str]:
    """Return the split of the pictures that the run whose weights these are learned from or held back; else none.

    Going on from them with another split, pictures that were learned would count as held back. Sources that were
    wholly left out are not in it: now somebody may want to learn from them.
    """
    path = weights.parent / SPLIT_FILE if weights else None
    if path is None or not path.is_file():
        return {}
    rows = [(row["source"], Path(row["path"]), row["split"]) for row in _read_table(path, "source", "path", "split")]
    used = {source for source, _, split in rows if split != TEST}
    return {path: split for source, path, split in rows if source in used}


def read_prepared(paths: Collection[Path]) -> list[dict[Path, str]]:
    """Return the split of those pictures that a `prepare.csv` in a folder above them lists, by file."""
    folders = {parent for path in paths for parent in list(path.parents)[:2]}
    tables = [folder / PREPARED for folder in sorted(folders) if (folder / PREPARED).is_file()]
    found = [_read_prepared(table) for table in tables]
    return [{path: some[path] for path in paths if path in some} for some in found]


def _read_prepared(table: Path) -> dict[Path, str]:
    rows = _read_table(table, "picture", "split")
    return {table.parent / row["picture"]: row["split"] for row in rows}


def _read_table(path: Path, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a split.csv or prepare.csv that are in a split. Raises DataError for anything else."""
    is_prepared = path.name == PREPARED
    again = "run `python -m train prepare` again" if is_prepared else "train that run again, into another folder"
    rows = read_rows(path, columns, again)
    used = [row for row in rows if not is_prepared or row["picture"]]
    for row in used:
        if row["split"] not in SPLITS:
            raise DataError(f"{path}: a split is one of {', '.join(SPLITS)}, got {row['split']!r}; {again}")
    return used


def write_split(path: Path, faces: Sequence[LabeledFace], split: Mapping[Path, str]) -> None:
    """Write which face is in which split; an empty box means the whole picture."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(SPLIT_COLUMNS)
        for face in faces:
            corners = face.box.as_tuple() if face.box else ("",) * 4
            writer.writerow((face.path, *corners, face.label, face.source, split[face.path]))


def settle_split(
    run: Path,
    weights: Path | None,
    faces: Sequence[LabeledFace],
    left_out: Collection[Path],
    draw: Callable[[Mapping[Path, str]], dict[Path, str]],
) -> dict[Path, str]:
    """Return the split of each picture in a run: the one of an earlier call, or else a new one, which is written down.

    `draw` makes a new one, given the split of the run that `weights` are from. `faces` name every picture. Raises
    UsageError as `recall_split` does, and DataError when no picture is left to learn from or to watch.
    """
    path = run / SPLIT_FILE
    recalled = recall_split(path, {face.path for face in faces}, left_out)
    split = draw(earlier_split(weights)) if recalled is None else recalled
    _check_parts(split)
    if recalled is None:
        write_whole(path, lambda unfinished: write_split(unfinished, faces, split))
    return split


def _check_parts(split: Mapping[Path, str]) -> None:
    larger = "choose a larger --validation, of `prepare` where that has split them"
    advice = {TRAIN: "hold back and leave out fewer", VALIDATION: larger}
    for name in advice:
        if name not in split.values():
            raise DataError(f"no picture is left for {name} among {len(split)}; give more pictures or {advice[name]}")


def recall_split(path: Path, pictures: Collection[Path], left_out: Collection[Path]) -> dict[Path, str] | None:
    """Return the split that an earlier call of a run wrote, None where there was none.

    Raises UsageError when it is of other pictures, or learns from what shall be left out.
    """
    if not path.is_file():
        return None
    split = read_split(path)
    if split.keys() != set(pictures) or any(split[picture] != TEST for picture in left_out):
        raise UsageError(f"{path.parent}: holds a run on other pictures; choose another --output or delete it")
    return split


def read_split(path: Path) -> dict[Path, str]:
    """Return the split of each picture that `write_split` wrote. Raises DataError when it is broken."""
    return {Path(row["path"]): row["split"] for row in _read_table(path, "path", "split")}
