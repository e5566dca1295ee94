"""Google's Coral: whether one is plugged in, and which libraries fit each other."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from edge.sensors import read_fact

USB_IDS = frozenset({("1a6e", "089a"), ("18d1", "9302")})
"""USB ids of one and the same stick, before and after its firmware was loaded."""

PACKAGES = ("libedgetpu1-std", "libedgetpu1-max")
NEWER = "install a newer libedgetpu, built for today's TensorFlow Lite, from github.com/feranick/libedgetpu"
_SPLIT = (2, 12)
"""From this tflite-runtime on, Google's libedgetpu 16.0 crashes (google-coral/edgetpu#812)."""


def find_corals(root: Path = Path("/")) -> tuple[str, ...]:
    """Return the Corals that are plugged in by the names that libedgetpu has for them: usb:0, usb:1, pci:0."""
    sticks = len(find_sticks(root))
    cards = len(list(root.glob("dev/apex_[0-9]*")))
    return (*(f"usb:{n}" for n in range(sticks)), *(f"pci:{n}" for n in range(cards)))


def find_sticks(root: Path) -> tuple[Path, ...]:
    """Return the folders in /sys of the Corals on USB."""
    folders = (path.parent for path in sorted(root.glob("sys/bus/usb/devices/*/idVendor")))
    return tuple(each for each in folders if (read_fact(each / "idVendor"), read_fact(each / "idProduct")) in USB_IDS)


def find_misfit(library: str, litert: str | None, old: str | None) -> str:
    """Return why a version of libedgetpu's package does not fit the TFLite runtime; nothing when it does.

    `litert` and `old` are the versions of ai-edge-litert and tflite-runtime, None where one is not installed.
    """
    if not library.startswith("16.0") or "tf" in library.lower():  # rebuilt packages are called 16.0tf2.17.1
        return ""
    if litert:
        return f"Google's libedgetpu {library} is older than LiteRT {litert} and may crash it"
    if old and tuple(map(int, old.split(".")[:2])) >= _SPLIT:
        return f"Google's libedgetpu {library} crashes tflite-runtime {old}"
    return ""


def has_genuine_pycoral() -> bool:
    """Return whether Google's pycoral is installed. The package of that name on PyPI is an unrelated map tool."""
    spec = find_spec("pycoral")
    places = (spec.submodule_search_locations if spec else None) or ()
    return any((Path(place) / "utils" / "edgetpu.py").is_file() for place in places)
