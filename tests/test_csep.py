"""Our forecasts in pyCSEP: they load, and its tests agree with ours."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs import EventSequence, Trajectories
from catalogs.exports import write_csep, write_csep_forecast
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.evaluation.counts import number_test
from recast.evaluation.magnitudes import magnitude_test

PLACE = (35.05, -117.65)
"""Inside a cell of the RELM region."""


@pytest.fixture(scope="module")
def csep() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import pycsep says what may change in its packages
        return pytest.importorskip("csep", reason="needs pyCSEP: pip install '.[csep]'")


@pytest.fixture(scope="module")
def drawn() -> tuple[Trajectories, EventSequence]:
    """200 forecasts of 1.5 days, some without an event, and what happened."""
    empty = EventSequence.nothing()
    sequences = SOCAL_TRUTH.sample(empty, 1.5, 200, seed=3)
    observed = max(SOCAL_TRUTH.sample(empty, 1.5, 9, seed=4), key=len)
    # Files have four decimals: what is compared must be what is written
    as_written = [replace(s, magnitudes=s.magnitudes.round(4)) for s in (*sequences, observed)]
    return Trajectories.of_sequences(as_written[:-1]), as_written[-1]


def loaded(csep: Any, drawn: tuple[Trajectories, EventSequence], folder: Path) -> tuple[Any, Any]:
    """Forecast and observed catalog as pyCSEP reads them."""
    from csep.core import regions

    forecast, observed = drawn
    catalog = synthetic_catalog(observed, SOCAL_TRUTH, "observed", start="2010-01-01")
    write_csep_forecast([forecast], catalog.info, folder / "forecast.csv", place=PLACE)
    latitude, longitude = PLACE
    table = catalog.events.assign(latitude=latitude, longitude=longitude)
    write_csep([type(catalog)(table, catalog.info)], folder / "observed.csv")
    lowest = SOCAL_TRUTH.magnitude_law.completeness
    bins = regions.magnitude_bins(lowest, 8.0, 0.1)
    region = regions.california_relm_region(magnitudes=bins)
    theirs = csep.load_catalog_forecast(
        str(folder / "forecast.csv"), region=region, n_cat=forecast.n, store=True
    )
    seen = csep.load_catalog(str(folder / "observed.csv"), region=region)
    return theirs, seen


def test_pycsep_agrees_with_our_tests(
    csep: Any, drawn: tuple[Trajectories, EventSequence], tmp_path: Path
) -> None:
    from csep.core import catalog_evaluations

    forecast, observed = drawn
    assert 0 < (forecast.counts == 0).sum() < forecast.n  # empty catalogs are part of it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, seen = loaded(csep, drawn, tmp_path)
        numbers = catalog_evaluations.number_test(theirs, seen)
        magnitudes = catalog_evaluations.magnitude_test(theirs, seen)
        bins = theirs.region.magnitudes
    np.testing.assert_array_equal(numbers.test_distribution, forecast.counts)
    delta1, delta2 = number_test(forecast.counts, len(observed))
    assert numbers.quantile == pytest.approx((delta1[0], delta2[0]), abs=1e-12)
    ours = magnitude_test(forecast, observed.magnitudes, np.asarray(bins, dtype=np.float64))
    assert magnitudes.quantile[1] == pytest.approx(ours, abs=1e-12)
