"""One forecast of a service: what is known, a model of it, simulations, and the record."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from catalogs import Catalog, CatalogInfo, EventSequence, InputError
from catalogs.areas import Area, parse_area
from catalogs.cores import at_most
from catalogs.cores import threads as all_threads
from catalogs.info import SplitDates
from catalogs.sequence import FloatArray, reaches
from etas.model import ETAS
from recast.forecast.correction import SequenceForecast, learned, subcritical, under_way
from recast.forecast.make import processes_of
from recast.forecast.results import Factor
from recast.forecast.single import Request, Window, windows_of
from recast.live.circle import polygon
from recast.live.draws import WindowDraws, draw_window, fan_of, samples_table
from recast.live.fits import Fit, model_for
from recast.live.policy import Policy, label_of
from recast.live.records import Issued, IssuedWindow, ModelUsed, SequenceState, bin_of
from recast.live.schedule import Due
from recast.live.times import read, written
from recast.models.environment import describe

BURN_IN = 0.1
"""Share of a catalog's time whose events are history only, if enough come later."""

LONG = 30.0
"""Days of a window beyond which fewer simulations do: what was learned of errors ends here, too."""

YEAR = 365.25

REFERENCE = (
    "Ogata (1988), doi:10.1080/01621459.1988.10478560; Reasenberg and Jones (1989), "
    "doi:10.1126/science.243.4895.1173"
)
"""Of ETAS, and of the decay of one sequence."""

SENTENCE = (
    "Every earthquake can be followed by others nearby, the more the larger it is, and fewer as "
    "time goes by: the model (ETAS) has learned how many and how fast from the earthquakes of this "
    "area so far, and from other regions where those are few."
)
IN_SEQUENCE = (
    " It follows how this sequence has gone so far, and its ranges are as wide as such forecasts "
    "of past sequences were wrong."
)


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
    catalog = known_catalog(events, place, at, history_start, completeness)
    with at_most(threads):
        fit = model_for(catalog, _key(sequence), at, policy, models)
        plan = Plan.of(catalog, fit, sequence, policy, _own_seed(seed, name))
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
        remarks=plan.remarks,
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
    return f"{what}_{_safe(due.scheduled)}"


def _safe(text: str) -> str:
    """The letters and digits of an identifier; of one that has others, with a hash of it."""
    plain = re.sub(r"[^A-Za-z0-9]", "", text)
    if re.fullmatch(r"[A-Za-z0-9:-]+", text):
        return plain
    return f"{plain[:32]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _key(sequence: SequenceState | None) -> str:
    """Whose fits are whose: a new mainshock has a circle of its own."""
    if sequence is None:
        return "region"
    return f"{_safe(sequence.sequence_id)}-{_safe(sequence.mainshock.event_id)}"


def _own_seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big")


def known_catalog(
    events: pd.DataFrame, area: Area, at: pd.Timestamp, start: str, completeness: float
) -> Catalog:
    """Make a catalog of the events of an area that are known at a time.

    Raises
    ------
    InputError
        If there is none, or the history begins later.
    """
    begin = read(start)
    if not begin < at:
        raise InputError(f"the history begins at {start}, not before {written(at)}: set it earlier")
    inside = area.contains(events["latitude"], events["longitude"])
    inside &= (events["time"] < at).to_numpy()
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
    )
    return Catalog(table, info)


def _step(magnitudes: FloatArray) -> float:
    """Step of the grid of magnitudes: tenths or hundredths."""
    tenths = np.isclose(10.0 * magnitudes, np.round(10.0 * magnitudes), atol=1e-6)
    return 0.1 if tenths.all() else 0.01


