"""`recast benchmark`: which model explains the next earthquakes better?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands import rolling
from recast.commands.config import with_config
from recast.commands.printing import typed
from recast.commands.selecting import add_selection, selected

DEFAULT_CATALOGS = ("ridgecrest_2019", "synthetic_socal")
DEFAULT_MODELS = ("poisson", "etas", "recast-paper", "recast")
HOW = ("seeds", "quick", "resume", "workers", "pretrained")
MODES = {"native": "recast-native", "zero-shot": "recast-zero-shot", "few-shot": "recast-few-shot"}


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
        default=list(DEFAULT_CATALOGS),
        metavar="NAME",
        help="names or paths of catalogs; `recast catalogs list` shows what there is "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=list(DEFAULT_MODELS),
        metavar="MODEL",
        help="poisson, etas, recast-paper (as published), recast (from the net that comes with "
        "the package), recast-native, recast-zero-shot, recast-few-shot (default: %(default)s)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        help="train neural models this many times and average their scores; of more than one the "
        "mixture of the nets is scored too, as MODEL-ensemble (default: 1)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="train in this many processes at once, and with --rolling forecast in as many workers "
        "of dask; changes no result (default: train in one a core, or one in all where there is a "
        "GPU, and forecast on all cores without dask)",
    )
    parser.add_argument(
        "--pretrained",
        metavar="CKPT",
        default="shipped",
        help="the net of recast-zero-shot (with the ETAS of each train window) and recast-few-shot "
        "(fine-tuned there): a checkpoint of `recast fit`, or the one that comes with the package "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--mode",
        nargs="+",
        choices=tuple(MODES),
        help="in place of recast: how the net is used. native: trained on the catalog alone; "
        "zero-shot, few-shot: see --pretrained",
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
        metavar="N",
        help="fit to the last N events before the test window as well, for each N, and write the "
        "scores to trimmed.json: does a model want more data?",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="train for a few epochs only, to see that everything works; scores mean nothing",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the training and the forecasts that an interrupted run left in --out",
    )
    add_selection(parser)
    rolling.add_arguments(parser)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML with these options by name, as in `catalog: [scedc]`; what is given on the "
        "command line goes before",
    )
    parser.set_defaults(run=lambda args: run(with_config(args, parser)))


def run(args: argparse.Namespace) -> int:
    """Benchmark every catalog, writing results after each."""
    import sys

    from catalogs import load
    from catalogs.files import write_json
    from recast.benchmark.comparison import benchmark
    from recast.benchmark.folder import DIAGNOSES
    from recast.benchmark.training_size import check_size, trimmed
    from recast.environment import describe
    from recast.evaluation.diagnosis import save_diagnoses
    from recast.report import catalog_plots, model_plots, style
    from recast.report.table import benchmark_table

    # Whatever is wrong with the input should be said before the first minutes of training.
    catalogs = [selected(load(name), args) for name in args.catalog]
    models = list(args.models)
    if args.mode is not None:
        models = [name for name in models if name not in {"recast", *MODES.values()}]
        models += [MODES[mode] for mode in dict.fromkeys(args.mode)]
    settings = rolling.settings(args, catalogs, models)
    rolled: dict[str, Any] = {}
    for n in args.trimmed or []:
        check_size(n)
    how = {name: getattr(args, name) for name in HOW}
    results = benchmark(catalogs, models, args.out, **how)
    environment = describe()
    result = {
        "version": environment["recast-forecast"],
        "command": typed(args.argv),
        "quick": args.quick,
        "pretrained": args.pretrained,
        "environment": environment,
        "catalogs": {},
    }
    for done, asked in zip(results, args.catalog, strict=True):
        info = done.catalog.info
        name, title = info.name, info.title or info.name
        folder = args.out / name
        result["catalogs"][name] = {"source": _source(asked), **done.record}
        save_diagnoses(folder / DIAGNOSES, done.diagnoses)
        figure = catalog_plots.magnitude_time(done.catalog, done.split, title)
        style.save(figure, folder / "magnitude_time.png")
        if "etas" in done.terms:
            title = f"{title}: test window"
            figure = model_plots.cumulative_gain(done.catalog, done.split.test, done.terms, title)
            style.save(figure, folder / "cumulative_gain.png")
        write_json(args.out / "benchmark.json", result)
        print(benchmark_table(name, done.record), end="\n\n", flush=True)
        if settings is not None:
            rolling.run(args, settings, done, environment, rolled)
    sizes = {"version": result["version"], "command": result["command"], "catalogs": {}}
    for name, rows in trimmed(catalogs, models, args.trimmed or [], args.out, **how):
        sizes["catalogs"][name] = rows
        if args.trimmed:
            write_json(args.out / "trimmed.json", sizes)
    if args.quick:
        print("These are --quick scores: the nets were hardly trained.", file=sys.stderr)
    print(f"written: {args.out / 'benchmark.json'}, models and plots beside it")
    return 0


def _source(asked: str) -> str:
    """What ``catalogs.load`` finds the catalog by, from any folder."""
    from catalogs.store import STORED

    path = Path(asked)
    return str(path.resolve()) if path.suffix in STORED else asked
