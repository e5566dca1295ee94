"""What drawn masks, scarves and things are made of: small tiles of color, (64, 64, 3) float32 RGB in 0..255."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Tile = NDArray[np.float32]

TILE_PX = 64
_Y, _X = (axis.astype(np.float32) / (TILE_PX - 1) * 2 - 1 for axis in np.mgrid[0:TILE_PX, 0:TILE_PX])

_SURGICAL = ((158, 200, 226), (120, 178, 214), (238, 240, 242), (150, 205, 190), (232, 182, 198), (28, 28, 31))
_SURGICAL_SHARE = (0.34, 0.14, 0.22, 0.1, 0.05, 0.15)
_RESPIRATOR = ((238, 238, 236), (205, 208, 210), (32, 32, 34), (180, 200, 220))
_RESPIRATOR_SHARE = (0.7, 0.12, 0.12, 0.06)


def plain(color: tuple[int, ...] | NDArray[np.float32]) -> Tile:
    """Return a tile of one color."""
    return np.full((TILE_PX, TILE_PX, 3), color, np.float32)


def any_color(rng: Generator) -> NDArray[np.float32]:
    """Return a color (3,) as clothes have it: every hue, seldom loud, often near black, grey or white."""
    if rng.random() < 0.45:
        grey = float(rng.choice([24, 34, 60, 120, 175, 232]))
        return (grey + rng.uniform(-8, 8, 3)).astype(np.float32)
    rgb = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.2, 0.85), rng.uniform(0.25, 0.95))
    return np.array(rgb, np.float32) * 255


def _one_of(colors: tuple[tuple[int, int, int], ...], share: tuple[float, ...], rng: Generator) -> Tile:
    color = np.array(colors[int(rng.choice(len(colors), p=share))], np.float32)
    return plain(color * rng.uniform(0.92, 1.05) + rng.uniform(-6, 6, 3).astype(np.float32))


def _dots(rng: Generator) -> NDArray[np.bool_]:
    step, radius = rng.uniform(0.2, 0.5), rng.uniform(0.25, 0.42)
    u, v = _X / step, _Y / step
    u = u + 0.5 * (np.floor(v) % 2)
    found: NDArray[np.bool_] = np.hypot(u % 1 - 0.5, v % 1 - 0.5) < radius
    return found


def _stripes(rng: Generator) -> NDArray[np.bool_]:
    angle, step = rng.uniform(0, np.pi), rng.uniform(0.15, 0.5)
    found: NDArray[np.bool_] = ((_X * np.cos(angle) + _Y * np.sin(angle)) / step) % 1 < rng.uniform(0.25, 0.6)
    return found


def _checks(rng: Generator) -> NDArray[np.bool_]:
    step = rng.uniform(0.2, 0.45)
    found: NDArray[np.bool_] = (np.floor(_X / step) + np.floor(_Y / step)) % 2 == 0
    return found


def _patches(rng: Generator) -> NDArray[np.bool_]:
    cells = int(rng.integers(4, 12))
    found: NDArray[np.bool_] = _clouds(rng, cells) > rng.uniform(-0.2, 0.4)
    return found


PATTERNS: Mapping[str, Callable[[Generator], NDArray[np.bool_]]] = {
    "dots": _dots,
    "stripes": _stripes,
    "checks": _checks,
    "patches": _patches,
}


def patterned(rng: Generator, name: str | None = None) -> Tile:
    """Return a tile of two or, sometimes, three colors in one of PATTERNS (default: any)."""
    tile = plain(any_color(rng))
    for _ in range(1 + int(rng.random() < 0.3)):
        tile[PATTERNS[name or str(rng.choice(list(PATTERNS)))](rng)] = any_color(rng)
    return np.asarray(cv2.GaussianBlur(tile, (0, 0), 0.7), np.float32)


def _clouds(rng: Generator, cells: int) -> NDArray[np.float32]:
    """Return smooth noise (64, 64), standard deviation around 1."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (TILE_PX, TILE_PX), interpolation=cv2.INTER_CUBIC), np.float32)


