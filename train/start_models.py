"""Loads what training starts from: a model that was trained before."""

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
