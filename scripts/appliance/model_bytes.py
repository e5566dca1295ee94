"""Write a model's outputs for given inputs: model_bytes.py FILE INPUTS.npy OUT.npz. Runs on both processors.

With LiteRT's fast kernels, which are others on each processor, and for the first input with its plain ones.
"""

import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

KERNELS = {"fast": OpResolverType.AUTO, "plain": OpResolverType.BUILTIN_REF}


def signed(picture: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the same levels, 128 less."""
    return (picture ^ np.uint8(0x80)).view(np.int8)


def run_model(path: str, kernels: str, pictures: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return all outputs of each of the pictures (n, height, width, 3) in one row."""
    interpreter = Interpreter(model_path=path, experimental_op_resolver_type=KERNELS[kernels])
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    found = []
    for picture in pictures:
        interpreter.set_tensor(taken["index"], (picture if taken["dtype"] is np.uint8 else signed(picture))[None])
        interpreter.invoke()
        outputs = [interpreter.get_tensor(each["index"]).ravel() for each in interpreter.get_output_details()]
        found.append(np.concatenate(outputs).astype(np.int16))
    return np.stack(found)


if __name__ == "__main__":
    inputs = np.load(sys.argv[2])
    np.savez(
        sys.argv[3], fast=run_model(sys.argv[1], "fast", inputs), plain=run_model(sys.argv[1], "plain", inputs[:1])
    )
