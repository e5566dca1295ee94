"""report.json and report.md of a classifier: how right it is, on what, and what made it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.scores import LabelScore, Scores


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a report holds.

    `test` are the scores on the held-back faces, `by_source` the same for each data set. `data` counts faces by split,
    source and label. `made` is `train.provenance.describe_run`. `recipe` is the run's.
    """

    title: str
    test: Scores
    by_source: Mapping[str, Scores]
    data: Mapping[str, Mapping[str, Mapping[str, int]]]
    made: Mapping[str, Any]
    recipe: Mapping[str, Any]


def write_report(run: Path, report: Report) -> None:
    """Write report.json and report.md into the run's folder."""
    content = {**report.made, **dataclasses.asdict(report)}
    del content["made"]
    (run / "report.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (run / "report.md").write_text(to_markdown(report), encoding="utf-8")


def to_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    parts = [
        f"# {report.title}",
        f"Accuracy on {report.test.support} held-back faces: {report.test.accuracy:.4f}",
        _label_table(report.test),
        "![confusion matrix](confusion.png)",
        "![loss and accuracy](plot.png)",
        "## By source",
        _source_table(report.by_source),
        "## Data",
        data_table(report.data),
        "## How it was made",
        made_list(report.made, report.recipe),
    ]
    return "\n\n".join(parts) + "\n"


def _label_table(scores: Scores) -> str:
    rows = [(label, *_shares(s), str(s.support)) for label, s in scores.labels.items()]
    return table(("label", "precision", "recall", "F1", "support"), rows)


def _shares(score: LabelScore) -> tuple[str, ...]:
    shares = (score.precision, score.recall, score.f1)
    return tuple(f"{share:.4f}" if score.support else "none" for share in shares)


def _source_table(by_source: Mapping[str, Scores]) -> str:
    labels = next(iter(by_source.values())).labels if by_source else ()
    rows = [
        (source, f"{s.accuracy:.4f}", *(_f1(x) for x in s.labels.values()), str(s.support))
        for source, s in by_source.items()
    ]
    return table(("source", "accuracy", *(f"F1 {label} (support)" for label in labels), "support"), rows)


def _f1(score: LabelScore) -> str:
    return f"{score.f1:.3f} ({score.support})" if score.support else "none"


def data_table(data: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    """Return how many faces of each label each split has from each source, as a Markdown table."""
    rows = [
        (split, source, ", ".join(f"{label} {n}" for label, n in counts.items()))
        for split, sources in data.items()
        for source, counts in sources.items()
    ]
    return table(("split", "source", "faces"), rows)


def made_list(made: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """Return what made a model as a Markdown list; `made` is `train.provenance.describe_run`."""
    lines = {**made, "recipe": ", ".join(f"{k} {v}" for k, v in recipe.items())}
    lines["command"] = f"`{lines['command']}`"
    lines["versions"] = ", ".join(f"{k} {v}" for k, v in made["versions"].items())
    return "\n".join(f"- {key}: {value}" for key, value in lines.items())


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
