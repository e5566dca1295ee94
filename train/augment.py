"""Random changes to training pictures: where the crop lies, light, color, blur, noise, JPEG, things in the way.

Pictures are (height, width, 3) uint8 BGR. Every function takes the random generator it draws from.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from edge.preprocess import PAD_VALUE, Picture

Window = tuple[float, float, float, float]
"""Left, top, width and height in pixels of a picture, beyond whose edges it may reach."""


def photometric(bgr: Picture, rng: Generator) -> Picture:
    """Return the picture under another light, through another lens, after another compression."""
    if rng.random() < 0.8:
        bgr = _light(bgr, rng)
    if rng.random() < 0.5:
        bgr = _color(bgr, rng)
    if rng.random() < 0.06:
        bgr = np.repeat(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)
    if rng.random() < 0.12:
        bgr = _backlight(bgr, rng)
    if rng.random() < 0.2:
        bgr = blur(bgr, rng)
    if rng.random() < 0.2:
        bgr = _noise(bgr, rng)
    if rng.random() < 0.3:
        bgr = jpeg(bgr, int(rng.integers(25, 90)))
    return bgr


def _light(bgr: Picture, rng: Generator) -> Picture:
    gamma = np.exp(rng.normal(0, 0.35))
    gain, offset = np.exp(rng.normal(0, 0.2)), rng.normal(0, 12)
    levels = np.arange(256) / 255
    table = np.clip(levels**gamma * 255 * gain + offset, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(bgr, table), np.uint8)


def _color(bgr: Picture, rng: Generator) -> Picture:
    hsv = cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV)
    hue = (np.arange(256) + rng.integers(-8, 9)) % 180
    saturation = np.clip(np.arange(256) * rng.uniform(0.5, 1.5), 0, 255)
    table = np.stack([hue, saturation, np.arange(256)], axis=1).astype(np.uint8)[None]
    return np.asarray(cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2BGR), np.uint8)


def _backlight(bgr: Picture, rng: Generator) -> Picture:
    """Darken the scene and let a bright patch in, as a door or a window does."""
    height, width = bgr.shape[:2]
    y, x = np.mgrid[0 : height : height / 16, 0 : width : width / 16][:, :16, :16]
    distance = np.hypot(x - rng.uniform(0, width), y - rng.uniform(0, height)) / rng.uniform(0.3, 0.8) / width
    glow = cv2.resize(np.exp(-(distance**2)).astype(np.float32), (width, height))
    mixed = bgr * rng.uniform(0.4, 0.8) + (glow * rng.uniform(80, 220))[..., None]
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def blur(bgr: Picture, rng: Generator) -> Picture:
    """Return the picture out of focus, or moved during exposure."""
    length = int(rng.integers(3, 3 + max(1, max(bgr.shape[:2]) // 48)))
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(bgr, (0, 0), length / 4), np.uint8)
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), float(rng.uniform(0, 180)), 1)
    turned = cv2.warpAffine(kernel, turn, (length, length))
    return np.asarray(cv2.filter2D(bgr, -1, np.asarray(turned / max(float(turned.sum()), 1e-6), np.float32)), np.uint8)


def _noise(bgr: Picture, rng: Generator) -> Picture:
    grain = rng.normal(0, rng.uniform(2, 14), bgr.shape[:2]).astype(np.float32)
    return np.asarray(np.clip(bgr + grain[..., None], 0, 255), np.uint8)


def jpeg(bgr: Picture, quality: int) -> Picture:
    """Return the picture after JPEG compression at a quality of 1..100."""
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def cut_window(bgr: Picture, window: Window, width_px: int, height_px: int) -> Picture:
    """Return a window of the picture resized."""
    canvas = np.full((height_px, width_px, 3), PAD_VALUE, np.uint8)
    lay_window(canvas, bgr, window)
    return canvas


def lay_window(canvas: Picture, bgr: Picture, window: Window) -> tuple[int, int, int, int]:
    """Resize a window of a picture into the canvas, in place.

    Where the window reaches out over the picture's edges the canvas stays as it is. Returns which part of it was
    painted: left, top, right, bottom in pixels, all 0 where there was nothing to paint.
    """
    height_px, width_px = canvas.shape[:2]
    left, top, width, height = window
    interpolation = cv2.INTER_AREA if width > width_px * 1.5 else cv2.INTER_LINEAR
    x0, y0 = int(np.ceil(max(left, 0))), int(np.ceil(max(top, 0)))
    x1, y1 = int(min(left + width, bgr.shape[1])), int(min(top + height, bgr.shape[0]))
    scale_x, scale_y = width_px / width, height_px / height
    to_x0, to_y0 = round((x0 - left) * scale_x), round((y0 - top) * scale_y)
    to_x1, to_y1 = min(width_px, round((x1 - left) * scale_x)), min(height_px, round((y1 - top) * scale_y))
    if x1 <= x0 or y1 <= y0 or to_x1 <= to_x0 or to_y1 <= to_y0:
        return 0, 0, 0, 0
    size = (to_x1 - to_x0, to_y1 - to_y0)
    canvas[to_y0:to_y1, to_x0:to_x1] = cv2.resize(bgr[y0:y1, x0:x1], size, interpolation=interpolation)
    return to_x0, to_y0, to_x1, to_y1


def cover(bgr: Picture, box: tuple[float, float, float, float], rng: Generator) -> None:
    """Paint a patch of plain or noisy color over a part of a box, in place."""
    x0, y0, x1, y1 = box
    width, height = (x1 - x0) * rng.uniform(0.2, 0.5), (y1 - y0) * rng.uniform(0.2, 0.5)
    left, top = int(rng.uniform(x0, x1 - width)), int(rng.uniform(y0, y1 - height))
    patch = bgr[max(top, 0) : max(0, int(top + height)), max(left, 0) : max(0, int(left + width))]
    patch[:] = np.clip(rng.integers(0, 256, 3) + rng.normal(0, rng.uniform(0, 30), patch.shape), 0, 255)
