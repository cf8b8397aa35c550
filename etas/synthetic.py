"""Synthetic catalogs with known parameters, to hold models against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from catalogs import Catalog, CatalogInfo, EventSequence, GutenbergRichter, InputError, SplitDates
from catalogs.info import NANOSECONDS_PER_DAY, timestamp
from catalogs.info_fields import PLAIN_DAYS
from etas.model import ETAS
from etas.parameters import PARAMETERS, TAPER

SOCAL_TRUTH = ETAS(
    mu=1.0, k=0.0208, alpha=0.7, c=0.01, p=1.12, magnitude_law=GutenbergRichter(2.5, 1.0, 7.5)
)
"""Close to fits of Southern California at M >= 2.5 (branching ratio 0.77 over the window)."""

SOCAL_SEED = 20190706
SOCAL_START = "2000-01-01"
SOCAL_DAYS = 5000.0

LONGEST_TIMEDELTA = 106_751.0
"""Days, 292 years: a longer difference is no number of nanoseconds."""

STEP = "magnitude_step"
"""In ``info.truth``: of the magnitudes that the true productivity goes with."""


def synthetic_socal() -> Catalog:
    """About 20,000 events of ``SOCAL_TRUTH``, the same on every call.

    The first tenth of the window is history, the rest train, validation and test, 60/20/20 by
    time.
    """
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), SOCAL_DAYS, 1, seed=SOCAL_SEED)
    return synthetic_catalog(
        events,
        SOCAL_TRUTH,
        "synthetic_socal",
        title="Synthetic ETAS catalog with parameters like those of Southern California",
        source="etas.synthetic, fixed seed",
        start=SOCAL_START,
        shares=(0.1, 0.64, 0.82),
    )


def synthetic_catalog(
    events: EventSequence,
    model: ETAS,
    name: str,
    *,
    title: str = "Synthetic ETAS catalog",
    source: str = "etas.simulation",
    start: str | None = None,
    shares: tuple[float, float, float] = (0.0, 0.6, 0.8),
) -> Catalog:
    """Make a catalog of simulated events, with the parameters they were drawn from.

    Parameters
    ----------
    events : EventSequence
        Simulated events.
    model : ETAS
        The model that they were simulated from; it becomes ``info.truth``.
    name, title, source : str
        Name, title and provenance of the catalog.
    start : str, optional
        Date of day 0; without one times stay plain days, which no calendar limits.
    shares : tuple of float
        Where in the window train, validation and test begin, as shares of its days.

    Returns
    -------
    Catalog
        Its ``info.truth`` holds the parameters.

    Raises
    ------
    InputError
        If the window ends beyond 2262, which times in nanoseconds cannot hold.

    Examples
    --------
    >>> (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 100.0, 1, seed=0)
    >>> catalog = synthetic_catalog(events, SOCAL_TRUTH, "mine", start="2000-01-01")
    >>> catalog.info.truth["p"], catalog.split().train.score_from
    (1.12, 0.0)
    """
    law = model.magnitude_law
    truth = dict(zip(PARAMETERS, model.parameters.tolist(), strict=False))
    truth |= {"b": law.b, "maximum_magnitude": law.maximum}
    if law.step > 0.0:
        truth[STEP] = law.step
    if model.taper is not None:
        truth[TAPER] = model.taper
    span = events.end - events.start
    edges = [events.start, *(events.start + span * s for s in shares), events.end]
    labels: list[str | float] = list(edges)
    table = pd.DataFrame({"time": events.times, "magnitude": law.recorded(events.magnitudes)})
    if start is not None:
        labels = [_date(_stamp(start, edge)) for edge in edges]
        # Later ones are counted from the middle of their window
        first = 0 if events.end < LONGEST_TIMEDELTA else round(0.5 * (events.start + events.end))
        stamps = np.round((events.times - first) * NANOSECONDS_PER_DAY).astype("timedelta64[ns]")
        table["time"] = _stamp(start, first) + pd.to_timedelta(stamps)
    info = CatalogInfo(
        name=name,
        title=title,
        region="none",
        kind="synthetic",
        start=labels[0],
        end=labels[-1],
        splits=SplitDates(*labels[1:]),
        magnitude_completeness=law.completeness,
        completeness_is_strict=law.strict,
        magnitude_bin=law.step,
        source=source,
        licence="Apache-2.0",
        n_events=len(events),
        time_unit=PLAIN_DAYS if start is None else "UTC",
        truth=truth,
    )
    return Catalog(table, info)


def _stamp(start: str, day: float) -> pd.Timestamp:
    """The time so many days after a date."""
    nanoseconds = timestamp(start, "start").value + round(day * NANOSECONDS_PER_DAY)
    if not pd.Timestamp.min.value <= nanoseconds <= pd.Timestamp.max.value:
        raise InputError(
            f"{day:,.0f} days after {start:.10} is beyond 2262, which times in nanoseconds cannot "
            "hold: simulate fewer `days`, or without `origin` from nothing, in plain days"
        )
    return pd.Timestamp(nanoseconds, unit="ns", tz="UTC")


def _date(stamp: pd.Timestamp) -> str:
    """The day, with the time of day where there is one."""
    text = stamp.tz_localize(None).isoformat()
    return text.removesuffix("T00:00:00")


def true_model(info: CatalogInfo) -> ETAS | None:
    """The ETAS model that a synthetic catalog was drawn from; None for other catalogs."""
    truth = info.truth
    if not truth:
        return None
    law = GutenbergRichter(
        info.magnitude_completeness,
        truth.get("b", 1.0),
        truth.get("maximum_magnitude", 9.0),
        step=truth.get(STEP, 0.0),
        strict=info.completeness_is_strict,
    )
    mu, k, alpha, c, p = (truth[name] for name in PARAMETERS)
    return ETAS(mu, k, alpha, c, p, law, truth.get(TAPER))
