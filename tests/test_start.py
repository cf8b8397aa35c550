"""Which of the two nets of the package a region starts from."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, SplitDates, load
from catalogs.checks.extent import Extent
from etas.synthetic import SOCAL_TRUTH
from recast.benchmark.training_size import recent
from recast.evaluation import score
from recast.models import start
from recast.models.kind import Task
from recast.models.neural import Recast
from recast.models.registry import model_kind
from recast.models.saved import load_model
from recast.models.start import start_of
from recast.net.scaling import Scaling
from recast.pretrained import SHIPPED, SHIPPED_WORLDS, checkpoint_path, etas_prior, read_net, seen
from recast.training.codes import with_inferred_code
from recast.training.region import Region


def region_at(south: float) -> Region:
    splits = SplitDates("2000-01-01", "2015-01-01", "2017-01-01", "2020-01-01")
    info = CatalogInfo("a", splits.train_start, splits.end, splits, 2.0, has_locations=True)
    events = pd.DataFrame(
        {
            "time": pd.date_range("2001-01-01", "2019-12-01", 200, tz="UTC"),
            "magnitude": 3.0,
            "latitude": np.linspace(south, south + 1.0, 200),
            "longitude": np.linspace(-70.0, -69.0, 200),
        }
    )
    return Region(Catalog(events, info))


@pytest.fixture(autouse=True)
def a_hundred_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "FEWEST_EVENTS", 100)


def known(monkeypatch: pytest.MonkeyPatch, extents: Mapping[str, Extent]) -> None:
    monkeypatch.setattr(start, "seen", lambda name: {"a": extents[name]} if name in extents else {})


def test_a_region_that_neither_has_seen_starts_from_the_second() -> None:
    region = region_at(-30.0)
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS
    assert start_of(region, SHIPPED_WORLDS) == SHIPPED_WORLDS  # as asked
    assert start_of(region, "mine.ckpt") == "mine.ckpt"


def test_a_region_of_few_events_starts_from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "FEWEST_EVENTS", 200)
    assert start_of(region_at(-30.0), SHIPPED) == SHIPPED


@pytest.mark.parametrize("name", [SHIPPED, SHIPPED_WORLDS])
def test_a_region_that_either_has_seen_starts_from_the_first(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = region_at(-30.0)
    extent = replace(Extent.of(region.catalog), end="2005-01-01", until="2005-01-01")
    known(monkeypatch, {name: extent})
    assert start_of(region, SHIPPED) == SHIPPED
    known(monkeypatch, {name: replace(extent, observed=False)})
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS
    known(monkeypatch, {name: replace(extent, box=(40.0, 50.0, 0.0, 10.0))})
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS


def test_a_net_that_may_have_seen_the_test_window_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    region = region_at(-30.0)
    later = replace(Extent.of(region.catalog), start="2018-01-01", until="2019-01-01")
    known(monkeypatch, {SHIPPED_WORLDS: later})
    assert start_of(region, SHIPPED) == SHIPPED
    assert start_of(region, SHIPPED, allow_leak=True) == SHIPPED_WORLDS


def test_zero_shot_takes_the_second_where_neither_has_seen_the_region(tmp_path: Path) -> None:
    catalog = recent(load("synthetic_socal"), 2500)
    fitted = model_kind("recast-zero-shot").fit(Task(catalog, tmp_path))
    assert fitted.started_from == SHIPPED_WORLDS
    region = Region(catalog, pretrained=SHIPPED)
    net = with_inferred_code(read_net(SHIPPED_WORLDS, region.scaling), region.split.train)
    test = region.split.test
    assert score(fitted.process, test) == score(Recast(net), test)
    used = load_model(SHIPPED).on(catalog, fit=True)
    assert score(used.process, test) == score(fitted.process, test)
    # Its ETAS and its code have seen this region
    for model in (used, fitted):
        assert set(model.seen) == {*seen(SHIPPED_WORLDS), "synthetic_socal"}


def test_both_have_the_prior_of_observed_regions() -> None:
    scaling = Scaling.of(load("synthetic_socal"), SOCAL_TRUTH)
    one, other = (etas_prior(name, scaling) for name in (SHIPPED, SHIPPED_WORLDS))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.mean, other.mean)
    synthetic = {name for name, extent in seen(SHIPPED_WORLDS).items() if not extent.observed}
    assert len(synthetic) == 52
    copied = etas_prior(checkpoint_path(SHIPPED_WORLDS), scaling)  # as a net of somebody else
    assert copied is not None


def test_synthetic_events_are_in_no_other_catalog() -> None:
    extent = Extent.of(load("synthetic_socal"))
    assert not extent.observed
    assert Extent.from_json(extent.to_json()) == extent
    here = region_at(-30.0).catalog
    unlimited = replace(extent, until=None)
    assert not unlimited.may_hold_test_events_of(here)
    assert not unlimited.may_hold_train_events_of(here)
    assert not unlimited.may_hold_events_after(here, 0.0, same="synthetic_socal")
    assert unlimited.may_hold_events_after(load("synthetic_socal"), 0.0, same="synthetic_socal")
