"""This end of the process that holds the Coral: starts it, asks it, and gives it up."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Pipe
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.errors import HardwareError
from edge.manifest import Tensor
from edge.runtime.edgetpu_process import READY, Job, JobModel

LIBRARY = "libedgetpu.so.1"
LOCK = "/dev/bus/usb"
"""A folder that every process sees, whatever it is shut into; holding it keeps a second Maskwatch off the stick."""

_LEAVE_S = 2.0
"""How long a process may take to put the stick down."""

_END_S = 0.3
"""How long one that was killed or has crashed may take to be gone; the picture is waiting for the CPU meanwhile."""


@dataclass(frozen=True, slots=True)
class StickModel:
    """A compiled model: its bytes, and what its CPU twin takes and gives."""

    name: str
    data: bytes
    input: Tensor
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall run there, and by which library; `lock` is a folder that only one process may hold."""

    models: tuple[StickModel, ...]
    library: str = LIBRARY
    lock: str = LOCK


class Stick:
    """A Coral that starts, then answers. Every failure is a HardwareError; afterwards only `close` may be called."""

    def __init__(self, plan: Plan) -> None:
        """Start the process and return at once."""
        self._models, self._started = plan.models, False
        self._results_at = max(_bytes_of([each.input]) for each in plan.models)
        size = self._results_at + max(_bytes_of(each.outputs) for each in plan.models)
        with ExitStack() as theirs, ExitStack() as ours:
            exchange, self._errors = _unnamed_file(size), _unnamed_file(0)
            theirs.callback(os.close, exchange)
            ours.callback(os.close, self._errors)
            self._memory = np.frombuffer(mmap.mmap(exchange, size), np.uint8)
            self._talk, their_talk = Pipe()
            theirs.callback(their_talk.close)
            models = tuple(_lend(model, theirs) for model in plan.models)
            job = Job(plan.library, plan.lock, their_talk.fileno(), exchange, size, self._results_at, models)
            self._process = _launch(job, self._errors)
            ours.pop_all()  # a process that did not start leaves nothing open

    def is_ready(self, wait_s: float) -> bool:
        """Return whether the models are loaded, after waiting for that so long at most; call it until they are."""
        self._started = self._hear(wait_s)
        return self._started

    def ask(self, number: int, rgb: NDArray[np.uint8], limit_s: float) -> list[NDArray[np.generic]]:
        """Return the outputs of a model, batch axis and all, as they are stored; `rgb` is (height, width, 3) uint8."""
        self._memory[: rgb.size] = rgb.reshape(-1)
        with suppress(OSError):  # a process that is gone is noticed, and explained, when it does not answer
            self._talk.send_bytes(bytes([number]))
        if not self._hear(limit_s):
            raise HardwareError(f"no answer for {limit_s:g} s")
        return list(self._results(self._models[number].outputs))

    def close(self) -> None:
        """End the process, by force if it hangs. Calling it again does nothing."""
        self._end(_LEAVE_S)

    def kill(self) -> None:
        """End the process by force. Calling it again does nothing."""
        self._process.kill()
        self._end(_END_S)

    def _end(self, wait_s: float) -> None:
        if self._talk.closed:
            return
        self._talk.close()
        if not _wait(self._process, wait_s):
            self._process.kill()
            _wait(self._process, _END_S)  # one inside a hung driver cannot be killed: left behind
        os.close(self._errors)

    def _hear(self, wait_s: float) -> bool:
        try:
            if not self._talk.poll(wait_s):
                return False
            answer = self._talk.recv_bytes()
        except (EOFError, OSError) as exc:
            raise HardwareError(self._last_words()) from exc
        if answer != READY:
            raise HardwareError(answer.decode(errors="replace"))
        return True

    def _last_words(self) -> str:
        _wait(self._process, _END_S)
        size = os.fstat(self._errors).st_size
        text = os.pread(self._errors, 4096, max(0, size - 4096)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        code = self._process.poll()
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        advice = "" if self._started else "; `maskwatch doctor` says whether libedgetpu fits the TFLite runtime"
        return f"its process ended {how}" + (f" ({lines[-1][:200]})" if lines else "") + advice

    def _results(self, outputs: Sequence[Tensor]) -> Iterator[NDArray[np.generic]]:
        start = self._results_at
        for tensor in outputs:
            size = _bytes_of([tensor])
            yield np.frombuffer(self._memory[start : start + size].tobytes(), tensor.dtype).reshape(tensor.shape)
            start += size


def _launch(job: Job, errors: int) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, so that Ctrl-C is for the daemon alone."""
    command = [sys.executable, "-m", "edge.runtime.edgetpu_process", msgspec.json.encode(job).decode()]
    home = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, start_new_session=True,
        pass_fds=[job.talk_fd, job.exchange_fd, *(each.fd for each in job.models)],
        stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
    )  # fmt: skip


def _lend(model: StickModel, theirs: ExitStack) -> JobModel:
    descriptor = _unnamed_file(0)
    theirs.callback(os.close, descriptor)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(model.data)
    return JobModel(model.name, descriptor, len(model.data), model.input, model.outputs)


def _unnamed_file(size: int) -> int:
    descriptor = os.memfd_create("maskwatch")
    os.ftruncate(descriptor, size)
    return descriptor


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> bool:
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _bytes_of(tensors: Sequence[Tensor]) -> int:
    return sum(int(np.prod(tensor.shape)) * np.dtype(tensor.dtype).itemsize for tensor in tensors)
