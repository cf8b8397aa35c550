"""`recast etas fit`: maximum likelihood, with errors, scores and tests."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recast.commands.options import (
    add_catalog,
    add_completeness_history,
    add_no_plots,
    add_out,
    add_seed,
    add_selection,
    selected,
    typed,
    warn_of_gaps,
)

if TYPE_CHECKING:
    from catalogs import Catalog


def add_fit(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast etas fit`."""
    fit = actions.add_parser(
        "fit",
        help="maximum likelihood on the train window of a catalog",
        description="Fit mu, k, alpha, c and p with standard errors, print them with the scores of "
        "all windows, and write etas.json and plots.",
    )
    add_catalog(fit)
    fit.add_argument(
        "--fit-to",
        choices=("train", "train+val", "all"),
        default="train",
        help="fit the train window; train and validation as one; or all, for a forecast or where "
        "there are too few events to split (default: %(default)s)",
    )
    fit.add_argument(
        "--fix",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="fix mu, k, alpha, c, p or taper (with --space also d, gamma or q) at a value, as in "
        "p=1.1 or alpha=0; may be repeated",
    )
    fit.add_argument(
        "--taper", action="store_true", help="let triggering also decay as exp(-t / taper)"
    )
    add_completeness_history(fit)
    fit.add_argument(
        "--large",
        type=float,
        metavar="M",
        help="with helmstetter: events of magnitude M or more hide smaller ones (default: those "
        "that do so for a minute or more)",
    )
    fit.add_argument(
        "--prior",
        metavar="NET",
        help="for few events: use the parameters of the regions that a pretrained net ('shipped' "
        "or a checkpoint) was trained on as a prior, and find the mode of the posterior",
    )
    fit.add_argument(
        "--random-starts",
        type=int,
        default=0,
        metavar="N",
        help="also fit from N random starting points (default: 0)",
    )
    add_seed(fit, stated=False)
    fit.add_argument(
        "--profile",
        nargs="+",
        default=[],
        metavar="NAME",
        help="compute the profile likelihood of these parameters",
    )
    fit.add_argument(
        "--space",
        action="store_true",
        help="fit times and places: also d, gamma and q, how far offspring fall from their "
        "parents, over smoothed and declustered seismicity; write space.json and a map of "
        "the background",
    )
    add_selection(fit)
    add_out(fit, "runs/etas/NAME")
    add_no_plots(fit)
    fit.set_defaults(run=run_fit)


def _assignment(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        separator = ""
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, as in p=1.1")
    return name.strip(), number


def run_fit(args: argparse.Namespace) -> int:
    """Fit, print and write."""
    from catalogs import InputError, load
    from recast.models.etas_report import fit_catalog

    if args.seed is not None and args.random_starts == 0:
        raise InputError("--seed is for --random-starts: add that, or leave it out")
    catalog = selected(load(args.catalog), args, any_splits=args.fit_to == "all")
    warn_of_gaps(catalog, complete=args.completeness_history is None)
    if args.space:
        return _fit_space(catalog, args)
    result = fit_catalog(
        catalog,
        protocol=args.fit_to,
        fixed=dict(args.fix),
        taper=args.taper,
        completeness_history=args.completeness_history,
        large=args.large,
        prior=args.prior,
        random_starts=args.random_starts,
        seed=args.seed or 0,
        profile=args.profile,
    )
    print(result)
    out = args.out or Path("runs/etas") / catalog.info.name
    path = replace(result, command=typed(args.argv)).write(out)
    if not args.no_plots:
        from recast.plots.window import fit_plots

        fit_plots(
            result, catalog, out, completeness_history=args.completeness_history, large=args.large
        )
    print(f"written: {path}" + ("" if args.no_plots else " and plots beside it"))
    return 0


def _fit_space(catalog: Catalog, args: argparse.Namespace) -> int:
    """Fit times and places, print and write."""
    from catalogs import InputError
    from recast.models.space_report import fit_space

    given = {
        "--taper": args.taper,
        "--prior": args.prior is not None,
        "--random-starts": args.random_starts > 0,
    }
    for option in (option for option, is_given in given.items() if is_given):
        raise InputError(f"{option} is for fits of times alone: leave out that or --space")
    done = fit_space(
        catalog,
        protocol=args.fit_to,
        fixed=dict(args.fix),
        completeness_history=args.completeness_history,
        large=args.large,
        profile=args.profile,
    )
    print(done.result)
    out = args.out or Path("runs/etas") / catalog.info.name
    path = replace(done.result, command=typed(args.argv)).write(out)
    if not args.no_plots:
        from recast.plots.maps import save_map
        from recast.plots.window import profile_plot

        title = f"{catalog.info.title or catalog.info.name}: background"
        area = done.fit.model.region.area
        label = "events a year per cell"
        save_map(
            out / "background_map.png",
            done.grid,
            done.background,
            area=area,
            title=title,
            label=label,
        )
        for profile in done.result.profiles.values():
            profile_plot(profile, done.fit.log_likelihood, catalog.info.name, out)
    print(f"written: {path}" + ("" if args.no_plots else " and plots beside it"))
    return 0
