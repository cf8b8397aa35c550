"""`recast benchmark`: which model explains the test events better?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from recast.commands.config import with_config
from recast.commands.options import (
    add_config,
    add_resume,
    add_samples,
    add_selection,
    add_workers,
    check_counts,
    chunk_progress,
    selected,
    typed,
    warn_of_gaps,
    without_where,
)
from recast.commands.printing import in_options, print_json

if TYPE_CHECKING:
    from catalogs import Catalog
    from recast.benchmark.comparison import Comparison
    from recast.benchmark.results import BenchmarkResult
    from recast.benchmark.run import Done

DEFAULT_CATALOGS = ("ridgecrest_2019", "synthetic_socal")
FORMATS = ("text", "csv", "latex", "json")
SAMPLES = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast benchmark`."""
    parser = subparsers.add_parser(
        "benchmark",
        help="fit models on catalogs and compare them on the test window",
        description="Fit each model on the train window of each catalog, score train, validation "
        "and test windows, and write a table, plots and benchmark.json. Without arguments: the "
        "embedded Ridgecrest sequence and a synthetic catalog whose true parameters are known.",
    )
    parser.add_argument(
        "--catalog",
        nargs="+",
        metavar="NAME",
        help="names or paths of catalogs; `recast catalogs list` shows those available (default: "
        "those of --protocol, or ridgecrest_2019 and synthetic_socal)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="names of models; `--list-models` shows those available (default: Poisson, ETAS, "
        "RECAST as published, and the default RECAST); or files of fitted models, which are "
        "compared as they are",
    )
    parser.add_argument(
        "--list-models", action="store_true", help="list the available models, and exit"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        help="fit models that depend on a seed this many times and average their scores; with more "
        "than one, the mixture of the nets is scored too, as MODEL-ensemble (default: 1)",
    )
    add_workers(parser, "number of processes that train (default: one per core, or one with a GPU)")
    parser.add_argument(
        "--pretrained",
        metavar="CKPT",
        help="net of the zero-shot models (used with the ETAS of each train window) and few-shot "
        "models (fine-tuned on it): a checkpoint of `recast fit` (default: the net that comes with "
        "the package)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/benchmark"),
        metavar="DIR",
        help="where to write benchmark.json, fitted models and plots (default: %(default)s)",
    )
    parser.add_argument(
        "--trimmed",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="also fit to the last N events before the test window, for each N, and write the "
        "scores to trimmed.json: would a model gain from more data?",
    )
    parser.add_argument(
        "--places",
        action="store_true",
        help="also fit where events happen, and score their places, for catalogs with locations",
    )
    parser.add_argument(
        "--protocol",
        metavar="NAME",
        help="follow a named protocol, and show what was published under it: recast (any catalog "
        "as its record has it), paper (catalogs scedc, white, qtm_salton_sea, qtm_san_jacinto, as "
        "in the RECAST paper), earthquakenpp (catalogs scedc_20, salton_sea_10, white_06; implies "
        "--places)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="train for one epoch only, to check that everything works; scores mean nothing",
    )
    add_resume(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="how results are printed: text, csv (a row per catalog, model, window and score), "
        "latex (a table of the test windows), or json (that of benchmark.json); default: text",
    )
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of benchmark.json, and exit"
    )
    add_selection(parser)
    group = parser.add_argument_group("rolling forecasts")
    group.add_argument(
        "--rolling",
        type=float,
        nargs="?",
        const=14.0,
        metavar="DAYS",
        help="forecast consecutive windows of the test window (default length: 14 days) with every "
        "model, and write rolling.json; `recast forecast --rolling` has more options",
    )
    group.add_argument(
        "--windows", type=int, metavar="N", help="number of windows (default: all that fit)"
    )
    add_samples(group, None)
    add_config(parser)
    parser.set_defaults(run=lambda args: run(with_config(args, parser)))


