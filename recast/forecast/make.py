"""One forecast from a model and a catalog, and its files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from catalogs import Catalog, CatalogInfo, InputError
from catalogs.arguments import require_catalog
from catalogs.cores import at_most
from catalogs.cores import threads as all_threads
from catalogs.display import span
from catalogs.exports import centre, csv_bytes, write_csep_forecast
from catalogs.files import write_json, write_whole
from catalogs.grid import steps_to_pole
from catalogs.locking import locked
from recast.forecast.chunks import Progress
from recast.forecast.engine import Engine
from recast.forecast.gaps import about_forecast, about_past
from recast.forecast.mainshocks import QUIET_DAYS, aftershocks_until, sequence_since
from recast.forecast.places import PlacedForecast, forecast_grid, place_forecast
from recast.forecast.prepare import prepare
from recast.forecast.rare import law_of_all
from recast.forecast.remarks import (
    about_chance,
    about_completeness,
    about_depth,
    about_fitted,
    about_larger,
    about_model,
    about_pairs,
    beyond_the_past,
)
from recast.forecast.results import ForecastResult, with_rates
from recast.forecast.rolling import written_time
from recast.forecast.single import (
    Drawn,
    Request,
    default_magnitudes,
    draw_forecast,
)
from recast.models.environment import describe
from recast.models.etas_report import History
from recast.models.kind import FittedModel, ModelKind
from recast.models.places import about_region
from recast.models.registry import REFERENCE, model_kind
from recast.models.saved import SavedModel
from recast.models.seen import Seen, leaks, to_json
from recast.models.so_far import fit_so_far, with_magnitudes
from recast.training.region import check_completeness

SAMPLES = 10_000
"""Simulated catalogs where no number is asked for."""

MISSING = 10.0
"""Aftershocks that are expected in a silence which cannot be: none of so many once in 20,000 times
by a Poisson law."""

NOW = "now"

SILENCE_TIMES = 3.0
"""Times the longest interval between events, beyond which a catalog is taken to be out of date."""


def run_forecast(
    catalog: Catalog,
    model: SavedModel | FittedModel | None = None,
    *,
    at: str | float | pd.Timestamp | None = None,
    days: Sequence[float] = (1.0, 7.0, 30.0),
    magnitudes: Sequence[float] | None = None,
    samples: int | None = None,
    seed: int = 0,
    max_events: int | None = None,
    fixed_parameters: bool = False,
    uncorrected: bool = False,
    regime: str | None = None,
    b: float | None = None,
    maximum_magnitude: float | None = None,
    completeness_history: History = None,
    own_magnitudes: bool = False,
    allow_leak: bool = False,
    threads: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    resume: bool = False,
    out: str | PathLike[str] | None = None,
    csep: bool = False,
    place: tuple[float, float] | None = None,
    places: bool = False,
    cell: float | None = None,
    command: str | None = None,
    progress: Progress = lambda *_: None,
) -> ForecastResult:
    """Forecast the number of events after a date by simulation.

    Parameters
    ----------
    catalog : Catalog
        Its events before ``at`` are the history; later ones are used for scoring only.
    model : SavedModel or FittedModel, optional
        From ``load_model`` or ``fit_model``. A net of many regions builds on the ETAS of the
        catalog, which is fitted to its train window. By default ETAS, fitted to everything before
        ``at`` (``recast.models.so_far``).
    at : date or day, optional
        Time of the forecast, a day where the catalog has no dates (``info.to_time`` makes a date of
        days since the start); by default the catalog's end. "now" is the time of the call: no event
        is then taken to have been since the catalog's end.
    days : sequence of float
        Lengths of the windows, all starting at ``at``. Each is simulated by itself: its numbers do
        not depend on the others.
    magnitudes : sequence of float, optional
        Count events at or above these; by default completeness, and whole numbers up to 7,
        at most six units above it, or to the largest so far.
    samples : int, optional
        Number of simulated catalogs; by default 10,000, and 2,000 after a mainshock, where each has
        many events.
    seed : int
        The same seed gives the same forecast on any number of threads and workers.
    max_events : int, optional
        A trajectory with more is cut off there, and counted; by default ten times the events of the
        busiest window of that length so far, and at least 10,000; after a mainshock at least 200
        times what is expected.
    fixed_parameters : bool
        Ignore the uncertainty of the parameters; by default it is included where it is known, but
        for forecasts after a mainshock.
    uncorrected : bool
        Simulate ETAS as it is; by default its numbers are corrected by the errors of past
        forecasts (``recast.forecast.ordinary``), and after a mainshock by the aftershocks so far
        and these (``recast.forecast.correction``), which include what parameters are uncertain. A
        share of the simulated catalogs, all at first and fewer as time goes by, are then past
        sequences instead (``recast.forecast.pooled``), and so are large events of all as long as
        networks miss small ones.
    regime : str, optional
        Tectonic regime, one of ``etas.omori.REGIMES``, whose mainshocks say what to expect of this
        one's aftershocks; by default those of California and Italy, and where forecasts follow
        past sequences those of the shallow continental crust.
    b, maximum_magnitude : float, optional
        The b-value and the largest magnitude of what is simulated by ETAS or Poisson; by default
        the model's. Without ``model`` the b-value is estimated, and the largest magnitude is 8 or
        one unit above the largest so far.
    completeness_history : CompletenessHistory, str or path, optional
        Mc(t), as in ``fit_catalog``: without ``model`` ETAS is fitted to the events above it.
    own_magnitudes : bool
        Draw magnitudes from the net's own law instead of the fixed one of its train window.
    allow_leak : bool
        Forecast even if the model has seen later data, and mark the result.
    threads : int, optional
        By default one per core.
    workers : int
        Processes of dask that draw.
    scheduler : str, optional
        Address of a dask cluster to draw on instead.
    resume : bool
        Resume an interrupted run from what it left in ``out``.
    out : path, optional
        Folder for forecast.json, forecast.csv and, in ``forecast``, the chunks from which a run
        resumes, with ``csep`` or ``places`` with the events over the longest window; by default
        nothing is written.
    csep : bool
        Also write the simulated catalogs over the longest window in the CSEP format; needs ``out``.
    place : (latitude, longitude), optional
        Location of all events in the CSEP file; by default the mean epicentre of the catalog.
    places : bool
        Also forecast where: with the law of places of the model, or without ``model`` one fitted to
        the events so far. Expected numbers by cell over the longest window go to ``out``, and the
        CSEP file has the places.
    cell : float, optional
        Size of the cells, degrees; by default 0.1, less where the region is smaller than 0.5, and
        more where it holds over 30,000 of these.
    command : str, optional
        The command line, for the record.
    progress : callable
        Called with the name of the task, chunks done and chunks in total.

    Returns
    -------
    ForecastResult
        Expected number, ranges and the probability of one or more events, by window and magnitude.

    Raises
    ------
    InputError
        If the catalog does not support the forecast, or the model is none, is of another
        completeness or has seen later data, or another process is at work in ``out``.

    Examples
    --------
    >>> from catalogs import load
    >>> from recast import fit_model, run_forecast
    >>> catalog = load("ridgecrest_2019")
    >>> done = run_forecast(catalog, fit_model("etas", catalog), days=[1.0], samples=100)
    >>> done.table[0].days, done.n_samples
    (1.0, 100)
    """
    require_catalog(catalog)
    engine = Engine(workers, scheduler)
    engine.check()
    out = None if out is None else Path(out)
    remarks: list[str] = []
    if at == NOW:
        remarks.append(f"no event is known of since {catalog.info.end}: none is taken to have been")
        catalog, at = until_now(catalog), None
    info = catalog.info
    _check_csep(info, out, place, csep=csep)
    _check_places(place, cell, places=places)
    day = info.to_days(info.end if at is None else at)
    request = Request(
        day,
        _several(days),
        tuple(map(info.on_grid, _several(magnitudes) or default_magnitudes(catalog, day))),
        SAMPLES if samples is None else samples,
        seed,
        max_events,
    )
    request.check(catalog)
    _check_effect(
        model,
        fixed_parameters=fixed_parameters,
        own_magnitudes=own_magnitudes,
        completeness_history=completeness_history,
    )
    if model is None:
        since = None if uncorrected else sequence_since(catalog, day)
        with at_most(threads):
            fitted = fit_so_far(
                catalog,
                day,
                b=b,
                maximum_magnitude=maximum_magnitude,
                places=places,
                since=since,
                completeness_history=completeness_history,
            )
        remarks += about_model(fitted, catalog, day, since)
    else:
        fitted = _on(model, catalog, threads, places=places)
        remarks += about_fitted(model, fitted, catalog, day, maximum_magnitude)
        if b is not None or maximum_magnitude is not None:
            fitted = with_magnitudes(fitted, catalog, day, b=b, maximum_magnitude=maximum_magnitude)
    leak = check_leak(
        str(model) if isinstance(model, SavedModel) else fitted.kind.name,
        fitted.seen,
        catalog,
        day,
        allow=allow_leak,
    )
    prepared = prepare(
        catalog,
        fitted,
        request,
        samples=samples,
        regime=regime,
        uncorrected=uncorrected,
        fixed_parameters=fixed_parameters,
        own_magnitudes=own_magnitudes,
        own_b=b is not None,
    )
    request, uncertainty = prepared.request, prepared.uncertainty
    events = catalog.to_sequence()
    remarks += [
        *prepared.remarks,
        *about_depth(catalog, day),
        *about_completeness(fitted, catalog, day),
        *about_pairs(catalog, day),
        *about_past(info, events, day, day - QUIET_DAYS),
        *about_forecast(info, events, day, request.days),
    ]
    grid = None
    if places and fitted.places is not None:
        remarks += about_region(catalog, fitted.places)
        grid = forecast_grid(catalog, fitted.places, day, cell)
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(locked(folder))
        drawn = draw_forecast(
            catalog,
            prepared.windows,
            request,
            folder / "forecast",
            engine=engine,
            law=law_of_all([p for w in prepared.windows for p in w.processes], prepared.law),
            events=csep or places,
            resume=resume,
            threads=threads or all_threads(),
            progress=progress,
        )
        placed = None
        if grid is not None and not drawn.has_events:
            remarks.append(f"no places: {_too_many(drawn)}")
        elif grid is not None and fitted.places is not None:
            placed = place_forecast(
                catalog,
                drawn,
                fitted.places,
                prepared.law or fitted.process.magnitude_law,
                out,
                grid,
                threads=threads,
            )
    environment, law = describe(), None if own_magnitudes else fitted.process.magnitude_law
    remarks += [
        *about_chance(table := drawn.rows(), request.samples),
        *beyond_the_past(events.before(day), table),
        *([] if law is None else about_larger(fitted.kind, law, request.magnitudes)),
    ]
    result = ForecastResult(
        catalog=info.name,
        at=written_time(info, day),
        model={"kind": fitted.kind.name, **(fitted.record or {})},
        sequence=prepared.sequence,
        b=None if law is None else law.b,
        maximum_magnitude=None if law is None else law.maximum,
        bend=None if prepared.law is None else prepared.law.bend,
        b_above=None if prepared.law is None else prepared.law.b_above,
        remarks=remarks,
        table=table,
        fan=drawn.quantiles(),
        n_samples=request.samples,
        seed=request.seed,
        max_events=drawn.caps[-1],
        capped=int(drawn.capped[:, -1].sum()),
        leak=leak,
        own_magnitudes=own_magnitudes,
        parameter_uncertainty=uncertainty.get(request.horizon),
        windows=[
            replace(window, parameter_uncertainty=uncertainty.get(window.days))
            for window in drawn.windows()
        ],
        magnitude_test=drawn.magnitude_quantile(),
        csep=None if out is None or not csep else _csep(catalog, drawn, out, place, placed),
        places=None if placed is None else placed.record,
        fitted_on=to_json(fitted.seen),
        version=str(environment["recast-forecast"]),
        command=command,
        environment=environment,
    )
    if out is not None:
        write_json(out / "forecast.json", result.to_json())
        write_whole(out / "forecast.csv", csv_bytes(result.to_dataframe()))
    return result if placed is None else with_rates(result, placed.rates)


def _several(values: ArrayLike | None) -> tuple[float, ...]:
    """The numbers of an array or a list, or a single one."""
    return () if values is None else tuple(np.atleast_1d(values).tolist())


def _on(
    model: SavedModel | FittedModel, catalog: Catalog, threads: int | None, *, places: bool
) -> FittedModel:
    """The model on a catalog, with a law of places where one is needed."""
    if isinstance(model, FittedModel):
        fitted = model
        completeness = fitted.process.magnitude_law.completeness
        check_completeness(f"model {fitted.kind.name}", completeness, catalog.info)
    else:
        with at_most(threads):
            fitted = model.on(catalog, fit=True)
    if places and fitted.places is None:
        raise InputError(
            f"`places`: model {fitted.kind.name} has no law of places: fit it with `places`, or "
            "leave out `model`"
        )
    return fitted


def until_now(catalog: Catalog) -> Catalog:
    """The same catalog, with no event from its end until now.

    Raises
    ------
    InputError
        If it counts plain days, ends in the future, or no event until now would be a silence such
        as it never had.
    """
    info, events = catalog.info, catalog.to_sequence()
    info.check_dated("which have no now", "give the day of the forecast as `at`")
    now = pd.Timestamp.now("UTC").floor("s")
    day, end = info.to_days(now.isoformat()), info.to_days(info.end)
    if day < end:
        raise InputError(
            f"catalog {info.name!r} ends at {info.end}, later than now: if it was made of local "
            "times, import it again with their zone (recast catalogs import --time-zone), else set "
            "`at`"
        )
    silence = day - float(events.times.max(initial=0.0))
    longest = float(np.diff(events.times).max(initial=0.0))
    if silence > max(SILENCE_TIMES * longest, 1.0):
        raise InputError(
            f"catalog {info.name!r} ends at {info.end}: {span(silence)} without an event until now "
            f"is more than {SILENCE_TIMES:g} times the longest it had, {span(longest)}: append "
            "newer events, or set `at`"
        )
    missing = aftershocks_until(events, info.magnitude_completeness, day)
    if missing > MISSING:
        raise InputError(
            f"catalog {info.name!r} ends at {info.end}, after a mainshock: about {missing:,.0f} "
            f"aftershocks should have come in the {day - end:.3g} days until now, and none is "
            "known: append newer events, or set `at`"
        )
    return Catalog(catalog.events, replace(info, end=now.isoformat()))


def check_leak(
    name: str, seen: Seen, catalog: Catalog, at: float | None = None, *, allow: bool
) -> list[str]:
    """List what a model has seen from after a forecast time, by default the test window's start.

    Raises
    ------
    InputError
        If there is any, unless ``allow``.
    """
    info = catalog.info
    begin = info.to_days(info.splits.test_start) if at is None else at
    found = leaks(seen, catalog, begin)
    if found and not allow:
        raise InputError(
            f"{name} was fitted on data from after the forecast at {info.to_time(begin)}: "
            f"{'; '.join(found)}: fit it on earlier data, or set `allow_leak` to "
            "forecast anyway, marked as such"
        )
    return found


def _check_effect(
    model: object,
    *,
    fixed_parameters: bool,
    own_magnitudes: bool,
    completeness_history: History,
) -> None:
    """Refuse what is no model, and what has no effect on one of this kind."""
    if not isinstance(model, SavedModel | FittedModel | None):  # a fit, a process, or a path
        raise InputError(
            f"`model` is of type {type(model).__name__}: give what fit_model or load_model "
            "returns, such as fit_model('etas', catalog)"
        )
    if model is not None and completeness_history is not None:
        raise InputError(
            "`completeness_history` is for the ETAS that is fitted where no `model` is given: "
            "leave out one of them (recast etas fit --completeness-history makes such a model)"
        )
    kind = model_kind(REFERENCE) if model is None else model.kind
    shown = model if isinstance(model, SavedModel) else kind.name
    if own_magnitudes and not kind.is_neural:
        raise InputError(f"`own_magnitudes` is for nets, which {shown} is not: leave it out")
    if fixed_parameters and type(kind).with_uncertainty is ModelKind.with_uncertainty:
        what = "a net" if kind.is_neural else f"of kind {kind.name}"
        raise InputError(f"`fixed_parameters` is for ETAS, and {shown} is {what}: leave it out")


def _check_csep(
    info: CatalogInfo, out: Path | None, place: tuple[float, float] | None, *, csep: bool
) -> None:
    """Refuse a CSEP file that cannot be written, or a place without one."""
    if place is not None and not csep:
        raise InputError("`place` is for the CSEP file: set `csep`, or leave it out")
    if csep and out is None:
        raise InputError("`csep` is a file in `out`: set that, too")
    if csep:
        info.check_dated("which CSEP's format cannot hold", "leave out `csep`")


def _check_places(place: tuple[float, float] | None, cell: float | None, *, places: bool) -> None:
    """Refuse what has no effect with places, or without, and cells that cannot be."""
    if places and place is not None:
        raise InputError("`place` is for events whose place is not forecast: leave out `places`")
    if cell is not None and not places:
        raise InputError("`cell` is the size of the cells of `places`: set that, or leave it out")
    if cell is not None:
        steps_to_pole(cell)


def _too_many(done: Drawn) -> str:
    return f"{int(done.histograms.sum()):,} events are too many: set fewer `samples` or `days`"


def _csep(
    catalog: Catalog,
    done: Drawn,
    out: Path,
    place: tuple[float, float] | None,
    placed: PlacedForecast | None,
) -> dict[str, Any]:
    """Write the simulated catalogs for CSEP, and state what their locations mean."""
    if not done.has_events:
        return {"file": None, "time_only": True, "place": None, "note": _too_many(done)}
    parts = None if placed is None else placed.parts
    located = placed is not None or next(done.trajectories()).locations is not None
    where = place if located else place or centre(catalog)
    name = "forecast_csep.csv"
    write_csep_forecast(parts or done.trajectories(), catalog.info, out / name, place=where)
    if located:
        note = "the model forecasts times, magnitudes and places"
        return {"file": name, "time_only": False, "place": None, "note": note}
    return {
        "file": name,
        "time_only": True,
        "place": None if where is None else list(where),
        "note": "the model forecasts times and magnitudes: all events are at one place, "
        + ("which is unknown (nan)" if where is None else "the centre of the region"),
    }
