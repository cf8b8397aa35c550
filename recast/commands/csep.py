"""`recast-csep`: a model of a floatCSEP experiment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Read the arguments and the catalog of a model, and write its forecast."""
    parser = argparse.ArgumentParser(
        prog="recast-csep",
        description="Run a model as floatCSEP does: read input/args.txt and input/catalog.csv, "
        "forecast the window with places, and write forecasts/PREFIX_START_END.csv. Without a line "
        "`model: FILE` ETAS is fitted to the catalog; `area: SOUTH/NORTH/WEST/EAST` is the region "
        "of the experiment.",
    )
    parser.add_argument(
        "args_file",
        nargs="?",
        type=Path,
        default=Path("input/args.txt"),
        help="file of arguments (default: %(default)s)",
    )
    args = parser.parse_args(argv)
    from catalogs import InputError
    from recast.forecast.floatcsep import Experiment, run_experiment

    try:
        path = run_experiment(Experiment.read(args.args_file))
    except InputError as error:
        print(f"recast-csep: {error}", file=sys.stderr)
        return 2
    print(f"written: {path}")
    return 0
