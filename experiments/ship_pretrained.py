"""Make the net that comes with the package from a checkpoint of pretraining.

    python experiments/ship_pretrained.py runs/transfer/pretrain/all/best.ckpt

Keeps the weights and what they were trained on, and leaves out the optimiser: tens of kilobytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from recast.pretrained import SHIPPED, checkpoint_path

KEPT = ("state_dict", "hyper_parameters", "pytorch-lightning_version")


def main() -> None:
    """Write the file and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    content = torch.load(parser.parse_args().checkpoint, weights_only=True, map_location="cpu")
    out = checkpoint_path(SHIPPED)
    partial = out.with_suffix(".partial")
    torch.save({name: content[name] for name in KEPT}, partial)
    partial.replace(out)
    print(f"written: {out} ({out.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
