"""The face detector's network: a narrowed MobileNetV2, a small two-way feature pyramid, one head a level.

Every layer maps to the Edge TPU: convolutions, depthwise convolutions, additions, ReLU6, and RESIZE_NEAREST_NEIGHBOR.
Three plain convolutions lead down to stride 8: on a CPU MobileNetV2's blocks at strides 2 and 4 cost half of all time,
and one dense 3×3 convolution takes less than the three layers of a block (so does MobileNetV4 begin, Qin et al. 2024,
https://arxiv.org/abs/2404.10518). From there on the backbone keeps blocks of MobileNetV2 (Sandler et al. 2018,
https://arxiv.org/abs/1801.04381) with fewer expanded channels, so that it starts from trained weights
(`train.narrow`). The pyramid goes down and up again (Liu et al. 2018, https://arxiv.org/abs/1803.01534). The heads are
anchor-free (Tian et al. 2019, https://arxiv.org/abs/1904.01355).
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

from edge.decode import STRIDES

BLOCKS = {5: (32, 1), 6: (64, 2), 7: (64, 1), 8: (64, 1), 10: (96, 1), 11: (96, 1), 13: (160, 2), 14: (160, 1)}
"""The blocks that are kept, by MobileNetV2's numbers: output channels and stride."""

LEVEL_ENDS = (5, 11, 14)
"""The blocks whose outputs, at strides 8, 16 and 32, feed the pyramid."""

STEM_END = "stem_2_bn"
"""The layer that ends the stem, in the place of MobileNetV2's first blocks."""


@dataclass(frozen=True, slots=True)
class DetectorShape:
    """What defines the network; saved beside each run.

    `stem` are the channels of the three convolutions down to stride 8, `expanded` those within each block of `BLOCKS`.
    """

    width_px: int = 384
    height_px: int = 256
    stem: tuple[int, int] = (8, 24)
    expanded: tuple[int, ...] = (64, 128, 128, 128, 192, 192, 256, 256)
    pyramid_channels: int = 64


def double_size(x: keras.KerasTensor) -> keras.KerasTensor:
    """Return x with height and width doubled by repeating pixels.

    Keras' UpSampling2D becomes TILE and STRIDED_SLICE, which the Edge TPU does not take; Resizing becomes one
    RESIZE_NEAREST_NEIGHBOR.
    """
    return layers.Resizing(x.shape[1] * 2, x.shape[2] * 2, interpolation="nearest")(x)


def build_network(shape: DetectorShape) -> keras.Model:
    """Return the network: (height, width, 3) in −1…1 to, for each stride, scores (h, w, 1) and distances (h, w, 4).

    Outputs are named `score_8 … distance_32`. A score is a logit. A distance is that of the face's left, top, right and
    bottom edge from the middle of the cell, in strides.
    """
    picture = keras.Input((shape.height_px, shape.width_px, 3), name="picture")
    features = _backbone(picture, shape)
    levels = _pyramid(features, shape.pyramid_channels)
    outputs = {}
    for stride, x in zip(STRIDES, levels, strict=True):
        x = separable(x, shape.pyramid_channels, f"head_{stride}")
        outputs[f"score_{stride}"] = layers.Conv2D(1, 1, bias_initializer=_rare(), name=f"score_{stride}")(x)
        outputs[f"distance_{stride}"] = layers.Conv2D(
            4, 1, bias_initializer=keras.initializers.Constant(1.5), name=f"distance_{stride}"
        )(x)
    return keras.Model(picture, outputs, name="face_detector")


def _rare() -> keras.initializers.Initializer:
    return keras.initializers.Constant(-4.0)  # a cell holds a face about once in a hundred


def _backbone(x: keras.KerasTensor, shape: DetectorShape) -> list[keras.KerasTensor]:
    for index, channels in enumerate(shape.stem):
        x = convolution(x, channels, 3, f"stem_{index}", stride=2)
    x = convolution(x, BLOCKS[LEVEL_ENDS[0]][0], 3, STEM_END.removesuffix("_bn"), stride=2, activate=False)
    ends = []
    for expanded, (number, (channels, stride)) in zip(shape.expanded, BLOCKS.items(), strict=True):
        x = _inverted_residual(x, number, expanded, channels, stride)
        if number in LEVEL_ENDS:
            ends.append(x)
    return ends


def _inverted_residual(
    x: keras.KerasTensor, number: int, expanded: int, channels: int, stride: int
) -> keras.KerasTensor:
    y = convolution(x, expanded, 1, f"block_{number}_expand")
    y = depthwise(y, f"block_{number}_depthwise", stride)
    y = convolution(y, channels, 1, f"block_{number}_project", activate=False)
    return layers.Add(name=f"block_{number}_add")([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _pyramid(features: list[keras.KerasTensor], channels: int) -> tuple[keras.KerasTensor, ...]:
    fine, middle, coarse = (
        convolution(x, channels, 1, f"lateral_{stride}") for stride, x in zip(STRIDES, features, strict=True)
    )
    middle = separable(layers.Add()([middle, double_size(coarse)]), channels, "down_16")
    fine = separable(layers.Add()([fine, double_size(middle)]), channels, "down_8")
    middle = separable(layers.Add()([middle, separable(fine, channels, "stride_16", 2)]), channels, "up_16")
    coarse = separable(layers.Add()([coarse, separable(middle, channels, "stride_32", 2)]), channels, "up_32")
    return fine, middle, coarse


def separable(x: keras.KerasTensor, channels: int, name: str, stride: int = 1) -> keras.KerasTensor:
    """Return a depthwise 3×3 and a 1×1 convolution of x."""
    return convolution(depthwise(x, f"{name}_depthwise", stride), channels, 1, f"{name}_pointwise")


def convolution(
    x: keras.KerasTensor, channels: int, kernel: int, name: str, stride: int = 1, activate: bool = True
) -> keras.KerasTensor:
    """Return a convolution of x with batch normalization and, if asked for, ReLU6."""
    x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, name, activate)


def depthwise(x: keras.KerasTensor, name: str, stride: int) -> keras.KerasTensor:
    """Return a 3×3 depthwise convolution of x with batch normalization and ReLU6."""
    x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, name, activate=True)


def _normalized(x: keras.KerasTensor, name: str, activate: bool) -> keras.KerasTensor:
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x
