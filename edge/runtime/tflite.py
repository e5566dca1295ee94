"""TFLite models on the CPU: LiteRT (ai-edge-litert), or its predecessor tflite-runtime where only that is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.manifest import Tensor, read_model
from edge.runtime import Outputs, StoredOutputs, lay_in

_INSTALL = "pip install ai-edge-litert"


class TfliteModel:
    """A model in a TFLite interpreter."""

    def __init__(self, path: Path, kind: str) -> None:
        """Load and check; raises ModelError when file, manifest and graph do not agree or no runtime is installed."""
        data, self.manifest = read_model(path, kind)
        self._interpreter = open_interpreter(path, data)
        details = self._interpreter.get_input_details()
        check_tensors(path, "input", details, (self.manifest.input,))
        self._input = details[0]["index"]
        details = self._interpreter.get_output_details()
        check_tensors(path, "output", details, self.manifest.outputs)
        self._outputs = tuple(detail["index"] for detail in details)

    def invoke(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return what the model says of a picture; see `Model`."""
        lay_in(rgb, self._interpreter.tensor(self._input)())  # a view, which must be gone before it runs
        self._interpreter.invoke()
        return StoredOutputs(self.manifest.outputs, [self._interpreter.get_tensor(index) for index in self._outputs])


def open_raw_interpreter(data: bytes) -> Any:
    """Return the interpreter of whichever runtime is installed, tensors allocated; it runs on one thread.

    For models without a manifest. Raises ImportError without a runtime, ValueError or RuntimeError on a damaged model.
    """
    make = runtime_module().Interpreter
    with _quiet_stderr():  # the runtime announces its delegate there, which nobody asked for
        interpreter = make(model_content=data, num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send what native code writes to standard error nowhere; Python's exceptions come through."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def open_interpreter(path: Path, data: bytes, remedy: str = "convert it again") -> Any:
    """Return the interpreter of a model, `data`, which was read from `path`; see `open_raw_interpreter`.

    Raises ModelError, which ends with `remedy` when the runtime refuses the model.
    """
    try:
        return open_raw_interpreter(data)
    except ImportError as exc:
        raise ModelError(f"{path}: no TFLite runtime works here ({exc}); {_INSTALL}") from exc
    except (ValueError, RuntimeError) as exc:
        reason = " ".join(str(exc).split())
        raise ModelError(f"{path}: the runtime refuses the model ({reason}); {remedy}") from exc


def runtime_module() -> Any:
    """Return the module of whichever runtime is installed: `Interpreter`, `load_delegate`. Raises ImportError."""
    try:
        from ai_edge_litert import interpreter
    except ModuleNotFoundError:
        return _old_runtime_module()
    return interpreter


def _old_runtime_module() -> Any:
    if int(np.__version__.split(".")[0]) >= 2:  # it imports, and crashes only when an interpreter is made
        raise ImportError(f"tflite-runtime needs numpy < 2, found {np.__version__}")
    from tflite_runtime import interpreter

    return interpreter


def check_tensors(path: Path, what: str, details: list[dict[str, Any]], promised: tuple[Tensor, ...]) -> None:
    """Raise ModelError unless a runtime's inputs or outputs are what a manifest promises."""
    got = [_describe(detail) for detail in details]
    want = [(tensor.shape, tensor.dtype, f"{tensor.scale:.6g}", tensor.zero_point) for tensor in promised]
    if got != want:
        raise ModelError(f"{path}: {what} is {got}, the manifest promises {want}; convert the model again")


def _describe(detail: dict[str, Any]) -> tuple[tuple[int, ...], str, str, int]:
    scale, zero_point = detail["quantization"]
    shape = tuple(int(n) for n in detail["shape"])
    return shape, np.dtype(detail["dtype"]).name, f"{scale:.6g}", int(zero_point)
