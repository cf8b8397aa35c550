"""`recast etas fit`: the baseline on its own."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast etas fit`."""
    parser = subparsers.add_parser("etas", help="fit the temporal ETAS model")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    fit = actions.add_parser(
        "fit",
        help="maximum likelihood on the train window of a catalog",
        description="Fit mu, k, alpha, c and p on the train window, print them with the scores "
        "of all windows, and write everything as JSON.",
    )
    fit.add_argument("--catalog", required=True, metavar="NAME", help="name or path of a catalog")
    fit.add_argument(
        "--out", type=Path, default=None, metavar="FILE", help="JSON file (default: etas_NAME.json)"
    )
    fit.set_defaults(run=run_fit)


def run_fit(args: argparse.Namespace) -> int:
    """Fit, score and write."""
    from catalogs import load
    from catalogs.jsonfile import write_json
    from etas.fit import fit_etas
    from recast.evaluation import score

    catalog = load(args.catalog)
    name, split = catalog.info.name, catalog.split()
    fit = fit_etas(split.train, catalog.magnitude_law())
    scores = {part: score(fit.model, sequence).to_json() for part, sequence in split.items()}
    out = args.out or Path(f"etas_{name}.json")
    write_json(out, {"catalog": name, "protocol": "train", **fit.to_json(), "splits": scores})
    for parameter in ("mu", "k", "alpha", "c", "p"):
        edge = " (on its bound)" if parameter in fit.at_bound else ""
        print(f"{parameter:>6} {getattr(fit.model, parameter):12.6g}{edge}")
    print(f"branching ratio over {fit.days:.0f} days: {fit.branching_ratio:.4f}")
    print(f"expected events {fit.expected:.1f}, observed {fit.n_events}")
    for part, row in scores.items():
        print(
            f"{part:>6} {row['n_events']:>8,} events {row['nats_per_event']:10.4f} nats/event "
            f"{row['nll_per_day']:12.5f} NLL/day"
        )
    if not fit.converged:
        print(f"not converged: gradient norm {fit.gradient_norm:.1e} nats/event")
    print(f"written: {out}")
    return 0
