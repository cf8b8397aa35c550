"""Has a model seen the events that it is to be tested on?"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load
from catalogs.checks.extent import Extent, check_unseen
from recast.benchmark.comparison import compare
from recast.cli import main
from recast.models.seen import from_json, leaks
from recast.pretrained import SHIPPED, checkpoint_path
from recast.training.data import CatalogData, Region
from recast.training.windows import Windows


def located(
    name: str, south: float, *, test: tuple[str, str] = ("2012-01-01", "2014-01-01")
) -> Catalog:
    splits = SplitDates("2000-01-01", "2010-01-01", *test)
    info = CatalogInfo(name, "2000-01-01", test[1], splits, 2.0, has_locations=True)
    events = pd.DataFrame(
        {
            "time": pd.to_datetime(["2001-01-01", "2013-01-01"]).tz_localize("UTC"),
            "magnitude": [3.0, 3.0],
            "latitude": [south, south + 2.0],
            "longitude": [10.0, 12.0],
        }
    )
    return Catalog(events, info)


def test_a_model_has_seen_all_before_the_test_window() -> None:
    extent = Extent.of(located("a", 40.0))
    assert (extent.start, extent.end, extent.until) == ("2000-01-01", "2010-01-01", "2012-01-01")
    assert extent.box == (40.0, 42.0, 10.0, 12.0)
    assert Extent.from_json(extent.to_json()) == extent


@pytest.mark.parametrize(
    ("south", "test", "gaps", "reached"),
    [
        (41.0, ("2009-01-01", "2011-01-01"), (), True),
        (41.0, ("2010-01-01", "2011-01-01"), (), False),  # windows are half-open
        (43.0, ("2009-01-01", "2011-01-01"), (), False),  # elsewhere, to the north
        (37.0, ("2009-01-01", "2011-01-01"), (), False),  # and to the south
        (41.0, ("2009-01-01", "2011-01-01"), (("2008-06-01", "2010-01-01"),), False),
        (41.0, ("2009-01-01", "2011-01-01"), (("2009-02-01", "2010-01-01"),), True),
        (41.0, ("2009-01-01", "2011-01-01"), (("2009-01-01", "2009-12-31"),), True),
        (
            41.0,
            ("2009-01-01", "2011-01-01"),
            (("2009-06-01", "2010-01-01"), ("2009-01-01", "2009-06-01")),
            False,
        ),
    ],
)
def test_time_and_place_decide(
    south: float, test: tuple[str, str], gaps: tuple[tuple[str, str], ...], *, reached: bool
) -> None:
    extent = replace(Extent.of(located("a", 40.0), gaps), until="2010-01-01")
    splits = SplitDates("2000-01-01", "2005-01-01", *test)
    other = located("b", south)
    other = Catalog(other.events, replace(other.info, splits=splits, end="2014-01-01"))
    assert extent.may_hold_test_events_of(other) == reached
    if reached:
        with pytest.raises(
            InputError, match="the net was trained on a .* to 2010-01-01, .* of 'b'"
        ):
            check_unseen({"a": extent}, other, "the net")
    else:
        check_unseen({"a": extent}, other, "the net")


def test_history_before_the_train_window_has_been_seen() -> None:
    catalog = located("a", 40.0)
    splits = replace(catalog.info.splits, train_start="2005-01-01")
    extent = Extent.of(Catalog(catalog.events, replace(catalog.info, splits=splits)))
    early = SplitDates("2000-01-01", "2001-01-01", "2002-01-01", "2004-01-01")
    tested = Catalog(catalog.events, replace(catalog.info, name="b", splits=early))
    assert extent.may_hold_test_events_of(tested)


def test_the_way_out_is_to_test_after_all_that_was_seen_there() -> None:
    until = {"a": "2012-06-01", "b": "2013-01-01", "far": "2013-06-01"}
    extents = {
        name: replace(Extent.of(located(name, -40.0 if name == "far" else 40.0)), until=date)
        for name, date in until.items()
    }
    with pytest.raises(InputError, match=r"test after 2013-01-01 \(--splits\)$"):
        check_unseen(extents, located("mine", 41.0), "the net")


@pytest.mark.parametrize("turn", [0.0, 360.0])
def test_a_region_across_180_degrees_is_not_all_around_the_earth(turn: float) -> None:
    pacific, inland = (located(name, 40.0) for name in "ab")
    pacific.events["longitude"] = [179.0, -179.5 + turn]
    extent = Extent.of(pacific)
    assert extent.box == (40.0, 42.0, 179.0, -179.5)
    later = replace(extent, until="2013-01-01")
    assert later.may_hold_test_events_of(pacific)
    assert not later.may_hold_test_events_of(inland)
    inland.events["longitude"] = [-180.0, -179.9]
    assert later.may_hold_test_events_of(inland)


def test_a_place_that_is_not_known_may_be_anywhere() -> None:
    extent = replace(Extent.of(located("a", 40.0)), box=None)
    far = located("b", -40.0, test=("2012-01-01", "2014-01-01"))
    assert not extent.may_hold_test_events_of(far)
    assert replace(extent, until="2013-01-01").may_hold_test_events_of(far)


def test_no_training_window_touches_a_gap() -> None:
    region = Region(load("synthetic_socal"))
    train, socal_scaling = region.split.train, region.scaling
    length, burn_in = 64, 16
    middle = float(np.median(train.times))
    gap = (middle, middle + 200.0)
    windows = Windows(train, socal_scaling, length=length, burn_in=burn_in, gaps=[gap])
    tiles = windows.tilings(np.random.default_rng(0))
    starts = [next(tiles) for _ in range(300)]
    every = np.arange(windows.first, windows.stop)  # also those that no tiling has met
    for start in {*starts, *every[windows.allowed(every)].tolist()}:
        inside = train.times[max(start - burn_in, 0) : start + length]
        assert ((inside < gap[0]) | (inside >= gap[1])).all()
    assert any(train.times[start] < gap[0] for start in starts)
    assert any(train.times[min(start, len(train) - 1)] >= gap[1] for start in starts)
    with pytest.raises(InputError, match="no training window"):
        Windows(train, socal_scaling, length=64, burn_in=16, gaps=[(0.0, train.end)])


def test_a_checkpoint_says_what_it_has_seen() -> None:
    data = CatalogData("ridgecrest_2019", gaps=[("2019-07-07", "2019-07-08")])
    (extent,) = data.trained_on.values()
    assert extent["gaps"] == [["2019-07-07", "2019-07-08"]]
    assert extent["box"][0] == load("ridgecrest_2019").events["latitude"].min()


def test_fine_tuning_on_what_may_have_been_seen_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A net that was trained on all of Ridgecrest can't be tested there."""
    content = torch.load(checkpoint_path(SHIPPED), weights_only=True)
    extent = Extent("2019-07-06", "2019-08-01", "2019-08-01").to_json()
    content["hyper_parameters"]["trained_on"] = {"elsewhere": extent}
    path = tmp_path / "net.ckpt"
    torch.save(content, path)
    monkeypatch.chdir(tmp_path)
    said = "was trained on elsewhere from 2019-07-06 to 2019-08-01, which may hold events"
    command = ["fit", "--data.catalog", "ridgecrest_2019", "--trainer.fast_dev_run", "1"]
    assert main([*command, "--model.pretrained", str(path)]) == 2
    assert said in capsys.readouterr().err
    command = ["benchmark", "--quick", "--catalog", "ridgecrest_2019", "--models", "etas"]
    assert main([*command, "recast-few-shot", "--pretrained", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "fitting" not in error  # nothing before it is refused
    # The default model then starts from ETAS, and says why
    monkeypatch.setattr("recast.models.neural_kinds.SHIPPED", str(path))
    catalog = load("ridgecrest_2019")
    (done,) = compare([catalog], ["etas", "recast"], tmp_path / "run", quick=True)
    assert done.result.models["recast"].started_from is None
    assert "ridgecrest_2019: recast starts from ETAS alone: the net" in capsys.readouterr().err


def test_plain_days_count_within_one_catalog_only() -> None:
    splits = SplitDates(0.0, 10.0, 20.0, 30.0)
    info = CatalogInfo("days", 0.0, 30.0, splits, 2.0, time_unit="days since start")
    plain = Catalog(pd.DataFrame({"time": [1.0, 25.0], "magnitude": [3.0, 3.0]}), info)
    extent = Extent.of(plain)
    assert extent.may_hold_events_after(plain, 15.0, same="days")
    assert not extent.may_hold_events_after(plain, 25.0, same="days")
    assert not extent.may_hold_events_after(plain, 15.0, same="other")  # other days
    assert not extent.may_hold_events_after(located("a", 40.0), 15.0, same="a")  # dates
    assert not extent.may_hold_test_events_of(located("a", 40.0))


@pytest.mark.parametrize(("until", "is_seen"), [(20.0, False), (20.5, True), (None, True)])
def test_events_of_the_same_catalog_are_known_in_plain_days_too(
    until: float | None, is_seen: bool
) -> None:
    splits = SplitDates(0.0, 10.0, 20.0, 30.0)
    info = CatalogInfo("days", 0.0, 30.0, splits, 2.0, time_unit="days since start")
    plain = Catalog(pd.DataFrame({"time": [1.0, 25.0], "magnitude": [3.0, 3.0]}), info)
    extent = replace(Extent.of(plain), until=until)
    assert extent.may_hold_test_events_of(plain, same="days") == is_seen
    assert not extent.may_hold_test_events_of(plain, same="other")
    check_unseen({"other": extent}, plain, "the net")
    if is_seen:
        way_out = "use one that says" if until is None else "test after 20.5"
        with pytest.raises(InputError, match=f"test window of 'days' .*{way_out}"):
            check_unseen({"days #2": extent}, plain, "the net")


def test_events_of_the_same_synthetic_catalog_are_known() -> None:
    catalog = load("synthetic_socal")
    seen = Extent.of(catalog)
    check_unseen({"synthetic_socal": seen}, catalog, "the net")
    seen = replace(seen, until=catalog.info.splits.end)
    with pytest.raises(InputError, match="was trained on synthetic_socal"):
        check_unseen({"synthetic_socal": seen}, catalog, "the net")
    check_unseen({"world": seen}, catalog, "the net")
    check_unseen({"synthetic_socal": replace(seen, observed=True)}, catalog, "the net")


@pytest.mark.parametrize("day", [2000.0, 2000])
def test_plain_days_share_nothing_with_dates(day: float) -> None:
    extent = Extent(0.0, 1000.0, day)
    assert not extent.may_hold_test_events_of(located("a", 40.0))
    assert not extent.may_hold_events_after(located("a", 40.0), 0.0, same="a")


def test_a_model_that_does_not_say_may_have_seen_all() -> None:
    catalog = located("a", 40.0)
    assert leaks(from_json(None), catalog, 1e6) == ["some catalog until an unknown date"]
    assert Extent.unknown().may_hold_events_after(catalog, 1e6, same="b")
    assert Extent.unknown().may_hold_test_events_of(catalog)
    with pytest.raises(InputError, match="the net was trained on b at unknown times"):
        check_unseen({"b": Extent.unknown()}, catalog, "the net")
