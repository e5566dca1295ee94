from __future__ import annotations

import pytest

from convert.edgetpu.log import Operation, parse_log

TOGETHER = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Models compiled successfully in 524 ms.

Input model: in/1.tflite
Input size: 1.91MiB
Output model: out/1_edgetpu.tflite
Output size: 2.52MiB
On-chip memory used for caching model parameters: 2.27MiB
On-chip memory remaining for caching model parameters: 1.07MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 57
Operation log: out/1_edgetpu.log

Operator                       Count      Status

CONV_2D                        50         Mapped to Edge TPU
QUANTIZE                       7          Mapped to Edge TPU

Input model: in/2.tflite
Input size: 1.87MiB
Output model: out/2_edgetpu.tflite
Output size: 2.06MiB
On-chip memory used for caching model parameters: 2.00MiB
On-chip memory remaining for caching model parameters: 7.75KiB
Off-chip memory used for streaming uncached model parameters: 41.75KiB
Number of Edge TPU subgraphs: 1
Total number of operations: 6
Operation log: out/2_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of the model will instead
Number of operations that will run on Edge TPU: 3
Number of operations that will run on CPU: 3

Operator                       Count      Status

LOGISTIC                       1          More than one subgraph is not supported
QUANTIZE                       2          Operation is otherwise supported, but not mapped due to some unspecified limit
CONV_2D                        3          Mapped to Edge TPU
Compilation child process completed within timeout period.
Compilation succeeded!
"""


def test_a_log_of_two_models_is_read() -> None:
    log = parse_log(TOGETHER)
    assert (log.version, log.failure) == ("16.0.384591198", "")
    first, second = log.models
    assert (first.on_chip_bytes, first.off_chip_bytes) == (2_380_268, 0)
    assert (first.on_chip, first.left) == (57, ())
    assert (second.on_chip, second.off_chip_bytes) == (3, 42_752)
    assert second.left[0] == Operation("LOGISTIC", 1, "More than one subgraph is not supported")
    assert second.left[1].count == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Invalid model: a.tflite\nModel not quantized", "the model is not wholly int8"),
        ("Internal compiler error. Aborting!", "the compiler has failed without a reason"),
        ("Compilation failed due to large activation tensors in model.", "too large for the chip"),
        ("ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'", "newer than the compiler"),
        ("Compilation failed: surprise", "it said: Compilation failed: surprise"),
        ("", "it said: nothing"),
    ],
)
def test_a_failure_is_explained(text: str, reason: str) -> None:
    log = parse_log(f"Edge TPU Compiler version 16.0.384591198\n{text}\n")
    assert reason in log.failure
    assert log.models == ()
