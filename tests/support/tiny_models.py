"""Small Keras models and run folders for conversion tests."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import keras
import numpy as np

LABELS = ("with_mask", "without_mask")
SIZE_PX = 32


def tiny_classifier(dense: bool = False) -> keras.Model:
    """Return an untrained classifier; `dense` ends it in a dense layer instead of a 1×1 convolution."""
    keras.utils.set_random_seed(3)
    picture = keras.Input((SIZE_PX, SIZE_PX, 3))
    x = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu6")(picture)
    x = keras.layers.GlobalAveragePooling2D(keepdims=not dense)(x)
    x = keras.layers.Dense(2)(x) if dense else keras.layers.Flatten()(keras.layers.Conv2D(2, 1)(x))
    return keras.Model(picture, keras.layers.Softmax()(x))


def draw_picture(rng: np.random.Generator, bright: bool) -> np.ndarray:
    """Return a noisy picture (32, 32, 3) uint8, bright or dark: the two classes of these tests."""
    level = 190 if bright else 60
    return np.clip(rng.normal(level, 30, (SIZE_PX, SIZE_PX, 3)), 0, 255).astype(np.uint8)


def brightness_classifier() -> keras.Model:
    """Return a classifier that is right about `draw_picture`: bright is `with_mask`."""
    picture = keras.Input((SIZE_PX, SIZE_PX, 3))
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(picture)
    x = keras.layers.Conv2D(2, 1, name="head")(x)
    model = keras.Model(picture, keras.layers.Softmax()(keras.layers.Flatten()(x)))
    kernel = np.array([[4.0, -4.0]] * 3, np.float32)[None, None]
    model.get_layer("head").set_weights([kernel, np.zeros(2, np.float32)])
    return model


def write_run(folder: Path, model: keras.Model, labels: tuple[str, ...] = LABELS, count: int = 40) -> Path:
    """Write what a training run leaves: model, labels, and a list of samples, the pictures of `draw_picture`."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    with (folder / "split.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "x_min", "y_min", "x_max", "y_max", "label", "source", "split"))
        for index in range(count):
            path = folder / f"{index}.png"
            cv2.imwrite(str(path), draw_picture(rng, bright=index % 2 == 0))
            split = "train" if index < count // 2 else "validation"
            writer.writerow((path, "", "", "", "", labels[index % 2], "drawn", split))
    model.save(folder / "model.keras")
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    return folder
