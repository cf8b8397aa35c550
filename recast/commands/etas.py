"""`recast etas fit | score`: the baseline on its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands.etas_fit import add_fit, add_out, print_scores
from recast.commands.options import add_catalog, add_selection, selected


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast etas`."""
    parser = subparsers.add_parser("etas", help="fit and score the temporal ETAS model")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_fit(actions)
    scoring = actions.add_parser(
        "score",
        help="log-likelihood of a fitted model on the windows of a catalog",
        description="Score train, validation and test windows, and compare with a Poisson process "
        "of the train window's rate.",
    )
    scoring.add_argument(
        "--model", type=Path, required=True, metavar="FILE", help="JSON of `recast etas fit`"
    )
    add_catalog(scoring)
    add_selection(scoring)
    add_out(scoring, "etas_score")
    scoring.set_defaults(run=run_score)


def run_score(args: argparse.Namespace) -> int:
    """Score all windows of a catalog."""
    from catalogs import load
    from catalogs.files import read_json, write_json
    from etas.poisson import Poisson
    from recast.evaluation import event_terms, score
    from recast.models.saved import load_model
    from recast.plots import counts as etas_plots
    from recast.plots import style

    catalog = selected(load(args.catalog), args)
    fitted = load_model(args.model).on(catalog)
    model, protocol = fitted.process, str(read_json(args.model).get("protocol", "unknown"))
    name, split = catalog.info.name, catalog.split()
    null = Poisson.fit(split.train, model.magnitude_law)
    scores: dict[str, dict[str, Any]] = {}
    for part, window in split.items():
        row, base = score(model, window), score(null, window)
        gain = row.nats_per_event - base.nats_per_event
        scores[part] = {**row.to_json(), "gain_over_poisson": gain}
    out = args.out or Path("runs/etas_score") / name
    record = {"catalog": name, "model": fitted.record, "protocol": protocol, "splits": scores}
    write_json(out / "score.json", record)
    print(f"model fitted on: {protocol}")
    print_scores(scores)
    if not args.no_plots:
        gains = event_terms(model, split.test) - event_terms(null, split.test)
        title = f"{catalog.info.title or name}: test window"
        figure = etas_plots.cumulative_terms(catalog, split.test, gains, title)
        style.save(figure, out / "gain_over_poisson.png")
    print(f"written: {out / 'score.json'}")
    return 0
