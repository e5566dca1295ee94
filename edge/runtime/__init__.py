"""Runs models. One file a runtime; what they give is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.manifest import Manifest, Tensor

Outputs = Mapping[str, NDArray[np.float32]]
"""What a model says of one picture: its outputs by name, without the batch axis, as real values."""


_SIGN_BIT = np.uint8(0x80)


def lay_in(rgb: NDArray[np.uint8], stored: NDArray[Any]) -> None:
    """Write a picture, (height, width, 3) uint8, into a model's input, (1, height, width, 3) uint8 or int8.

    int8 means the same levels, 128 less, which is the same bits but for the first.
    """
    if stored.dtype == np.int8:
        np.bitwise_xor(rgb, _SIGN_BIT, out=stored.view(np.uint8)[0])
    else:
        stored[0] = rgb


class Model(Protocol):
    """A model that is loaded, checked against its manifest and ready."""

    manifest: Manifest

    def invoke(self, rgb: NDArray[np.uint8]) -> Outputs:
        """Return what the model says of `rgb`, (height, width, 3) uint8 of the manifest's input size."""
        ...


class StoredOutputs(Outputs):
    """Outputs as a runtime gives them; real values are made of those that somebody reads.

    Where a level of the detector saw no face, nobody reads its boxes.
    """

    def __init__(self, tensors: Sequence[Tensor], stored: Sequence[NDArray[Any]]) -> None:
        """Take the arrays of the tensors, in their order, (1, …) each."""
        self._stored = {tensor.name: (tensor, values) for tensor, values in zip(tensors, stored, strict=True)}

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """Return an output as (…) float32."""
        tensor, values = self._stored[name]
        real: NDArray[np.float32] = np.subtract(values[0], np.float32(tensor.zero_point), dtype=np.float32)
        real *= np.float32(tensor.scale)
        return real

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._stored)

    def __len__(self) -> int:
        """Return how many outputs there are."""
        return len(self._stored)
