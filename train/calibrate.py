"""Makes scores mean what they say, and finds from which score on a verdict is sure: both on held-back faces.

Temperature scaling: the logits are divided by one number (Guo et al. 2017, https://arxiv.org/abs/1706.04599). Training
shows rare labels more often than they occur, and the network then expects them as often: the logarithm of how much
rarer a label is than it was shown, added to its logit, takes that back (Menon et al. 2021,
https://arxiv.org/abs/2007.07314, after Saerens et al. 2002). Both go into the last layer's weights and cost the device
nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edge.records import NOT_FACE, WITH_MASK
from train.calibration import MOST_CALLED_UNMASKED, Reliability, reliability
from train.faces import LabeledFace
from train.plots import plot_reliability
from train.scoring import UNMASKED

CALIBRATION = "calibration.json"
"""What a run keeps; `python -m convert` takes `min_score` from it."""

LARGE_FRAC = 0.08
"""Faces whose larger side is this part of the picture's long side, or more, are near enough to be judged."""

_FEWEST_FACES = 50
"""From fewer faces neither number is found: one face more or less would decide."""

_FEWEST_OF_LABEL = 10
"""Of a label with fewer faces in pictures with boxes nobody knows how often it occurs: its logit stays."""

_TEMPERATURES = np.geomspace(0.25, 4, 401)  # steps of 0.7 %
_LARGEST_SHIFT = 3.0
_HIGHEST_MIN_SCORE = 0.95  # beyond, a few wrong annotations would make nearly everyone `unsure`

