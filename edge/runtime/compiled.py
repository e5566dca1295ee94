"""The paper that goes with a model compiled for the Edge TPU.

FACE.tflite is the model for the CPU. FACE_edgetpu.tflite is its twin for the chip, with FACE_edgetpu.json beside it.
What goes in and comes out, labels and thresholds are the CPU model's; this paper ties the two together by their hashes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.errors import ModelError
from edge.manifest import Manifest, manifest_path, sha256_of

CUSTOM_OPERATOR = "edgetpu-custom-op"
FORMAT = 1
_SUFFIX = "_edgetpu"
_AGAIN = "compile it again with scripts/edgetpu/compile.sh"


class Compiled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of FACE_edgetpu.json.

    `twin` and `twin_sha256` are the CPU model that it was made from; `compiled_with` the models of the same run, which
    share the chip's cache. `on_chip` counts layers there, `on_cpu` those left on the CPU by operator. Bytes are of
    parameters: `on_chip_bytes` stay in the cache, `off_chip_bytes` cross USB for every picture.
    """

    format: int
    model: str
    sha256: str
    twin: str
    twin_sha256: str
    compiler: str
    compiled_with: tuple[str, ...]
    on_chip: int
    on_cpu: dict[str, int]
    on_chip_bytes: int
    off_chip_bytes: int
    made: dict[str, Any]


def compiled_path(model: Path) -> Path:
    """Return where the compiled twin of a CPU model lies."""
    return model.with_name(f"{model.stem}{_SUFFIX}{model.suffix}")


def is_compiled(model: Path) -> bool:
    """Return whether a file name is that of a compiled model."""
    return model.stem.endswith(_SUFFIX)


def read_compiled(model: Path, twin: Manifest) -> bytes:
    """Return the bytes of the compiled twin of a CPU model, whose manifest is given.

    Raises ModelError when it is not there, is damaged, or was made from another CPU model.
    """
    path = compiled_path(model)
    if not path.is_file():
        raise ModelError(f"{path}: {model.name} was not compiled for the Edge TPU; docs/coral.md says how to do that")
    paper = _read_paper(manifest_path(path))
    if paper.twin_sha256 != twin.sha256:
        raise ModelError(
            f"{path}: it was made from another {model.name}: sha256 {paper.twin_sha256[:12]}…, here is "
            f"{twin.sha256[:12]}…; {_AGAIN}"
        )
    data = path.read_bytes()
    got = sha256_of(data)
    if got != paper.sha256:
        raise ModelError(
            f"{path}: the file is damaged or was swapped: sha256 is {got[:12]}…, {manifest_path(path).name} promises "
            f"{paper.sha256[:12]}…; {_AGAIN}"
        )
    return data


def _read_paper(path: Path) -> Compiled:
    try:
        paper = msgspec.json.decode(path.read_bytes(), type=Compiled)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ModelError(f"{path}: cannot be read ({exc}); {_AGAIN}") from exc
    if paper.format != FORMAT:
        raise ModelError(f"{path}: its format is {paper.format}, this version reads {FORMAT}; {_AGAIN}")
    return paper
