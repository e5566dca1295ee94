"""Folders of annotated pictures, as other tools write them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.geometry import Box
from train.annotation_formats import pictures_folder, read_boxes
from train.annotations import AnnotatedPicture, LabeledBox
from train.sources import parse_renames


def draw(path: Path, width: int = 200, height: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def voc(*faces: str, filename: str = "a.png", size: str = "") -> str:
    return "\n".join(["<annotation>", f"<filename>{filename}</filename>{size}", *faces, "</annotation>"])


def voc_face(name: str, *corners: object) -> str:
    tags = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=False)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags)
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


def read(folder: Path, *renames: str) -> list[AnnotatedPicture]:
    return read_boxes(folder, pictures_folder(folder), parse_renames(renames))


ONE = voc(voc_face("with_mask", 10, 20, 30, 40))
FACE = LabeledBox(Box(10, 20, 30, 40), "with_mask")
