"""Make the demo's clip: somebody walks up to the desk bare-faced, leaves, and comes again with a mask on.

    python scripts/demo/make_clip.py OUT.mp4 [--seconds 15] [--portrait PNG]

The person is the astronaut portrait that scikit-image ships (Eileen Collins, NASA, public domain); the entrance and the
mask are drawn. OUT.json beside the clip says what is to be seen in every frame. Takes a few seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from figure import EYES, FACE, Picture, Plane, cut_out, put_mask_on
from scene import DOORWAY, HEIGHT, WIDTH, Scene, draw_scene

FPS = 15
PORTRAIT_SHA256 = "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5"

_MEMBER = "skimage/data/astronaut.png"
_LEAD_S = 0.5
_GAP_S = 5.0
_MIN_SECONDS = 10.0
_NOISES = 8
"""Different frames of camera noise; they take turns."""

_PATH = (
    (0.00, -4.0, 190.0, 0.47, True),
    (0.20, 228.0, 190.0, 0.47, True),
    (0.24, 230.0, 191.0, 0.49, False),
    (0.50, 290.0, 196.0, 1.00, False),
    (0.58, 306.0, 199.0, 1.16, False),
    (0.66, 318.0, 200.0, 1.20, False),
    (1.00, 900.0, 203.0, 1.22, False),
)
"""One visit: share of its time, x and y of the point between the eyes, scale of the portrait, still outside."""


class ClipError(Exception):
    """The clip cannot be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the person is: x and y of the point between the eyes, scale of the portrait, lean, mask, still outside."""

    x: float
    y: float
    scale: float
    lean_deg: float
    masked: bool
    outside: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """What is to be seen in a frame.

    `face` is the box of the whole face in pixels, also where the picture's edge or the door's frame cuts it, and None
    when none of it is seen; `visible_frac` is the share of the box that is seen.
    """

    frame_index: int
    time_s: float
    face: tuple[float, float, float, float] | None
    visible_frac: float
    masked: bool | None


def fetch_portrait(destination: Path) -> Path:
    """Return `destination` holding the astronaut portrait, which is taken from scikit-image's wheel if it is not there.

    Of the wheel only that picture is kept. Raises ClipError when the registry cannot be reached or the file is another.
    """
    if destination.is_file():
        _check(destination.read_bytes(), destination)
        return destination
    with tempfile.TemporaryDirectory() as folder:
        data = _portrait_in(_download_wheel(Path(folder)))
    _check(data, destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(destination.name + ".part")
    part.write_bytes(data)
    part.replace(destination)
    return destination


def pose_at(time_s: float, seconds: float) -> Pose | None:
    """Return where the person is at a time of a clip that lasts `seconds`; None while the entrance is empty."""
    visit_s = (seconds - 2 * _LEAD_S - _GAP_S) / 2
    for masked, start_s in ((False, _LEAD_S), (True, _LEAD_S + visit_s + _GAP_S)):
        if start_s <= time_s < start_s + visit_s:
            return _pose((time_s - start_s) / visit_s, time_s, masked)
    return None


def render(portrait: Picture, seconds: float) -> Iterator[tuple[Picture, Truth]]:
    """Yield the clip's frames, (480, 640, 3) uint8 BGR, each with what is to be seen in it."""
    scene, person = draw_scene(), cut_out(portrait)
    looks = {False: portrait, True: put_mask_on(portrait)}
    random = np.random.default_rng(0)
    noise = [random.normal(0, 2.0, scene.picture.shape).astype(np.float32) for _ in range(_NOISES)]
    for frame_index in range(round(seconds * FPS)):
        time_s = frame_index / FPS
        pose = pose_at(time_s, seconds)
        picture = scene.picture if pose is None else _compose(scene, looks[pose.masked], person, pose)
        yield (
            np.clip(picture + noise[frame_index % _NOISES], 0, 255).astype(np.uint8),
            _truth(frame_index, time_s, pose),
        )


