"""What `compare.py` measured, as a table and as a plot of accuracy against latency."""

from __future__ import annotations

import datetime
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from systems import SYSTEMS

from train.report import table

if TYPE_CHECKING:
    from compare import Result

_PACKAGES = ("numpy", "opencv-python-headless", "ai-edge-litert", "tflite-runtime", "tensorflow-cpu")
_HEAD = (
    "system", "cores", "median ms", "p95 ms", "× slower", "frames/s", "CPU s per 1,000", "pictures: median ms",
    "mean F1", "Δ F1", "peak RSS MB", "models MB", "start s",
)  # fmt: skip


def write_table(results: Sequence[Result], skipped: Mapping[str, str], pictures: int, min_side_frac: float) -> str:
    """Return the table as Markdown with everything that is needed to read it."""
    first = {result.cores: result for result in reversed(results)}
    rows = [_row(result, first[result.cores]) for result in results]
    lost = "".join(f"\nLeft out: {SYSTEMS[name].title}: {reason}." for name, reason in skipped.items())
    blind = [SYSTEMS[each.name].title for each in results if each.door_faces != 1]
    doubt = f"\nDid not find exactly one face at the door: {', '.join(dict.fromkeys(blind))}." if blind else ""
    looks = len(results[0].door_ms) if results else 0
    return (
        f"{table(_HEAD, rows)}\n\nSpeed: one 640×480 picture with one face, {looks} looks, turn and turn about. "
        f"Mean F1: {pictures} pictures, faces from {min_side_frac:.0%} of the long side on.\n{describe_machine()}"
        f"{lost}{doubt}\n"
    )


def _row(result: Result, first: Result) -> tuple[str, ...]:
    median_ms, looks = statistics.median(result.door_ms), len(result.door_ms)
    ours_ms = statistics.median(first.door_ms)
    return (
        SYSTEMS[result.name].title,
        str(result.cores),
        f"{median_ms:.1f}",
        f"{statistics.quantiles(result.door_ms, n=20)[-1]:.1f}",
        f"{median_ms / ours_ms:.1f}",
        f"{1000 * looks / sum(result.door_ms):.0f}",
        f"{1000 * result.cpu_s / looks:.1f}",
        f"{statistics.median(result.pictures_ms):.1f}",
        f"{result.f1:.4f}",
        f"{(result.f1 or 0) - (first.f1 or 0):+.4f}",
        f"{result.rss_mb:.0f}",
        f"{result.model_bytes / 1e6:.1f}",
        f"{result.start_s:.1f}",
    )


def describe_machine() -> str:
    """Return processor, system, versions and date in a sentence."""
    versions = [f"{name} {found}" for name in _PACKAGES if (found := _version(name))]
    today = datetime.datetime.now(datetime.UTC).date()
    return f"{processor()}, {platform.system()}, Python {platform.python_version()}, {', '.join(versions)}, {today}."


def processor() -> str:
    """Return what the kernel calls the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} × {len(names)}" if names else platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def draw(results: Sequence[Result], path: Path) -> None:
    """Write a plot: mean F1 over the median milliseconds of a frame, one dot a system, the daemon's loop left out."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    shown = [result for result in results if result.name != "daemon"]  # lies upon the other dot of ours
    slowest_ms = max((statistics.median(result.door_ms) for result in shown), default=0.0)
    for result in shown:
        at = (statistics.median(result.door_ms), result.f1 or 0.0)
        axes.scatter(*at, s=60, color="tab:red" if result.name in ("maskwatch", "closer") else "tab:blue", zorder=3)
        below = result.name in ("yunet320", "yunet640")
        left = at[0] == slowest_ms
        axes.annotate(
            SYSTEMS[result.name].title,
            at,
            xytext=(-6 if left else 6, -12 if below else 6),
            textcoords="offset points",
            horizontalalignment="right" if left else "left",
            fontsize=9,
        )
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("milliseconds for a frame on one core (640×480, one face; median, logarithmic)")
    axes.set_ylabel("mean F1")
    axes.set_title("Accuracy against latency: up and to the left is better")
    axes.margins(x=0.25, y=0.12)
    axes.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=120)
    plt.close(figure)
