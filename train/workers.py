"""Training on several computers at once: each takes its share of every epoch, and all go by the mean of the gradients.

Who takes part stands in TF_CONFIG, as tf.distribute has it (https://www.tensorflow.org/guide/distributed_training):

    {"cluster": {"worker": ["10.0.0.1:4444", "10.0.0.2:4444"]}, "task": {"type": "worker", "index": 0}}

The exchange itself is tf.distribute's MultiWorkerMirroredStrategy. Keras 3 does not train under that strategy by itself
(https://github.com/keras-team/keras/issues/20585), so the optimizer asks it for the mean.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras

from edge.errors import UsageError

_VARIABLE = "TF_CONFIG"


class Batches(Protocol):
    """Batches that are drawn anew for each epoch."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, index: int) -> Any:
        """Return one."""
        ...

    def start_epoch(self, epoch: int) -> None:
        """Draw those of an epoch; the first is 0."""
        ...


@dataclass(frozen=True, slots=True)
class Workers:
    """All that train together, seen from one of them: its `index` of `count`, and tf.distribute's `strategy`."""

    index: int = 0
    count: int = 1
    strategy: Any = None

    def folder(self, run: Path) -> Path:
        """Return where this worker writes: the first into the run itself, the others below it."""
        return run / f"worker-{self.index}" if self.index else run

    def share(self, batches: Batches) -> Batches:
        """Return this worker's share of the batches of each epoch; whoever is alone has all of them."""
        return batches if self.count == 1 else Share(batches, self.index, self.count)

    def adamw(self, learning_rate: Any, **options: Any) -> keras.optimizers.Optimizer:
        """Return keras.optimizers.AdamW that steps by the mean of all workers' gradients."""
        if self.count == 1:
            return keras.optimizers.AdamW(learning_rate, **options)
        return _make_shared_adamw(self)(learning_rate, **options)

    def callbacks(self) -> list[keras.callbacks.Callback]:
        """Return what keeps the workers alike; to come after the one that goes on with an interrupted run."""
        return [] if self.count == 1 else [StayAlike(self)]

    def mean(self, values: Sequence[Any]) -> list[Any]:
        """Return the means of some tensors over all workers, each of which must ask for the same, in the same order."""
        import tensorflow as tf

        def average(*own: Any) -> Any:
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, list(own))

        with tf.device("/device:CPU:0"):  # within a tf.function a tensor is nowhere unless one says where
            placed = tuple(tf.identity(value) for value in values)
        return list(self.strategy.run(average, args=placed))


class Share(keras.utils.PyDataset):  # type: ignore[misc]
    """Each `count`-th batch, beginning with number `index`; what does not go round is left out."""

    def __init__(self, batches: Batches, index: int, count: int) -> None:
        """Take the share of `batches`. Raises UsageError when there are fewer than workers."""
        super().__init__(workers=1, max_queue_size=8)
        self._batches, self._index, self._count = batches, index, count
        if len(batches) < count:
            raise UsageError(
                f"{len(batches)} batches cannot be shared by {count} workers; take fewer, or a smaller --batch"
            )

    def __len__(self) -> int:
        """Return how many batches the share has, the same for every worker."""
        return len(self._batches) // self._count

    def __getitem__(self, index: int) -> Any:
        """Return one batch of the share."""
        return self._batches[index * self._count + self._index]

    def start_epoch(self, epoch: int) -> None:
        """Draw the samples of an epoch; the first is 0."""
        self._batches.start_epoch(epoch)


class StayAlike(keras.callbacks.Callback):  # type: ignore[misc]
    """Sees that all begin at the same step, and gives all the same statistics before each validation.

    What batch normalization has seen differs from worker to worker; with the mean of it the validation losses are the
    same everywhere, so that all stop after the same epoch.
    """

    def __init__(self, workers: Workers) -> None:
        """Keep these workers alike."""
        super().__init__()
        self._workers = workers

    def on_train_begin(self, logs: object = None) -> None:
        """Raise UsageError when some go on with an interrupted run at another step than others."""
        step = float(self.model.optimizer.iterations)
        mean = float(self._workers.mean([keras.ops.convert_to_tensor(step)])[0])
        if mean != step:
            raise UsageError(
                f"this worker is at step {step:.0f}, all are at {mean:.1f}; begin a new --output on all of them"
            )

    def on_test_begin(self, logs: object = None) -> None:
        """Give all workers the mean of what their layers have seen."""
        seen = [weight for weight in self.model.non_trainable_weights if "float" in str(weight.dtype)]
        if seen:
            for weight, mean in zip(seen, self._workers.mean([each.value for each in seen]), strict=True):
                weight.assign(mean)


def connect(environment: Mapping[str, str] = os.environ) -> Workers:
    """Return all workers, once all of them are there; alone where TF_CONFIG is not set.

    To be called before anything else of TensorFlow is used. Raises UsageError when TF_CONFIG is not as it must be.
    """
    text = environment.get(_VARIABLE)
    if not text:
        return Workers()
    index, addresses = read_places(text)
    import tensorflow as tf

    return Workers(index, len(addresses), tf.distribute.MultiWorkerMirroredStrategy())


@functools.cache
def join() -> Workers:
    """Return the workers of this process, connected at the first call."""
    return connect()


def read_places(text: str) -> tuple[int, Sequence[str]]:
    """Return this worker's number and the addresses of all, from TF_CONFIG's text. Raises UsageError."""
    advice = 'must be like {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}'
    try:
        said = json.loads(text)
        addresses, index = [str(each) for each in said["cluster"]["worker"]], int(said["task"]["index"])
    except (ValueError, KeyError, TypeError) as exc:
        raise UsageError(f"{_VARIABLE}: {advice}") from exc
    if set(said["cluster"]) != {"worker"} or said["task"].get("type") != "worker" or not 0 <= index < len(addresses):
        raise UsageError(f"{_VARIABLE}: workers only, and an index below their number ({len(addresses)}): {advice}")
    return index, addresses


def _make_shared_adamw(workers: Workers) -> type[keras.optimizers.Optimizer]:
    class SharedAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
        """AdamW over several workers; gradients are clipped after their mean was taken."""

        def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> Any:
            return super().apply(workers.mean(grads), trainable_variables)

    return SharedAdamW
