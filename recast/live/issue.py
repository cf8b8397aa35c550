"""One forecast of a service: what is known, a model of it, simulations, and the record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from catalogs import Catalog, CatalogInfo, InputError
from catalogs.areas import Area, parse_area
from catalogs.cores import at_most
from catalogs.cores import threads as all_threads
from catalogs.info import SplitDates
from catalogs.rounded_magnitudes import ENOUGH_FOR_STEPS, NEARLY_ALL, MagnitudeGrid
from catalogs.sequence import FloatArray, reaches
from etas.model import ETAS
from recast.forecast.complete import raised_completeness
from recast.live.circle import polygon
from recast.live.draws import fan_of, samples_table
from recast.live.fits import model_for
from recast.live.plan import Plan
from recast.live.policy import Policy, label_of
from recast.live.records import Issued, SequenceState
from recast.live.schedule import Due
from recast.live.silence import silence
from recast.live.times import read, written
from recast.models.environment import describe

BURN_IN = 0.1
"""Share of a catalog's time whose events are history only, if enough come later."""

SHORT = pd.Timedelta(days=30)
"""A history that has more of a sequence than of what was before."""

LONGEST = 32
"""Letters of an identifier in the name of a file."""

YEAR = 365.25
"""Days of the last year."""


def make_forecast(
    *,
    events: pd.DataFrame,
    area: str,
    region: str,
    sequence: SequenceState | None,
    due: Due,
    now: pd.Timestamp,
    completeness: float,
    policy: Policy,
    seed: int,
    history_start: str,
    models: Path,
    gaps: Sequence[tuple[pd.Timestamp, pd.Timestamp]] = (),
    threads: int | None = None,
) -> tuple[Issued, pd.DataFrame]:
    """Forecast the numbers of events from now on, for a sequence or for the whole region.

    Parameters
    ----------
    events : DataFrame
        Events as known now.
    area : str
        The region, as ``parse_area`` reads it.
    region : str
        Its name, for people.
    sequence : SequenceState or None
        The sequence in whose circle events are forecast; None for the region.
    due : Due
        When the forecast was due, and when the next one is.
    now : Timestamp
        Time of the forecast: windows start here, to the second.
    completeness : float
        Magnitude of completeness.
    policy : Policy
        Windows, magnitudes, refits and numbers of simulations.
    seed : int
        Of the service; every forecast has random numbers of its own.
    history_start : str
        Date from which the events are complete.
    models : Path
        Folder of the fitted models, the only one that is read or written.
    gaps : sequence of (Timestamp, Timestamp)
        Spans since then of which nothing is known.
    threads : int, optional
        By default one per core; the numbers do not depend on it.

    Returns
    -------
    Issued, DataFrame
        The record, in which the hashes of catalog and configuration are left to the caller, and
        every simulated number: window, magnitude, sample, count.

    Raises
    ------
    InputError
        If there is nothing to forecast from.
    """
    at = now.floor("s")
    place = parse_area(area) if sequence is None else polygon(sequence.region)
    name = forecast_id(sequence, due)
    mainshock = None if sequence is None else sequence.mainshock.magnitude
    whole = known_catalog(events, place, at, history_start, completeness, gaps)
    completeness = whole.info.magnitude_completeness
    asked = policy.counted(completeness, mainshock)
    magnitudes = tuple(sorted(set(map(whole.info.on_grid, asked))))
    used = raised_completeness(whole.to_sequence(), completeness, magnitudes[0])
    catalog = whole.select(magnitude_completeness=used)
    with at_most(threads):
        fit = model_for(catalog, _key(sequence, used), at, policy, models)
        plan = Plan.of(catalog, fit, sequence, magnitudes, policy, _own_seed(seed, name))
    process = fit.model.process
    silent = (
        silence(events, catalog, process, sequence, policy) if isinstance(process, ETAS) else ()
    )
    draws = plan.draw(threads or all_threads())
    since = _observed(catalog, sequence, at)
    issued = Issued(
        forecast_id=name,
        region=region,
        area=str(place),
        at=written(at),
        scheduled=due.scheduled,
        next=due.next,
        created=written(pd.Timestamp.now("UTC")),
        windows=tuple(plan.window(label, one, at) for label, one in draws.items()),
        completeness=completeness,
        observed=tuple((m, int(reaches(since, m).sum())) for m in plan.magnitudes),
        model=plan.model_used(),
        fan=fan_of(draws[label_of(plan.days[-1])]),
        n_samples=policy.samples,
        seed=plan.seed,
        catalog_sha256="",
        configuration_sha256="",
        version=str(describe()["recast-forecast"]),
        sequence=sequence,
        remarks=(
            *silent,
            *_on_completeness(used, completeness),
            *_on_history(history_start, at, region=sequence is None),
            *_on_gaps(whole.info),
            *plan.remarks,
        ),
        capped=int(sum(one.capped.sum() for one in draws.values())),
    )
    return issued, samples_table(draws, plan.counted)


