"""`recast residuals`: does a fitted model describe the observed events?"""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import (
    add_catalog,
    add_model,
    add_no_plots,
    add_out,
    add_seed,
    add_selection,
    check_counts,
    selected,
    typed,
)

PARTS = ("train", "val", "test")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast residuals`."""
    parser = subparsers.add_parser(
        "residuals",
        help="goodness of fit of any saved model",
        description="Transform the event times of a window by the compensator: under the true "
        "model they are a Poisson process of rate 1, which is tested by Kolmogorov-Smirnov and "
        "runs tests and by the autocorrelation of intervals. For ETAS, the probability that each "
        "event is background is computed as well. With --places the law of places is tested, too.",
    )
    add_model(parser)
    add_catalog(parser)
    parser.add_argument(
        "--split", choices=PARTS, default="test", help="which window (default: %(default)s)"
    )
    parser.add_argument(
        "--places",
        action="store_true",
        help="also test where events happen, from the law of places that the model was fitted with "
        "(`recast benchmark --places`, `recast etas fit --space`), and map where more or fewer "
        "came than expected",
    )
    add_seed(parser, stated=False)
    add_selection(parser)
    add_out(parser, "runs/residuals/NAME")
    add_no_plots(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Test the residuals of one window, and find the background events if the model is ETAS."""
    from dataclasses import replace

    from catalogs import InputError, load
    from catalogs.files import write_json
    from recast.models.saved import load_model
    from recast.report.residuals import place_report, residual_report

    if args.seed is not None:
        check_counts(args)
        if not args.places:
            raise InputError("--seed is for --places: add that, or leave it out")

    catalog = selected(load(args.catalog), args)
    model = load_model(*args.model).on(catalog, fit=True)
    done = residual_report(model, catalog, args.split, command=typed(args.argv))
    found = place_report(model, catalog, args.split, seed=args.seed or 0) if args.places else None
    if found is not None:
        done = replace(done, places=found.residuals)
    name, window = catalog.info.name, catalog.split()[args.split]
    print(done)
    out = args.out or Path("runs/residuals") / name
    write_json(out / "residuals.json", done.to_json())
    if not args.no_plots:
        from recast.plots.place_residuals import place_plots
        from recast.plots.window import window_plots

        title = f"{catalog.info.title or name}: {args.split} window"
        window_plots(model.process, catalog, window, title, out, label=model.kind.name)
        if found is not None:
            place_plots(found, catalog.area, f"{title}, {model.kind.name}", out)
    print(f"written: {out / 'residuals.json'}" + ("" if args.no_plots else " and plots beside it"))
    return 0
