"""The plots of an evaluation's report. Each takes the scores of all systems at all sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train.calibration import BINS, LEAST_DECIDED, MOST_CALLED_UNMASKED, Band
from train.curves import Curve
from train.evaluation import CHAIN, Scores, say_side, sides_of
from train.plots import draw_counts

_DPI = 100
_COLUMNS = 4
_COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink", "tab:olive")


def plot_detector(path: Path, scores: Sequence[Scores]) -> None:
    """Draw the detectors' precision-recall curves, one panel a size."""
    sides = sides_of(scores)
    figure, rows = _panels(1, len(sides), "Detector: faces found, whatever their label")
    for axes, side in zip(rows[0], sides, strict=True):
        for color, one in _at(scores, side):
            if one.detector is not None:
                _draw_curve(axes, one.detector, one.system, color)
        _finish(axes, f"faces from {say_side(side)} of the long side", "recall", "precision")
    figure.savefig(path, dpi=_DPI)


def plot_chain(path: Path, scores: Sequence[Scores]) -> None:
    """Draw the precision-recall curves of detector and classifier together: a row a side, a column a size."""
    sides = sides_of(scores)
    figure, rows = _panels(len(CHAIN), len(sides), "Detector and classifier: found and labeled (dot: as it is used)")
    for name, row in zip(CHAIN, rows, strict=True):
        for axes, side in zip(row, sides, strict=True):
            for color, one in _at(scores, side):
                _draw_curve(axes, one.chain[name], one.system, color)
                axes.plot(*_used(one, name), "o", color=color)
            _finish(axes, f"{name}, from {say_side(side)}", "recall", "precision")
    figure.savefig(path, dpi=_DPI)


def _used(one: Scores, side: str) -> tuple[list[float], list[float]]:
    """Return recall and precision of the labels as the system gave them."""
    labels = CHAIN[side]
    said = {true: sum(n for label, n in row.items() if label in labels) for true, row in one.confusion.items()}
    right = sum(n for true, n in said.items() if true in labels)
    faces = sum(sum(row.values()) for true, row in one.confusion.items() if true in labels)
    return [right / max(1, faces)], [right / max(1, sum(said.values()))]


def _draw_curve(axes: Axes, curve: Curve, system: str, color: str) -> None:
    axes.plot(curve.recall, curve.precision, label=f"{system}, AP {curve.said_precision}", color=color)


def plot_reliability(path: Path, scores: Sequence[Scores]) -> None:
    """Draw the reliability diagrams: a row a size, a panel a system; without scores it stays empty."""
    sides = sides_of(scores)
    columns = len(scores) // len(sides)
    figure, rows = _panels(len(sides), columns, "How often the label is right (bars: share of the faces)", 3.2)
    for side, row in zip(sides, rows, strict=True):
        for axes, (_, one) in zip(row, _at(scores, side), strict=True):
            _draw_reliability(axes, one)
    figure.savefig(path, dpi=_DPI)


def _draw_reliability(axes: Axes, one: Scores) -> None:
    found = one.label_reliability
    ece = "none" if found is None else f"{found.ece:.3f}"
    axes.set_title(f"{one.system}, from {say_side(one.min_side)}\nECE {ece}", fontsize=9)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="score of the label", ylabel="share right")
    if found is None:
        return
    faces = np.array(found.faces)
    there = faces > 0
    axes.bar((np.arange(BINS) + 0.5) / BINS, faces / max(1, faces.sum()), 0.9 / BINS, color="lightgrey")
    axes.plot([0, 1], [0, 1], ":", color="grey")
    axes.plot(np.array(found.confidence)[there], np.array(found.right)[there], "o-", markersize=4)


