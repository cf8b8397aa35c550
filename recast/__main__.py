"""`python -m recast` is `recast`."""

from __future__ import annotations

import sys

from recast.cli import main

if __name__ == "__main__":
    sys.exit(main())
