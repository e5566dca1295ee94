"""Loads what training starts from: a model that was trained before, or MobileNetV2."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras

from edge.errors import ModelError


def load_trained(path: Path) -> keras.Model:
    """Return a model that training wrote (`*.keras`). Raises ModelError when the file is none, or not all of one."""
    try:
        return keras.models.load_model(path, compile=False)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as exc:
        # Keras says "File not found" of every file that is no whole zip archive
        raise ModelError(
            f"{path}: not a whole Keras model; give a .keras file that training made, or train again what was cut off"
        ) from exc


def load_mobilenet(weights: Path | None, shape: tuple[int, ...], alpha: float = 1.0) -> keras.Model:
    """Return MobileNetV2 without top for an input of `shape`, (height, width, 3), with the weights of `*.weights.h5`.

    Without a file the ImageNet weights are downloaded. Raises ModelError when there are none or they do not fit.
    """
    if weights is None:
        return _download(shape, alpha)
    network = keras.applications.MobileNetV2(input_shape=shape, alpha=alpha, include_top=False, weights=None)
    try:
        network.load_weights(str(weights))
    except (ValueError, OSError) as exc:
        raise misfit(weights, alpha, exc) from exc
    return network


def misfit(weights: Path, alpha: float, exc: Exception) -> ModelError:
    """Return the error that says which weights do not fit MobileNetV2 of a width, and why."""
    return ModelError(f"{weights}: does not fit MobileNetV2 of width {alpha}: {_first_line(exc)}")


def _download(shape: tuple[int, ...], alpha: float) -> keras.Model:
    try:
        return keras.applications.MobileNetV2(input_shape=shape, alpha=alpha, include_top=False, weights="imagenet")
    except ValueError as exc:  # of some widths there are none
        raise ModelError(f"{_first_line(exc)}; choose one of these or name a file with --weights") from exc
    except Exception as exc:
        if type(exc) is not Exception:
            raise
        # Keras raises nothing more precise than Exception when it cannot download
        raise ModelError(f"{_first_line(exc)}; connect to the internet or name a file with --weights") from exc


def _first_line(exc: Exception) -> str:
    return str(exc).strip().splitlines()[0]
