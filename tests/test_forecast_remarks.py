"""What a forecast says of its own numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalogs import load
from recast.forecast.make import run_forecast
from recast.forecast.remarks import about_chance
from recast.models.fitting import fit_model


def test_a_rarer_longer_window_is_chance() -> None:
    counts = np.zeros((2_000, 3, 2), dtype=np.int64)
    counts[:1_000, :, 0] = 1  # the smaller magnitude, as often in all
    counts[:22, 0, 1] = counts[:10, 1, 1] = counts[:22, 2, 1] = 1
    (said,) = about_chance([1.0, 7.0, 30.0], [3.0, 7.0], counts)
    assert "M >= 7 come in 22 of 2,000 simulated catalogs of 1 day and in 10 of 7 days" in said
    assert said.endswith("set more `samples`")
    counts[:40, 1:, 1] = 1
    assert about_chance([1.0, 7.0, 30.0], [3.0, 7.0], counts) == []


def test_a_forecast_of_too_many_events_to_place_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recast.forecast.single.MOST_KEPT", 100)
    catalog = load("ridgecrest_2019")
    model = fit_model("etas", catalog, places=True)
    done = run_forecast(
        catalog, model, at="2019-07-12", days=[1.0], samples=50, places=True, out=tmp_path
    )
    assert done.places is None
    assert any("too many: set fewer `samples`" in remark for remark in done.remarks)
    assert (tmp_path / "forecast.csv").is_file()
    assert len(done.table) > 0