def wrinkle(tile: Tile, rng: Generator) -> Tile:
    """Return the tile with the folds and the grain of cloth, lit from one side."""
    folds = 1 + rng.uniform(0.02, 0.07) * _clouds(rng, int(rng.integers(3, 9)))
    side = 1 - rng.uniform(0.1, 0.4) * np.abs(_X) ** 2.2 - rng.uniform(-0.12, 0.12) * _X
    grain = rng.normal(0, rng.uniform(0.5, 3), (TILE_PX, TILE_PX, 1)).astype(np.float32)
    return np.asarray(tile * (folds * side)[..., None] + grain, np.float32)


def surgical(rng: Generator) -> Tile:
    """Return three-layer fleece with two to four pleats and a wire in the upper edge."""
    tile = _one_of(_SURGICAL, _SURGICAL_SHARE, rng)
    sag = rng.uniform(-0.08, 0.22)
    shade = np.ones((TILE_PX, TILE_PX), np.float32)
    for row in np.linspace(-0.45, 0.5, int(rng.integers(2, 5))) + rng.uniform(-0.1, 0.1):
        away = _Y - row - sag * (1 - _X**2)
        shade -= rng.uniform(0.08, 0.22) * np.exp(-((away / 0.035) ** 2))
        shade += rng.uniform(0.02, 0.08) * np.exp(-(((away - 0.08) / 0.05) ** 2))
    shade -= rng.uniform(0, 0.12) * np.exp(-(((_Y + 0.86) / 0.03) ** 2))
    return wrinkle(tile * shade[..., None], rng)


def cloth(rng: Generator) -> Tile:
    """Return sewn cloth: black, plain or patterned, with or without a seam in the middle."""
    kind = rng.random()
    tile = plain(rng.uniform(12, 42, 3).astype(np.float32)) if kind < 0.3 else plain(any_color(rng))
    if kind > 0.55:
        tile = patterned(rng)
    seam = 1 - rng.uniform(0.1, 0.3) * (rng.random() < 0.4) * np.exp(-((_X / 0.03) ** 2))
    return wrinkle(tile * seam[..., None], rng)


def cup(rng: Generator) -> Tile:
    """Return a moulded respirator: round, brightest in the middle, sometimes with a valve."""
    radius = np.hypot(_X, _Y * 0.9)
    shade = 1.05 - rng.uniform(0.15, 0.4) * np.clip(radius, 0, 1.4) ** 2
    shade -= rng.uniform(0, 0.12) * np.exp(-(((radius - 0.85) / 0.04) ** 2))
    tile = wrinkle(_one_of(_RESPIRATOR, _RESPIRATOR_SHARE, rng) * shade[..., None], rng)
    return _with_valve(tile, rng) if rng.random() < 0.3 else tile


def fold(rng: Generator) -> Tile:
    """Return a respirator folded along the middle: two planes that meet on the nose."""
    lean = rng.uniform(-0.16, 0.16)
    shade = 1 + lean * np.sign(_X) - rng.uniform(0.05, 0.25) * np.exp(-((_X / 0.035) ** 2))
    shade -= rng.uniform(0, 0.15) * np.exp(-(((np.abs(_X) - 0.82) / 0.03) ** 2))
    return wrinkle(_one_of(_RESPIRATOR, _RESPIRATOR_SHARE, rng) * shade[..., None], rng)


def _with_valve(tile: Tile, rng: Generator) -> Tile:
    center = (int(TILE_PX * rng.uniform(0.3, 0.7)), int(TILE_PX * rng.uniform(0.45, 0.65)))
    grey = float(rng.uniform(90, 235))
    valve = cv2.circle(tile.copy(), center, int(rng.integers(6, 10)), (grey,) * 3, -1, cv2.LINE_AA)
    return np.asarray(cv2.circle(valve, center, 4, (grey * 0.8,) * 3, 1, cv2.LINE_AA), np.float32)


def knit(rng: Generator) -> Tile:
    """Return the wool of a scarf: plain or striped, with ribs."""
    tile = patterned(rng, str(rng.choice(["stripes", "checks"]))) if rng.random() < 0.4 else plain(any_color(rng))
    ribs = 1 - rng.uniform(0.05, 0.25) * (np.sin(_X * rng.uniform(20, 60) + 3 * _Y) > 0)
    return wrinkle(tile * ribs[..., None].astype(np.float32), rng)
