"""report.md of an evaluation: every table and plot of it, with what the figures mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from train.calibration import MOST_CALLED_UNMASKED, Band, lowest_threshold
from train.evaluation import EVERY_SET, MISSED, NO_FACE, Headline, LabelScore, Scores, System, say_side, sides_of
from train.intervals import Estimate
from train.report import table
from train.slices import SliceScore

_DEFINITIONS = """\
A face counts from the given fraction of the picture's long side on (the larger side of its box). A found box is a hit
from IoU 0.4 on, the best label scores first, each face once. Mean F1 is the mean of the F1 of `with_mask` and of "not
properly masked", the two other labels together. "Label right" is the share of found faces on the right one of these
two sides. Faces labeled `face` count neither way. In [brackets]: 95 % intervals; of F1 by {rounds} bootstrap samples of
whole pictures (seed {seed}), the same for every system, of shares by Wilson's formula."""
_SLICES = """\
False faces are sorted by their own box. Sharpness is the variance of the Laplacian of the face at 64×64 px (low:
blurred, or small), brightness its mean luma; both are cut at the thirds of the annotated faces. Where the faces come
from few pictures the intervals of F1 are too narrow."""
_DETECTOR = """\
Faces found whatever their label, over the detector's score; average precision is the area below the curve (all points,
as VOC since 2010). A system shows only what scores above its own threshold: where the curve ends, average precision
ends too. Compare it among systems that run at a low one (`detector.min_score` in a config.yaml of ours)."""
_CALIBRATION = """\
On found faces. ECE: 15 bins of equal width, the sum of |share right − mean score| weighed by the share of faces (Guo et
al. 2017, arXiv 1706.04599). "Three labels": the best label and its score. "Two sides": masked against not properly
masked; it is left out where the scores of the labels do not sum to 1."""
_BAND = """\
Decided: verdicts other than `unsure`, of the found and of all annotated faces. The last row of a system is the lowest
`min_score` at which at most {most:.0%} of its found masked faces are called `unmasked`."""
_SHEETS = "They show people: look at them here, never publish or commit them."


def write_markdown(
    made: Mapping[str, Any], systems: Sequence[System], headlines: Sequence[Headline], scores: Sequence[Scores],
    sheets: Mapping[str, str],
) -> str:  # fmt: skip
    """Return the report; `made` describes the run, `sheets` has the contact sheets' titles by file name."""
    smallest = [one for one in scores if one.min_side == min(s.min_side for s in scores)]
    return (
        "\n\n".join(
            [
                "# Evaluation",
                "\n".join(f"- {key}: {value}" for key, value in _made(made).items()),
                _DEFINITIONS.format(**made),
                table(("system", "seconds", "command"), [_system_row(system) for system in systems]),
                *_left_out(scores),
                "## Mean F1",
                _headline_table(headlines),
                "## By label",
                _label_table(scores),
                "## Confusion",
                *(f"![confusion matrices](confusion_{side:g}.png)" for side in sides_of(scores)),
                "## Slices",
                f"Faces from {say_side(smallest[0].min_side)} on. {_SLICES}",
                "![mean F1 by slice](slices.png)",
                _slice_table(smallest),
                "## Detector",
                _DETECTOR,
                "![precision and recall of the detector](detector.png)",
                "## Detector and classifier",
                "Over the score of the label (`not properly masked`: of both labels together).",
                "![precision and recall by label](chain.png)",
                _precision_table(scores),
                "## Calibration",
                _CALIBRATION,
                "![reliability](reliability.png)",
                _calibration_table(scores),
                "## The unsure band",
                _BAND.format(most=MOST_CALLED_UNMASKED),
                "![decided faces and wrong alarms over min_score](band.png)",
                _band_table(scores),
                "## Worst mistakes",
                _SHEETS,
                *(f"### {title}\n\n![{title}](<{name}>)" for name, title in sheets.items()),
            ]
        )
        + "\n"
    )


def _made(made: Mapping[str, Any]) -> dict[str, str]:
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    keys = ("revision", "date", "machine", "wall_s", "pictures")
    return {"command": f"`{made['command']}`", **{key: str(made[key]) for key in keys}, "versions": versions}


def _system_row(system: System) -> tuple[str, ...]:
    return system.name, f"{sum(system.wall_s.values()):.1f}", f"`{system.command}`".replace("|", "\\|")


def _left_out(scores: Sequence[Scores]) -> list[str]:
    missing = "\n".join(f"- {line}" for line in left_out(scores))
    return [f"Left out, and why:\n\n{missing}"] if missing else []


