"""Keeps OpenCV and FFmpeg from writing to stderr what an error of ours says in one sentence."""

from __future__ import annotations

import os
from typing import Any

import cv2

_ERRORS_ONLY = 2
"""LOG_LEVEL_ERROR in OpenCV's numbers."""


def quiet_opencv() -> None:
    """Let OpenCV and FFmpeg keep silent about files and cameras that cannot be opened.

    Holds for the process. The environment's OPENCV_LOG_LEVEL and OPENCV_FFMPEG_LOGLEVEL have the last word.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when the first video is opened
    if "OPENCV_LOG_LEVEL" not in os.environ:
        utils: Any = cv2.utils
        logging: Any = cv2 if hasattr(cv2, "setLogLevel") else utils.logging  # OpenCV 4, OpenCV 5
        logging.setLogLevel(_ERRORS_ONLY)