def forecast_id(sequence: SequenceState | None, due: Due) -> str:
    """Name of a forecast: of what, and when it was due.

    Examples
    --------
    >>> forecast_id(None, Due("2019-07-06T00:00:00Z", None))
    'region_20190706T000000Z'
    """
    what = "region" if sequence is None else _safe(sequence.sequence_id)
    return f"{what}_{read(due.scheduled):%Y%m%dT%H%M%SZ}"


def _safe(text: str) -> str:
    """The letters and digits of an identifier; where others have the same, with a hash of it."""
    plain = re.sub(r"[^A-Za-z0-9]", "", text)
    if plain == text and 0 < len(text) <= LONGEST and text != "region":
        return plain
    return f"{plain[:LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _key(sequence: SequenceState | None, completeness: float) -> str:
    """Whose fits are whose: a new mainshock has a circle of its own, and few small events."""
    above = f"M{round(100.0 * completeness):03d}"
    if sequence is None:
        return f"region-{above}"
    return f"{_safe(sequence.sequence_id)}-{_safe(sequence.mainshock.event_id)}-{above}"


def _on_completeness(used: float, usual: float) -> tuple[str, ...]:
    if used <= usual:
        return ()
    remark = (
        f"only earthquakes of magnitude {used:g} or larger are used: after a large one many "
        "smaller ones go unrecorded"
    )
    return (remark,)


def _on_history(start: str, at: pd.Timestamp, *, region: bool) -> tuple[str, ...]:
    begin = read(start)
    if at - begin < SHORT:
        return (f"events are known since {begin:%Y-%m-%d} only, so that quiet times hardly are",)
    if region and begin > at - pd.Timedelta(days=YEAR):
        return (f"events are known since {begin:%Y-%m-%d} only: those of the last year since then",)
    return ()


def _on_gaps(info: CatalogInfo) -> tuple[str, ...]:
    return tuple(
        f"no events are known from {begin} to {end}, and that time does not count"
        for begin, end in info.gaps
    )


def _own_seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big")


def known_catalog(
    events: pd.DataFrame,
    area: Area,
    at: pd.Timestamp,
    start: str,
    completeness: float,
    gaps: Sequence[tuple[pd.Timestamp, pd.Timestamp]] = (),
) -> Catalog:
    """Make a catalog of the events of an area that are known at a time, with its ``gaps``.

    Raises
    ------
    InputError
        If there is none, or the history begins later.
    """
    begin = read(start)
    if not begin < at:
        raise InputError(f"the history begins at {start}, not before {written(at)}: set it earlier")
    inside = area.contains(events["latitude"], events["longitude"])
    inside &= ((events["time"] < at) & events["magnitude"].notna()).to_numpy()
    table = events[inside].reset_index(drop=True)
    train = begin + BURN_IN * (at - begin)
    val, test = (written(train + share * (at - train)) for share in (0.6, 0.8))
    info = CatalogInfo(
        name="live",
        start=written(begin),
        end=written(at),
        splits=SplitDates(written(train), val, test, written(at)),
        magnitude_completeness=completeness,
        magnitude_bin=_step(table["magnitude"].to_numpy(np.float64)),
        has_locations=True,
        n_events=len(table),
        area=str(area),
        gaps=tuple((written(max(a, begin)), written(b)) for a, b in gaps if begin < b < at),
    )
    return Catalog(table, info)


def _step(magnitudes: FloatArray) -> float:
    """Step of the grid of magnitudes: tenths where nearly all keep them, or hundredths."""
    kept = MagnitudeGrid(0.1).keep(magnitudes)
    few = magnitudes.size < ENOUGH_FOR_STEPS
    return 0.1 if kept.all() or (not few and kept.mean() >= NEARLY_ALL) else 0.01


def _observed(catalog: Catalog, sequence: SequenceState | None, at: pd.Timestamp) -> FloatArray:
    """Magnitudes of the events since the mainshock, of a region in the last year."""
    events = catalog.events
    if sequence is None:
        kept = events["time"] >= at - pd.Timedelta(days=YEAR)
    else:
        kept = events["time"] > read(sequence.mainshock.time)
        kept &= events["event_id"] != sequence.mainshock.event_id
    return events.loc[kept, "magnitude"].to_numpy(np.float64)
