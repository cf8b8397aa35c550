"""`recast benchmark --rolling`: forecasts of consecutive windows by every model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from recast.commands.forecasting import (
    PARAMETER_SETS,
    ChunkProgress,
    add_engine,
    add_magnitudes,
    check_leak,
    drawn_models,
    engine_of,
    with_magnitudes,
    without_where,
)
from recast.commands.printing import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog
    from recast.benchmark.comparison import CatalogResult
    from recast.forecast import Member, Rolling
    from recast.models.seen import FittedOn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of `recast benchmark` that are about rolling forecasts."""
    group = parser.add_argument_group("rolling forecasts")
    group.add_argument(
        "--rolling",
        type=float,
        nargs="?",
        const=14.0,
        metavar="DAYS",
        help="forecast the number of events in consecutive windows of the test window (default "
        "length: 14 days) and score the forecasts; writes rolling.json",
    )
    group.add_argument(
        "--samples",
        type=int,
        default=1000,
        metavar="N",
        help="simulated catalogs a window (default: %(default)s)",
    )
    group.add_argument(
        "--windows", type=int, metavar="N", help="how many windows (default: all that fit)"
    )
    group.add_argument(
        "--seed", type=int, default=0, help="random seed of the forecasts (default: 0)"
    )
    group.add_argument(
        "--parameter-uncertainty",
        action="store_true",
        help=f"forecast ETAS with {PARAMETER_SETS} parameter sets that its fit cannot tell apart",
    )
    group.add_argument(
        "--allow-leak",
        action="store_true",
        help="forecast also with models that have seen data from after the forecasts, and mark it; "
        "a pretrained net that may have seen the test window is refused all the same, since its "
        "scores would stand in the table",
    )
    add_magnitudes(group)
    add_engine(group)


def settings(
    args: argparse.Namespace, catalogs: Sequence[Catalog], models: Sequence[str]
) -> Rolling | None:
    """What was asked for, checked before anything is trained; None without --rolling."""
    from catalogs import InputError

    if args.rolling is None:
        if args.scheduler is not None:
            raise InputError("--scheduler is for --rolling: add that, or leave it out")
        return None
    from recast.benchmark.comparison import PRETRAINED
    from recast.forecast import Rolling

    engine_of(args)
    rolling = Rolling(args.rolling, args.samples, args.windows, args.seed)
    for catalog in catalogs:
        rolling.starts(catalog)
        if PRETRAINED & set(models):
            from recast.models.seen import read_fitted_on

            seen = read_fitted_on(args.pretrained, catalog)
            check_leak(args, "the pretrained net", seen, catalog)
    return rolling


def run(
    args: argparse.Namespace,
    rolling: Rolling,
    done: CatalogResult,
    environment: dict[str, Any],
    catalogs: dict[str, Any],
) -> None:
    """Forecast one catalog, add it to ``catalogs`` and write rolling.json."""
    import sys

    from catalogs.files import write_json
    from recast.forecast import roll
    from recast.report import forecast_plots, style

    name = done.catalog.info.name
    members, marks = members_of(args, rolling, done)
    engine, threads = engine_of(args)
    say = ChunkProgress(name, sys.stderr)
    record = roll(
        done.catalog,
        members,
        rolling,
        args.out / "rolling" / name,
        engine=engine,
        resume=args.resume,
        threads=threads,
        progress=say,
    )
    for model, mark in marks.items():
        record["models"][model] |= mark
    catalogs[name] = record
    result = {
        "version": environment["recast-forecast"],
        "command": typed(without_where(args.argv)),
        "environment": environment,
        "window_days": rolling.days,
        "n_samples": rolling.samples,
        "seed": rolling.seed,
        "max_events": rolling.max_events,
        "own_magnitudes": args.own_magnitudes,
        "catalogs": catalogs,
    }
    write_json(args.out / "rolling.json", result)
    figure = forecast_plots.rolling_forecasts(name, record, rolling.days)
    style.save(figure, args.out / name / "rolling.png")
    print(table(name, record), end="\n\n", flush=True)


def members_of(
    args: argparse.Namespace, rolling: Rolling, done: CatalogResult
) -> tuple[list[Member], dict[str, dict[str, Any]]]:
    """The fitted models as forecasts, and what rolling.json says of each beside its scores."""
    from catalogs.files import read_json
    from etas.model import ETAS
    from recast.benchmark.comparison import ENSEMBLE
    from recast.forecast import Member

    members: list[Member] = []
    marks: dict[str, dict[str, Any]] = {}
    folder = args.out / done.catalog.info.name
    for name, fits in done.fits.items():
        found = check_leak(args, name, _seen(args, name, done.catalog), done.catalog)
        mark: dict[str, Any] = {"leak": found}
        processes = with_magnitudes(args, [fit.fitted.process for fit in fits])
        process = processes[0]
        if args.parameter_uncertainty and name == "etas" and isinstance(process, ETAS):
            uncertainty = read_json(folder / "etas.json")["uncertainty"]
            if uncertainty is not None:
                draws = drawn_models(args, process, uncertainty, PARAMETER_SETS, rolling.days)
                members.append(Member(name, draws.models, process))
                marks[name] = {**mark, "parameter_uncertainty": draws.to_json()}
                continue
        members.append(Member(name, (process,)))
        marks[name] = mark
        if len(fits) > 1:
            members.append(Member(f"{name}{ENSEMBLE}", processes))
            marks[f"{name}{ENSEMBLE}"] = mark
    return members, marks


def _seen(args: argparse.Namespace, name: str, catalog: Catalog) -> FittedOn:
    """What a model of the benchmark has been fitted on."""
    from recast.benchmark.folder import trained_checkpoint
    from recast.models.seen import fitted_on, merged, read_fitted_on

    if name == "truth":
        return {}
    trained = trained_checkpoint(args.out / catalog.info.name, name, 0)
    if trained.is_file():
        return read_fitted_on(trained, catalog)
    if name == "recast-zero-shot":
        mine = fitted_on(catalog, "train+val")  # validation decides on its clock
        return merged(read_fitted_on(args.pretrained, catalog), mine)
    return fitted_on(catalog)


def table(name: str, record: dict[str, Any]) -> str:
    """Coverage and mean scores of every model, for the terminal."""
    seen = [window["observed"] for window in record["windows"]]
    heads = ("50 %", "95 %", "too low", "too high", "medians", "CRPS", "log score", "gain")
    widths = (7, 7, 8, 9, 9, 8, 10, 8)
    head = " ".join(f"{text:>{width}}" for text, width in zip(heads, widths, strict=True))
    lines = [f"{name}: {len(seen)} windows, {sum(seen):,} events", f"{'':>24} {head}"]
    for model, row in record["models"].items():
        q = row["quantiles"]
        low = sum(n > top for n, top in zip(seen, q["0.975"], strict=True))
        high = sum(n < bottom for n, bottom in zip(seen, q["0.025"], strict=True))
        gain = row["information_gain"]
        mean_gain = "" if gain is None else f"{sum(gain) / len(gain):8.2f}"
        lines.append(
            f"{model:>24} {100 * row['coverage']['50']:6.1f}% {100 * row['coverage']['95']:6.1f}% "
            f"{low:8d} {high:9d} {sum(q['0.5']):9,.0f} {sum(row['crps']) / len(seen):8.2f} "
            f"{sum(row['log_score']) / len(seen):10.3f} {mean_gain:>8}"
        )
        if row["leak"]:
            lines.append(f"{'':>24} LEAK: {model} was fitted on {'; '.join(row['leak'])}")
    return "\n".join(lines)
