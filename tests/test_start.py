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
from recast.evaluation import score
from recast.models import start
from recast.models.kind import Task
from recast.models.neural import Recast
from recast.models.registry import model_kind
from recast.models.start import evidence, start_of
from recast.net.scaling import Scaling
from recast.pretrained import SHIPPED, SHIPPED_WORLDS, checkpoint_path, etas_prior, read_net, seen
from recast.training.codes import with_inferred_code
from recast.training.region import Region


def region_at(south: float) -> Region:
    splits = SplitDates("2000-01-01", "2015-01-01", "2017-01-01", "2020-01-01")
    info = CatalogInfo("a", splits.train_start, splits.end, splits, 2.0, has_locations=True)
    events = pd.DataFrame(
        {
            "time": pd.to_datetime(["2001-01-01", "2016-01-01"], utc=True),
            "magnitude": [3.0, 3.0],
            "latitude": [south, south + 1.0],
            "longitude": [-70.0, -69.0],
        }
    )
    return Region(Catalog(events, info))


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Scores of the two on the train window."""
    scores = {SHIPPED: 1.0, SHIPPED_WORLDS: 1.1}
    monkeypatch.setattr(start, "evidence", lambda _, name: scores[name])
    return scores


def known(monkeypatch: pytest.MonkeyPatch, extents: Mapping[str, Extent]) -> None:
    monkeypatch.setattr(start, "seen", lambda name: {"a": extents[name]} if name in extents else {})


def test_the_train_window_decides_where_neither_net_has_seen_it(judged: dict[str, float]) -> None:
    region = region_at(-30.0)
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS
    judged[SHIPPED] = 1.2
    assert start_of(region, SHIPPED) == SHIPPED
    assert start_of(region, SHIPPED_WORLDS) == SHIPPED_WORLDS  # as asked
    assert start_of(region, "mine.ckpt") == "mine.ckpt"


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("name", [SHIPPED, SHIPPED_WORLDS])
def test_a_train_window_that_a_net_has_seen_decides_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The net would be praised for what it knows by heart."""
    region = region_at(-30.0)
    extent = replace(Extent.of(region.catalog), end="2005-01-01", until="2005-01-01")
    known(monkeypatch, {name: extent})
    assert start_of(region, SHIPPED) == SHIPPED
    known(monkeypatch, {name: replace(extent, observed=False)})
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS
    known(monkeypatch, {name: replace(extent, box=(40.0, 50.0, 0.0, 10.0))})
    assert start_of(region, SHIPPED) == SHIPPED_WORLDS


@pytest.mark.usefixtures("judged")
def test_a_net_that_may_have_seen_the_test_window_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    region = region_at(-30.0)
    later = replace(Extent.of(region.catalog), start="2018-01-01", until="2019-01-01")
    known(monkeypatch, {SHIPPED_WORLDS: later})
    assert start_of(region, SHIPPED) == SHIPPED
    assert start_of(region, SHIPPED, allow_leak=True) == SHIPPED_WORLDS


def test_zero_shot_takes_the_better_of_the_two(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    fitted = model_kind("recast-zero-shot").fit(Task(catalog, tmp_path))
    region = Region(catalog, pretrained=SHIPPED)
    scores = {name: evidence(region, name) for name in (SHIPPED, SHIPPED_WORLDS)}
    best = max(scores, key=lambda name: scores[name])
    assert fitted.started_from == best
    net, train = read_net(best, region.scaling), region.split.train
    assert scores[best] == score(Recast(net), train).nats_per_event
    process = Recast(with_inferred_code(net, train))
    assert score(fitted.process, region.split.test) == score(process, region.split.test)


def test_both_have_the_prior_of_observed_regions() -> None:
    scaling = Scaling.of(load("synthetic_socal"), SOCAL_TRUTH)
    one, other = (etas_prior(name, scaling) for name in (SHIPPED, SHIPPED_WORLDS))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.mean, other.mean)
    synthetic = {name for name, extent in seen(SHIPPED_WORLDS).items() if not extent.observed}
    assert len(synthetic) == 12
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
