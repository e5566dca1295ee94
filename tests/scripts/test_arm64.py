"""The parts of the arm64 comparison that need no emulator: what is fetched, and which programs the emulator runs."""

from __future__ import annotations

import importlib
import re
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPLIANCE = ROOT / "scripts" / "appliance"
X86_64, ARM64 = 62, 183


def test_what_the_lock_file_has_for_arm64_alone_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(APPLIANCE))
    lock = (ROOT / "requirements/edge-py311.lock").read_text(encoding="utf-8")
    assert "lgpio==" in lock
    wanted = importlib.import_module("foreign").drop_condition(lock)
    assert re.search(r"^lgpio==[0-9.]+ \\$", wanted, re.MULTILINE)
    assert "sys_platform == 'win32'" in wanted


@pytest.mark.parametrize(
    ("program", "emulated"),
    [
        (struct.pack("<7s9xHH", b"\x7fELF\x02\x01\x01", 2, ARM64), True),
        (struct.pack("<7s9xHH", b"\x7fELF\x02\x01\x01", 3, ARM64), True),
        (struct.pack("<7sB8xHH", b"\x7fELF\x02\x01\x01", 3, 3, ARM64), True),
        (struct.pack("<7s9xHH", b"\x7fELF\x02\x01\x01", 3, X86_64), False),
        (struct.pack("<7s9xHH", b"\x7fELF\x01\x01\x01", 3, ARM64), False),
        (b"#!/usr/bin/python3\n#", False),
    ],
)
def test_the_emulator_runs_programs_of_arm64_alone(
    monkeypatch: pytest.MonkeyPatch, program: bytes, emulated: bool
) -> None:
    monkeypatch.syspath_prepend(str(APPLIANCE / "guest"))
    register = importlib.import_module("register")
    magic, mask = (each.decode("unicode_escape").encode("latin-1") for each in (register.MAGIC, register.MASK))
    assert len(magic) == len(mask) == len(program)
    assert all(is_byte & of == was & of for is_byte, was, of in zip(program, magic, mask, strict=True)) == emulated
