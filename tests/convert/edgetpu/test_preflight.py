from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("ai_edge_litert", reason="its schema draws the graphs")

from graph_sketch import Sketch  # noqa: E402

from convert.edgetpu.preflight import check_memory, find_obstacles, find_violations, shorten  # noqa: E402
from edge.commands import ROOT  # noqa: E402
from edge.runtime.compiled import is_compiled  # noqa: E402

MODELS = [path for path in sorted((ROOT / "models").glob("*.tflite")) if not is_compiled(path)]


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.int8)


def draw(
    sketch: Sketch | None = None, conv_version: int = 3, dilation: tuple[int, int] = (1, 1), batch: int = 1
) -> Sketch:
    """Draw picture → QUANTIZE → CONV_2D → `features`, all of which maps."""
    sketch = sketch or Sketch()
    picture = sketch.tensor("picture", [batch, 8, 8, 3], "UINT8")
    whole = sketch.tensor("whole", [batch, 8, 8, 3])
    features = sketch.tensor("features", [batch, 8, 8, 4])
    sketch.add("QUANTIZE", [picture], [whole])
    weights = [sketch.tensor("w", [4, 1, 1, 3], data=ones(4, 1, 1, 3)), sketch.tensor("b", [4], "INT32", ones(16))]
    options = {"dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
    sketch.add("CONV_2D", [whole, *weights], [features], conv_version, ("Conv2DOptions", options))
    sketch.graph.inputs, sketch.graph.outputs = [picture], [features]
    return sketch


def after_features(
    operator: str | int, extra: list[int] | None = None, shape: tuple[int, ...] = (1, 8, 8, 4), **how: object
) -> Callable[[], Sketch]:
    """Return a drawing of a graph that ends in one more operator, with a constant of 32-bit integers if wanted."""

    def make() -> Sketch:
        sketch = draw()
        inputs = [sketch.graph.outputs[0]]
        if extra is not None:
            inputs.append(sketch.tensor("extra", [len(extra)], "INT32", np.array(extra, "<i4")))
        sketch.add(operator, inputs, [sketch.tensor("end", shape)], **how)
        return sketch

    return make


def dense(scales: tuple[float, ...]) -> Sketch:
    sketch = draw()
    weights = sketch.tensor("dense/kernel", [2, 4], data=ones(2, 4), scales=scales)
    sketch.add("FULLY_CONNECTED", [sketch.graph.outputs[0], weights, -1], [sketch.tensor("end", [1, 2])], 4)
    return sketch


def dynamic() -> Sketch:
    sketch = draw()
    sketch.graph.tensors[0].shapeSignature = [-1, 8, 8, 3]
    return sketch


def floating() -> Sketch:
    sketch = draw()
    sketch.tensor("lonely", [1, 4], "FLOAT32")
    return sketch


def deep() -> Sketch:
    sketch = draw()
    sketch.add("RESHAPE", [sketch.graph.outputs[0]], [sketch.tensor("end", [1, 2, 4, 8, 4])])
    return sketch


def looping() -> Sketch:
    sketch = draw()
    sketch.model.subgraphs.append(sketch.graph)
    return sketch


FUSED = ("Pool2DOptions", {"fusedActivationFunction": 3, "filterHeight": 2, "filterWidth": 2})
BROKEN: dict[str, tuple[Callable[[], Sketch], str]] = {
    "an operator that is not on the list": (
        after_features("FLOOR"),
        "FLOOR end: operator FLOOR does not map to the Edge TPU; use another layer",
    ),
    "an operator that is newer than the compiler": (
        after_features(151),
        'DYNAMIC_UPDATE_SLICE (151) does not map to the Edge TPU: it is newer than the compiler, which stops with "out',
    ),
    "a version that was rejected": (
        lambda: draw(conv_version=6),
        "CONV_2D features: its version is 6, the compiler knows 5 at most; use another layer in its place, or convert",
    ),
    "a dense layer quantized per channel": (
        lambda: dense((0.5, 0.25)),
        "dense layer dense/kernel is quantized per channel; the compiler wants it per tensor; convert the Keras",
    ),
    "a dynamic shape": (dynamic, "tensor picture: has a dynamic shape, ?×8×8×3; convert the Keras model again"),
    "a batch": (lambda: draw(batch=2), "tensor picture: has a batch of 2, 2×8×8×3; convert the Keras model again"),
    "four large dimensions": (deep, "tensor end: has more than 3 dimensions other than 1, 1×2×4×8×4; reshape it"),
    "floating point": (floating, "tensor lonely: is FLOAT32, not quantized; convert the Keras model again"),
    "two dilations": (
        lambda: draw(dilation=(1, 2)),
        "CONV_2D features: its dilation is 1 down and 2 across; the compiler wants both the same; use one dilation",
    ),
    "a fused activation": (
        after_features("MAX_POOL_2D", options=FUSED),
        "MAX_POOL_2D end: it has a fused activation, which the compiler does not take here; put the activation before",
    ),
    "a reduced batch": (
        after_features("MEAN", [0, -1], (8, 8), version=2),
        "MEAN end: it reduces the batch axis; reduce over height, width or channels only",
    ),
    "a padded batch": (
        after_features("PAD", [0, 1, 0, 0, 0, 0, 0, 0], version=2),
        "PAD end: it pads the batch axis; pad height, width or channels only",
    ),
    "two subgraphs": (looping, "the model: the file has 2 subgraphs (an if or a loop); the compiler takes one"),
    "a model that is compiled already": (
        after_features("edgetpu-custom-op"),
        "edgetpu-custom-op end: the model is compiled already; give the CPU model",
    ),
}


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_shipped_model_passes(path: Path) -> None:
    assert find_obstacles(path.read_bytes()) == ()


def test_the_shipped_models_share_the_cache() -> None:
    assert len(MODELS) == 2
    assert check_memory({path.name: path.read_bytes() for path in MODELS}) == ()


def test_the_drawing_that_is_broken_below_passes_whole() -> None:
    assert find_violations(draw().pack()) == ()
    assert find_obstacles(dense((0.5,)).pack()) == ()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_is_refused_with_layer_reason_and_remedy(name: str) -> None:
    make, sentence = BROKEN[name]
    obstacles = find_obstacles(make().pack())
    assert any(sentence in each for each in obstacles), obstacles


def test_only_the_broken_layer_is_named() -> None:
    for make in (after_features("FLOOR"), lambda: draw(conv_version=6), dynamic, floating, looping):
        assert len(find_obstacles(make().pack())) == 1


def test_a_version_that_nobody_saw_compile_is_a_remark() -> None:
    (remark,) = find_violations(draw(conv_version=4).pack())
    assert remark.remark
    assert "version 4 should map, but nobody has seen it do so" in str(remark)
    (remark,) = find_violations(after_features("SPACE_TO_DEPTH")().pack())
    assert remark.remark
    assert "nobody knows which of its versions map" in str(remark)


def test_more_parameters_than_the_cache_holds_are_a_remark() -> None:
    sketch = draw()
    sketch.tensor("large", [5_000_000], data=np.zeros(5_000_000, np.int8))
    data = sketch.pack()
    assert check_memory({"a": data}) == ()
    (remark,) = check_memory({"a.tflite": data, "b.tflite": data})
    assert remark.remark
    assert "a.tflite, b.tflite: 5.0 + 5.0 MB of parameters, and the chip's cache holds 8.3 MB" in str(remark)


def test_many_sentences_are_shortened() -> None:
    assert shorten([str(n) for n in range(8)]) == "0; 1; 2; 3; 4; and 3 more"
    assert shorten(["a", "b"]) == "a; b"
