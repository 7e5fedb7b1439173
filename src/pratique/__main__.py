"""``python -m pratique``."""

import sys

from pratique.surfaces.cli import main

if __name__ == "__main__":
    sys.exit(main())
