"""`recast etas fit`: maximum likelihood, with all that tells how good it is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.options import add_catalog, add_selection, selected, typed

if TYPE_CHECKING:
    from catalogs import Catalog, EventSequence
    from etas.completeness import CompletenessHistory
    from etas.fit import ETASFit
    from etas.prior import Prior

MOST_STARTS = 10_000
"""Hours of climbing on a large catalog: more is a slip of the hand."""


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
        "--protocol",
        choices=("train", "train+val"),
        default="train",
        help="fit the train window, or train and validation as one; papers do both, and every "
        "output says which (default: %(default)s)",
    )
    fit.add_argument(
        "--fix",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="hold mu, k, alpha, c, p or taper at a value, as in p=1.1 or alpha=0; may be repeated",
    )
    fit.add_argument(
        "--taper", action="store_true", help="let triggering also fade as exp(-t / taper)"
    )
    fit.add_argument(
        "--completeness-history",
        metavar="HOW",
        help="completeness that changes in time: 'helmstetter' for M - 4.5 - 0.75 log10(t) after "
        "each large event (Helmstetter et al. 2006), or a CSV file with columns time (dates, or "
        "days where the catalog uses days) and magnitude, each row holding until the next",
    )
    fit.add_argument(
        "--large",
        type=float,
        metavar="M",
        help="with helmstetter: events from here on hide smaller ones (default: all that do for a "
        "minute or more)",
    )
    fit.add_argument(
        "--prior",
        metavar="NET",
        help="for few events: expect what the regions say that a pretrained net was trained on, "
        "'shipped' or a checkpoint, and find the mode of the posterior",
    )
    fit.add_argument(
        "--random-starts",
        type=_number_of_starts,
        default=0,
        metavar="N",
        help="climb from N random points of the parameter box as well (default: 0)",
    )
    fit.add_argument("--seed", type=int, default=0, help="of the random starts (default: 0)")
    fit.add_argument(
        "--profile",
        nargs="+",
        default=[],
        metavar="NAME",
        help="profile likelihood of these parameters",
    )
    add_selection(fit)
    add_out(fit, "etas")
    fit.set_defaults(run=run_fit)


def add_out(parser: argparse.ArgumentParser, folder: str) -> None:
    """Where results go."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"where to write JSON and plots (default: runs/{folder}/NAME)",
    )
    parser.add_argument("--no-plots", action="store_true", help="write JSON only")


def _assignment(text: str) -> tuple[str, float]:
    name, separator, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        separator = ""
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, as in p=1.1")
    return name.strip(), number


def _number_of_starts(text: str) -> int:
    """So many as one can wait for: each takes about as long as a fit."""
    try:
        number = int(text)
    except ValueError:
        number = MOST_STARTS + 1
    if number > MOST_STARTS:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number up to {MOST_STARTS}")
    return number


def run_fit(args: argparse.Namespace) -> int:
    """Fit, score and write."""
    import numpy as np

    from catalogs import InputError, load
    from catalogs.files import write_json
    from etas.completeness import law_above
    from etas.fit import fit_etas, fitting_sequence
    from etas.profile import profile_likelihood
    from etas.starting_points import random_starts, standard_starts
    from recast.evaluation import score
    from recast.models.environment import describe
    from recast.models.seen import seen_by_fit, to_json

    if min(args.seed, args.random_starts) < 0:
        raise InputError(
            f"--seed {args.seed} and --random-starts {args.random_starts}: give 0 or more"
        )
    catalog = selected(load(args.catalog), args)
    name, split = catalog.info.name, catalog.split()
    sequence, law = fitting_sequence(split, args.protocol), catalog.magnitude_law()
    completeness = _completeness(args, catalog, sequence)
    if completeness is not None:
        law = law_above(
            sequence,
            completeness,
            law,
            bin_width=catalog.info.magnitude_bin,
            strict=catalog.info.completeness_is_strict,
        )
    fixed = dict(args.fix)
    starts = standard_starts(sequence, fixed)
    if args.random_starts:
        rng = np.random.default_rng(args.seed)
        starts += random_starts(sequence, args.random_starts, rng)
    fit = fit_etas(
        sequence,
        law,
        starts=starts,
        fixed=fixed,
        taper=args.taper,
        completeness=completeness,
        prior=_prior(args, catalog),
        protocol=args.protocol,
    )
    scores: dict[str, dict[str, Any]] = {
        part: score(fit.model, window).to_json() for part, window in split.items()
    }
    profiles = [
        profile_likelihood(fit, sequence, parameter, completeness=completeness)
        for parameter in args.profile
    ]
    out = args.out or Path("runs/etas") / name
    record = {
        "command": typed(args.argv),
        "environment": describe(),
        "catalog": name,
        "fitted_on": to_json(seen_by_fit(catalog, args.protocol)),
        **fit.to_json(),
        "completeness": args.completeness_history,
        "prior": args.prior,
        "splits": scores,
        "profiles": {profile.name: profile.to_json() for profile in profiles},
    }
    write_json(out / "etas.json", record)
    _print_fit(fit, scores)
    if completeness is not None:
        left_out = sequence.n_scored - fit.n_events
        print(f"{left_out:,} events below Mc(t) left out; the scores above use all events")
    for profile in profiles:
        low, high = ("-" if x is None else f"{x:.6g}" for x in profile.interval)
        print(f"profile likelihood of {profile.name}: 95 % from {low} to {high}")
    if not args.no_plots:
        _fit_plots(fit, catalog, sequence, out)
        _profile_plots(fit, profiles, name, out)
    print(f"written: {out / 'etas.json'}" + ("" if args.no_plots else " and plots beside it"))
    return 0


