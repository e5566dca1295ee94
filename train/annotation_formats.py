"""Boxes with labels as other tools write them: a CSV file, a folder of PASCAL VOC XML, or a folder of YOLO text.

VOC: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html. YOLO:
https://docs.ultralytics.com/datasets/detect/.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from edge.errors import DataError
from edge.geometry import Box
from edge.records import FACE, IGNORE, LABELS, WORN_INCORRECTLY
from train.annotations import AnnotatedPicture, LabeledBox, clip_faces, read_csv, read_numbers, read_text
from train.faces import PICTURE_SUFFIXES
from train.pictures import upright_size

log = logging.getLogger(__name__)

PICTURE_FOLDERS = ("images", "JPEGImages")

_ANNOTATION_FOLDERS = frozenset({"annotations", "labels"})
_KINDS = {".xml": "VOC", ".txt": "YOLO"}
_CLASSES, _DATA = "classes.txt", "data.yaml"
_SPELLINGS = {"mask_weared_incorrect": WORN_INCORRECTLY, IGNORE: IGNORE} | {label: label for label in LABELS}
"""Names that mean one thing only; `face` is none of them: in some data sets it is a bare face, here an unknown one."""

_FRACTIONS = (-0.5, 1.5)  # faces at the edge may reach a little out; pixels and the -1 of missing key points do not fit


@dataclass(frozen=True, slots=True)
class Layout:
    """The annotation files of a folder: `kind` is VOC or YOLO, `files` is not empty."""

    kind: str
    folder: Path
    files: tuple[Path, ...]


Reader = Callable[[Path, Path], AnnotatedPicture]
"""From an annotation file and its picture to its boxes, with the names that stand there."""


def pictures_folder(path: Path) -> Path:
    """Return where the pictures of an annotations file or folder lie when nobody says it.

    `images` or `JPEGImages` in the folder, the folder itself, or one of the two beside it; `images` beside a file.
    Raises DataError for a folder without any of them.
    """
    if not path.is_dir():
        return path.parent / PICTURE_FOLDERS[0]
    beside = [path.parent / name for name in PICTURE_FOLDERS] if path.name.lower() in _ANNOTATION_FOLDERS else []
    for folder in (*(path / name for name in PICTURE_FOLDERS), path, *beside):
        if folder.is_dir() and _pictures_in(folder):
            return folder
    raise DataError(f"{path}: no pictures in it or in {' or '.join(PICTURE_FOLDERS)}; name them: --boxes {path}=FOLDER")


def read_boxes(path: Path, images: Path, renames: Mapping[str, str] | None = None) -> list[AnnotatedPicture]:
    """Return the annotated pictures of a CSV file, or of a VOC or YOLO folder; `images` is where its pictures lie.

    `renames` says what names in a folder mean; those that are neither renamed nor ours raise DataError, and so does
    everything broken, by file and line. Pictures without an annotation file are left out; the log says how many.
    """
    if not path.is_dir():
        return read_csv(path, images)
    layout = find_layout(path)
    reader = _read_voc if layout.kind == "VOC" else partial(_read_yolo, names=_class_names(layout.folder))
    found = _pictures_in(images) if images.is_dir() else ()
    pairs = _pair(layout, found, images)
    pictures = _rename(path, [reader(file, picture) for picture, file in sorted(pairs.items())], renames or {})
    clipped = [clip_faces(picture) for picture in pictures]
    _say(path, layout.kind, len(found), pictures, clipped)
    return clipped


def find_layout(folder: Path) -> Layout:
    """Return the annotation files in a folder or its `annotations` or `labels`.

    Raises DataError when there are none, or of more than one kind or place.
    """
    children = sorted(child for child in folder.iterdir() if child.is_dir())
    places = [folder, *(child for child in children if child.name.lower() in _ANNOTATION_FOLDERS)]
    layouts = [Layout(kind, place, files) for place in places for kind, files in _files_in(place) if files]
    if len(layouts) == 1:
        return layouts[0]
    if not layouts:
        raise DataError(
            f"{folder}: neither VOC .xml nor YOLO .txt files in it or in annotations/ or labels/; name a CSV "
            "file itself, and folders that lie deeper so: --boxes LABELS=PICTURES"
        )
    found = " and ".join(f"{len(one.files)} {one.kind} files in {one.folder}" for one in layouts)
    raise DataError(f"{folder}: holds {found}; name the ones to read: --boxes {layouts[0].folder}=PICTURES")


def _files_in(place: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    files = sorted(path for path in place.glob("[!.]*") if path.is_file() and path.name.lower() != _CLASSES)
    stems = {path.stem for path in files if path.suffix.lower() in PICTURE_SUFFIXES}
    in_labels = any(part.lower() in _ANNOTATION_FOLDERS for part in place.resolve().parts[-2:])
    for suffix, kind in _KINDS.items():
        some = tuple(path for path in files if path.suffix.lower() == suffix)
        expected = suffix == ".xml" or in_labels or any(path.stem in stems for path in some)  # else README.txt and such
        yield kind, some if expected else ()


def _pictures_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() in PICTURE_SUFFIXES))


def _pair(layout: Layout, pictures: Iterable[Path], images: Path) -> dict[Path, Path]:
    """Return the annotation file of each picture that has one."""
    by_stem: dict[str, list[Path]] = {}
    for picture in pictures:
        by_stem.setdefault(picture.stem, []).append(picture)
    pairs: dict[Path, Path] = {}
    alone: list[Path] = []
    for file in layout.files:
        one = _picture_of(file, by_stem)
        if one is None:
            alone.append(file)
        elif pairs.setdefault(one, file) != file:
            raise DataError(f"{file}: is about {one.name}, and so is {pairs[one].name}; delete one of the two")
    if alone:
        raise DataError(
            f"{alone[0]}: its picture is not in {images}; so it is with {len(alone)} of {len(layout.files)} files; "
            "add the pictures, delete the files, or name the folder: --boxes FOLDER=PICTURES"
        )
    return pairs


def _picture_of(file: Path, by_stem: Mapping[str, Sequence[Path]]) -> Path | None:
    twins = by_stem.get(file.stem, ())
    if len(twins) != 1 and file.suffix.lower() == ".xml":
        name = PureWindowsPath((_parse_xml(file).findtext("filename") or "").strip()).name
        twins = [picture for picture in by_stem.get(Path(name).stem, twins) if name in (picture.name, picture.stem)]
    if len(twins) > 1:
        raise DataError(f"{file}: could be about {twins[0].name} or {twins[1].name}; rename one of the two")
    return twins[0] if twins else None


def _rename(folder: Path, pictures: Sequence[AnnotatedPicture], renames: Mapping[str, str]) -> list[AnnotatedPicture]:
    meaning = {**_SPELLINGS, **renames}
    counts = Counter(face.label for picture in pictures for face in picture.faces)
    unknown = sorted(counts.keys() - meaning.keys())
    if unknown:
        listed = ", ".join(f"{name} ({counts[name]} boxes)" for name in unknown)
        labels = ", ".join((*LABELS, f"{FACE} (a face whose mask cannot be told)", IGNORE))
        raise DataError(
            f"{folder}: nobody says what these names mean: {listed}; add --rename {unknown[0]}=LABEL, "
            f"LABEL being {labels} or a class of your own"
        )
    return [p.with_faces(LabeledBox(face.box, meaning[face.label]) for face in p.faces) for p in pictures]


def _say(
    folder: Path, kind: str, found: int, before: Sequence[AnnotatedPicture], after: Sequence[AnnotatedPicture]
) -> None:
    boxes, kept = (sum(len(picture.faces) for picture in some) for some in (before, after))
    left_out = {"pictures without an annotation file": found - len(after), "boxes without an area": boxes - kept}
    words = ", ".join(f"{count} {what}" for what, count in left_out.items() if count) or "nothing"
    log.info("%s: %s, %d pictures with %d boxes; left out: %s", folder, kind, len(after), kept, words)


def _read_voc(file: Path, picture: Path) -> AnnotatedPicture:
    root = _parse_xml(file)
    width, height, turned = upright_size(picture)
    stated = [root.findtext(f"size/{side}") or "0" for side in ("width", "height")]
    wide, high = read_numbers(stated, f"{file}: <size> needs a number in <width> and in <height>")
    if turned and (wide, high) == (height, width) != (width, height):
        raise DataError(f"{file}: its boxes are of {picture.name} on its side; save that without its Exif orientation")
    if wide and high and (wide, high) != (width, height):  # some tools write 0 for what they do not know
        raise DataError(
            f"{file}: its boxes are of {wide:g}x{high:g} px, but {picture.name} has {width}x{height}; put that picture "
            "back, or correct <size> if the boxes fit"
        )
    return AnnotatedPicture(picture, width, height, tuple(_voc_face(one, file) for one in root.findall("object")))


def _checked(box: Box, place: str) -> Box:
    """Return the box. Raises DataError when it is swapped: with an area below nothing it would be left out unseen."""
    if min(box.width, box.height) < 0:
        seen = f"{box.width:g}x{box.height:g} px"
        raise DataError(f"{place}: the first corner must be left of and above the second, got {seen}; swap them")
    return box


def _voc_face(found: Element, file: Path) -> LabeledBox:
    place = f"{file}:{found.get('line')}"
    corners = [found.findtext(f"bndbox/{name}") or "" for name in ("xmin", "ymin", "xmax", "ymax")]
    name = (found.findtext("name") or "").strip()
    if not name:
        raise DataError(f"{place}: an object without a <name>; add one")
    values = read_numbers(corners, f"{place}: <bndbox> needs <xmin>, <ymin>, <xmax> and <ymax>")
    return LabeledBox(_checked(Box(*values), place), name)


def _parse_xml(file: Path) -> Element:
    """Return the root; `line` of an element is where it starts. Entities, which can read files, are refused."""
    parser, tree = expat.ParserCreate(), TreeBuilder()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda tag, _: tree.start(tag, {"line": str(parser.CurrentLineNumber)})
    parser.EndElementHandler, parser.CharacterDataHandler = tree.end, tree.data
    try:
        parser.Parse(file.read_bytes(), True)
    except (expat.ExpatError, LookupError, ValueError) as exc:  # the last two: an encoding nobody knows
        raise DataError(f"{file}:{parser.CurrentLineNumber}: not XML that is read here ({exc})") from exc
    root = tree.close()
    if root.tag != "annotation":
        raise DataError(f"{file}: starts with <{root.tag}>, but <annotation> is expected; move other files away")
    return root


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a DOCTYPE; delete it")


def _read_yolo(file: Path, picture: Path, names: Mapping[int, str]) -> AnnotatedPicture:
    width, height, _ = upright_size(picture)
    lines = enumerate(read_text(file).splitlines(), 1)
    rows = [(line.split(), f"{file}:{number}") for number, line in lines if line.strip()]
    faces = (_yolo_face(words, place, names, (width, height)) for words, place in rows)
    return AnnotatedPicture(picture, width, height, tuple(faces))


def _yolo_face(words: Sequence[str], place: str, names: Mapping[int, str], size: tuple[int, int]) -> LabeledBox:
    if not words[0].isdecimal() or int(words[0]) not in names:
        raise DataError(f"{place}: class {words[0]} has no name; the names are {dict(names)}")
    if len(words) != 5 and (len(words) < 7 or len(words) % 2 == 0):
        raise DataError(
            f"{place}: `class cx cy width height` or `class x y x y x y …` is expected, got {' '.join(words)}"
        )
    values = read_numbers(words[1:], f"{place}: numbers are expected after the class")
    if min(values) < _FRACTIONS[0] or max(values) > _FRACTIONS[1]:
        raise DataError(f"{place}: fractions of the picture, 0 to 1, are expected, got {' '.join(words[1:])}")
    return LabeledBox(_checked(_yolo_box(values, *size), place), names[int(words[0])])


def _yolo_box(fractions: Sequence[float], width: int, height: int) -> Box:
    """Return the box of center and size, or around a polygon's corners, in pixels."""
    if len(fractions) == 4:
        x, y, half_x, half_y = (value / part for value, part in zip(fractions, (1, 1, 2, 2), strict=True))
        return Box((x - half_x) * width, (y - half_y) * height, (x + half_x) * width, (y + half_y) * height)
    xs, ys = fractions[0::2], fractions[1::2]
    return Box(min(xs) * width, min(ys) * height, max(xs) * width, max(ys) * height)


