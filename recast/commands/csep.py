"""`recast-csep`: a model of a floatCSEP experiment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ARGUMENTS = {
    "at": "start_date",
    "completeness": "mag_min",
    "days": "end_date",
    "end": "start_date",
    "samples": "n_sims",
    "start": "catalog",
}
"""Arguments of Python functions, as the file of arguments has them: a catalog starts with its first
event and ends where the forecast starts."""


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
    from recast.commands.printing import in_options
    from recast.forecast.floatcsep import Experiment, run_experiment

    names = {"spelled": {name: f"`{spelled}`" for name, spelled in ARGUMENTS.items()}}
    try:
        experiment = Experiment.read(args.args_file)
        done = run_experiment(experiment)
    except InputError as error:
        print(f"recast-csep: {in_options(str(error), names)}", file=sys.stderr)
        return 2
    print(in_options(str(done), names))
    print(f"written: {experiment.path}")
    return 0
