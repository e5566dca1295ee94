"""One of several workers, as a process of its own: trains a small network and prints its weights as JSON.

python tests/support/worker_bee.py, with TF_CONFIG set or not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from train.workers import connect

WORKERS = connect()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from train.runs import FollowEpoch  # noqa: E402


class Numbers(keras.utils.PyDataset):  # type: ignore[misc]
    """Eight batches of two rows, the same each time."""

    def __len__(self) -> int:
        """Return how many batches there are."""
        return 8

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return one."""
        rng = np.random.default_rng(index)
        return rng.normal(size=(2, 4)).astype("float32"), rng.normal(size=(2, 1)).astype("float32")

    def start_epoch(self, epoch: int) -> None:
        """Do nothing."""


def main() -> None:
    """Train for two epochs."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
    model.compile(WORKERS.adamw(0.05, global_clipnorm=1.0), "mse")
    batches = WORKERS.share(Numbers())
    model.fit(
        batches, epochs=2, shuffle=False, verbose=0, validation_data=Numbers(),
        callbacks=[FollowEpoch(batches, seed=1), *WORKERS.callbacks()],
    )  # fmt: skip
    said = {
        "weights": [np.asarray(weight).tolist() for weight in model.weights],
        "steps": int(model.optimizer.iterations),
        "loss": model.history.history["val_loss"],
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