def make_clip(portrait_png: Path, clip: Path, seconds: float) -> None:
    """Write the clip and, beside it, `.json` with a Truth a frame. Raises ClipError when the clip cannot be written."""
    portrait = cv2.imdecode(np.frombuffer(_without_profile(portrait_png.read_bytes()), np.uint8), cv2.IMREAD_COLOR)
    clip.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise ClipError(f"{clip}: cannot be written; name a file that ends in .mp4, in a folder that you may write to")
    truths = []
    for picture, truth in render(np.asarray(portrait, np.uint8), seconds):
        writer.write(picture)
        truths.append(asdict(truth))
    writer.release()
    clip.with_suffix(".json").write_text(json.dumps({"fps": FPS, "frames": truths}, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the clip that the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("clip", type=Path, metavar="OUT.mp4")
    parser.add_argument("--seconds", type=float, default=15.0, help=f"length, at least {_MIN_SECONDS:g} (default: 15)")
    parser.add_argument("--portrait", type=Path, default=_cache(), help="kept here, fetched if missing (%(default)s)")
    options = parser.parse_args(arguments)
    if not _MIN_SECONDS <= options.seconds <= 600:
        parser.error(f"--seconds: must be between {_MIN_SECONDS:g} and 600, got {options.seconds:g}")
    try:
        make_clip(fetch_portrait(options.portrait), options.clip, options.seconds)
    except ClipError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"wrote {options.clip}")
    return 0


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maskwatch" / "astronaut.png"


def _download_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(folder), "scikit-image"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ClipError(
            f"cannot get the portrait: pip download scikit-image: {last}; "
            f"go online once, or give skimage's astronaut.png with --portrait"
        )
    return wheels[0]


def _portrait_in(wheel: Path) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(_MEMBER)
    except (KeyError, zipfile.BadZipFile) as exc:
        raise ClipError(f"{wheel.name}: {exc}; give skimage's astronaut.png with --portrait") from exc


def _check(data: bytes, path: Path) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != PORTRAIT_SHA256:
        raise ClipError(f"{path}: is not the astronaut portrait (sha256 {sha256[:12]}…); delete it to fetch it again")


def _without_profile(png: bytes) -> bytes:
    """Return a PNG without its color profile, a flaw of which libpng would report on stderr."""
    kept, at = [png[:8]], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] != b"iCCP":
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def _pose(share: float, time_s: float, masked: bool) -> Pose:
    shares, xs, ys, scales, outside = zip(*_PATH, strict=True)
    scale = float(np.interp(share, shares, scales))
    step = 2 * math.pi * 1.7 * time_s  # 1.7 steps a second
    x = float(np.interp(share, shares, xs)) + 3 * scale * math.sin(step / 2)
    y = float(np.interp(share, shares, ys)) + 3 * scale * math.sin(step)
    still_outside = bool(outside[max(0, int(np.searchsorted(shares, share, side="right")) - 1)])
    return Pose(x, y, scale, 1.2 * math.sin(step / 2), masked, still_outside)


def _transform(pose: Pose) -> Plane:
    """Return the (2, 3) matrix from pixels of the portrait to pixels of the frame."""
    matrix = np.asarray(cv2.getRotationMatrix2D(EYES, pose.lean_deg, pose.scale), np.float32)
    matrix[:, 2] += np.array((pose.x - EYES[0], pose.y - EYES[1]), np.float32)
    return matrix


def _compose(scene: Scene, look: Picture, person: Plane, pose: Pose) -> Picture:
    """Return the scene with the person in it, behind the desk and, while outside, behind the wall."""
    matrix = _transform(pose)
    smooth = cv2.GaussianBlur(look, (0, 0), 0.4 / pose.scale)  # or shrinking would flicker
    figure = cv2.warpAffine(smooth, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(person, matrix, (WIDTH, HEIGHT)) * (1 - scene.desk)
    if pose.outside:
        alpha *= _doorway()
    shaded = scene.picture * (1 - 0.15 * cv2.GaussianBlur(alpha, (0, 0), 14 * pose.scale))[..., None]
    mixed: Picture = np.clip(figure * alpha[..., None] + shaded * (1 - alpha[..., None]), 0, 255).astype(np.uint8)
    return mixed


def _doorway() -> Plane:
    left, top, right, bottom = DOORWAY
    opening = np.zeros((HEIGHT, WIDTH), np.float32)
    opening[top:bottom, left:right] = 1.0
    return opening


def _truth(frame_index: int, time_s: float, pose: Pose | None) -> Truth:
    nobody = Truth(frame_index, round(time_s, 3), None, 0.0, None)
    if pose is None:
        return nobody
    left, top, right, bottom = FACE
    corners = np.array([(left, top, 1), (right, top, 1), (right, bottom, 1), (left, bottom, 1)]) @ _transform(pose).T
    box = (*corners.min(axis=0), *corners.max(axis=0))
    visible_frac = _overlap(box, DOORWAY if pose.outside else (0, 0, WIDTH, HEIGHT))
    if visible_frac <= 0:
        return nobody
    x_min, y_min, x_max, y_max = (round(float(value), 1) for value in box)
    return Truth(frame_index, round(time_s, 3), (x_min, y_min, x_max, y_max), round(visible_frac, 3), pose.masked)


def _overlap(box: Sequence[float], window: Sequence[float]) -> float:
    width = min(box[2], window[2]) - max(box[0], window[0])
    height = min(box[3], window[3]) - max(box[1], window[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(max(0.0, width) * max(0.0, height) / area)


if __name__ == "__main__":
    sys.exit(main())
