"""From CPU models to verified models for the Edge TPU: check, compile together, verify, write."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from convert.edgetpu.compiler import find_compiler, run_compiler
from convert.edgetpu.log import CompiledModel
from convert.edgetpu.preflight import Violation, check_memory, find_violations, shorten
from convert.edgetpu.verify import verify_compiled
from edge.errors import ModelError
from edge.manifest import FORMAT as MANIFEST_FORMAT
from edge.manifest import Manifest, manifest_path, read_model, read_paper, sha256_of, write_manifest
from edge.runtime.compiled import FORMAT, Compiled, compiled_path, is_compiled


def models_beside(model: Path) -> tuple[Path, ...]:
    """Return the CPU models that lie in one folder with their manifests, `model` among them: they share the chip."""
    there = (path for path in sorted(model.parent.glob("*.tflite")) if not is_compiled(path))
    return tuple(path for path in there if manifest_path(path).is_file())


def read_models(paths: Sequence[Path]) -> dict[Path, bytes]:
    """Return the bytes of CPU models, each checked against its manifest. Raises ModelError for one that is damaged."""
    return {path: _read(path) for path in paths}


def inspect(models: Mapping[Path, bytes]) -> tuple[Violation, ...]:
    """Return the remarks of the pre-flight check. Raises ModelError for a model that the compiler would refuse."""
    found = {path: find_violations(each) for path, each in models.items()}
    for path, violations in found.items():
        obstacles = [str(each) for each in violations if not each.remark]
        if obstacles:
            raise ModelError(f"{path}: the Edge TPU compiler would not take it: {shorten(obstacles)}")
    remarks = [each for violations in found.values() for each in violations]
    return (*remarks, *check_memory({path.name: each for path, each in models.items()}))


def build(models: Mapping[Path, bytes], compiler: Path | None) -> tuple[Compiled, ...]:
    """Compile models that `inspect` let pass, together; write FACE_edgetpu.tflite and .json beside each FACE.tflite.

    Nothing is written unless all of them are fine. Raises ModelError for a model that the compiler refuses or gets
    wrong, HardwareError without a compiler.
    """
    program = find_compiler(compiler)
    with tempfile.TemporaryDirectory(prefix="maskwatch-edgetpu-") as name:
        folder = Path(name)
        log = run_compiler(program, {path.name: data for path, data in models.items()}, folder)
        results = {path: _read_result(folder / compiled_path(path).name) for path in models}
        papers = [
            _verify(path, results[path], models[path], said, log.version, [each.name for each in models])
            for path, said in zip(models, log.models, strict=True)
        ]
    for path, paper in zip(models, papers, strict=True):
        compiled_path(path).write_bytes(results[path])
        write_manifest(manifest_path(compiled_path(path)), paper)
    return tuple(papers)


def _verify(
    path: Path, result: bytes, twin: bytes, said: CompiledModel, version: str, together: Sequence[str]
) -> Compiled:
    on_cpu = verify_compiled(compiled_path(path).name, result, twin)
    return Compiled(
        format=FORMAT,
        model=compiled_path(path).name,
        sha256=sha256_of(result),
        twin=path.name,
        twin_sha256=sha256_of(twin),
        compiler=version,
        compiled_with=tuple(together),
        on_chip=said.on_chip,
        on_cpu=on_cpu,
        on_chip_bytes=said.on_chip_bytes,
        off_chip_bytes=said.off_chip_bytes,
        made={
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "left_on_cpu": [f"{each.count} {each.operator}: {each.status}" for each in said.left],
        },
    )


def _read_result(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise ModelError(f"{path.name}: the compiler says it wrote it and did not ({exc.strerror})") from exc


def _read(path: Path) -> bytes:
    manifest = read_paper(manifest_path(path), Manifest, MANIFEST_FORMAT, "convert the model again")
    return read_model(path, manifest.kind)[0]
