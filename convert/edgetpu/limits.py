"""What the Edge TPU compiler takes. It is closed, from 2021, and nobody has published its table of versions.

Operators: https://coral.ai/docs/edgetpu/models-intro, "Supported operations". Versions: `seen` stood in models that
compiled; `inferred` is the highest that TensorFlow 2.6, of the compiler's age, wrote. Versions that were rejected:
CONV_2D 6 (google-coral/edgetpu#631), QUANTIZE 3 (#879), TRANSPOSE_CONV 4 (#845).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEWEST_CODE = 145
"""Builtin operators above this code are newer than the compiler: it stops with "out of range" (#862)."""

PARAMETER_BYTES = 8_283_750
"""About 7.9 MiB of the chip's 8 MiB cache parameters; all models that are compiled together share them."""

INNER_DIMENSIONS = 3
"""Only so many innermost dimensions of a tensor may be other than 1."""

NO_FUSED_ACTIVATION = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION"})
NO_BATCH_AXIS = frozenset({"MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"})


@dataclass(frozen=True, slots=True)
class Versions:
    """The highest version of an operator that was seen to compile, and that can be expected to; None: not known."""

    seen: int | None = None
    inferred: int | None = None


_UNKNOWN = (
    "EXPAND_DIMS L2_NORMALIZATION MAXIMUM MINIMUM PACK PRELU REDUCE_MAX REDUCE_MIN RELU_N1_TO_1 SLICE SPACE_TO_DEPTH "
    "SPLIT SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUM TANH TRANSPOSE"
)
OPERATORS: Mapping[str, Versions] = MappingProxyType(
    {name: Versions() for name in _UNKNOWN.split()}
    | {
        "ADD": Versions(2, 4),
        "AVERAGE_POOL_2D": Versions(1, 3),
        "CONCATENATION": Versions(2, 3),
        "CONV_2D": Versions(3, 5),
        "DEPTHWISE_CONV_2D": Versions(3, 6),
        "FULLY_CONNECTED": Versions(4, 9),
        "LOGISTIC": Versions(2, 3),
        "MAX_POOL_2D": Versions(1, 3),
        "MEAN": Versions(2, 3),
        "MUL": Versions(2, 5),
        "PAD": Versions(2, 4),
        "QUANTIZE": Versions(1, 2),
        "RELU": Versions(None, 3),
        "RELU6": Versions(None, 3),
        "RESHAPE": Versions(1, 1),
        "RESIZE_BILINEAR": Versions(3, 4),
        "RESIZE_NEAREST_NEIGHBOR": Versions(1, 4),
        "SOFTMAX": Versions(2, 3),
        "SUB": Versions(2, 5),
        "TRANSPOSE_CONV": Versions(None, 3),
    }
)
"""Every operator that the compiler maps."""
