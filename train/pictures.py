"""Opens pictures of any kind and quality, and turns them into plain JPEG files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from edge.errors import DataError
from edge.preprocess import Picture

_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "MPO": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
}
_PLAIN_MODES = ("RGB", "L")
_ORIENTATION = 0x0112  # Exif 2.32, table 4
_NOT_UPRIGHT = range(2, 9)  # same table
_ON_ITS_SIDE = range(5, 9)  # same table: a row of the file is a column of the picture
_TURNED_BY_OPENCV = ("JPEG", "MPO", "PNG")
_QUALITY = 95
_BACKGROUND = "white"


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPicture:
    """A picture as it should be seen: upright, opaque, RGB; the first frame of an animation.

    `format` is what the file really holds. `plain` tells whether it is a JPEG that may be copied as it is.
    """

    path: Path
    format: str
    rgb: Image.Image
    plain: bool

    @property
    def has_wrong_suffix(self) -> bool:
        """Whether the file's name promises another format."""
        return self.path.suffix.lower() not in _SUFFIXES.get(self.format, (f".{self.format.lower()}",))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.rgb.width, self.rgb.height

    def bgr(self) -> Picture:
        """Return the picture as (height, width, 3) uint8 BGR."""
        return np.ascontiguousarray(np.asarray(self.rgb)[..., ::-1])


def open_picture(path: Path) -> OpenedPicture:
    """Return a picture, wholly decoded. Raises DataError when the file is none, or is damaged."""
    try:
        with Image.open(path) as image:
            plain = image.format == "JPEG" and image.mode in _PLAIN_MODES and image.getexif().get(_ORIENTATION, 1) == 1
            return OpenedPicture(path, image.format or "", _to_rgb(ImageOps.exif_transpose(image)), plain)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise DataError(f"{path}: not a picture that can be read ({exc})") from exc


def upright_size(path: Path) -> tuple[int, int, bool]:
    """Return width and height in pixels as training sees the picture, and whether Exif lays it on its side.

    Raises DataError when it cannot be read, and for kinds that OpenCV, which training reads with, would not read or
    turn as people see them.
    """
    try:
        with Image.open(path) as image:
            has_exif = image.format != "PNG" or "exif" in image.info  # else PNG is decoded to the end for it
            orientation = image.getexif().get(_ORIENTATION, 1) if has_exif else 1
            (width, height), kind = image.size, image.format
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as exc:
        raise DataError(f"{path}: not a picture that can be read; replace it, or remove what names it") from exc
    if kind == "GIF" or (orientation in _NOT_UPRIGHT and kind not in _TURNED_BY_OPENCV):
        raise DataError(f"{path}: training would not see this {kind} as you do; save it as JPEG, upright")
    return (height, width, True) if orientation in _ON_ITS_SIDE else (width, height, False)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        return Image.fromarray((np.asarray(image) // 256).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    canvas = Image.new("RGBA", layer.size, _BACKGROUND)
    return Image.alpha_composite(canvas, layer).convert("RGB")


def new_name(stem: str, taken: set[str]) -> str:
    """Return `stem`.jpg, with a number where another file already got that name, and add it to those `taken`."""
    name, number = f"{stem}.jpg", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}.jpg"
    taken.add(name.lower())
    return name


def save_jpeg(picture: OpenedPicture, path: Path, long_side_px: int) -> float:
    """Write the picture as JPEG, its longer side at most `long_side_px`, and return the scale (0..1) it got.

    A plain JPEG that is small enough is copied as it is: compressing it again would only lose detail.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scale = min(1.0, long_side_px / max(picture.size))
    if picture.plain and scale == 1.0:
        shutil.copyfile(picture.path, path)
        return 1.0
    width, height = (max(1, round(side * scale)) for side in picture.size)
    rgb = picture.rgb if scale == 1.0 else picture.rgb.resize((width, height), Image.Resampling.LANCZOS)
    rgb.save(path, "JPEG", quality=_QUALITY)
    return scale
