"""`recast etas fit | score`: the temporal ETAS model."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.etas_fit import add_fit
from recast.commands.options import add_catalog, add_no_plots, add_out, add_selection, selected


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast etas`."""
    parser = subparsers.add_parser("etas", help="fit and score the temporal ETAS model")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_fit(actions)
    scoring = actions.add_parser(
        "score",
        help="log-likelihood of a fitted model on the windows of a catalog",
        description="Score train, validation and test windows, and compare with a Poisson process "
        "fitted to the train window.",
    )
    scoring.add_argument(
        "--model", type=Path, required=True, metavar="FILE", help="etas.json of `recast etas fit`"
    )
    add_catalog(scoring)
    add_selection(scoring)
    add_out(scoring, "runs/etas_score/NAME")
    add_no_plots(scoring)
    scoring.set_defaults(run=run_score)


def run_score(args: argparse.Namespace) -> int:
    """Score all windows of a catalog."""
    from catalogs import load
    from catalogs.files import read_json
    from etas import ETAS
    from recast.models.etas_report import score_catalog

    catalog = selected(load(args.catalog), args)
    record = read_json(args.model)
    protocol, how = str(record.get("protocol", "unknown")), record.get("completeness")
    model, completeness = ETAS.load(args.model), None if how is None else str(how)
    scores = score_catalog(catalog, model, protocol, completeness)
    print(scores)
    out = args.out or Path("runs/etas_score") / catalog.info.name
    path = scores.write(out)
    if not args.no_plots:
        from recast.plots.window import score_plot

        score_plot(scores.model, catalog, out)
    print(f"written: {path}")
    return 0
