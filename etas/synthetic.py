"""A synthetic catalog with known parameters, so that every model can be held against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from catalogs import Catalog, CatalogInfo, EventSequence, GutenbergRichter, SplitDates
from catalogs.catalog import NANOSECONDS_PER_DAY
from etas.model import ETAS
from etas.parameters import PARAMETERS

SOCAL_TRUTH = ETAS(
    mu=1.0, k=0.0208, alpha=0.7, c=0.01, p=1.12, magnitude_law=GutenbergRichter(2.5, 1.0, 7.5)
)
"""Close to fits of Southern California at M >= 2.5 (branching ratio 0.77 over the window)."""

SOCAL_SEED = 20190706
SOCAL_START = "2000-01-01"
SOCAL_DAYS = 5000.0


def synthetic_socal() -> Catalog:
    """About 20,000 events of ``SOCAL_TRUTH``, the same on every call.

    The first tenth of the window is history, the rest train, validation and test, 60/20/20 by
    time.
    """
    empty = EventSequence(np.empty(0), np.empty(0), -1.0, 0.0)
    rng = np.random.default_rng(SOCAL_SEED)
    (events,) = SOCAL_TRUTH.sample(empty, SOCAL_DAYS, 1, rng=rng)
    start = pd.Timestamp(SOCAL_START, tz="UTC")
    stamps = np.round(events.times * NANOSECONDS_PER_DAY).astype("timedelta64[ns]")
    dates = [
        (start + pd.Timedelta(days=SOCAL_DAYS * fraction)).date().isoformat()
        for fraction in (0.1, 0.64, 0.82, 1.0)
    ]
    truth = SOCAL_TRUTH.to_json()
    law = truth.pop("magnitude_law")
    info = CatalogInfo(
        name="synthetic_socal",
        title="Synthetic ETAS catalog with parameters like those of Southern California",
        region="none",
        kind="synthetic",
        start=SOCAL_START,
        end=dates[-1],
        splits=SplitDates(*dates),
        magnitude_completeness=law["completeness"],
        magnitude_bin=0.0,
        source="etas.synthetic, fixed seed",
        licence="Apache-2.0",
        n_events=len(events),
        truth={**truth, "b": law["b"], "maximum_magnitude": law["maximum"]},
    )
    table = pd.DataFrame({"time": start + pd.to_timedelta(stamps), "magnitude": events.magnitudes})
    return Catalog(table, info)


def true_model(info: CatalogInfo) -> ETAS | None:
    """The ETAS model that a synthetic catalog was drawn from, if its provenance says so."""
    truth = info.truth
    if not truth:
        return None
    law = GutenbergRichter(
        info.magnitude_completeness, truth.get("b", 1.0), truth.get("maximum_magnitude", 9.0)
    )
    mu, k, alpha, c, p = (truth[name] for name in PARAMETERS)
    return ETAS(mu, k, alpha, c, p, law)
