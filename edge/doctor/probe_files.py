"""python -m edge.doctor.probe_files PATH: reads the first frame of a file or folder, in a process that may be given up.

Prints why there is none, `what; what to do`, or nothing where there is one.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from edge.errors import DataError
from edge.sources.files import PictureFiles, list_pictures, open_path, read_picture


def probe(path: Path) -> str:
    """Return why a file, or a folder of pictures, gives no frame; nothing where it gives one."""
    try:
        with closing(open_path(path)) as source:
            if isinstance(source, PictureFiles) and len(source) == 1:
                read_picture(*list_pictures([path]))  # says more than a source that goes on with the next one
            source.next_frame(0.0)
    except DataError as exc:
        return str(exc)
    return ""


if __name__ == "__main__":
    sys.stdout.write(probe(Path(sys.argv[1])))
