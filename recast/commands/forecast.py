"""`recast forecast`: the next day, week and month; and how good such forecasts have been."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import (
    add_completeness_history,
    add_leak,
    add_magnitudes_of_nets,
    add_model,
    add_no_plots,
    add_out,
    add_place,
    add_resume,
    add_samples,
    add_scheduler,
    add_seed,
    add_selection,
    add_threads,
    add_workers,
    check_counts,
    chunk_progress,
    selected,
    typed,
    warn_of_gaps,
    without_where,
)
from recast.commands.printing import in_options

ROLLING_SAMPLES, EXAM_SAMPLES = 1000, 500

EXAM_OUT = Path("runs/aftershocks")

ONE = (
    *("model", "at", "place", "cell", "regime", "b", "maximum_magnitude"),
    "completeness_history",
)
"""Options of a single forecast, None if not given."""

SINGLE = ("days", "magnitudes", "max_events", *ONE)
"""Options of forecasts other than rolling ones, likewise."""

SELECTION = ("area", "start", "end", "completeness", "splits", "fractions")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast forecast`."""
    parser = subparsers.add_parser(
        "forecast",
        help="numbers and probabilities of future earthquakes",
        description="Simulate continuations of a catalog after a date, and write the expected "
        "number of events with its 95 % range and the probability of one or more, by window and "
        "magnitude: forecast.json, forecast.csv and a plot. Where the catalog has the outcome, it "
        "is shown and scored. Without --model: ETAS, fitted to everything before that date. With "
        "--rolling: forecast consecutive windows with the models of a benchmark, and score them. "
        "With --after-mainshocks: forecast the hours and days after each large event so far, with "
        "models that are fitted before it, and score them.",
    )
    parser.add_argument(
        "--catalog",
        nargs="+",
        metavar="NAME",
        help="name or path of a catalog; with --rolling or --after-mainshocks of several",
    )
    add_model(parser, required=False)
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="date (or plain day) of the forecast, or now (default: catalog's end)",
    )
    parser.add_argument(
        "--days",
        type=float,
        nargs="+",
        metavar="N",
        help="lengths of the windows, all starting at that date (default: 1 7 30)",
    )
    parser.add_argument(
        "--magnitudes",
        type=float,
        nargs="+",
        metavar="M",
        help="count events at or above these (default: completeness, and whole numbers up to 7, at "
        "most six units higher, or to the largest so far; with --after-mainshocks completeness, "
        "and one and two units above it)",
    )
    add_samples(parser, None)
    add_seed(parser)
    parser.add_argument(
        "--fixed-parameters",
        action="store_true",
        help="use the best parameters only, without their uncertainty",
    )
    parser.add_argument(
        "--uncorrected",
        action="store_true",
        help="simulate ETAS as it is (default: ranges are as wide as past errors, and numbers are "
        "corrected by these; after a mainshock by the aftershocks so far, too, and at first, and "
        "for large events as long as small ones are missed, they follow past sequences)",
    )
    parser.add_argument(
        "--regime",
        type=str.upper,
        metavar="NAME",
        help="tectonic regime, as SZ-GENERIC, whose mainshocks say what to expect of this one's "
        "aftershocks (default: those of California and Italy, and for past sequences ANSR-SHALCON)",
    )
    parser.add_argument(
        "--b",
        type=float,
        metavar="B",
        help="b-value of all magnitudes, of ETAS and Poisson (default: that of --model, or "
        "estimated, and from one unit above completeness on that of the large events)",
    )
    parser.add_argument(
        "--maximum-magnitude",
        type=float,
        metavar="M",
        help="largest magnitude simulated, by ETAS and Poisson (default: that of --model, or 8, or "
        "one unit above the largest so far)",
    )
    add_completeness_history(parser, "constant, or that of --model")
    add_magnitudes_of_nets(parser)
    add_leak(parser)
    add_place(parser, "the mean epicentre of the catalog")
    parser.add_argument(
        "--csep",
        action="store_true",
        help="also write the simulated catalogs over the longest window in the CSEP format, "
        "forecast_csep.csv: some 60 bytes an event",
    )
    parser.add_argument(
        "--places",
        action="store_true",
        help="also forecast where: expected numbers by cell over the longest window as CSEP's .dat "
        "and GeoJSON, and a map",
    )
    parser.add_argument(
        "--cell",
        type=float,
        metavar="DEGREES",
        help="size of the cells of --places (default: 0.1; less in an area smaller than 0.5, more "
        "in one of over 30,000 such cells)",
    )
    add_no_plots(parser)
    parser.add_argument(
        "--max-events",
        type=int,
        metavar="N",
        help="cut a trajectory off there, and report it (default: ten times the events of the "
        "busiest window of that length so far, and at least 10,000)",
    )
    add_threads(parser)
    add_workers(parser, "processes of dask that draw (default: this one)")
    add_scheduler(parser)
    add_resume(parser)
    add_out(
        parser, f"runs/forecast/NAME; with --run the folder RUN, else after mainshocks {EXAM_OUT}"
    )
    add_selection(parser)
    group = parser.add_argument_group("rolling forecasts, and forecasts after mainshocks")
    group.add_argument(
        "--rolling",
        type=float,
        nargs="?",
        const=14.0,
        metavar="DAYS",
        help="forecast consecutive windows of the test window (default length: 14 days) with the "
        "models of a benchmark, and write rolling.json there",
    )
    group.add_argument(
        "--windows", type=int, metavar="N", help="number of windows (default: all that fit)"
    )
    group.add_argument(
        "--after-mainshocks",
        type=float,
        nargs="?",
        const=5.0,
        metavar="M",
        help="forecast 1, 6, 24, 72 and 168 hours after each event >= M (default: 5) of the "
        "validation and test windows with no larger event in the 30 days before it and 20 events "
        "or more in the day after it, and write aftershocks.json; every model is fitted again on "
        "all data up to the day before",
    )
    group.add_argument(
        "--hours",
        type=float,
        nargs="+",
        metavar="N",
        help="forecast so long after each mainshock (default: 1 6 24 72 168)",
    )
    group.add_argument(
        "--no-refit",
        action="store_true",
        help="use models as they are fitted on the train window, or as they are in RUN",
    )
    group.add_argument(
        "--parameter-uncertainty",
        action="store_true",
        help="after mainshocks: draw the parameters too, as forecasts in ordinary times do",
    )
    group.add_argument(
        "--run", dest="folder", type=Path, metavar="RUN", help="the --out folder of a benchmark"
    )
    group.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="some of its models (default: all); after mainshocks without --run, names of models "
        "(default: etas recast)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make one forecast, rolling ones, or those after mainshocks."""
    from catalogs import InputError

    check_counts(args, "samples", "threads", "workers", "windows", "max_events")
    if args.after_mainshocks is not None:
        return _after_mainshocks(args)
    for name in ("hours", "no_refit", "parameter_uncertainty"):
        if getattr(args, name):
            option = name.replace("_", "-")
            raise InputError(f"--{option} goes with --after-mainshocks: add that, or leave it out")
    return _single(args) if args.rolling is None else _rolling(args)


