"""`recast etas fit | simulate | score | residuals`: the baseline on its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands import simulate
from recast.commands.etas_fit import add_fit, add_out, print_scores, window_plots
from recast.commands.selecting import add_selection, selected

PARTS = ("train", "val", "test")


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
    _add_model_and_catalog(scoring, "etas_score")
    scoring.set_defaults(run=run_score)
    checking = actions.add_parser(
        "residuals",
        help="residual analysis and background probabilities",
        description="Transform the event times of a window by the compensator: under a true model "
        "they are a Poisson process of rate 1, tested by Kolmogorov-Smirnov and runs tests.",
    )
    _add_model_and_catalog(checking, "etas_residuals")
    checking.add_argument(
        "--split", choices=PARTS, default="test", help="which window (default: %(default)s)"
    )
    checking.set_defaults(run=run_residuals)


def _add_model_and_catalog(parser: argparse.ArgumentParser, folder: str) -> None:
    parser.add_argument(
        "--model", type=Path, required=True, metavar="FILE", help="JSON of `recast etas fit`"
    )
    parser.add_argument(
        "--catalog", required=True, metavar="NAME", help="name or path of a catalog"
    )
    add_selection(parser)
    add_out(parser, folder)


def run_score(args: argparse.Namespace) -> int:
    """Score all windows of a catalog."""
    from catalogs import load
    from catalogs.jsonfile import write_json
    from etas.poisson import Poisson
    from recast.evaluation import event_terms, score
    from recast.report import etas_plots, plots
    from recast.saved import read_etas

    catalog = selected(load(args.catalog), args)
    model, protocol = read_etas(args.model)
    name, split = catalog.info.name, catalog.split()
    null = Poisson.fit(split.train, model.magnitude_law)
    scores: dict[str, dict[str, Any]] = {}
    for part, window in split.items():
        row, base = score(model, window), score(null, window)
        gain = row.nats_per_event - base.nats_per_event
        scores[part] = {**row.to_json(), "gain_over_poisson": gain}
    out = args.out or Path("runs/etas_score") / name
    record = {"catalog": name, "model": model.to_json(), "protocol": protocol, "splits": scores}
    write_json(out / "score.json", record)
    print(f"model fitted on: {protocol}")
    print_scores(scores)
    if not args.no_plots:
        gains = event_terms(model, split.test) - event_terms(null, split.test)
        title = f"{catalog.info.title or name}: test window"
        figure = etas_plots.cumulative_terms(catalog, split.test, gains, title)
        plots.save(figure, out / "gain_over_poisson.png")
    print(f"written: {out / 'score.json'}")
    return 0


def run_residuals(args: argparse.Namespace) -> int:
    """Residual tests and background of one window."""
    from catalogs import load
    from catalogs.jsonfile import write_json
    from etas.decluster import background_probability
    from etas.residuals import residual_test, transformed_times
    from recast.saved import read_etas

    catalog = selected(load(args.catalog), args)
    model, protocol = read_etas(args.model)
    name, window = catalog.info.name, catalog.split()[args.split]
    test = residual_test(transformed_times(model, window))
    expected = float(model.compensator(window, window.end)[0])
    background = background_probability(model, window)[window.first_scored :]
    out = args.out or Path("runs/etas_residuals") / name
    record = {
        "catalog": name,
        "model": model.to_json(),
        "protocol": protocol,
        "split": args.split,
        "n_events": window.n_scored,
        "expected": expected,
        "residuals": test.to_json(),
        "expected_background": float(background.sum()),
        "background_probability": background.tolist(),
    }
    write_json(out / "residuals.json", record)
    print(f"{args.split}: {window.n_scored:,} events observed, {expected:,.1f} expected")
    print(f"Kolmogorov-Smirnov distance {test.ks_distance:.4f}, p = {test.ks_p:.3g}")
    print(f"runs about the median: z = {test.runs_z:+.2f}, p = {test.runs_p:.3g}")
    print(f"correlation of successive intervals {test.correlation:+.4f}")
    print(f"background: {background.sum():,.1f} events, {100 * background.mean():.1f} %")
    if not args.no_plots:
        title = f"{catalog.info.title or name}: {args.split} window"
        window_plots(model, catalog, window, title, out)
    print(f"written: {out / 'residuals.json'}" + ("" if args.no_plots else " and plots beside it"))
    return 0