def plot_band(path: Path, scores: Sequence[Scores]) -> None:
    """Draw what a threshold does: decided faces above, masked faces called unmasked below; a column a size."""
    sides = sides_of(scores)
    figure, rows = _panels(2, len(sides), "The unsure band (dotted: what it is meant to reach)")
    parts: tuple[tuple[str, Callable[[Band], float], float], ...] = (
        ("found faces decided", lambda band: band.decided.value if band.decided else 0.0, LEAST_DECIDED),
        ("found masked faces called unmasked", _share, MOST_CALLED_UNMASKED),
    )
    for (title, value, target), row in zip(parts, rows, strict=True):
        for axes, side in zip(row, sides, strict=True):
            for color, one in _at(scores, side):
                points = np.array([(band.min_score, value(band)) for band in one.band], np.float64)
                if len(points):
                    axes.plot(points[:, 0], points[:, 1], label=one.system, color=color)
            axes.axhline(target, linestyle=":", color="grey")
            _finish(axes, f"{title}, from {say_side(side)}", "min_score", "share", square=False)
    figure.savefig(path, dpi=_DPI)


def _share(band: Band) -> float:
    return band.masked_called_unmasked.value if band.masked_called_unmasked else 0.0


def plot_confusion(path: Path, scores: Sequence[Scores]) -> None:
    """Draw the confusion matrices at one size: counts, shaded by the share of the annotated label."""
    columns = min(_COLUMNS, len(scores))
    figure, rows = _panels(-(-len(scores) // columns), columns, "Annotated (rows) and said (columns)", 4.2)
    for number, axes in enumerate(axes for row in rows for axes in row):
        if number < len(scores):
            _draw_confusion(axes, scores[number])
        else:
            axes.set_axis_off()
    figure.savefig(path, dpi=_DPI)


def _draw_confusion(axes: Axes, one: Scores) -> None:
    counts = np.array([list(row.values()) for row in one.confusion.values()])
    draw_counts(axes, counts, fontsize=8)
    for names, set_ticks in ((next(iter(one.confusion.values())), axes.set_xticks), (one.confusion, axes.set_yticks)):
        set_ticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize=7)
    axes.set_title(f"{one.system}, from {say_side(one.min_side)}", fontsize=9)


def plot_slices(path: Path, scores: Sequence[Scores]) -> None:
    """Draw the mean F1 of each slice with its interval, one row a slice, at one size."""
    rows = list(dict.fromkeys((s.slicing, s.slice) for one in scores for s in one.slices if s.mean_f1))
    figure = Figure(figsize=(9, 1.2 + 0.32 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for number, (color, one) in enumerate(_at(scores, scores[0].min_side)):
        shift = (number + 0.5) / len(scores) * 0.7 - 0.35
        known = [(rows.index((s.slicing, s.slice)) + shift, s.mean_f1) for s in one.slices if s.mean_f1]
        for place, mean in known:
            axes.plot([mean.low, mean.high], [place] * 2, color=color, linewidth=1)
        axes.plot([mean.value for _, mean in known], [place for place, _ in known], "o", color=color, markersize=4,
                  label=one.system)  # fmt: skip
    axes.set_yticks(range(len(rows)), [f"{slicing}: {name}" for slicing, name in rows], fontsize=8)
    axes.invert_yaxis()
    title = f"Mean F1 by slice, faces from {say_side(scores[0].min_side)}, 95 % intervals"
    _finish(axes, title, "mean F1", "", square=False)
    figure.savefig(path, dpi=_DPI)


def _at(scores: Sequence[Scores], side: float) -> list[tuple[str, Scores]]:
    """Return the scores at one size, each system with its color, the same everywhere."""
    some = [one for one in scores if one.min_side == side]
    return [(_COLORS[number % len(_COLORS)], one) for number, one in enumerate(some)]


def _panels(rows: int, columns: int, title: str, side_in: float = 5.0) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(side_in * columns, 0.4 + 0.85 * side_in * rows), layout="constrained")
    figure.suptitle(title)
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def _finish(axes: Axes, title: str, x: str, y: str, square: bool = True) -> None:
    axes.set(title=title, xlabel=x, ylabel=y)
    if square:
        axes.set(xlim=(0, 1.01), ylim=(0, 1.01))
    axes.grid(visible=True, alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
