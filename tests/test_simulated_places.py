"""Simulated places go wherever simulated times go: files of catalogs, forecasts, corrections."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs import (
    Catalog,
    EventSequence,
    GutenbergRichter,
    InputError,
    PointProcess,
    Trajectories,
    load,
)
from catalogs.sequence import FloatArray
from etas.model import ETAS
from recast.forecast.correction import cut, scaled
from recast.forecast.engine import Engine
from recast.forecast.simulation import run_simulation
from recast.forecast.single import Request, draw_forecast, windows_of

LAW = GutenbergRichter(2.0, 1.0, 7.0)


def places(times: FloatArray) -> FloatArray:
    """A place that tells the time: latitude 30 + t / 1000, longitude 179 + t / 1000."""
    return np.column_stack([30.0 + times / 1000.0, 179.0 + times / 1000.0])


@dataclass(frozen=True)
class Placed(PointProcess):
    """ETAS whose events stand where ``places`` says."""

    etas: ETAS
    magnitude_law: GutenbergRichter = LAW

    def intensity(self, sequence: EventSequence, times: FloatArray) -> FloatArray:
        return self.etas.intensity(sequence, times)

    def compensator(self, sequence: EventSequence, times: FloatArray) -> FloatArray:
        return self.etas.compensator(sequence, times)

    def simulate(self, *args: Any, **kwargs: Any) -> Trajectories:
        drawn = self.etas.simulate(*args, **kwargs)
        return replace(drawn, locations=places(drawn.times))


PROCESS = Placed(ETAS(2.0, 0.02, 0.6, 0.02, 1.2, LAW))


def test_simulated_catalogs_have_places(tmp_path: Path) -> None:
    formats = ("catalog", "csep", "quakeml")
    done = run_simulation(
        PROCESS, 10.0, 2, origin="2020-01-01", out=tmp_path, formats=formats, seed=1
    )
    assert len(done.result.files) == 5
    for i, sequence in enumerate(done.drawn.sequences()):
        catalog = load(tmp_path / f"simulated_{i}.json")
        assert catalog.info.has_locations
        table = catalog.events
        np.testing.assert_allclose(
            table[["latitude", "longitude"]], places(sequence.times), atol=1e-9
        )
    with (tmp_path / "simulated.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    written = [[float(row["lat"]), float(row["lon"])] for row in rows]
    np.testing.assert_allclose(written, places(done.drawn.times), atol=1e-6)
    days = run_simulation(PROCESS, 10.0, out=tmp_path / "days", seed=1)
    again = load(tmp_path / "days" / "simulated.json")
    assert again.info.uses_plain_days
    located = again.to_sequence().locations
    assert located is not None
    np.testing.assert_array_equal(located, places(days.drawn.times))
    with pytest.raises(InputError, match="`place` is for events without places"):
        run_simulation(PROCESS, 10.0, out=tmp_path / "other", place=(1.0, 2.0))


def test_a_forecast_keeps_places(tmp_path: Path) -> None:
    history = run_simulation(PROCESS, 200.0, origin="2020-01-01", out=tmp_path, seed=2)
    catalog: Catalog = load(tmp_path / "simulated.json")
    assert history.drawn.times.size > 100
    request = Request(at=150.0, days=(1.0, 3.0), magnitudes=(2.0,), samples=150, seed=3)
    windows = windows_of(catalog.to_sequence().before(150.0), [PROCESS], request)
    done = draw_forecast(
        catalog, windows, request, tmp_path / "chunks", engine=Engine(), events=True
    )
    drawn = Trajectories.joined(list(done.trajectories()))
    assert drawn.n == 150
    assert drawn.locations is not None
    np.testing.assert_array_equal(drawn.locations, places(drawn.times))


def test_multiplied_numbers_keep_places() -> None:
    drawn = PROCESS.simulate(EventSequence.nothing(), 20.0, 30, seed=4)
    more = scaled(drawn, np.full(30, 1.7), np.random.default_rng(0))
    assert more.times.size > 1.4 * drawn.times.size
    for one in (more, cut(more, 20, 40)):
        assert one.locations is not None
        np.testing.assert_array_equal(one.locations, places(one.times))
