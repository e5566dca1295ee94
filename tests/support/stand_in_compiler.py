"""A stand-in for Google's edgetpu_compiler, which is closed: same command line, same files, same log, no compiling.

What it "compiles" has the right inputs and outputs around one empty operator. The environment variable STAND_IN has it
go wrong: `not quantized`, `crash`, `two parts`, `other output`, `no file`, `left: SOFTMAX`.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
from collections import Counter
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema
from graph_sketch import Sketch, compiled_twin, copy_contract

NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
VERSION = "16.0-stand-in"

MODEL = """
Input model: {source}
Input size: {size:.2f}KiB
Output model: {output}
Output size: {size:.2f}KiB
On-chip memory used for caching model parameters: {on_chip:.2f}MiB
On-chip memory remaining for caching model parameters: 5.03MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: {total}
Operation log: {log}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", "--show_operations", action="store_true")
    parser.add_argument("-o", "--out_dir", type=Path, default=Path())
    parser.add_argument("models", type=Path, nargs="+")
    options, told = parser.parse_args(), os.environ.get("STAND_IN", "")
    print(f"Edge TPU Compiler version {VERSION}")
    if told == "not quantized":
        print(f"Invalid model: {options.models[0]}\nModel not quantized")
        raise SystemExit(1)
    print("Started a compilation timeout timer of 180 seconds.")
    if told == "crash":
        print("\nInternal compiler error. Aborting!")
        raise SystemExit(1)
    print(f"\nModel{'s' * (len(options.models) > 1)} compiled successfully in 524 ms.")
    for model in options.models:
        compile_one(model, options.out_dir, options.show_operations, told)
    print("\nCompilation child process completed within timeout period.\nCompilation succeeded! ")


def compile_one(model: Path, folder: Path, show: bool, told: str) -> None:
    data, output = model.read_bytes(), folder / f"{model.stem}_edgetpu.tflite"
    if told != "no file":
        output.write_bytes(distort(data, told))
    graph = schema.ModelT.InitFromPackedBuf(data, 0)
    names = Counter(NAMES[graph.operatorCodes[each.opcodeIndex].builtinCode] for each in graph.subgraphs[0].operators)
    size, log = len(data) / 1024, output.with_suffix(".log")
    print(MODEL.format(source=model, output=output, size=size, on_chip=size / 1024, total=names.total(), log=log))
    left = told.removeprefix("left: ") if told.startswith("left: ") else ""
    rows = [
        f"{name:<31}{count:<11}{'More than one subgraph is not supported' if name == left else 'Mapped to Edge TPU'}"
        for name, count in names.items()
    ]
    table = "\n".join([f"{'Operator':<31}{'Count':<11}Status", "", *rows])
    log.write_text(f"Edge TPU Compiler version {VERSION}\n{table}\n")
    print(table if show else "See the operation log file for individual operation details.")


def distort(data: bytes, told: str) -> bytes:
    if not told.startswith(("two parts", "other output", "left: ")):
        return compiled_twin(data)
    sketch = Sketch()
    copy_contract(data, sketch)
    inputs, outputs = sketch.graph.inputs, sketch.graph.outputs
    if told == "other output":
        sketch.graph.tensors[outputs[0]].shape = [1, 5]
        sketch.add("edgetpu-custom-op", inputs, outputs)
        return sketch.pack()
    middle = sketch.tensor("middle", [1, 3])
    sketch.add("edgetpu-custom-op", inputs, [middle])
    sketch.add("edgetpu-custom-op" if told == "two parts" else told.removeprefix("left: "), [middle], outputs)
    return sketch.pack()


if __name__ == "__main__":
    main()
