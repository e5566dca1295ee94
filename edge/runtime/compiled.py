"""The paper that goes with a model compiled for the Edge TPU.

FACE.tflite is the model for the CPU. FACE_edgetpu.tflite is its twin for the chip, with FACE_edgetpu.json beside it.
What goes in and comes out, labels and thresholds are the CPU model's; this paper ties the two together by their hashes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.errors import ModelError
from edge.manifest import Manifest, Paper, manifest_path, read_paper, read_promised

CUSTOM_OPERATOR = "edgetpu-custom-op"
"""What the compiler puts in the place of all layers that run on the chip."""

FORMAT = 1
_SUFFIX = "_edgetpu"
_AGAIN = "compile it again with scripts/edgetpu/compile.sh"


class Compiled(Paper, frozen=True):
    """All of FACE_edgetpu.json.

    `twin` and `twin_sha256` are the CPU model that it was made from; `compiled_with` the models of the same run, which
    share the chip's cache. `on_chip` counts layers there, `on_cpu` those left on the CPU by operator. Bytes are of
    parameters: `on_chip_bytes` stay in the cache, `off_chip_bytes` cross USB for every picture.
    """

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
    paper = read_paper(manifest_path(path), Compiled, FORMAT, _AGAIN)
    if paper.twin_sha256 != twin.sha256:
        raise ModelError(
            f"{path}: it was made from another {model.name}: sha256 {paper.twin_sha256[:12]}…, here is "
            f"{twin.sha256[:12]}…; {_AGAIN}"
        )
    return read_promised(path, paper.sha256, _AGAIN)
