from __future__ import annotations

from pathlib import Path

import pytest

from edge.runtime.coral import find_corals, find_misfit, has_genuine_pycoral


def plug(root: Path, port: str, vendor: str, product: str) -> None:
    folder = root / "sys" / "bus" / "usb" / "devices" / port
    folder.mkdir(parents=True)
    (folder / "idVendor").write_text(f"{vendor}\n")
    (folder / "idProduct").write_text(f"{product}\n")


def test_corals_are_found_before_and_after_their_firmware_and_on_pci(tmp_path: Path) -> None:
    assert find_corals(tmp_path) == ()
    plug(tmp_path, "1-1", "046d", "0825")
    plug(tmp_path, "2-1", "1a6e", "089a")
    plug(tmp_path, "2-2", "18d1", "9302")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "apex_0").touch()
    assert find_corals(tmp_path) == ("usb:0", "usb:1", "pci:0")


def test_a_device_that_goes_away_while_it_is_read_is_left_out(tmp_path: Path) -> None:
    plug(tmp_path, "2-1", "1a6e", "089a")
    (tmp_path / "sys/bus/usb/devices/2-1/idProduct").unlink()
    assert find_corals(tmp_path) == ()


@pytest.mark.parametrize(
    ("library", "litert", "old", "misfit"),
    [
        ("16.0", "2.3.0", None, "Google's libedgetpu 16.0 is older than LiteRT 2.3.0 and may crash it"),
        ("16.0", None, "2.14.0", "Google's libedgetpu 16.0 crashes tflite-runtime 2.14.0"),
        ("16.0", None, "2.5.0.post1", ""),
        ("16.0tf2.17.1-1.bookworm", "2.3.0", None, ""),
        ("16.0TF2.19.1-1", None, "2.14.0", ""),
        ("", "2.3.0", None, ""),
    ],
)
def test_libraries_that_do_not_fit_are_named(library: str, litert: str | None, old: str | None, misfit: str) -> None:
    assert find_misfit(library, litert, old) == misfit


def test_no_pycoral_here_is_genuine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not has_genuine_pycoral()
    (tmp_path / "pycoral" / "utils").mkdir(parents=True)
    (tmp_path / "pycoral" / "__init__.py").touch()
    assert not has_genuine_pycoral()
    (tmp_path / "pycoral" / "utils" / "edgetpu.py").touch()
    assert has_genuine_pycoral()