def _single(args: argparse.Namespace) -> int:
    from catalogs import InputError, load
    from recast.forecast.make import run_forecast
    from recast.models.saved import load_model

    for name in ("folder", "models", "windows"):
        if getattr(args, name) is not None:
            option = "run" if name == "folder" else name
            modes = "--rolling" if name == "windows" else "--rolling or --after-mainshocks"
            raise InputError(f"--{option} goes with {modes}: add that, or leave it out")
    if args.catalog is None:
        raise InputError("a forecast needs a catalog: add --catalog NAME")
    if len(args.catalog) > 1:
        raise InputError(f"--catalog {' '.join(args.catalog)}: a forecast is of one, name that")
    if args.place is not None and not args.csep:
        raise InputError("--place is for the CSEP file: add --csep, or leave it out")
    model = None if args.model is None else load_model(*args.model)
    catalog = selected(load(args.catalog[0]), args, any_splits=True)
    name = catalog.info.name
    out = args.out or Path("runs/forecast") / name
    warn_of_gaps(catalog, complete=False)  # which the forecast says itself
    done = run_forecast(
        catalog,
        model,
        at=args.at,
        days=args.days or (1.0, 7.0, 30.0),
        magnitudes=args.magnitudes,
        samples=args.samples,
        seed=args.seed,
        max_events=args.max_events,
        fixed_parameters=args.fixed_parameters,
        uncorrected=args.uncorrected,
        regime=args.regime,
        b=args.b,
        maximum_magnitude=args.maximum_magnitude,
        completeness_history=args.completeness_history,
        own_magnitudes=args.own_magnitudes,
        allow_leak=args.allow_leak,
        threads=args.threads,
        workers=args.workers or 1,
        scheduler=args.scheduler,
        resume=args.resume,
        out=out,
        csep=args.csep,
        place=None if args.place is None else tuple(args.place),
        places=args.places,
        cell=args.cell,
        command=typed(without_where(args.argv)),
        progress=chunk_progress(name),
    )
    if not args.no_plots:
        from recast.plots.style import save

        save(done.plot(catalog), out / "forecast.png")
        if done.places is not None and done.places.half_km2 > 0.0:
            save(done.map(catalog, out), out / "forecast_map.png")
    print(in_options(str(done), vars(args)))
    print(f"written: {out / 'forecast.json'} and files beside it")
    return 0


