"""`recast benchmark --rolling`: forecasts of consecutive windows by every model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs import Catalog, PointProcess
    from recast.benchmark import CatalogResult
    from recast.fitted_on import FittedOn
    from recast.forecast import Engine, Member, Rolling

PARAMETER_SETS = 100
"""Drawn from the uncertainty of an ETAS fit."""

WHERE = {"--workers": 1, "--scheduler": 1, "--resume": 0}
"""Options with their number of values that say where or how often, and change no result."""


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
        help="forecast also with models that have seen data from after the forecasts, and mark it",
    )
    add_magnitudes(group)
    add_engine(group)


def add_magnitudes(group: argparse._ActionsContainer) -> None:
    """From which law a forecast draws magnitudes."""
    group.add_argument(
        "--own-magnitudes",
        action="store_true",
        help="draw magnitudes from the net's own law, which may run away right after a large "
        "event, instead of the Gutenberg-Richter law of the train window",
    )


def with_magnitudes(
    args: argparse.Namespace, processes: Sequence[PointProcess]
) -> tuple[PointProcess, ...]:
    """The processes as they forecast: nets with a fixed b, unless their own law is asked for."""
    from recast.process import Recast

    return tuple(
        Recast(process.net, process.magnitude_law)
        if isinstance(process, Recast) and not args.own_magnitudes
        else process
        for process in processes
    )


def add_engine(group: argparse._ActionsContainer) -> None:
    """Where forecasts are drawn."""
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running dask cluster, as tcp://HOST:8786, whose workers draw the forecasts",
    )


def engine_of(args: argparse.Namespace) -> tuple[Engine, int]:
    """Where chunks are computed, and on how many threads where that is this process."""
    from catalogs.cores import threads
    from recast.forecast import Engine

    engine = Engine(args.workers or 1, args.scheduler)
    engine.check()
    return engine, threads() if args.workers is None else 1


def settings(
    args: argparse.Namespace, catalogs: Sequence[Catalog], models: Sequence[str]
) -> Rolling | None:
    """What was asked for, checked before anything is trained; None without --rolling."""
    from catalogs import InputError

    if args.rolling is None:
        if args.scheduler is not None:
            raise InputError("--scheduler is for --rolling: add that, or leave it out")
        return None
    from recast.forecast import Rolling

    engine_of(args)
    rolling = Rolling(args.rolling, args.samples, args.windows, args.seed)
    for catalog in catalogs:
        rolling.starts(catalog)
        if {"recast-zero-shot", "recast-few-shot"} & set(models):
            from recast.fitted_on import read_fitted_on

            seen = read_fitted_on(args.pretrained, catalog)
            check_leak(args, "the pretrained net", seen, catalog)
    return rolling


def check_leak(
    args: argparse.Namespace,
    name: str,
    seen: FittedOn,
    catalog: Catalog,
    at: float | None = None,
) -> list[str]:
    """What a model has seen of the time after a forecast (by default of the test window).

    Raises
    ------
    InputError
        If that is anything, and --allow-leak is not set.
    """
    from catalogs import InputError
    from recast.fitted_on import leaks

    info = catalog.info
    begin = info.to_days(info.splits.test_start) if at is None else at
    found = leaks(seen, catalog, begin)
    if found and not args.allow_leak:
        raise InputError(
            f"{name} was fitted on data from after the forecast at {info.to_time(begin)}: "
            f"{'; '.join(found)}: fit it on what came before, or add --allow-leak to forecast "
            "all the same, marked as such"
        )
    return found


def run(
    args: argparse.Namespace,
    rolling: Rolling,
    done: CatalogResult,
    environment: dict[str, Any],
    catalogs: dict[str, Any],
) -> None:
    """Forecast one catalog, add it to ``catalogs`` and write rolling.json."""
    import sys

    from catalogs.jsonfile import write_json
    from recast.forecast import roll
    from recast.report import forecast_plots, plots

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
        "command": "recast " + " ".join(without_where(args.argv)),
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
    plots.save(figure, args.out / name / "rolling.png")
    print(table(name, record), end="\n\n", flush=True)


def members_of(
    args: argparse.Namespace, rolling: Rolling, done: CatalogResult
) -> tuple[list[Member], dict[str, dict[str, Any]]]:
    """The fitted models as forecasts, and what rolling.json says of each beside its scores."""
    import numpy as np

    from catalogs.jsonfile import read_json
    from etas.draws import draw_models
    from etas.model import ETAS
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
                rng = np.random.default_rng([args.seed, 2])
                draws = draw_models(process, uncertainty, PARAMETER_SETS, rolling.days, rng=rng)
                members.append(Member(name, draws.models, process))
                marks[name] = {**mark, "parameter_uncertainty": draws.to_json()}
                continue
        members.append(Member(name, (process,)))
        marks[name] = mark
        if len(fits) > 1:
            members.append(Member(f"{name}-ensemble", processes))
            marks[f"{name}-ensemble"] = mark
    return members, marks


def _seen(args: argparse.Namespace, name: str, catalog: Catalog) -> FittedOn:
    """What a model of the benchmark has been fitted on."""
    from recast.fitted_on import fitted_on, merged, read_fitted_on

    if name == "truth":
        return {}
    trained = args.out / catalog.info.name / name / "seed0" / "best.ckpt"
    if trained.is_file():
        return read_fitted_on(trained, catalog)
    if name == "recast-zero-shot":
        mine = fitted_on(catalog, "train+val")  # validation decides on its clock
        return merged(read_fitted_on(args.pretrained, catalog), mine)
    return fitted_on(catalog)


def without_where(argv: Sequence[str]) -> list[str]:
    """The command without what changes no result, so that neither does it change the files."""
    out: list[str] = []
    skip = 0
    for word in argv:
        if skip:
            skip -= 1
        elif word.partition("=")[0] in WHERE:
            skip = 0 if "=" in word else WHERE[word]
        else:
            out.append(word)
    return out


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


class ChunkProgress:
    """A line every few seconds."""

    def __init__(self, label: str, stream: Any, seconds: float = 10.0) -> None:
        self.label, self.stream, self.seconds = label, stream, seconds
        self._said = 0.0

    def __call__(self, model: str, done: int, chunks: int) -> None:
        """Say how far a model is."""
        import time

        now = time.monotonic()
        if done == chunks or now - self._said > self.seconds:
            self._said = now
            line = f"{self.label}: {model}, {done} of {chunks} chunks of forecasts"
            print(line, file=self.stream, flush=True)
