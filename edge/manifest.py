"""The paper that goes with a model: what it is, what it takes and gives, who made it from what, how well it does.

A model is FILE.tflite with FILE.json beside it. Everything is checked before a runtime sees the file, because some
runtimes crash on a damaged one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import ModelError

DETECTOR_KIND = "face_detector"
CLASSIFIER_KIND = "mask_classifier"
DETECTOR_OUTPUTS = frozenset(f"{what}_{stride}" for what in ("score", "distance") for stride in (8, 16, 32))
CLASSIFIER_OUTPUTS = frozenset({"scores"})


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


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of FILE.json. `input` is (1, height, width, 3) RGB."""

    format: int
    kind: str
    model: str
    sha256: str
    input: Tensor
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    thresholds: Thresholds
    made: dict[str, Any]
    scores: dict[str, Any]

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the input in pixels."""
        return self.input.shape[2], self.input.shape[1]


FORMAT = 1


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
    if not model.is_file():
        raise ModelError(f"{model}: no such model; check `model:` in config.yaml")
    manifest = _read_manifest(manifest_path(model))
    if manifest.kind != kind:
        raise ModelError(f"{model}: a {kind} is expected here, the manifest says {manifest.kind}; check config.yaml")
    _check_sense(manifest_path(model), manifest)
    data = _read_bytes(model, "model")
    got = sha256_of(data)
    if got != manifest.sha256:
        raise ModelError(
            f"{model}: the file is damaged or was swapped: sha256 is {got[:12]}…, its manifest promises "
            f"{manifest.sha256[:12]}…; copy both files again or convert the model again"
        )
    return data, manifest


def _check_sense(path: Path, manifest: Manifest) -> None:
    """Raise ModelError when the manifest promises what no model of its kind can be."""
    names = {tensor.name: tensor for tensor in manifest.outputs}
    wanted = CLASSIFIER_OUTPUTS if manifest.kind == CLASSIFIER_KIND else DETECTOR_OUTPUTS
    if set(names) != wanted:
        raise ModelError(f"{path}: outputs are {sorted(names)}, expected are {sorted(wanted)}; convert the model again")
    if len(manifest.input.shape) != 4 or manifest.input.shape[3] != 3 or manifest.input.dtype != "uint8":
        raise ModelError(f"{path}: input is {manifest.input.shape} {manifest.input.dtype}, expected is RGB uint8")
    count = names["scores"].shape[-1] if manifest.kind == CLASSIFIER_KIND else 0
    if len(set(manifest.labels)) != len(manifest.labels) or len(manifest.labels) != count:
        raise ModelError(f"{path}: labels are {list(manifest.labels)}, the model has {count} scores; convert it again")
    if not (0 < manifest.thresholds.min_score < 1 and 0 < manifest.thresholds.max_iou <= 1):
        raise ModelError(f"{path}: thresholds {manifest.thresholds} must lie between 0 and 1; convert the model again")


def write_manifest(path: Path, manifest: msgspec.Struct) -> None:
    """Write a manifest, of a CPU model or of a compiled one, as indented JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def _read_manifest(path: Path) -> Manifest:
    data = _read_bytes(path, "manifest")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ModelError(f"{path}: not a valid manifest ({exc}); copy it again or convert the model again") from exc
    if manifest.format != FORMAT:
        raise ModelError(f"{path}: manifest format is {manifest.format}, this version reads {FORMAT}; convert it again")
    return manifest


def _read_bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ModelError(f"{path}: the {what} cannot be read ({exc.strerror}); check the path in config.yaml") from exc
