"""What is to be seen in a simulated clip: per person and frame. Written as JSON beside the clip."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edge.errors import DataError
from edge.geometry import Box
from edge.settings import Zone
from edge.zone import contains

COVERED = "covered"
"""A face with a hand before its mouth: nobody can say, and nothing may sound."""

LEAST_VISIBLE_FRAC = 0.5
"""A face of which less is seen does not count as visible."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody in a frame: the face's box in pixels, also where it is hidden, its label, and how much is seen, 0..1."""

    frame_index: int
    box: Box
    label: str
    visible_frac: float


@dataclass(frozen=True, slots=True)
class PersonTruth:
    """One visit of somebody, or a poster. `pictures` are the names of those that the face comes from."""

    id: int
    poster: bool
    pictures: tuple[str, ...]
    sights: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """A clip: frame n is seen at n / fps seconds."""

    scenario: str
    seed: int
    fps: float
    frame_count: int
    width: int
    height: int
    people: tuple[PersonTruth, ...]


def is_visible(sight: Sight) -> bool:
    """Return whether enough of a face is seen."""
    return sight.visible_frac >= LEAST_VISIBLE_FRAC


def is_in_zone(sight: Sight, width: int, height: int, zone: Zone) -> bool:
    """Return whether a visible face is large enough, not too large and in the polygon, as `edge.zone` decides."""
    side_frac = max(sight.box.width, sight.box.height) / max(width, height)
    x, y = sight.box.center
    sized = zone.min_face_frac <= side_frac <= zone.max_face_frac
    return is_visible(sight) and sized and (not zone.polygon or contains(zone.polygon, x / width, y / height))


def write_truth(path: Path, clip: ClipTruth, zone: Zone, plan: Any) -> None:
    """Write a clip's truth, its zone and its plan (a frozen dataclass)."""
    people = [_person(person, clip, zone) for person in clip.people]
    document = {**asdict(clip), "zone": asdict(zone), "people": people, "plan": asdict(plan)}
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


def _person(person: PersonTruth, clip: ClipTruth, zone: Zone) -> dict[str, Any]:
    """Return a person as JSON: a sight is [frame_index, x_min, y_min, x_max, y_max, label, visible_frac, in_zone]."""
    sights = [
        [s.frame_index, *(round(v, 1) for v in s.box.as_tuple()), s.label, round(s.visible_frac, 3),
         is_in_zone(s, clip.width, clip.height, zone)]
        for s in person.sights
    ]  # fmt: skip
    return {
        "id": person.id,
        "poster": person.poster,
        "pictures": person.pictures,
        "first_visible_frame": next((s.frame_index for s in person.sights if is_visible(s)), None),
        "sights": sights,
    }


def read_truth(path: Path) -> ClipTruth:
    """Return what `write_truth` wrote. Raises DataError when the file is missing or something else."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        facts = {name: document[name] for name in ("scenario", "seed", "fps", "frame_count", "width", "height")}
        return ClipTruth(**facts, people=tuple(_read_people(document["people"])))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DataError(f"{path}: not the truth of a simulated clip ({exc}); run make_clips.py again") from exc


def _read_people(people: Iterable[dict[str, Any]]) -> Iterable[PersonTruth]:
    for person in people:
        sights = tuple(Sight(row[0], Box(*row[1:5]), row[5], row[6]) for row in person["sights"])
        yield PersonTruth(person["id"], person["poster"], tuple(person["pictures"]), sights)
