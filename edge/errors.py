"""Every error that Maskwatch raises on purpose.

MaskwatchError
├── ConfigError (ValueError)    exit code 2: what the owner wrote is wrong
├── UsageError (ValueError)     exit code 2: how the command was called is wrong
├── HardwareError (OSError)     exit code 3: camera, pins, accelerator
│   ├── NotRunningError         no daemon answers at a socket
│   └── NoFrameError            a camera gave no frame in the time it was given
│       └── NotDueError         there is no frame yet, and nothing is wrong
├── ModelError (ValueError)     exit code 4: a model file or its manifest
└── DataError (ValueError)      exit code 1: a picture, a video, a data set
"""

from __future__ import annotations


class MaskwatchError(Exception):
    """Base of all; `exit_code` is what the process ends with."""

    exit_code = 1


class ConfigError(MaskwatchError, ValueError):
    """Something in config.yaml is wrong; each line of the text is `file:line: key: what`."""

    exit_code = 2


class UsageError(MaskwatchError, ValueError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class HardwareError(MaskwatchError, OSError):
    """A camera, a pin or an accelerator is not there, is busy or stopped answering."""

    exit_code = 3


class NotRunningError(HardwareError):
    """No daemon answers at a socket: none runs, or it listens elsewhere."""


class NoFrameError(HardwareError):
    """A camera gave no frame in the time it was given; asking again may help."""


class NotDueError(NoFrameError):
    """There is no frame yet and nothing is wrong: a file's next one is for later, a camera was not silent for long."""


class ModelError(MaskwatchError, ValueError):
    """A model or its manifest is missing, damaged, or not what the other promises."""

    exit_code = 4


class DataError(MaskwatchError, ValueError):
    """A picture, a video or a data set cannot be read."""
