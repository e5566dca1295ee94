"""Entry point of `python -m convert.edgetpu`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from convert.edgetpu.cli import main

    sys.exit(main())
