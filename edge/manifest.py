"""The paper that goes with a model: what it is, what it takes and gives, who made it from what, how well it does.

A model is FILE.tflite with FILE.json beside it. Everything is checked before a runtime sees the file, because some
runtimes crash on a damaged one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edge.errors import ModelError
from edge.records import LABELS, NOT_FACE

DETECTOR_KIND = "face_detector"
CLASSIFIER_KIND = "mask_classifier"
DETECTOR_OUTPUTS = frozenset(f"{what}_{stride}" for what in ("score", "distance") for stride in (8, 16, 32))
CLASSIFIER_OUTPUTS = frozenset({"scores"})
_LEVELS = frozenset({"uint8", "int8"})


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output: real value = (stored − zero_point) × scale."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Recommended settings, all 0..1.

    `min_score`: a face counts from here on (detector); a verdict is sure from here on (classifier).
    `max_iou`: boxes that overlap more are one face (detector).
    """

    min_score: float
    max_iou: float = 0.4


class Outline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a detector's boxes become those that people draw.

    `widen_frac` of the width is added, half on each side; `lower_top_frac` of the height is cut off at the top.
    """

    widen_frac: float = 0.0
    lower_top_frac: float = 0.0


WIDER_OUTLINE = Outline(widen_frac=0.05, lower_top_frac=0.11)
"""How the boxes of those who learned from WIDER FACE, or from a teacher who did, become those that people draw.

In WIDER FACE (Yang et al. 2016, https://arxiv.org/abs/1511.06523) a face begins at the hairline; other people begin it
in the middle of the forehead: in jolignier, kaggle853 and adityap27 their tops lie, at the median, 0.08 to 0.17 of
their height lower than SCRFD's. Chosen by mean F1 on jolignier and adityap27 together, where 0.10 to 0.12 and 0.03 to
0.06 serve equally well.
"""


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every FILE.json begins with: which version of its layout it follows."""

    format: int


class Manifest(Paper, frozen=True):
    """All of FILE.json. `input` is (1, height, width, 3) RGB."""

    kind: str
    model: str
    sha256: str
    input: Tensor
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    thresholds: Thresholds
    made: dict[str, Any]
    scores: dict[str, Any]
    outline: Outline = Outline()

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input in pixels."""
        return self.input.shape[2], self.input.shape[1]


FORMAT = 1
_COPY = "copy both files again or convert the model again"
_AnyPaper = TypeVar("_AnyPaper", bound=Paper)


def manifest_path(model: Path) -> Path:
    """Return where the manifest of a model lies."""
    return model.with_suffix(".json")


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_model(model: Path, kind: str) -> tuple[bytes, Manifest]:
    """Return a model's bytes and its manifest after checking one against the other.

    Raises ModelError when either file is missing or damaged, or is not of `kind`.
    """
    try:
        is_there = model.is_file()
    except PermissionError as exc:
        raise ModelError(f"{model}: cannot be read ({exc.strerror}); check `model:` in config.yaml") from exc
    if not is_there:
        raise ModelError(f"{model}: no such model; check `model:` in config.yaml")
    manifest = read_paper(manifest_path(model), Manifest, FORMAT, _COPY)
    if manifest.kind != kind:
        raise ModelError(f"{model}: a {kind} is expected here, the manifest says {manifest.kind}; check config.yaml")
    _check_sense(manifest_path(model), manifest)
    return read_promised(model, manifest.sha256, _COPY), manifest


def read_paper(path: Path, kind: type[_AnyPaper], known_format: int, remedy: str) -> _AnyPaper:
    """Return a FILE.json of that kind. Raises ModelError, which ends with `remedy`, for one that is not."""
    try:
        paper = msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as exc:
        raise ModelError(f"{path}: cannot be read ({exc.strerror}); {remedy}") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ModelError(f"{path}: not a valid manifest ({exc}); {remedy}") from exc
    if paper.format != known_format:
        raise ModelError(f"{path}: its format is {paper.format}, this version reads {known_format}; {remedy}")
    return paper


def read_promised(model: Path, sha256: str, remedy: str) -> bytes:
    """Return the bytes of a file that must have this SHA-256. Raises ModelError, which ends with `remedy`."""
    try:
        data = model.read_bytes()
    except OSError as exc:
        raise ModelError(f"{model}: cannot be read ({exc.strerror}); {remedy}") from exc
    got = sha256_of(data)
    if got != sha256:
        raise ModelError(
            f"{model}: the file is damaged or was swapped: sha256 is {got[:12]}…, {manifest_path(model).name} promises "
            f"{sha256[:12]}…; {remedy}"
        )
    return data


def read_unpromised(model: Path) -> bytes:
    """Return the bytes of a detector that its owner supplies, without a manifest. Raises ModelError."""
    try:
        return model.read_bytes()
    except OSError as exc:
        raise ModelError(
            f"{model}: cannot be read ({exc.strerror}); check `model:` below `detector:` in config.yaml"
        ) from exc


def require_labels(manifest: Manifest, alarm_labels: Sequence[str]) -> None:
    """Raise ModelError when the model cannot give a label that shall raise the alarm.

    A two-class model may leave out one of the three usual labels; one of those asked for must be its own.
    """
    labels = [label for label in manifest.labels if label != NOT_FACE]
    unknown = [label for label in alarm_labels if label not in {*labels, *LABELS}]
    if unknown or not set(alarm_labels) & set(labels):
        raise ModelError(
            f"{manifest.model}: its labels are {', '.join(labels)}, and alarm.labels asks for "
            f"{', '.join(unknown or alarm_labels)}; change alarm.labels in config.yaml or the model"
        )


def _check_sense(path: Path, manifest: Manifest) -> None:
    """Raise ModelError when the manifest promises what no model of its kind can be."""
    names = {tensor.name: tensor for tensor in manifest.outputs}
    wanted = CLASSIFIER_OUTPUTS if manifest.kind == CLASSIFIER_KIND else DETECTOR_OUTPUTS
    if set(names) != wanted:
        raise ModelError(f"{path}: outputs are {sorted(names)}, expected are {sorted(wanted)}; convert the model again")
    if len(manifest.input.shape) != 4 or manifest.input.shape[3] != 3 or manifest.input.dtype not in _LEVELS:
        raise ModelError(
            f"{path}: input is {manifest.input.shape} {manifest.input.dtype}, expected is RGB, 8 bits; convert it again"
        )
    count = names["scores"].shape[-1] if manifest.kind == CLASSIFIER_KIND else 0
    if len(set(manifest.labels)) != len(manifest.labels) or len(manifest.labels) != count:
        raise ModelError(f"{path}: labels are {list(manifest.labels)}, the model has {count} scores; convert it again")
    if not (0 <= manifest.outline.widen_frac < 1 and 0 <= manifest.outline.lower_top_frac < 1):
        raise ModelError(f"{path}: {manifest.outline} must lie between 0 and 1; convert the model again")
    if not (0 < manifest.thresholds.min_score < 1 and 0 < manifest.thresholds.max_iou <= 1):
        raise ModelError(f"{path}: thresholds {manifest.thresholds} must lie between 0 and 1; convert the model again")


def write_manifest(path: Path, manifest: Paper) -> None:
    """Write a manifest, of a CPU model or of a compiled one, as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
