"""`recast residuals`: does a fitted model describe the events that came?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands.etas_fit import add_out
from recast.commands.printing import typed
from recast.commands.selecting import add_catalog, add_selection, selected

PARTS = ("train", "val", "test")

DESCRIPTION = (
    "Transform the event times of a window by the compensator: under a true model they are a "
    "Poisson process of rate 1, tested by Kolmogorov-Smirnov and runs tests, and intervals are "
    "uncorrelated. Takes any saved model; for ETAS it gives background probabilities too."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast residuals`."""
    parser = subparsers.add_parser(
        "residuals", help="goodness of fit of any saved model", description=DESCRIPTION
    )
    add_arguments(parser, "residuals")


def add_arguments(parser: argparse.ArgumentParser, folder: str) -> None:
    """What `recast residuals` and `recast etas residuals` understand."""
    parser.add_argument(
        "--model",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="JSON of `recast etas fit` or `benchmark` (etas.json, poisson.json), or a checkpoint "
        "(.ckpt); of several checkpoints the mixture; shipped is the net that comes with the "
        "package",
    )
    add_catalog(parser)
    parser.add_argument(
        "--split", choices=PARTS, default="test", help="which window (default: %(default)s)"
    )
    add_selection(parser)
    add_out(parser, folder)
    parser.set_defaults(run=run, folder=folder)


def run(args: argparse.Namespace) -> int:
    """Residual tests of one window, and its background where the model is ETAS."""
    import numpy as np

    from catalogs import load
    from catalogs.files import write_json
    from etas.declustering import background_probability
    from etas.model import ETAS
    from etas.residuals import autocorrelation, residual_test
    from recast.evaluation import diagnose
    from recast.models.saved import read_model

    catalog = selected(load(args.catalog), args)
    saved = read_model(args.model, catalog)
    process = saved.process
    name, window = catalog.info.name, catalog.split()[args.split]
    diagnosis = diagnose(process, window)
    test = residual_test(diagnosis.transformed)
    correlations = autocorrelation(diagnosis.transformed)
    record: dict[str, Any] = {
        "command": typed(args.argv),
        "catalog": name,
        "model": saved.record,
        "split": args.split,
        "n_events": window.n_scored,
        "expected": diagnosis.expected,
        "nats_per_event": float(diagnosis.terms.mean()),
        "residuals": test.to_json(),
        "autocorrelation": correlations.tolist(),
    }
    outside = int(np.count_nonzero(np.abs(correlations) > 1.96 / np.sqrt(test.n)))
    print(f"{args.split}: {window.n_scored:,} events observed, {diagnosis.expected:,.1f} expected")
    print(f"Kolmogorov-Smirnov distance {test.ks_distance:.4f}, p = {test.ks_p:.3g}")
    print(f"runs about the median: z = {test.runs_z:+.2f}, p = {test.runs_p:.3g}")
    print(f"correlation of successive intervals {test.correlation:+.4f}")
    print(f"autocorrelations outside their 95 % range: {outside} of {correlations.size} lags")
    if isinstance(process, ETAS):
        background = background_probability(process, window)[window.first_scored :]
        record["expected_background"] = float(background.sum())
        record["background_probability"] = background.tolist()
        print(f"background: {background.sum():,.1f} events, {100 * background.mean():.1f} %")
    out = args.out or Path("runs") / args.folder / name
    write_json(out / "residuals.json", record)
    if not args.no_plots:
        from recast.report.window import window_plots

        label = "etas" if isinstance(process, ETAS) else Path(args.model[0]).stem
        title = f"{catalog.info.title or name}: {args.split} window"
        window_plots(process, catalog, window, title, out, label=label, diagnosis=diagnosis)
    print(f"written: {out / 'residuals.json'}" + ("" if args.no_plots else " and plots beside it"))
    return 0