def _completeness(
    args: argparse.Namespace, catalog: Catalog, sequence: EventSequence
) -> CompletenessHistory | None:
    from catalogs import InputError
    from etas.completeness import CompletenessHistory, read_completeness

    base = catalog.info.magnitude_completeness
    if args.completeness_history is None:
        if args.large is not None:
            raise InputError("--large goes with --completeness-history helmstetter: add that")
        return None
    if args.completeness_history == "helmstetter":
        return CompletenessHistory.helmstetter(sequence, base, minimum_magnitude=args.large)
    return read_completeness(Path(args.completeness_history), catalog.info)


def _prior(args: argparse.Namespace, catalog: Catalog) -> Prior | None:
    from catalogs import InputError
    from catalogs.checks.extent import check_unseen

    if args.prior is None:
        return None
    if args.profile:
        raise InputError("--profile is of the likelihood alone: leave out that or --prior")
    from etas.fit import fit_etas
    from recast.net.scaling import Scaling
    from recast.pretrained import etas_prior, seen

    check_unseen(seen(args.prior), catalog, f"net {args.prior}")
    alone = fit_etas(catalog.split().train, catalog.magnitude_law()).model
    prior = etas_prior(args.prior, Scaling.of(catalog, alone))
    if prior is None:
        raise InputError(
            f"--prior {args.prior}: its net knows this catalog, or too few others: leave it out"
        )
    return prior


def _print_fit(fit: ETASFit, scores: dict[str, dict[str, Any]]) -> None:
    print(f"fitted on {fit.protocol}: {fit.n_events:,} events in {fit.days:,.0f} days")
    names = ("mu", "k", "alpha", "c", "p") + (("taper",) if fit.model.taper is not None else ())
    print(f"{'':>6} {'estimate':>12} {'std. error':>12}   95 % interval")
    for name in names:
        value = getattr(fit.model, name)
        if name in fit.fixed:
            note = "fixed"
        elif name in fit.bound_reasons:
            note = f"on its bound: {fit.bound_reasons[name]}"
        elif fit.uncertainty is None:
            note = "no error: the likelihood is flat here"
        else:
            low, high = fit.uncertainty.interval(name)
            note = f"{fit.uncertainty.standard_error(name):12.3g}   {low:.6g} to {high:.6g}"
        print(f"{name:>6} {value:12.6g} {note}")
    law, test = fit.model.magnitude_law, fit.residuals
    print(f"b-value {law.b:.3f} above M {law.completeness:g}")
    print(f"branching ratio {fit.branching_ratio:.4f} over {fit.days:,.0f} days")
    print(f"expected events {fit.expected:.1f}, observed {fit.n_events}")
    print(f"residuals: KS p = {test.ks_p:.2g}, runs p = {test.runs_p:.2g}")
    print_scores(scores)
    state = "converged" if fit.converged else "NOT converged"
    print(f"{state}: gradient {fit.gradient_norm:.1e} nats/event, {fit.evaluations} evaluations")


def print_scores(scores: dict[str, dict[str, Any]]) -> None:
    """A line for each window."""
    for part, row in scores.items():
        gain = row.get("gain_over_poisson")
        print(
            f"{part:>6} {row['n_events']:>8,} events {row['nats_per_event']:10.4f} nats/event "
            f"{row['nll_per_day']:12.5f} NLL/day"
            + ("" if gain is None else f" {gain:+10.4f} nats/event over Poisson")
        )


def _fit_plots(fit: ETASFit, catalog: Catalog, sequence: EventSequence, out: Path) -> None:
    from recast.plots import catalogs as catalog_plots
    from recast.plots import style
    from recast.plots.window import window_plots

    law, name = fit.model.magnitude_law, catalog.info.title or catalog.info.name
    window_plots(fit.model, catalog, sequence, f"{name}: fitted on {fit.protocol}", out)
    magnitudes = sequence.magnitudes[sequence.first_scored :]
    figure = catalog_plots.frequency_magnitude(magnitudes, law, catalog.info.magnitude_bin, name)
    style.save(figure, out / "frequency_magnitude.png")


def _profile_plots(fit: ETASFit, profiles: list[Any], name: str, out: Path) -> None:
    from recast.plots import counts as etas_plots
    from recast.plots import style

    for profile in profiles:
        drops = profile.log_likelihoods - fit.log_likelihood
        figure = etas_plots.profile(profile.values, drops, profile.name, name)
        style.save(figure, out / f"profile_{profile.name}.png")
