"""Make the net that comes with the package from a checkpoint of pretraining.

    python experiments/ship_pretrained.py runs/pretrain/version_0/checkpoints/last.ckpt

Keeps the weights and what they were trained on, and leaves out the optimiser: tens of kilobytes.
The last weights of a run of fixed length have not been chosen on validation windows, and the
checkpoint says so: what its net has seen ends with the train windows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from catalogs.files import whole_file
from recast.pretrained import SHIPPED, checkpoint_path

KEPT = ("state_dict", "hyper_parameters", "pytorch-lightning_version")


def main() -> None:
    """Write the file and say how large it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    content = torch.load(parser.parse_args().checkpoint, weights_only=True, map_location="cpu")
    for extent in content["hyper_parameters"]["trained_on"].values():
        extent["until"] = extent["end"]
    out = checkpoint_path(SHIPPED)
    with whole_file(out) as stream:
        torch.save({name: content[name] for name in KEPT}, stream)
    print(f"written: {out} ({out.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
