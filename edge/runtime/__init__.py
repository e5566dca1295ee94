"""Runs models. One file a runtime; what they give is the same."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.manifest import Manifest


class Model(Protocol):
    """A model that is loaded, checked against its manifest and ready."""

    manifest: Manifest

    def invoke(self, rgb: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Return the outputs by name, without the batch axis, as real float32 values.

        `rgb` is (height, width, 3) uint8 of the manifest's input size.
        """
        ...
