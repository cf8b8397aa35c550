"""`recast etas fit | simulate | score | residuals`: the baseline on its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands import residuals, simulate
from recast.commands.etas_fit import add_fit, add_out
from recast.commands.selecting import add_catalog, add_selection, selected


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast etas`."""
    parser = subparsers.add_parser("etas", help="fit, simulate and check the temporal ETAS model")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_fit(actions)
    simulating = actions.add_parser(
        "simulate", help="draw synthetic catalogs", description=simulate.DESCRIPTION
    )
    simulate.add_arguments(simulating)
    scoring = actions.add_parser(
        "score",
        help="log-likelihood of a fitted model on the windows of a catalog",
        description="Score train, validation and test windows, and compare with a Poisson process "
        "of the train window's rate.",
    )
    scoring.add_argument(
        "--model", type=Path, required=True, metavar="FILE", help="etas.json of `recast etas fit`"
    )
    add_catalog(scoring)
    add_selection(scoring)
    add_out(scoring, "etas_score")
    scoring.set_defaults(run=run_score)
    checking = actions.add_parser(
        "residuals",
        help="residual analysis and background probabilities",
        description=residuals.DESCRIPTION,
    )
    residuals.add_arguments(checking, "etas_residuals")


def run_score(args: argparse.Namespace) -> int:
    """Score all windows of a catalog."""
    from catalogs import load
    from catalogs.files import read_json
    from etas import ETAS
    from recast.models.etas_report import score_catalog

    catalog = selected(load(args.catalog), args)
    protocol = str(read_json(args.model).get("protocol", "unknown"))
    scores = score_catalog(catalog, ETAS.load(args.model), protocol)
    print(scores)
    out = args.out or Path("runs/etas_score") / catalog.info.name
    path = scores.write(out)
    if not args.no_plots:
        from recast.report.window import score_plot

        score_plot(scores.model, catalog, out)
    print(f"written: {path}")
    return 0
