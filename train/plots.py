"""The pictures of a report: learning curves, the confusion matrix, and whether scores mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from train.calibration import BINS, Reliability
from train.scores import Scores

_DPI = 100
_CURVES = (
    ("loss", "training loss", "tab:blue", "-"),
    ("val_loss", "validation loss", "tab:blue", "--"),
    ("accuracy", "training accuracy", "tab:orange", "-"),
    ("val_accuracy", "validation accuracy", "tab:orange", "--"),
)


def plot_history(path: Path, history: Sequence[dict[str, float]], phase_starts: Sequence[int] = ()) -> None:
    """Draw loss and, where there is one, accuracy over the epochs (counted from 1); a line where each phase starts."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    epochs = [row["epoch"] + 1 for row in history]
    curves = [curve for curve in _CURVES if all(curve[0] in row for row in history)]
    for key, name, color, style in curves:
        axes.plot(epochs, [row[key] for row in history], style, color=color, label=name, marker=".")
    for start in (one for one in phase_starts if one < len(history)):
        axes.axvline(start + 0.5, color="grey", linewidth=1, linestyle=":", label="fine-tuning starts")
    _finish_history(axes, "loss and accuracy" if len(curves) == len(_CURVES) else "loss")
    _save(figure, path)


def _finish_history(axes: Axes, measures: str) -> None:
    room = 1.05  # else what hardly changes lies on the frame
    axes.set(title=f"Training {measures}", xlabel="epoch", ylabel=measures, ylim=(0, room * axes.get_ylim()[1]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best")


def plot_confusion(path: Path, scores: Scores) -> None:
    """Draw the confusion matrix: counts, shaded by the share of the true label."""
    counts = np.array(scores.confusion)
    figure = Figure(figsize=(1.6 * len(counts) + 2.5, 1.4 * len(counts) + 1.5), layout="constrained")
    axes = figure.subplots()
    draw_counts(axes, counts)
    names = [label.replace("_", "\n") for label in scores.labels]
    axes.set(xticks=range(len(names)), yticks=range(len(names)), xlabel="said", ylabel="true", title="Confusion matrix")
    axes.set_xticklabels(names)
    axes.set_yticklabels(names)
    _save(figure, path)


def draw_counts(axes: Axes, counts: NDArray[np.int_], fontsize: float | None = None) -> None:
    """Draw counts (rows, columns), each shaded by its share of the row; without a `fontsize` in matplotlib's own."""
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        color = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color, fontsize=fontsize)


def plot_reliability(path: Path, before: Reliability, after: Reliability) -> None:
    """Draw how often the best label is right, by its score, before and after calibration; on the diagonal is ideal."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    for axes, name, one in zip(figure.subplots(1, 2), ("before", "after"), (before, after), strict=True):
        middles = (np.arange(BINS) + 0.5) / BINS
        axes.bar(middles, one.right, 0.9 / BINS, color="tab:blue")
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
        for x, height, faces in zip(middles, one.right, one.faces, strict=True):
            axes.text(x, height, str(faces or ""), ha="center", va="bottom", fontsize=7)
        axes.set(
            title=f"{name}: ECE {one.ece:.4f}", xlabel="score of the best label", ylabel="part right", ylim=(0, 1.1)
        )
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=_DPI)
