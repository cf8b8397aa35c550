"""Make the net that comes with the package from a checkpoint of pretraining.

    python experiments/ship_pretrained.py runs/pretrain/version_0/checkpoints/last.ckpt

Keeps the weights and what they were trained on, and leaves out the optimiser: tens of kilobytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.pretrained import SHIPPED, checkpoint_path
from recast.pretrained.checkpoints import release


def main() -> None:
    """Write the file and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    out = checkpoint_path(SHIPPED)
    release(parser.parse_args().checkpoint, out)
    print(f"written: {out} ({out.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
