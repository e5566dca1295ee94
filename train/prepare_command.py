"""python -m train prepare: from a collection of pictures to one that can be trained on."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from train.near_duplicates import View, find_pairs
from train.prepare import Prepared, prepare
from train.report import table
from train.splits import SPLITS, TEST, Fractions

_RANDOM_SPLITS = 20
_SHOWN = 20
_SMALLEST_PX = 32
_NEAR = View(1.0, 2)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own arguments."""
    parser.add_argument("source", type=Path, metavar="IN_DIR", help="class folders, or images/ with annotations.csv")
    parser.add_argument("target", type=Path, metavar="OUT_DIR", help="a new or empty folder")
    parser.add_argument("--size", type=int, default=576, metavar="PX", help="longest side that is kept (%(default)s)")
    parser.add_argument("--validation", type=float, default=0.1, help="part that decides when to stop (%(default)s)")
    parser.add_argument("--test", type=float, default=0.2, help="part that is only scored (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same split (%(default)s)")


def run(options: argparse.Namespace) -> int:
    """Prepare, print the summary and keep it as prepare.md; return the exit code."""
    if options.size < _SMALLEST_PX:
        raise UsageError(f"--size {options.size}: must be {_SMALLEST_PX} or more pixels")
    if options.seed < 0:
        raise UsageError(f"--seed {options.seed}: must be 0 or more")
    fractions = Fractions(options.validation, options.test)
    prepared = prepare(options.source, options.target, options.size, fractions, options.seed)
    text = summarize(prepared, options.seed)
    (options.target / "prepare.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


@dataclass(frozen=True, slots=True)
class Leak:
    """Which part of the test pictures, 0..1, has a twin outside of the test part.

    `exact`: the same pixels. `near`: at most two bits of the whole picture's hash differ. `related`: anything that
    puts two pictures into one group, such as the same photograph with a mask painted in.
    """

    exact: float
    near: float
    related: float


def summarize(prepared: Prepared, seed: int) -> str:
    """Return, as Markdown, what was found, how it was split, and what the split keeps apart."""
    before, after = measure_leaks(prepared, seed)
    groups = Counter(prepared.groups)
    shared = sum(n for n in groups.values() if n > 1)
    parts = [
        f"# {len(prepared.kept)} pictures prepared of {len(prepared.checked)} files",
        *_warnings(prepared),
        _problem_list(prepared),
        "## Split by group",
        f"{len(groups)} groups. {shared} pictures share one with another picture. {_mixed(prepared)} groups hold more "
        "than one label.",
        _split_table(prepared),
        "Test pictures with a twin outside of the test part:",
        table(
            ("split", "exact copy", "near twin", "same photograph"),
            [_leak_row(f"at random, mean of {_RANDOM_SPLITS}", before), _leak_row("by group", after)],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warnings(prepared: Prepared) -> list[str]:
    contradictions = [one for one in prepared.checked if any("the same picture is labeled" in p for p in one.problems)]
    if not contradictions:
        return []
    names = "\n".join(f"- {one.original}: {one.problems[-1]}" for one in contradictions)
    return [f"**WARNING: {len(contradictions)} pictures stand in two classes and were left out.**", names]


def _problem_list(prepared: Prepared) -> str:
    found = [f"- {one.original}: {'; '.join(one.problems)}" for one in prepared.checked if one.problems]
    if not found:
        return "No problems found."
    more = [f"- and {len(found) - _SHOWN} more, all in prepare.csv"] if len(found) > _SHOWN else []
    return "\n".join([f"{len(found)} files with problems:\n", *found[:_SHOWN], *more])


def _mixed(prepared: Prepared) -> int:
    labels: dict[int, set[str]] = {}
    for one, group in zip(prepared.kept, prepared.groups, strict=True):
        labels.setdefault(group, set()).add(one.label)
    return sum(len(some) > 1 for some in labels.values())


def _split_table(prepared: Prepared) -> str:
    counts = Counter((one.label, split) for one, split in zip(prepared.kept, prepared.splits, strict=True))
    labels = sorted({one.label for one in prepared.kept})
    rows = [(label, *(str(counts[label, split]) for split in SPLITS)) for label in labels]
    return table(("label", *SPLITS), rows)


def _leak_row(name: str, leak: Leak) -> tuple[str, ...]:
    return name, f"{leak.exact:.1%}", f"{leak.near:.1%}", f"{leak.related:.1%}"


def measure_leaks(prepared: Prepared, seed: int) -> tuple[Leak, Leak]:
    """Return the leak of splits at random, as large (the mean of several), and that of the split by group."""
    exact = _exact_pairs([one.pixels for one in prepared.kept])
    kinds = (exact, find_pairs(prepared.hashes[:, :1], [_NEAR]), np.concatenate([exact, find_pairs(prepared.hashes)]))
    tested = np.array([split == TEST for split in prepared.splits])
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(tested) for _ in range(_RANDOM_SPLITS)]
    before = Leak(*(float(np.mean([_share(pairs, some) for some in drawn])) for pairs in kinds))
    return before, Leak(*(_share(pairs, tested) for pairs in kinds))


def _share(pairs: NDArray[np.intp], tested: NDArray[np.bool_]) -> float:
    """Return the share of the tested that are paired with one that is not."""
    across = pairs[tested[pairs[:, 0]] != tested[pairs[:, 1]]]
    leaked = np.unique(across[tested[across]])
    return len(leaked) / max(1, int(tested.sum()))


def _exact_pairs(pixels: Sequence[str]) -> NDArray[np.intp]:
    _, kind = np.unique(np.array(pixels), return_inverse=True)
    pairs = np.argwhere(kind[:, None] == kind[None, :])
    return np.asarray(pairs[pairs[:, 0] < pairs[:, 1]], np.intp)
