"""The process that holds the Coral: python -m edge.runtime.edgetpu_process JOB.

libedgetpu ends its whole process when the stick is unplugged ("USB transfer error … Aborted", google-coral/edgetpu#494)
and can hang for ever, so it lives in a process of its own, which may die or be killed while the door is watched.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import HardwareError, ModelError
from edge.manifest import Tensor
from edge.runtime import lay_in
from edge.runtime.coral import has_genuine_pycoral
from edge.runtime.tflite import check_tensors, runtime_module

READY = b""
"""What it answers when it has loaded the models, and after each picture; anything else is what went wrong."""


class JobModel(msgspec.Struct, frozen=True):
    """A compiled model, in a file without a name: `fd` and `size` in bytes; `input` and `outputs` are its twin's."""

    name: str
    fd: int
    size: int
    input: Tensor
    outputs: tuple[Tensor, ...]


class Job(msgspec.Struct, frozen=True):
    """All that the process is told.

    `talk_fd` is a socket: one byte in, the number of a model; an answer out. Pictures and results go through the
    memory of `exchange_fd`, results from `results_at` on. `lock` is a folder that only one process may hold.
    """

    library: str
    lock: str
    talk_fd: int
    exchange_fd: int
    exchange_size: int
    results_at: int
    models: tuple[JobModel, ...]


class LoadedModel:
    """An interpreter on the Coral."""

    def __init__(self, interpreter: Any, model: JobModel) -> None:
        """Take an interpreter whose tensors are allocated; raises ModelError when it is not what its twin promises."""
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        check_tensors(Path(model.name), "input", inputs, (model.input,))
        check_tensors(Path(model.name), "output", outputs, model.outputs)
        self._interpreter, self._shape = interpreter, model.input.shape
        self._input, self._outputs = inputs[0]["index"], [each["index"] for each in outputs]

    def run(self, memory: NDArray[np.uint8], results_at: int) -> None:
        """Read a picture from the memory and write the results, one after the other; raises RuntimeError."""
        picture = memory[: int(np.prod(self._shape))].reshape(self._shape[1:])
        lay_in(picture, self._interpreter.tensor(self._input)())
        self._interpreter.invoke()
        for index in self._outputs:
            result = np.frombuffer(self._interpreter.get_tensor(index).tobytes(), np.uint8)
            memory[results_at : results_at + result.size] = result
            results_at += result.size


def main(arguments: Sequence[str]) -> int:
    """Load the models, then run them on request until the other end closes; return the exit code."""
    job = msgspec.json.decode(arguments[0], type=Job)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends when the daemon does, not before
    talk = Connection(job.talk_fd)
    memory = np.frombuffer(mmap.mmap(job.exchange_fd, job.exchange_size), np.uint8)
    held = _claim(job.lock)
    try:
        if held is None:
            raise HardwareError("another Maskwatch uses it; a second one would crash the first")
        models = _load(job)
        for model in models:
            model.run(memory, job.results_at)  # the first run loads firmware and parameters
    except (OSError, ValueError, RuntimeError, ImportError) as exc:
        talk.send_bytes(_explain(exc).encode())
        return HardwareError.exit_code
    talk.send_bytes(READY)
    return _serve(talk, models, memory, job.results_at)


def _serve(talk: Connection, models: Sequence[LoadedModel], memory: NDArray[np.uint8], results_at: int) -> int:
    while True:
        try:
            (number,) = talk.recv_bytes()
        except (EOFError, OSError):
            return 0
        try:
            models[number].run(memory, results_at)
        except RuntimeError as exc:
            talk.send_bytes(_explain(exc).encode())
            return HardwareError.exit_code
        talk.send_bytes(READY)


def _claim(lock: str) -> int | None:
    """Return what holds the lock until the process ends, None when another process holds it."""
    if not Path(lock).exists():
        return -1
    descriptor = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _load(job: Job) -> list[LoadedModel]:
    make = _interpreter_maker(job)
    loaded = []
    for model in job.models:
        interpreter = make(os.pread(model.fd, model.size, 0))
        interpreter.allocate_tensors()
        loaded.append(LoadedModel(interpreter, model))
    return loaded


def _interpreter_maker(job: Job) -> Any:
    """Return what makes an interpreter on the Coral from a model's bytes: Google's pycoral, or what it does itself."""
    if has_genuine_pycoral():
        return import_module("pycoral.utils.edgetpu").make_interpreter
    runtime = runtime_module()
    delegate = runtime.load_delegate(job.library)
    return lambda data: runtime.Interpreter(model_content=data, experimental_delegates=[delegate])


def _explain(exc: Exception) -> str:
    """Return what went wrong, with what to do, in one line."""
    text = " ".join(str(exc).split())
    if isinstance(exc, HardwareError | ModelError):
        return text
    if "Failed to load delegate" in text:
        return f"libedgetpu is there and gets no Coral ({text}); plug it in, check its udev rules (docs/coral.md)"
    if isinstance(exc, OSError | ImportError):
        return f"libedgetpu cannot be loaded ({text}); install it (docs/coral.md)"
    return f"it failed ({text})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
