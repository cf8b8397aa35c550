"""`recast forecast`: what comes in the next day, week, month."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from recast.commands import forecasting
from recast.commands.printing import typed
from recast.commands.selecting import add_catalog, add_selection, selected

if TYPE_CHECKING:
    from catalogs import Catalog
    from etas.model import ETAS
    from recast.forecast import Forecast
    from recast.models.saved import SavedModel

MOST_FOR_CSEP = 10_000_000
"""Simulated events, 0.6 GB of text: pyCSEP takes minutes to read them."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast forecast`."""
    parser = subparsers.add_parser(
        "forecast",
        help="numbers and probabilities of coming earthquakes",
        description="Simulate how a catalog goes on after a date, and write the expected number of "
        "events with its 95 % range and the probability of one or more, by window and magnitude: "
        "forecast.json, forecast.csv, the simulated catalogs in the layout of CSEP, and a chart. "
        "Where the catalog knows what happened, that is shown and scored.",
    )
    add_catalog(parser)
    parser.add_argument(
        "--model",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE",
        help="JSON of `recast etas fit` or `benchmark` (etas.json, poisson.json), or a checkpoint "
        "(.ckpt) of `recast fit` or `benchmark`; of several checkpoints each trajectory follows "
        "one; shipped is the net of many regions that comes with the package",
    )
    parser.add_argument(
        "--at", metavar="TIME", help="date (or plain day) of the forecast (default: catalog's end)"
    )
    parser.add_argument(
        "--days",
        type=float,
        nargs="+",
        default=[1.0, 7.0, 30.0],
        metavar="N",
        help="lengths of the windows, all from the date on (default: 1 7 30)",
    )
    parser.add_argument(
        "--magnitudes",
        type=float,
        nargs="+",
        metavar="M",
        help="count events at and above these (default: completeness, and whole numbers up to 7)",
    )
    parser.add_argument(
        "--samples", type=int, default=10_000, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    parser.add_argument(
        "--fixed-parameters",
        action="store_true",
        help="forecast ETAS with its best parameters only, without their uncertainty",
    )
    forecasting.add_magnitudes(parser)
    parser.add_argument(
        "--allow-leak",
        action="store_true",
        help="forecast although the model has seen data from after the forecast, and mark it",
    )
    parser.add_argument(
        "--place",
        nargs=2,
        type=float,
        metavar=("LATITUDE", "LONGITUDE"),
        help="where CSEP's file puts all events (default: the mean of the catalog's epicentres)",
    )
    parser.add_argument("--no-csep", action="store_true", help="write no file for CSEP")
    parser.add_argument("--no-plots", action="store_true", help="draw nothing")
    parser.add_argument(
        "--max-events",
        type=int,
        metavar="N",
        help="stop a trajectory there, and report it (default: ten times the events of the busiest "
        "window of that length so far, and at least 10,000)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="of more than one, draw in that many processes of dask; changes no result (default: "
        "all cores, without dask)",
    )
    forecasting.add_engine(parser)
    parser.add_argument(
        "--resume", action="store_true", help="keep what an interrupted run left in --out"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: runs/forecast/NAME)"
    )
    add_selection(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forecast and write."""
    import sys
    from dataclasses import replace

    from catalogs import load
    from catalogs.cores import at_most
    from catalogs.files import write_json
    from recast.environment import describe
    from recast.forecast import Request, forecast
    from recast.forecast.blocks import bins_of
    from recast.forecast.rolling import written_time
    from recast.forecast.single import default_cap, default_magnitudes
    from recast.models.saved import read_model
    from recast.models.seen import to_json
    from recast.report.forecast_table import forecast_table, write_csv

    engine, threads = forecasting.engine_of(args)
    catalog = selected(load(args.catalog), args)
    info = catalog.info
    at = info.to_days(info.end if args.at is None else args.at)
    magnitudes = args.magnitudes or default_magnitudes(catalog)
    request = Request(at, tuple(args.days), tuple(magnitudes), args.samples, args.seed)
    request.check(catalog)
    cap = args.max_events
    if cap is None:
        cap = default_cap(catalog.to_sequence(), at, request.horizon)
    request = replace(request, max_events=cap)
    with at_most(args.workers):  # a net of many regions takes a fit of ETAS to this one
        saved = read_model(args.model, catalog)
    leak = forecasting.check_leak(
        args, " + ".join(map(str, args.model)), saved.fitted_on, catalog, at
    )
    processes, uncertainty = _with_uncertainty(args, saved, request.horizon)
    processes = forecasting.with_magnitudes(args, processes)
    out = args.out or Path("runs/forecast") / info.name
    done = forecast(
        catalog,
        processes,
        request,
        out / "forecast",
        engine=engine,
        resume=args.resume,
        threads=threads,
        progress=forecasting.ChunkProgress(info.name, sys.stderr),
    )
    rows = done.rows()
    environment = describe()
    record = {
        "version": environment["recast-forecast"],
        "command": typed(forecasting.without_where(args.argv)),
        "environment": environment,
        "catalog": info.name,
        "at": written_time(info, at),
        "model": {"kind": saved.kind, **saved.record},
        "fitted_on": to_json(saved.fitted_on),
        "leak": leak,
        "n_samples": request.samples,
        "seed": request.seed,
        "parameter_uncertainty": uncertainty,
        "own_magnitudes": args.own_magnitudes,
        "max_events": request.max_events,
        "capped": int(done.drawn.capped.size),
        "table": rows,
        "magnitude_test": done.magnitude_quantile(bins_of(catalog, processes)),
        "fan": done.fan_record(),
        "csep": _csep(args, catalog, done, out),
    }
    write_json(out / "forecast.json", record)
    write_csv(rows, out / "forecast.csv")
    if not args.no_plots:
        from recast.report import forecast_plots, style

        figure = forecast_plots.forecast_fan(catalog, record, done)
        style.save(figure, out / "forecast.png")
    print(forecast_table(record))
    print(f"written: {out / 'forecast.json'} and files beside it")
    return 0


def _with_uncertainty(
    args: argparse.Namespace, saved: SavedModel, horizon: float
) -> tuple[tuple[Any, ...], dict[str, int] | None]:
    """Parameter sets in place of an ETAS model, if its file says how well they are known."""
    if args.fixed_parameters or saved.uncertainty is None:
        return saved.processes, None
    from recast.forecast.blocks import n_blocks

    n = min(n_blocks(args.samples), 2 * forecasting.PARAMETER_SETS)
    model = cast("ETAS", saved.process)
    draws = forecasting.drawn_models(args, model, saved.uncertainty, n, horizon)
    return draws.models, draws.to_json()


def _csep(
    args: argparse.Namespace, catalog: Catalog, done: Forecast, out: Path
) -> dict[str, Any] | None:
    """Write the simulated catalogs for CSEP, and say what their places are worth."""
    from catalogs.exports import centre, write_csep_forecast

    if args.no_csep or catalog.info.uses_plain_days:
        return None
    if done.drawn.times.size > MOST_FOR_CSEP:
        note = f"more than {MOST_FOR_CSEP:,} events: not written, the chunks hold them"
        return {"file": None, "time_only": True, "place": None, "note": note}
    place = tuple(args.place) if args.place else centre(catalog)
    name = "forecast_csep.csv"
    write_csep_forecast(done.drawn, catalog.info, out / name, place=place)
    return {
        "file": name,
        "time_only": True,
        "place": None if place is None else list(place),
        "note": "the model forecasts times and magnitudes: all events are at one place, "
        + ("which is unknown (nan)" if place is None else "the centre of the region"),
    }