def left_out(scores: Sequence[Scores]) -> tuple[str, ...]:
    """Return a sentence for each part that a system's lines, or the faces that it found, do not suffice for."""
    lines: dict[str, None] = {}
    for one in scores:
        nothing = not _count_found(one)
        parts = (
            (one.detector, "the detector's curve (no `face_score`)"),
            (not nothing, f"calibration and the band from {say_side(one.min_side)} on (no annotated face found)"),
            (nothing or one.label_reliability, "calibration and the band's curve (no `scores`)"),
            (one.side_reliability or one.label_reliability is None, "the band's curve (its `scores` do not sum to 1)"),
            (nothing or one.verdicts, "the band as it is used (no `verdict`)"),
        )
        lines.update({f"{one.system}: {what}": None for part, what in parts if not part})
    return tuple(lines)


def _count_found(one: Scores) -> int:
    """Return how many of the annotated faces were found, whatever their label."""
    return sum(sum(row.values()) - row[MISSED] for true, row in one.confusion.items() if true != NO_FACE)


def _headline_table(headlines: Sequence[Headline]) -> str:
    head = (
        "set", "from", "system", "faces", "mean F1", "F1 masked", "F1 not properly", "masked found",
        "not properly found", "label right", "false faces a picture", "first ahead by",
    )  # fmt: skip
    return table(head, [_headline_row(one, first=one.system == headlines[0].system) for one in headlines])


def _headline_row(one: Headline, first: bool) -> tuple[str, ...]:
    shares = (one.mean_f1, one.masked_f1, one.unmasked_f1, one.masked_found, one.unmasked_found, one.label_right)
    name = "all sets" if one.set == EVERY_SET else one.set
    each = (say(share) for share in shares)
    ahead = "first" if first else say(one.ahead, "+.3f")
    return name, say_side(one.min_side), one.system, str(one.faces), *each, f"{one.false_faces_per_picture:.3f}", ahead


def _label_table(scores: Sequence[Scores]) -> str:
    names = dict.fromkeys(label.label for one in scores for label in one.labels)
    rows = [
        (name, say_side(one.min_side), one.system, *_label_row(label))
        for name in names
        for one in scores
        for label in one.labels
        if label.label == name
    ]
    head = ("label", "from", "system", "faces", "found", "this label, of found", "precision", "recall", "F1")
    return table(head, rows)


def _label_row(label: LabelScore) -> tuple[str, ...]:
    shares = (label.found, label.right, label.precision, label.recall, label.f1)
    return str(label.faces), *(say(share) for share in shares)


def _slice_table(scores: Sequence[Scores]) -> str:
    order = dict.fromkeys((part.slicing, part.slice) for one in scores for part in one.slices)
    rows = [
        (*key, one.system, *_slice_row(part))
        for key in order
        for one in scores
        for part in one.slices
        if (part.slicing, part.slice) == key
    ]
    f1 = ("F1 masked", "F1 not properly", "mean F1")
    return table(("by", "slice", "system", "faces", "pictures", "found", "label right", *f1, "false faces"), rows)


def _slice_row(part: SliceScore) -> tuple[str, ...]:
    shares = (part.found, part.label_right, part.masked_f1, part.unmasked_f1, part.mean_f1)
    return str(part.faces), str(part.pictures), *(say(share) for share in shares), str(part.false_faces)


def _precision_table(scores: Sequence[Scores]) -> str:
    rows = [
        (
            say_side(one.min_side),
            one.system,
            "none" if one.detector is None else one.detector.said_precision,
            *(curve.said_precision for curve in one.chain.values()),
        )
        for one in scores
    ]
    return table(("from", "system", "AP of the detector", *(f"AP {name}" for name in scores[0].chain)), rows)


def _calibration_table(scores: Sequence[Scores]) -> str:
    rows = [
        (
            say_side(one.min_side),
            one.system,
            *("none" if r is None else f"{r.ece:.4f}" for r in (one.label_reliability, one.side_reliability)),
            "none" if one.label_reliability is None else str(sum(one.label_reliability.faces)),
        )
        for one in scores
    ]
    return table(("from", "system", "ECE, three labels", "ECE, two sides", "found faces"), rows)


def _band_table(scores: Sequence[Scores]) -> str:
    rows = [row for one in scores for row in _band_rows(one)]
    head = ("from", "system", "min_score", "decided of found", "decided of all", "masked called unmasked",
            "not properly called masked")  # fmt: skip
    return table(head, rows)


def _band_rows(one: Scores) -> list[tuple[str, ...]]:
    aimed = lowest_threshold(one.band)
    named: list[tuple[str, Band | None]] = [("as it is used", one.verdicts)]
    named.append((f"{aimed.min_score:g}" if aimed and aimed.min_score else "", aimed))
    return [
        (say_side(one.min_side), one.system, name, *(say(share) for share in (
            band.decided, band.decided_of_all, band.masked_called_unmasked, band.unmasked_called_masked)))
        for name, band in named
        if band is not None
    ]  # fmt: skip


def say(share: Estimate | None, form: str = ".3f") -> str:
    """Return a figure with its interval, or a dash."""
    if share is None:
        return "–"
    return f"{share.value:{form}} [{share.low:{form}}, {share.high:{form}}]"
