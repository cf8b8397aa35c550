"""Which catalogs and which ETAS fit training begins with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from catalogs import Catalog, CatalogInfo, GutenbergRichter, InputError, SplitDates, load
from catalogs.files import write_json
from etas.model import ETAS
from recast.net.scaling import Scaling
from recast.training.data import CatalogData, Region

CATALOG = load("ridgecrest_2019")
LAW = CATALOG.magnitude_law()


def written(path: Path, model: ETAS) -> str:
    write_json(path, {"model": model.to_json()})
    return str(path)


def test_a_fit_from_a_file_is_the_start(tmp_path: Path) -> None:
    model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW)
    path = written(tmp_path / "etas.json", model)
    data = CatalogData("ridgecrest_2019", etas_file=path, day_clock=False)
    assert data.region.etas == model
    scaling = data.region.scaling
    assert (scaling.mu, scaling.k, scaling.p) == (1.0, 0.02, 1.1)
    assert Region(CATALOG, etas_file=path, day_clock=False, pretrained="shipped").etas == model


def test_a_fit_that_does_not_suit_is_refused(tmp_path: Path) -> None:
    tapered = written(tmp_path / "tapered.json", ETAS(1.0, 0.02, 0.7, 0.01, 1.1, LAW, 5.0))
    with pytest.raises(InputError, match=r"tapered.json has a tapered Omori law"):
        CatalogData("ridgecrest_2019", etas_file=tapered).scalings  # noqa: B018
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    with pytest.raises(InputError, match=r"empty.json: .*these are not ETAS parameters"):
        CatalogData("ridgecrest_2019", etas_file=str(empty)).scalings  # noqa: B018
    lower = GutenbergRichter(1.5, 1.0)
    other = written(tmp_path / "other.json", ETAS(1.0, 0.02, 0.7, 0.01, 1.1, lower))
    with pytest.raises(InputError, match=r"above completeness magnitude 1.5, catalog .* from 2.5"):
        CatalogData("ridgecrest_2019", etas_file=other).scalings  # noqa: B018


def test_catalogs_are_named_once_each() -> None:
    with pytest.raises(InputError, match=r"data.catalog names no catalog"):
        CatalogData([])
    with pytest.raises(InputError, match="catalog 'ridgecrest_2019' is named twice"):
        CatalogData.of(Region(CATALOG), Region(CATALOG))
    with pytest.raises(InputError, match=r"data.etas_file is for a single catalog"):
        CatalogData(["ridgecrest_2019", "synthetic_socal"], etas_file="etas.json")


@pytest.mark.parametrize("strict", [False, True])
def test_a_net_is_scaled_by_the_scored_events_of_the_train_window(strict: bool) -> None:
    """Its history, which may be of another rate, is not among them."""
    times = np.concatenate([np.linspace(0.5, 9.5, 900), np.linspace(10.5, 89.5, 400)])
    magnitudes = np.concatenate([np.full(900, 4.1), np.full(400, 2.5)])
    info = CatalogInfo(
        "mine",
        0.0,
        90.0,
        SplitDates(10.0, 50.0, 70.0, 90.0),
        2.0,
        completeness_is_strict=strict,
        magnitude_bin=0.1,
        time_unit="days since start",
    )
    catalog = Catalog(pd.DataFrame({"time": times, "magnitude": magnitudes}), info)
    train = catalog.split().train
    assert len(train) > 2 * train.n_scored
    lowest = catalog.info.magnitude_completeness
    etas = ETAS(0.0, 0.02, 0.7, 0.01, 1.1, GutenbergRichter(lowest))
    scaling = Scaling.of(catalog, etas)
    assert scaling.mean_inter_time == pytest.approx(40.0 / train.n_scored)
    assert scaling.mean_magnitude == pytest.approx(2.5)
    # The lower edge of the bin of the lowest magnitude that is kept
    edge = lowest + (0.05 if catalog.info.completeness_is_strict else -0.05)
    assert scaling.lowest_magnitude == pytest.approx(edge)
    # A net without any background would have none for good
    assert scaling.background == pytest.approx(1e-3 / scaling.mean_inter_time)
    assert replace(scaling, mu=3.0).background == 3.0
    # Nets of before this edge was kept have magnitudes from completeness on
    assert replace(scaling, lowest_magnitude=float("nan")).lowest_magnitude == lowest


def test_each_window_is_for_what_it_is_called() -> None:
    """Nothing of the validation and test windows is trained on, and each is scored once."""
    data = CatalogData("ridgecrest_2019", window=64, burn_in=16, steps_per_epoch=5, day_clock=False)
    split = data.region.split
    known = set(split.train.inter_times[split.train.first_scored :].tolist())
    for windows in data.train_dataloader():
        assert windows.n_train == split.train.n_scored + 1
        assert set(windows.batch.inter_times[windows.batch.scored].tolist()) <= known
    for loader, part in ((data.val_dataloader(), split.val), (data.test_dataloader(), split.test)):
        batches = [windows.batch for windows in loader]
        assert sum(batch.n_events for batch in batches) == part.n_scored
        assert sum(batch.scored_days for batch in batches) == pytest.approx(part.scored_days)
        scored = torch.cat([batch.inter_times[batch.scored] for batch in batches])
        np.testing.assert_array_equal(scored, part.inter_times[part.first_scored :])


def test_periods_that_are_left_out_are_those_asked_for_and_those_of_the_catalog() -> None:
    gap = ("2019-07-10T00:00:00", "2019-07-10T00:00:01")  # without events
    catalog = Catalog(CATALOG.events, replace(CATALOG.info, gaps=(gap,)))
    asked = ("2019-07-07", "2019-07-08")
    data = CatalogData.of(Region(catalog, day_clock=False), gaps=[asked])
    days = [tuple(map(catalog.info.to_days, pair)) for pair in (asked, gap)]
    assert data.gaps_of(0) == days
    (parts,) = data.train_dataloader().dataset.regions  # type: ignore[attr-defined]
    assert parts.gaps == days
