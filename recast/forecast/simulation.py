"""Synthetic catalogs from a fitted model, from scratch or as continuations, and their files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from catalogs import Catalog, EventSequence, InputError, PointProcess, Trajectories, save
from catalogs.display import some, span, text_as_html
from catalogs.exports import SINGLE_FORMATS, write_csep
from catalogs.files import write_json
from catalogs.json_records import Record
from catalogs.process import MAX_EVENTS
from etas.model import ETAS
from etas.space.law import PlaceLaw
from etas.synthetic import synthetic_catalog
from recast.forecast.gaps import about_forecast, overlapped
from recast.models.environment import describe
from recast.models.kind import FittedModel
from recast.training.region import check_completeness

CSEP = "csep"
CATALOG = "catalog"
FORMATS = (CATALOG, CSEP, *SINGLE_FORMATS)

UNIFORM = "without history nothing is known of where events happen: the background is uniform"


@dataclass(frozen=True, repr=False)
class SimulationResult(Record):
    """A simulation and how it was made (`simulation.json`).

    ``counts`` holds mean, median and central 95 % range of the numbers of events, ``capped`` the
    indices of trajectories that were cut off at ``max_events``, and ``observed`` the number of
    events that followed, where the catalog has it. ``remarks`` say why it has not.
    """

    model: dict[str, Any]
    seed: int
    start: str
    days: float
    n: int
    events: int
    counts: dict[str, Any]
    max_events: int
    capped: list[int]
    files: list[str] = field(default_factory=list)
    history: str | None = None
    observed: int | None = None
    branching_ratio: float | None = None
    seconds: float | None = None
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        low, high = self.counts["ci95"]
        took = "" if self.seconds is None else f" in {self.seconds:.2f} s"
        lines = [
            f"{self.n:,} x {span(self.days)}: {some(self.events, 'event')}{took}",
            f"events each: median {self.counts['median']:g}, 95 % from {low:g} to {high:g}",
        ]
        if self.branching_ratio is not None:
            lines.append(f"branching ratio {self.branching_ratio:.4f} over {span(self.days)}")
        if self.capped:
            lines.append(
                f"{len(self.capped):,} of {self.n:,} exceeded {self.max_events:,} events and "
                "were cut off"
            )
        if self.observed is not None:
            lines.append(f"observed {self.observed:,}")
        return "\n".join([*lines, *self.remarks])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text_as_html(str(self))


@dataclass(frozen=True, eq=False, repr=False)
class Simulated:
    """The record of a simulation, its trajectories, and the events observed in their window."""

    result: SimulationResult
    drawn: Trajectories
    observed: EventSequence | None

    def __repr__(self) -> str:
        return repr(self.result)

    def _repr_html_(self) -> str:
        return self.result._repr_html_()


def run_simulation(
    model: PointProcess | FittedModel,
    days: float,
    samples: int = 1,
    *,
    history: Catalog | None = None,
    at: str | float | None = None,
    origin: str | None = None,
    seed: int = 0,
    max_events: int = MAX_EVENTS,
    threads: int | None = None,
    allow_supercritical: bool = False,
    out: str | PathLike[str] | None = None,
    name: str = "simulated",
    formats: Sequence[str] = (CATALOG,),
    place: tuple[float, float] | None = None,
    places: PlaceLaw | None = None,
    overwrite: bool = False,
    about: Mapping[str, Any] | None = None,
    command: str | None = None,
) -> Simulated:
    """Draw synthetic catalogs from a process, and write them.

    Parameters
    ----------
    model : PointProcess or FittedModel
        For example ``load_model(...).on(catalog)``, or an ``ETAS``.
    days : float
        Length of each catalog.
    samples : int
        Number of catalogs.
    history : Catalog, optional
        Continue its events; by default catalogs start without history.
    at : date or day, optional
        Where in ``history`` to start; by default at its test window.
    origin : date, optional
        Date of day 0 for catalogs without history; by default they are in plain days.
    seed : int
        The same seed gives the same catalogs on any number of threads.
    max_events : int
        A catalog with more is cut off there, and counted.
    threads : int, optional
        By default one per core.
    allow_supercritical : bool
        Simulate even if each event triggers one or more on average.
    out : path, optional
        Folder for the files; by default nothing is written.
    name : str
        Name of the catalogs; several are numbered.
    formats : sequence of str
        ``catalog`` (two files each), ``csep`` (one for all), ``zmap``, ``quakeml`` (one each).
    place : (latitude, longitude), optional
        Location of all events, for formats that need one, where none are simulated.
    places : PlaceLaw, optional
        Draw places, too, from this law, such as ``FittedModel.places``.
    overwrite : bool
        Replace catalogs of the same name.
    about : mapping, optional
        Description of the model, for the record.
    command : str, optional
        The command line, for the record.

    Returns
    -------
    Simulated
        Record and trajectories.

    Raises
    ------
    InputError
        If ``at`` is outside the history, the process is of another completeness than that or
        supercritical, a format cannot hold the catalogs, or ``place`` is given for events with
        places of their own.

    Examples
    --------
    >>> from etas.synthetic import SOCAL_TRUTH
    >>> done = run_simulation(SOCAL_TRUTH, 7.0, 100, seed=1)
    >>> done.drawn.n, done.result.days
    (100, 7.0)
    """
    out = None if out is None else Path(out)
    process = model if isinstance(model, PointProcess) else model.process
    if at is not None and history is None:
        raise InputError("`at` is a time in a catalog: give `history`")
    if origin is not None and history is not None:
        raise InputError("`origin` is for simulations from nothing: give `at` with `history`")
    if history is not None:
        completeness = process.magnitude_law.completeness
        check_completeness(type(process).__name__, completeness, history.info)
    before = _before(history, at)
    began = time.perf_counter()
    drawn = process.simulate(
        before,
        days,
        samples,
        seed=seed,
        max_events=max_events,
        threads=threads,
        allow_supercritical=allow_supercritical,
    )
    if places is not None:
        drawn = places.placer(before, drawn.end).place(drawn, seed=seed, threads=threads).events
    seconds = time.perf_counter() - began
    observed, remarks = None, [] if drawn.locations is None else [UNIFORM]
    if history is not None:
        whole = history.to_sequence()
        if drawn.end <= whole.end and not overlapped(whole, drawn.start, drawn.end):
            observed = whole.between(drawn.start, drawn.end)
        remarks = about_forecast(history.info, whole, drawn.start, [days])
    files: list[str] = []
    if out is not None:
        start = origin if history is None else str(history.info.start)
        if history is not None and history.info.uses_plain_days:
            start = None
        files = _write(drawn, process, name, out, start, formats, place, overwrite=overwrite)
    low, median, high = np.quantile(drawn.counts, [0.025, 0.5, 0.975]).tolist()
    result = SimulationResult(
        model=dict(about or {"kind": type(process).__name__}),
        seed=seed,
        start=str(origin or 0.0) if history is None else str(history.info.to_time(drawn.start)),
        days=days,
        n=samples,
        events=int(drawn.times.size),
        counts={"mean": float(drawn.counts.mean()), "median": median, "ci95": [low, high]},
        max_events=max_events,
        capped=drawn.capped.tolist(),
        files=files,
        history=None if history is None else history.info.name,
        observed=None if observed is None else len(observed),
        branching_ratio=process.branching_ratio(days),
        seconds=seconds,
        command=command,
        environment=describe(),
        remarks=remarks,
    )
    if out is not None:
        write_json(out / "simulation.json", replace(result, seconds=None).to_json())
    return Simulated(result, drawn, observed)


def _before(catalog: Catalog | None, at: str | float | None) -> EventSequence:
    """The events before the start; without a catalog none anywhere."""
    if catalog is None:
        return replace(EventSequence.nothing(), locations=np.empty((0, 2)))
    info, events = catalog.info, catalog.to_sequence()
    day = info.to_days(info.splits.test_start if at is None else at)
    if not events.start < day <= events.end:
        raise InputError(f"`at` {at}: catalog {info.name!r} covers {info.start} to {info.end} only")
    return events.before(day)


def _write(
    drawn: Trajectories,
    process: PointProcess,
    name: str,
    out: Path,
    start: str | None,
    formats: Sequence[str],
    place: tuple[float, float] | None,
    *,
    overwrite: bool,
) -> list[str]:
    """Write the catalogs in all formats asked for; return the names of the files."""
    if place is not None and drawn.locations is not None:
        raise InputError(
            "`place` is for events without places, and these have theirs: leave it out"
        )
    digits = len(str(drawn.n - 1))
    names = [name if drawn.n == 1 else f"{name}_{i:0{digits}d}" for i in range(drawn.n)]
    catalogs = [
        _catalog(sequence, process, label, start, place)
        for label, sequence in zip(names, drawn.sequences(), strict=True)
    ]
    files = []
    if CSEP in formats:
        write_csep(catalogs, out / f"{name}.csv")
        files.append(f"{name}.csv")
    for catalog in tqdm(catalogs, desc="writing", disable=None, leave=False):
        label = catalog.info.name
        if CATALOG in formats:
            files.append(save(catalog, out, overwrite=overwrite).name)
        for kind in formats:
            if kind in SINGLE_FORMATS:
                suffix, write = SINGLE_FORMATS[kind]
                write(catalog, out / f"{label}{suffix}")
                files.append(f"{label}{suffix}")
    return files


def _catalog(
    sequence: EventSequence,
    process: PointProcess,
    name: str,
    start: str | None,
    place: tuple[float, float] | None,
) -> Catalog:
    """Make a catalog of a drawn sequence; day 0 is ``start``, and the truth is kept for ETAS.

    Events are where they were simulated, or else at ``place``.
    """
    if isinstance(process, ETAS):
        title = f"Simulated by ETAS: {name}"
        catalog = synthetic_catalog(sequence, process, name, start=start, title=title)
    else:
        what = type(process).__name__
        like = ETAS(0.0, 0.0, 0.0, 1.0, 1.0, process.magnitude_law)
        catalog = synthetic_catalog(
            sequence,
            like,
            name,
            start=start,
            title=f"Simulated by {what}: {name}",
            source=f"{what}.simulate",
        )
        catalog = Catalog(catalog.events, replace(catalog.info, truth={}))
    if sequence.locations is not None:
        where: tuple[Any, Any] = (sequence.locations[:, 0], sequence.locations[:, 1])
    elif place is not None:
        where = place
    else:
        return catalog
    table = catalog.events.assign(latitude=where[0], longitude=where[1])
    return Catalog(table, replace(catalog.info, has_locations=True))