def _rolling(args: argparse.Namespace) -> int:
    from catalogs import InputError
    from recast.benchmark.run import run_rolling
    from recast.forecast.rolling import Rolling
    from recast.forecast.rolling_results import RollingCatalog
    from recast.plots.forecasts import rolling_forecasts
    from recast.plots.style import save

    args.spelled = {"days": "--rolling", "model": "--models"}
    given = [name for name in (*SINGLE, *SELECTION) if getattr(args, name) is not None]
    given += [name for name in ("csep", "places") if getattr(args, name)]
    if given:
        option = given[0].replace("_", "-")
        raise InputError(f"--{option} is for a single forecast: leave out that or --rolling")
    if args.folder is None:
        raise InputError("--rolling needs the models of a benchmark: add --run RUN, its --out")
    if args.out is not None:
        raise InputError("--out: rolling.json is written to the folder of --run; leave it out")

    def show(name: str, rolled: RollingCatalog) -> None:
        if not args.no_plots:
            figure = rolling_forecasts(name, rolled, args.rolling)
            save(figure, args.folder / name / "rolling.png")
        print(rolled.table(name), end="\n\n", flush=True)

    run_rolling(
        args.folder,
        Rolling(args.rolling, args.samples or ROLLING_SAMPLES, args.windows, args.seed),
        catalogs=args.catalog,
        models=args.models,
        parameter_uncertainty=not args.fixed_parameters,
        own_magnitudes=args.own_magnitudes,
        allow_leak=args.allow_leak,
        threads=args.threads,
        workers=args.workers or 1,
        scheduler=args.scheduler,
        resume=args.resume,
        command=typed(without_where(args.argv)),
        done=show,
        progress=chunk_progress("rolling"),
    )
    print(f"written: {args.folder / 'rolling.json'}")
    return 0


def _after_mainshocks(args: argparse.Namespace) -> int:
    from recast.benchmark.aftershocks import run_aftershock_exam
    from recast.forecast.aftershock_results import AftershockCatalog
    from recast.plots.aftershocks import aftershock_forecasts
    from recast.plots.style import save

    _check_after_mainshocks(args)
    out = args.out or args.folder or EXAM_OUT

    def show(name: str, found: AftershockCatalog) -> None:
        if not args.no_plots:
            save(aftershock_forecasts(found.sequences), out / name / "aftershocks.png")
        print(in_options(found.table(name), vars(args)), end="\n\n", flush=True)

    run_aftershock_exam(
        args.catalog,
        args.models,
        args.after_mainshocks,
        out,
        run=args.folder,
        refit=not args.no_refit,
        **{name: getattr(args, name) for name in ("hours", "days") if getattr(args, name)},
        magnitudes=args.magnitudes,
        samples=args.samples or EXAM_SAMPLES,
        seed=args.seed,
        max_events=args.max_events,
        uncorrected=args.uncorrected,
        parameter_uncertainty=args.parameter_uncertainty,
        own_magnitudes=args.own_magnitudes,
        allow_leak=args.allow_leak,
        threads=args.threads,
        workers=args.workers or 1,
        scheduler=args.scheduler,
        resume=args.resume,
        select=lambda catalog: selected(catalog, args),
        command=typed(without_where(args.argv)),
        done=show,
        progress=chunk_progress("after mainshocks", what="forecasts"),
    )
    print(f"written: {out / 'aftershocks.json'}")
    return 0


def _check_after_mainshocks(args: argparse.Namespace) -> None:
    """Refuse what has no effect after mainshocks."""
    from catalogs import InputError

    if args.rolling is not None:
        raise InputError("--rolling and --after-mainshocks are two ways to forecast: leave out one")
    given = [name for name in ONE if getattr(args, name) is not None]
    given += [name for name in ("csep", "places") if getattr(args, name)]
    if given:
        option = given[0].replace("_", "-")
        raise InputError(
            f"--{option} is for a single forecast: leave out that or --after-mainshocks"
        )
    if args.windows is not None:
        raise InputError("--windows goes with --rolling: leave it out")
    if args.fixed_parameters:
        raise InputError(
            "--fixed-parameters is the default after mainshocks: leave it out; "
            "--parameter-uncertainty is the opposite"
        )
    if args.folder is None and args.catalog is None:
        raise InputError("--after-mainshocks needs --catalog NAME, or --run RUN of a benchmark")
    selection = [name for name in SELECTION if getattr(args, name) is not None]
    if args.folder is not None and selection:
        raise InputError(f"--{selection[0]} is for --catalog NAME: leave out that or --run")
