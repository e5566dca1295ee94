"""Sums up visits: one row a scenario, one for all; as numbers and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from visits import ClipScore, Visit, VisitKind

from train.intervals import Estimate, wilson

_COLUMNS = (
    "scenario", "clips", "unmasked visits (pictures)", "alarmed, 95 %", "missed", "s from visible: median, p90",
    "s from in zone: median, p90", "alarms per visit", "masked visits (pictures)", "with false alarm, 95 %",
    "false alarms", "posters", "hands", "outside", "nobody", "per hour", "s over max_on_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds until an alarm."""

    median_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """What became of all visits of a scenario. Shares are 0..1 with Wilson's 95 % interval; None: there were none.

    Counts of alarms about posters, hands and people outside the zone count visits; `false_alarms` counts alarms.
    """

    scenario: str
    clips: int
    unmasked: int
    unmasked_pictures: int
    alarmed: Estimate | None
    missed: int
    from_visible: Delay | None
    from_zone: Delay | None
    alarms_per_visit: float | None
    masked: int
    masked_pictures: int
    falsely: Estimate | None
    false_alarms: int
    posters: tuple[int, int]
    hands: tuple[int, int]
    outside: tuple[int, int]
    about_nobody: int
    calm_h: float
    over_max_s: float

    @property
    def false_per_hour(self) -> float | None:
        """False alarms per hour in which nobody gave reason for one."""
        return self.false_alarms / self.calm_h if self.calm_h else None


def sum_up(scores: Sequence[ClipScore]) -> list[Row]:
    """Return a row for each scenario, in alphabetical order, and one for all of them."""
    names = sorted({score.scenario for score in scores})
    rows = [_row(name, [score for score in scores if score.scenario == name]) for name in names]
    return [*rows, _row("all", scores)]


def _row(name: str, scores: Sequence[ClipScore]) -> Row:
    visits = [visit for score in scores for visit in score.visits]
    bare = [visit for visit in visits if visit.kind is VisitKind.UNMASKED]
    masked = [visit for visit in visits if visit.kind is VisitKind.MASKED]
    alarmed = sum(visit.alarmed for visit in bare)
    return Row(
        scenario=name,
        clips=len(scores),
        unmasked=len(bare),
        unmasked_pictures=_pictures(bare),
        alarmed=wilson(alarmed, len(bare)),
        missed=len(bare) - alarmed,
        from_visible=_delay([visit.from_visible_s for visit in bare]),
        from_zone=_delay([visit.from_zone_s for visit in bare]),
        alarms_per_visit=sum(visit.alarms for visit in bare) / len(bare) if bare else None,
        masked=len(masked),
        masked_pictures=_pictures(masked),
        falsely=wilson(sum(visit.alarmed for visit in masked), len(masked)),
        false_alarms=sum(score.false_alarms for score in scores),
        posters=_counts(visits, VisitKind.POSTER),
        hands=_counts(visits, VisitKind.COVERED),
        outside=_counts(visits, VisitKind.OUTSIDE),
        about_nobody=sum(score.about_nobody for score in scores),
        calm_h=sum(score.calm_s for score in scores) / 3600,
        over_max_s=sum(score.over_max_s for score in scores),
    )


def _pictures(visits: Sequence[Visit]) -> int:
    return len({name for visit in visits for name in visit.pictures})


def _delay(seconds: Sequence[float | None]) -> Delay | None:
    known = [value for value in seconds if value is not None]
    return Delay(*(float(v) for v in np.percentile(known, [50, 90]))) if known else None


def _counts(visits: Sequence[Visit], kind: VisitKind) -> tuple[int, int]:
    """Return how many visits of a kind had a false alarm, and how many there were."""
    those = [visit.alarmed for visit in visits if visit.kind is kind]
    return sum(those), len(those)


def as_json(row: Row) -> Mapping[str, Any]:
    """Return a row as it is written to the JSON file."""
    return {**asdict(row), "false_per_hour": row.false_per_hour}


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|" + "---|" * len(_COLUMNS)]
    return "\n".join(lines + ["| " + " | ".join(_cells(row)) + " |" for row in rows]) + "\n"


def _cells(row: Row) -> Sequence[str]:
    return (
        row.scenario, str(row.clips), f"{row.unmasked} ({row.unmasked_pictures})", _share(row.alarmed),
        str(row.missed), _seconds(row.from_visible), _seconds(row.from_zone), _number(row.alarms_per_visit),
        f"{row.masked} ({row.masked_pictures})", _share(row.falsely), str(row.false_alarms), _of(row.posters),
        _of(row.hands), _of(row.outside), str(row.about_nobody), _number(row.false_per_hour), f"{row.over_max_s:.1f}",
    )  # fmt: skip


def _share(value: Estimate | None) -> str:
    return f"{value.value:.1%} ({value.low:.1%}–{value.high:.1%})" if value else "–"


def _seconds(delay: Delay | None) -> str:
    return f"{delay.median_s:.2f}, {delay.p90_s:.2f}" if delay else "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _of(counts: tuple[int, int]) -> str:
    return f"{counts[0]} of {counts[1]}" if counts[1] else "–"
