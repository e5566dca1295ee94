"""Stands in for the bindings of libkms++, which Debian lacks: picamera2 wants them for previews on a screen alone."""

from __future__ import annotations


class _Names(type):
    """Any attribute is there, and is its own name."""

    def __getattr__(cls, name: str) -> str:
        return name


class PixelFormat(metaclass=_Names):
    """The formats of a screen."""