Values = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """How good scores are on some faces, parts 0..1; a part of no faces is 0.

    `ece` is the expected calibration error of the best label, over all faces. The others are of the `large` ones:
    how many there are, how many of them wear a mask, which part of these is called `unmasked`, which part of all is
    decided (not `unsure`).
    """

    faces: int
    ece: float
    large: int
    masked: int
    called_unmasked_frac: float
    decided_frac: float

    def __str__(self) -> str:
        """Return it as a line of a report."""
        return (
            f"ECE {self.ece:.4f} on {self.faces} faces; of {self.large} large ones {self.decided_frac:.1%} decided, "
            f"of {self.masked} masked ones {self.called_unmasked_frac:.2%} called unmasked"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Calibration:
    """What was found on the held-back faces.

    Logits are divided by `temperature`, then `shifts`, one a label, are added. `min_score` is None where there were too
    few masked faces to find it.
    """

    temperature: float
    min_score: float | None
    before: Quality
    after: Quality
    shifts: tuple[float, ...] = ()

    def apply(self, logits: Values) -> Values:
        """Return the scores (n, labels) of logits (n, labels)."""
        return calibrated(logits, self.temperature, self.shifts)


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """Faces with what a network says: `logits` (n, labels), `truth` (n,) label indices, `large` (n,) bool."""

    logits: Values
    truth: NDArray[np.intp]
    large: NDArray[np.bool_]
    labels: Sequence[str]


def calibrate(judged: Judged, shifts: Sequence[float] = (0.0,)) -> Calibration:
    """Return temperature and threshold for a network that says this about held-back faces.

    `shifts`, one a label or one for all, are added to the logits; see `prior_shifts`.
    """
    temperature = fit_temperature(judged.logits, judged.truth) if len(judged.truth) >= _FEWEST_FACES else 1.0
    scores = calibrated(judged.logits, temperature, shifts)
    masked, unmasked = _sides(scores, judged)
    min_score = find_min_score(unmasked[masked]) if masked.sum() >= _FEWEST_FACES else None
    before = measure_quality(softmax(judged.logits), judged, min_score)
    return Calibration(temperature, min_score, before, measure_quality(scores, judged, min_score), tuple(shifts))


def prior_shifts(shown: Mapping[str, float], occurring: Mapping[str, int], labels: Sequence[str]) -> tuple[float, ...]:
    """Return what to add to the logit of each label, -3..3, so that it is expected as often as it occurs.

    `shown` tells how often training taught a label, `occurring` how many faces of it there are in pictures of scenes.
    The most frequent label is measured against: 0. So are those of which there are too few, or which were not shown.
    """
    known = [label for label in labels if occurring.get(label, 0) >= _FEWEST_OF_LABEL and shown.get(label, 0)]
    if not known:
        return (0.0,) * len(labels)
    rarer = {label: np.log(occurring[label] / shown[label]) for label in known}
    most = rarer[max(known, key=lambda label: occurring[label])]
    shifts = (rarer[label] - most if label in rarer else 0.0 for label in labels)
    return tuple(round(float(np.clip(shift, -_LARGEST_SHIFT, _LARGEST_SHIFT)), 4) for shift in shifts)


def calibrated(logits: Values, temperature: float, shifts: Sequence[float]) -> Values:
    """Return the scores (n, labels) of logits (n, labels) divided by a temperature, then shifted."""
    return softmax(logits / temperature + np.array(shifts))


def softmax(logits: Values) -> Values:
    """Return the scores (n, labels) of logits (n, labels)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores: Values = powers / powers.sum(axis=1, keepdims=True)
    return scores


def fit_temperature(logits: Values, truth: NDArray[np.intp]) -> float:
    """Return the temperature, 0.25..4, at which the true labels (n,) are the most likely; above 1 it tempers scores."""
    losses = [_log_loss(logits / temperature, truth) for temperature in _TEMPERATURES]
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)


def _log_loss(logits: Values, truth: NDArray[np.intp]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(truth)), truth]).mean())


def find_min_score(unmasked: Values) -> float:
    """Return the smallest threshold, 0.5..0.95, at which MOST_CALLED_UNMASKED of masked faces at most are `unmasked`.

    `unmasked` (n,) are the scores, 0..1, that these faces get for all labels that raise the alarm together.
    """
    highest = np.sort(unmasked)[::-1]
    allowed = int(MOST_CALLED_UNMASKED * len(highest))
    first_refused = float(highest[allowed]) if allowed < len(highest) else 0.0
    return float(np.clip(np.floor(first_refused * 1000 + 1) / 1000, 0.5, _HIGHEST_MIN_SCORE))


def measure_quality(scores: Values, judged: Judged, min_score: float | None) -> Quality:
    """Return how good scores (n, labels) are; without `min_score` nothing is `unsure`.

    A face is judged as the device does it: `edge.classifier.judge_scores`.
    """
    masked, unmasked = _sides(scores, judged)
    sure = np.maximum(unmasked, 1 - unmasked) >= (min_score or 0.5)
    return Quality(
        faces=len(scores),
        ece=round(measure_reliability(scores, judged.truth).ece, 4),
        large=int(judged.large.sum()),
        masked=int(masked.sum()),
        called_unmasked_frac=round(_mean((sure & (unmasked >= 0.5))[masked]), 4),
        decided_frac=round(_mean(sure[judged.large]), 4),
    )


def measure_reliability(scores: Values, truth: NDArray[np.intp]) -> Reliability:
    """Return how often the best label of scores (n, labels) is the true one (n,), by its score."""
    return reliability(scores.max(axis=1), scores.argmax(axis=1) == truth)


def _sides(scores: Values, judged: Judged) -> tuple[NDArray[np.bool_], Values]:
    """Return which faces (n,) are large and masked, and the score (n,) of the labels that raise the alarm.

    As on the device, `not_face` takes nothing from either side.
    """
    labels = np.array(judged.labels)
    raising, is_face = np.isin(labels, list(UNMASKED)), labels != NOT_FACE
    unmasked = scores[:, raising].sum(axis=1) / np.maximum(scores[:, is_face].sum(axis=1), 1e-9)
    return judged.large & (labels[judged.truth] == WITH_MASK), unmasked


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else 0.0


def find_large(faces: Sequence[LabeledFace]) -> NDArray[np.bool_]:
    """Return which faces (n,) are LARGE_FRAC of their picture's long side or more; without a box they are.

    What is no face is not.
    """
    sides_px = {face.path: 0 for face in faces if face.box is not None}
    for path in sides_px:
        with Image.open(path) as picture:
            sides_px[path] = max(picture.size)
    return np.array([_is_large(face, sides_px.get(face.path, 0)) for face in faces], bool)


def _is_large(face: LabeledFace, long_side_px: int) -> bool:
    if face.label == NOT_FACE:
        return False
    return face.box is None or max(face.box.width, face.box.height) >= LARGE_FRAC * long_side_px


def write_calibration(run: Path, calibration: Calibration, judged: Judged) -> None:
    """Write calibration.json and reliability.png into the run's folder."""
    content = json.dumps(dataclasses.asdict(calibration), indent=2)
    (run / CALIBRATION).write_text(content + "\n", encoding="utf-8")
    scores = (softmax(judged.logits), calibration.apply(judged.logits))
    before, after = (measure_reliability(some, judged.truth) for some in scores)
    plot_reliability(run / "reliability.png", before, after)


def read_calibration(run: Path) -> Calibration | None:
    """Return what `write_calibration` wrote into a run's folder; None where there is nothing."""
    path = run / CALIBRATION
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    before, after = Quality(**content.pop("before")), Quality(**content.pop("after"))
    return Calibration(**content | {"shifts": tuple(content["shifts"])}, before=before, after=after)
