"""Entry point of `python -m train`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from train.cli import main

    sys.exit(main())