def _observed(catalog: Catalog, sequence: SequenceState | None, at: pd.Timestamp) -> FloatArray:
    """Magnitudes of the events since the mainshock, of a region in the last year."""
    events = catalog.events
    if sequence is None:
        kept = events["time"] >= at - pd.Timedelta(days=YEAR)
    else:
        kept = events["time"] > read(sequence.mainshock.time)
        kept &= events["event_id"] != sequence.mainshock.event_id
    return events.loc[kept, "magnitude"].to_numpy(np.float64)


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that the numbers of one forecast depend on."""

    windows: tuple[Window, ...]
    magnitudes: tuple[float, ...]
    mainshock: float | None
    """Magnitude of the mainshock, if it is complete."""

    seed: int
    policy: Policy
    fit: Fit
    under_way: SequenceForecast | None
    remarks: tuple[str, ...]

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        fit: Fit,
        sequence: SequenceState | None,
        policy: Policy,
        seed: int,
    ) -> Plan:
        """Prepare the simulations."""
        info = catalog.info
        largest = None if sequence is None else sequence.mainshock.magnitude
        magnitudes = policy.counted(info.magnitude_completeness, largest)
        if largest is not None and largest < info.magnitude_completeness:
            largest = None
        days = policy.days(sequence=sequence is not None)
        request = Request(info.to_days(info.end), days, magnitudes, policy.samples, seed)
        history = catalog.to_sequence()
        corrected = _under_way(fit, history, sequence, catalog)
        remarks = []
        try:
            processes, _ = processes_of(fit.model, request, corrected)
        except InputError as error:  # each event would trigger more than one
            remarks.append(f"simulated with fewer aftershocks than the model has: {error}")
            processes = {w: (subcritical(fit.model.process, w),) for w in days}
        windows = windows_of(history, processes, request, corrected)
        return cls(windows, magnitudes, largest, seed, policy, fit, corrected, tuple(remarks))

    @property
    def days(self) -> tuple[float, ...]:
        """Lengths of the windows."""
        return tuple(window.days for window in self.windows)

    @property
    def counted(self) -> tuple[float, ...]:
        """Magnitudes at or above which events are counted: also that of the mainshock."""
        also = set() if self.mainshock is None else {self.mainshock}
        return tuple(sorted({*self.magnitudes, *also}))

    def draw(self, threads: int) -> dict[str, WindowDraws]:
        """Draw all windows, by label."""
        policy = self.policy
        return {
            label_of(window.days): draw_window(
                window,
                self.counted,
                policy.samples if window.days <= LONG else policy.long_samples,
                self.seed,
                fan_from=self.magnitudes[0] if window.days == self.days[-1] else None,
                threads=threads,
            )
            for window in self.windows
        }

    def window(self, label: str, draws: WindowDraws, at: pd.Timestamp) -> IssuedWindow:
        """Summarise one window."""
        bins = {m: bin_of(m, draws.counts[:, i]) for i, m in enumerate(self.counted)}
        return IssuedWindow(
            label=label,
            days=draws.days,
            start=written(at),
            end=written(at + pd.Timedelta(days=draws.days)),
            bins=tuple(bins[m] for m in self.magnitudes),
            above_mainshock=None if self.mainshock is None else bins[self.mainshock],
        )

    def model_used(self) -> ModelUsed:
        """Describe the model."""
        process = self.fit.model.process
        parameters = dict(process.to_json()) if isinstance(process, ETAS) else {}
        if self.under_way is not None:
            parameters["factors"] = [
                Factor(w.days, float(np.exp(w.correction.shift)), w.correction.spread).to_json()
                for w in self.windows
                if w.correction is not None
            ]
        return ModelUsed(
            name="ETAS" if self.under_way is None else "ETAS, corrected for the sequence",
            sentence=SENTENCE + ("" if self.under_way is None else IN_SEQUENCE),
            reference=REFERENCE,
            parameters=parameters,
            fitted_at=written(self.fit.until),
        )


def _under_way(
    fit: Fit, history: EventSequence, sequence: SequenceState | None, catalog: Catalog
) -> SequenceForecast | None:
    """What is known of the sequence, of the region's where none is given.

    A mainshock that begins a sequence of the service has one, however few have followed so far.
    """
    process = fit.model.process
    if sequence is None or not isinstance(process, ETAS):
        return under_way([process], history)
    day = catalog.info.to_days(sequence.mainshock.time)
    near = np.flatnonzero(np.abs(history.times - day) < 2.0 / 86_400.0)
    if near.size == 0:  # it is not complete
        return under_way([process], history)
    shock = int(near[np.argmax(history.magnitudes[near])])
    return SequenceForecast.of(process, history, shock, learned())
