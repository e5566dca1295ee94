"""The edge on the processor of a Pi: its arm64 libraries and models in an emulator, compared with this computer.

    sudo .venv/bin/python scripts/appliance/arm64.py [--tests tests/edge/test_decode.py …] [--inputs 10]

Lays out an arm64 Debian without starting it, and runs its Python through QEMU's user emulation (of the newer Debian:
the older one breaks LiteRT). Gives the models of models/ the same inputs on both processors and compares the outputs;
then runs tests of the edge there. Kept in the appliance's cache; minutes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from tools import CACHE, HERE, ROOT, SUITE, ApplianceError, call, digest_of

_PROCESSORS: Final = ("cortex-a53", "cortex-a72", "cortex-a76")
"""Of the Pi 3B+, 4 and 5."""

_LOCK: Final = ROOT / "requirements/edge-py311.lock"
_TESTING: Final = ("pytest==8.4.2", "hypothesis==6.140.3")
_MODELS: Final = ("face_detector", "mask_classifier")
_NEWER: Final = "trixie"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and test; return the exit code: 0 when the bytes are the same and the tests pass."""
    options = _parse(arguments)
    try:
        tree = lay_out()
        _put_checkout(tree)
        same = sum(compare(tree, model, options.inputs) for model in _MODELS) == len(_MODELS)
        passed = not options.tests or run_tests(tree, options.tests)
    except ApplianceError as exc:
        print(f"arm64: {exc}", file=sys.stderr)
        return 1
    return 0 if same and passed else 1


def lay_out() -> Path:
    """Return the arm64 system with the device's libraries and the emulator in it, from the cache where it is there."""
    tree = CACHE / f"arm64-{digest_of([_LOCK], SUITE, *_TESTING)}"
    if not tree.is_dir():
        print("laying out the arm64 system …", flush=True)
        part = tree.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        packages = "--include=python3,libstdc++6"
        command = ("mmdebstrap", "--variant=extract", "--architectures=arm64", packages)
        call((*command, "--skip=cleanup/apt/lists", SUITE, part))
        _put_emulator(part)
        _put_libraries(part / "libraries")
        part.rename(tree)
    return tree


def _put_emulator(tree: Path) -> None:
    """Put the newer Debian's static emulator into the tree, fetched from the same mirror."""
    folder = tree / "emulator"
    folder.mkdir()
    sources = (tree / "etc/apt/sources.list").read_text().splitlines()
    (folder / "list").write_text(next(line for line in sources if f" {SUITE} " in line).replace(SUITE, _NEWER) + "\n")
    (folder / "lists/partial").mkdir(parents=True)
    settings = {"Dir::Etc::sourcelist": folder / "list", "Dir::Etc::sourceparts": "/dev/null"}
    settings |= {"Dir::State::lists": folder / "lists", "Dir::Cache": folder, "APT::Sandbox::User": "root"}
    apt: list[str | Path] = [
        "apt-get",
        "--quiet",
        *(word for name, value in settings.items() for word in ("-o", f"{name}={value}")),
    ]
    call((*apt, "update"))
    call((*apt, "download", "qemu-user"), folder)
    call(("dpkg-deb", "-x", next(folder.glob("qemu-user_*.deb")), folder))
    shutil.copy(folder / "usr/bin/qemu-aarch64", tree / "qemu-aarch64")
    shutil.rmtree(folder)


def _put_libraries(folder: Path) -> None:
    """Fetch the wheels that the lock file names for arm64, and what the tests need."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in (17, 24, 26, 27, 28, 31, 34)] + ["manylinux2014_aarch64"]
    words = [word for name in platforms for word in ("--platform", name)]
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--target",
        folder,
        "--only-binary=:all:",
        *words,
    ]
    pip += ["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
    call((*pip, "--no-deps", "--requirement", _LOCK))
    call((*pip, *_TESTING))


def _put_checkout(tree: Path) -> None:
    target = tree / "checkout"
    shutil.rmtree(target, ignore_errors=True)
    for name in ("edge", "models", "tests", "systemd", "scripts"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.keras"))
    for name in ("config.yaml", "pyproject.toml", "README.md", "setup.sh"):
        shutil.copy(ROOT / name, target)
    shutil.copy(HERE / "model_bytes.py", target)


def compare(tree: Path, model: str, inputs: int) -> bool:
    """Return whether plain kernels give the same bytes on each processor as here; print how far all are apart."""
    manifest = json.loads((ROOT / f"models/{model}.json").read_text(encoding="utf-8"))
    _, height, width, _ = manifest["input"]["shape"]
    np.save(tree / "inputs.npy", draw_inputs(width, height, inputs))
    here, path = tree / "here.npz", f"models/{model}.tflite"
    call((sys.executable, HERE / "model_bytes.py", ROOT / path, tree / "inputs.npy", here))
    same = True
    for processor in _PROCESSORS:
        _run(tree, processor, ["model_bytes.py", path, "/inputs.npy", "/there.npz"])
        for kernels, apart in measure(here, tree / "there.npz").items():
            equal = f"{int((apart == 0).sum()):,} of {apart.size:,} values the same"
            print(
                f"{model}, {kernels}, {processor}: {equal}, {apart.mean():.2f} apart on average, {apart.max()} at most"
            )
            same = same and (kernels != "plain" or not apart.any())
    return same


def measure(here: Path, there: Path) -> dict[str, NDArray[np.int16]]:
    """Return how far each output value is apart, in steps of 256, by the kernels that computed it."""
    with np.load(here) as mine, np.load(there) as theirs:
        return {name: np.abs(mine[name] - theirs[name]).ravel() for name in mine}


def draw_inputs(width: int, height: int, count: int) -> NDArray[np.uint8]:
    """Return pictures (count, height, width, 3) uint8: soft shapes and a sensor's noise, the same on every computer."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, 6, 8, 3), np.uint8)
    soft = [cv2.resize(each, (width, height), interpolation=cv2.INTER_CUBIC) for each in coarse]
    noisy = np.stack(soft).astype(np.float32) + random.normal(0, 4, (count, height, width, 3))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def run_tests(tree: Path, tests: Sequence[str]) -> bool:
    """Return whether these tests pass on the emulated processor of a Pi 4; prints pytest's last line."""
    done = _run(tree, _PROCESSORS[1], ["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], check=False)
    print("\n".join(done.stdout.strip().splitlines()[-5:]), flush=True)
    return done.returncode == 0


def _run(tree: Path, processor: str, words: Sequence[str], check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/root",
        "PYTHONPATH": "/checkout:/libraries",
        "QEMU_CPU": processor,
    }
    inside = ["unshare", "--root", str(tree), "--wd", "/checkout", "/qemu-aarch64", "/usr/bin/python3"]
    done = subprocess.run([*inside, *words], env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise ApplianceError(f"on {processor}, {words[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tests", nargs="*", default=["tests/edge"], metavar="PATH", help="(%(default)s)")
    parser.add_argument("--inputs", type=int, default=10, metavar="N", help="inputs a model (%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
