"""One forecast from a model and a catalog, with its files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError
from catalogs.cores import at_most
from catalogs.cores import threads as all_threads
from catalogs.exports import centre, write_csep_forecast
from catalogs.files import write_json, write_whole
from recast.forecast.blocks import bins_of, n_blocks
from recast.forecast.chunks import Progress
from recast.forecast.engine import Engine
from recast.forecast.results import ForecastResult
from recast.forecast.rolling import written_time
from recast.forecast.single import (
    Drawn,
    Request,
    default_cap,
    default_magnitudes,
    draw_forecast,
)
from recast.models.environment import describe
from recast.models.kind import FittedModel
from recast.models.saved import SavedModel
from recast.models.seen import Seen, leaks, to_json

PARAMETER_SETS = 100
"""Drawn from the uncertainty of an ETAS fit."""

MOST_FOR_CSEP = 10_000_000
"""Simulated events, 0.6 GB of text: pyCSEP takes minutes to read them."""


def run_forecast(
    catalog: Catalog,
    model: SavedModel | FittedModel,
    *,
    at: str | float | None = None,
    days: Sequence[float] = (1.0, 7.0, 30.0),
    magnitudes: Sequence[float] | None = None,
    samples: int = 10_000,
    seed: int = 0,
    max_events: int | None = None,
    fixed_parameters: bool = False,
    own_magnitudes: bool = False,
    allow_leak: bool = False,
    threads: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    resume: bool = False,
    out: Path | None = None,
    csep: bool = True,
    place: tuple[float, float] | None = None,
    command: str | None = None,
    progress: Progress = lambda *_: None,
) -> ForecastResult:
    """Simulate how a catalog goes on after a date, and count what comes.

    Parameters
    ----------
    catalog : Catalog
        Its events up to ``at`` are the history; what comes later is used to score only.
    model : SavedModel or FittedModel
        As ``load_model`` reads it; a net of many regions departs from the ETAS of the catalog,
        which is fitted to its train window.
    at : date or day, optional
        Of the forecast; by default the catalog's end.
    days : sequence of float
        Lengths of the windows, all from ``at`` on.
    magnitudes : sequence of float, optional
        Count events at and above these; by default completeness, and whole numbers up to 7.
    samples : int
        Simulated catalogs.
    seed : int
        The same seed gives the same forecast on any number of threads and workers.
    max_events : int, optional
        Stop a trajectory there, and count it; by default ten times the events of the busiest window
        of that length so far, and at least 10,000.
    fixed_parameters : bool
        Leave out the uncertainty of the parameters where the model's file has it.
    own_magnitudes : bool
        Draw magnitudes from the net's own law in place of the fixed one of its train window.
    allow_leak : bool
        Forecast although the model has seen what came after, and mark it.
    threads : int, optional
        By default one a core.
    workers, scheduler : int, str
        Draw in that many processes of dask, or on the cluster at that address.
    resume : bool
        Keep what an interrupted run left in ``out``.
    out : Path, optional
        Where forecast.json, forecast.csv and the simulated catalogs are written; nowhere without.
    csep : bool
        Write the simulated catalogs in the layout of CSEP.
    place : (latitude, longitude), optional
        Where the file of CSEP puts all events; by default the mean of the catalog's epicentres.
    command : str, optional
        By which command it was made, for the record.
    progress : callable
        Is told what is drawn, chunks done and chunks in all.

    Returns
    -------
    ForecastResult
        Its table has the expected number, ranges and the probability of one or more events by
        window and magnitude.

    Raises
    ------
    InputError
        If the catalog does not support the forecast, or the model has seen what came after.

    Examples
    --------
    >>> from catalogs import load
    >>> from recast import fit_model, run_forecast
    >>> catalog = load("ridgecrest_2019")
    >>> done = run_forecast(catalog, fit_model("etas", catalog), days=[1.0], samples=100)
    >>> done.table[0].days, done.n_samples
    (1.0, 100)
    """
    engine = Engine(workers, scheduler)
    engine.check()
    info = catalog.info
    day = info.to_days(info.end if at is None else at)
    wanted = tuple(magnitudes or default_magnitudes(catalog))
    request = Request(day, tuple(days), wanted, samples, seed)
    request.check(catalog)
    cap = max_events
    if cap is None:
        cap = default_cap(catalog.to_sequence(), day, request.horizon)
    request = replace(request, max_events=cap)
    if isinstance(model, SavedModel):
        with at_most(threads):
            fitted = model.on(catalog, fit=True)
    else:
        fitted = model
    leak = check_leak(
        str(model) if isinstance(model, SavedModel) else fitted.kind.name,
        fitted.seen,
        catalog,
        day,
        allow=allow_leak,
    )
    uncertainty = None
    if not fixed_parameters:
        n = min(n_blocks(samples), 2 * PARAMETER_SETS)
        fitted, uncertainty = fitted.kind.with_uncertainty(fitted, n, request.horizon, seed=seed)
    processes = tuple(
        process if own_magnitudes else process.with_fixed_magnitudes()
        for process in fitted.processes
    )
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        drawn = draw_forecast(
            catalog,
            processes,
            request,
            folder / "forecast",
            engine=engine,
            resume=resume,
            threads=threads or all_threads(),
            progress=progress,
        )
    environment = describe()
    result = ForecastResult(
        catalog=info.name,
        at=written_time(info, day),
        model={"kind": fitted.kind.name, **(fitted.record or {})},
        table=drawn.rows(),
        fan=drawn.quantiles(),
        n_samples=request.samples,
        seed=request.seed,
        max_events=request.max_events,
        capped=int(drawn.drawn.capped.size),
        leak=leak,
        own_magnitudes=own_magnitudes,
        parameter_uncertainty=uncertainty,
        magnitude_test=drawn.magnitude_quantile(bins_of(catalog, processes)),
        csep=None if out is None or not csep else _csep(catalog, drawn, out, place),
        fitted_on=to_json(fitted.seen),
        version=str(environment["recast-forecast"]),
        command=command,
        environment=environment,
    )
    if out is not None:
        write_json(out / "forecast.json", result.to_json())
        write_whole(out / "forecast.csv", result.to_dataframe().to_csv(index=False).encode())
    return result


def check_leak(
    name: str, seen: Seen, catalog: Catalog, at: float | None = None, *, allow: bool
) -> list[str]:
    """What a model has seen of the time after a forecast (by default of the test window).

    Raises
    ------
    InputError
        If that is anything, unless ``allow``.
    """
    info = catalog.info
    begin = info.to_days(info.splits.test_start) if at is None else at
    found = leaks(seen, catalog, begin)
    if found and not allow:
        raise InputError(
            f"{name} was fitted on data from after the forecast at {info.to_time(begin)}: "
            f"{'; '.join(found)}: fit it on what came before, or set `allow_leak` to "
            "forecast all the same, marked as such"
        )
    return found


def _csep(
    catalog: Catalog, done: Drawn, out: Path, place: tuple[float, float] | None
) -> dict[str, Any] | None:
    """Write the simulated catalogs for CSEP, and say what their places are worth."""
    if catalog.info.uses_plain_days:
        return None
    if done.drawn.times.size > MOST_FOR_CSEP:
        note = f"more than {MOST_FOR_CSEP:,} events: not written, the chunks hold them"
        return {"file": None, "time_only": True, "place": None, "note": note}
    where = place or centre(catalog)
    name = "forecast_csep.csv"
    write_csep_forecast(done.drawn, catalog.info, out / name, place=where)
    return {
        "file": name,
        "time_only": True,
        "place": None if where is None else list(where),
        "note": "the model forecasts times and magnitudes: all events are at one place, "
        + ("which is unknown (nan)" if where is None else "the centre of the region"),
    }
