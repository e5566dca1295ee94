"""Releases to rehearse with: this checkout's last commit, one after it that is fine, and two that are not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

_FINDS: Final = "    faces = looker.find(frame)\n"
_NEVER: Final = '    raise RuntimeError("this release is broken")\n'
_SOON: Final = '    if frame.frame_index > 8:\n        raise RuntimeError("this release is broken, later")\n'

FIRST, GOOD, NEVER_READY, SOON_DEAD = "rehearsal-1", "rehearsal-2", "rehearsal-3", "rehearsal-4"
"""Tags: installed first, fine, never ready, and dead after a few pictures."""


def make_releases(checkout: Path, clone: Path) -> None:
    """Clone `checkout` and tag the four releases there. Raises CalledProcessError."""
    subprocess.run(["git", "clone", "--quiet", str(checkout), str(clone)], check=True)
    _git(clone, "tag", FIRST)
    _change(clone, "90.1", "")
    _git(clone, "tag", GOOD)
    for tag, (version, words) in {NEVER_READY: ("90.2", _NEVER), SOON_DEAD: ("90.3", _SOON)}.items():
        _git(clone, "checkout", "--quiet", GOOD)
        _change(clone, version, words)
        _git(clone, "tag", tag)


def _change(clone: Path, version: str, words: str) -> None:
    """Commit another version, with `words` before each frame's faces are looked for."""
    project, pipeline = clone / "pyproject.toml", clone / "edge" / "pipeline.py"
    project.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project.read_text(), count=1))
    code = pipeline.read_text()
    if _FINDS not in code:
        raise ValueError(f"{pipeline}: does not look for faces as it did; correct {__file__}")
    pipeline.write_text(code.replace(_FINDS, words + _FINDS))
    _git(clone, "commit", "--quiet", "--all", "--message", f"release {version}")


def _git(clone: Path, *words: str) -> None:
    author = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@localhost")
    subprocess.run(["git", "-C", str(clone), *author, *words], check=True)