def _class_names(labels: Path) -> dict[int, str]:
    """Return the names of the classes from classes.txt or data.yaml, the nearest to the labels."""
    for folder in (labels, *list(labels.resolve().parents)[:2]):
        if (folder / _CLASSES).is_file():
            lines = read_text(folder / _CLASSES).splitlines()
            return {index: line.strip() for index, line in enumerate(lines) if line.strip()}
        if (folder / _DATA).is_file():
            return _data_names(folder / _DATA)
    raise DataError(f"{labels}: neither {_CLASSES} nor {_DATA} is there or above; write {_CLASSES}, one name a line")


def _data_names(path: Path) -> dict[int, str]:
    text = re.sub(r"(^|\s)#.*", r"\1", read_text(path))
    flow = re.search(r"^names:\s*[\[{]([^\]}]*)[\]}]", text, re.MULTILINE)
    block = re.search(r"^names:\s*\n((?:[ \t]*(?:-|\d+:)[ \t].*(?:\n\s*|$))+)", text, re.MULTILINE)
    items = flow[1].split(",") if flow else block[1].splitlines() if block else []
    found = [re.fullmatch(r"(?:-\s+|(\d+)\s*:\s*)?(['\"]?)(.+?)\2", item.strip()) for item in items if item.strip()]
    names = {int(one[1] or index): one[3] for index, one in enumerate(found) if one}
    if not names or "kpt_shape:" in text:
        raise DataError(f"{path}: no list `names:` of boxes without key points; write the names to {_CLASSES} instead")
    return names