def run(args: argparse.Namespace) -> int:
    """Benchmark every catalog, printing after each."""
    import sys

    from catalogs import InputError
    from recast.benchmark.run import run_benchmark
    from recast.forecast.rolling import Rolling
    from recast.models.kind import PRETRAINED
    from recast.models.registry import DEFAULT, model_kind

    if args.list_models or args.schema:
        return _show_only(args)
    check_counts(args, "seeds", "workers", "samples", "windows")
    rolling = None
    if args.rolling is not None:
        rolling = Rolling(args.rolling, args.samples or SAMPLES, args.windows)
    elif args.windows is not None or args.samples is not None:
        raise InputError("--windows and --samples go with --rolling: add that, or leave them out")
    models = args.models or DEFAULT
    kinds = [model_kind(name) for name in models]
    if args.pretrained is not None and not any(kind.uses_pretrained for kind in kinds):
        raise InputError(f"--pretrained {args.pretrained}: none of the models starts from it")
    if not any(kind.seeded for kind in kinds):
        given = {
            f"--seeds {args.seeds}": args.seeds > 1,
            f"--workers {args.workers}": args.workers is not None,
            "--quick": args.quick,
        }
        for option in (option for option, is_given in given.items() if is_given):
            raise InputError(f"{option} is for models that are trained, as nets are: leave it out")
    result = run_benchmark(
        args.catalog or _catalogs_of(args.protocol),
        models,
        args.out,
        seeds=args.seeds,
        quick=args.quick,
        resume=args.resume,
        workers=args.workers,
        pretrained=args.pretrained or PRETRAINED,
        sizes=args.trimmed,
        rolling=rolling,
        places=args.places,
        protocol=args.protocol,
        select=lambda catalog: _selected(catalog, args),
        command=typed(without_where(args.argv)),
        done=lambda done: _show(done, args),
        progress=chunk_progress("rolling"),
    )
    if args.quick and any(kind.is_neural for kind in kinds):
        print("These are --quick scores: the nets are hardly trained.", file=sys.stderr)
    print_results(args.format, result)
    said = sys.stdout if args.format == "text" else sys.stderr  # the table alone can be redirected
    print(f"written: {args.out / 'benchmark.json'}, models and plots beside it", file=said)
    return 0


def _show_only(args: argparse.Namespace) -> int:
    """List the models, or print the schema."""
    from catalogs import InputError
    from recast.benchmark.schema import benchmark_schema
    from recast.models.registry import model_kinds

    option, does = ("--schema", "prints it") if args.schema else ("--list-models", "lists them")
    if args.argv[1:] != [option]:
        raise InputError(f"{option} only {does}: leave out that or all other options")
    if args.schema:
        print_json(benchmark_schema())
        return 0
    width = max(map(len, model_kinds()))
    for name, kind in model_kinds().items():
        print(f"{name:<{width}}  {kind.about}")
    return 0


def _catalogs_of(protocol: str | None) -> tuple[str, ...]:
    """The catalogs that are benchmarked where none is named."""
    from recast.benchmark.protocols import protocol_named

    fixed = () if protocol is None else protocol_named(protocol).catalogs
    return fixed or DEFAULT_CATALOGS


def print_results(form: str, result: BenchmarkResult) -> None:
    """Print a finished benchmark; the text was printed catalog by catalog."""
    from recast.benchmark.tables import as_csv, as_latex, score_rows

    if form == "json":
        print_json(result.to_json())
    elif form == "csv":
        print(as_csv(score_rows(result)), end="")
    elif form == "latex":
        print(as_latex(result), end="")


def _selected(catalog: Catalog, args: argparse.Namespace) -> Catalog:
    """The part of a catalog that is benchmarked; what is odd about it is said before any fit."""
    part = selected(catalog, args)
    warn_of_gaps(part)
    return part


def _show(done: Done, args: argparse.Namespace) -> None:
    """Draw the plots of a catalog, and print its table where results are printed as text."""
    from recast.models.registry import REFERENCE
    from recast.plots.catalogs import magnitude_time
    from recast.plots.forecasts import rolling_forecasts
    from recast.plots.scores import cumulative_gain
    from recast.plots.style import save

    comparison, out, days = done.comparison, args.out, args.rolling
    catalog, name = comparison.catalog, comparison.name
    quiet = args.format != "text"
    title = catalog.info.title or name
    save(magnitude_time(catalog, comparison.split, title), out / name / "magnitude_time.png")
    if REFERENCE in comparison.terms:
        heading = f"{title}: test window"
        figure = cumulative_gain(catalog, comparison.split.test, comparison.terms, heading)
        save(figure, out / name / "cumulative_gain.png")
    _map_gains(comparison, title, out / name)
    if not quiet:
        print(in_options(comparison.result.table(name), vars(args)), end="\n\n", flush=True)
    if done.rolling is not None and days is not None:
        save(rolling_forecasts(name, done.rolling, days), out / name / "rolling.png")
        if not quiet:
            print(in_options(done.rolling.table(name), vars(args)), end="\n\n", flush=True)


def _map_gains(comparison: Comparison, title: str, out: Path) -> None:
    """Draw where each model places events better than ETAS."""
    from catalogs.grid import Grid, map_step
    from recast.models.registry import NULL, REFERENCE
    from recast.plots.maps import gain_map
    from recast.plots.style import save

    reference, test = comparison.places.get(REFERENCE), comparison.split.test
    if reference is None or test.locations is None:
        return
    area = comparison.catalog.area
    for name, terms in comparison.places.items():
        if name not in {NULL, REFERENCE}:
            figure = gain_map(
                Grid.over(area, map_step(area)),
                terms - reference,
                test.locations[test.first_scored :],
                area=area,
                title=f"{title}: {name} over {REFERENCE}, places of the test window",
            )
            save(figure, out / f"place_gain_{name}.png")
