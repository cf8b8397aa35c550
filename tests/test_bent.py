"""Magnitudes of forecasts: above a bend b is that of the large events."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, GutenbergRichter, InputError, SplitDates, save
from catalogs.bent_magnitudes import BentGutenbergRichter
from etas import ETAS, Poisson
from recast import load_model, run_forecast
from recast.cli import main
from recast.forecast.bent import SCATTER, USUAL_B, bent
from recast.models.etas_report import fit_catalog
from recast.models.kind import FittedModel
from recast.models.registry import model_kind
from recast.models.so_far import fit_so_far
from recast.pretrained import SHIPPED, b_prior

LAW = GutenbergRichter(2.0, 0.7, 8.0)
BENT = BentGutenbergRichter(2.0, 0.7, 8.0, 3.0, 1.1)
MAGNITUDES = np.array([2.0, 2.4, 3.0, 3.01, 4.0, 5.5, 8.0])


def test_shares_fall_by_one_law_and_then_by_the_other() -> None:
    shares = BENT.share_above(MAGNITUDES)
    np.testing.assert_allclose(shares[:3], LAW.share_above(MAGNITUDES[:3]))
    above = GutenbergRichter(3.0, 1.1, 8.0).share_above(MAGNITUDES[3:])
    np.testing.assert_allclose(shares[3:], LAW.share_above(3.0) * above)
    assert shares[-1] == 0.0


@pytest.mark.parametrize("law", [LAW, BENT], ids=["straight", "bent"])
def test_density_shares_and_means_belong_together(law: GutenbergRichter) -> None:
    edges = np.linspace(2.0, 8.0, 60_001)
    middle, width = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    mass = np.exp(law.log_density(middle)) * width
    shares = 1.0 - np.concatenate([[0.0], np.cumsum(mass)])
    np.testing.assert_allclose(law.share_above(edges), shares, atol=1e-6)
    mean = float((mass * 10.0 ** (0.5 * (middle - 2.0))).sum())
    assert law.mean_productivity(0.5) == pytest.approx(mean, rel=1e-6)
    np.testing.assert_array_equal(law.share_above([1.0, 9.0]), [1.0, 0.0])
    u = np.linspace(0.0, 0.999, 50)
    np.testing.assert_allclose(law.share_above(law.inverse_cdf(u)), 1.0 - u, atol=1e-12)


def test_a_bend_lies_inside_its_law() -> None:
    with pytest.raises(InputError, match=r"b changes at magnitude 8\.0"):
        BentGutenbergRichter(2.0, 0.7, 8.0, 8.0, 1.0)
    with pytest.raises(InputError, match="b-value -1"):
        BentGutenbergRichter(2.0, 0.7, 8.0, 3.0, -1.0)


def test_ranks_keep_their_shares() -> None:
    """P(moved >= moved(m)) by the bent law is P(drawn >= m) by the other."""
    moved = BENT.moved(MAGNITUDES)
    np.testing.assert_allclose(BENT.share_above(moved), LAW.share_above(MAGNITUDES), atol=1e-12)
    np.testing.assert_array_equal(moved[:3], MAGNITUDES[:3])
    assert (np.diff(moved) > 0.0).all()
    assert moved[-1] == pytest.approx(8.0)


def test_a_law_that_does_not_bend_moves_nothing() -> None:
    straight = BentGutenbergRichter(2.0, 0.7, 8.0, 3.0, 0.7)
    np.testing.assert_allclose(straight.moved(MAGNITUDES), MAGNITUDES, rtol=1e-12)


def made(n: int, seed: int = 0, completeness: float = 2.0) -> Catalog:
    """Ten years of magnitudes of the bent law, on a grid of tenths."""
    rng = np.random.default_rng(seed)
    days = np.sort(rng.uniform(0.0, 3650.0, n))
    drawn = BENT.moved(LAW.sample(n, rng))
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2000-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
            "magnitude": np.floor(drawn * 10.0 + 1e-9) / 10.0,
        }
    )
    splits = SplitDates("2000-06-01", "2005-01-01", "2007-01-01", "2009-12-01")
    info = CatalogInfo(
        name="made",
        start="2000-01-01",
        end="2009-12-01",
        magnitude_completeness=completeness,
        magnitude_bin=0.1,
        splits=splits,
    )
    return Catalog(table[table["time"] < "2009-12-01"], info)


def test_b_of_large_events_is_found_again() -> None:
    catalog = made(60_000)
    law = bent([Poisson(1.0, LAW)], catalog, 3000.0)
    assert law is not None
    assert law.bend == 3.0
    large = (catalog.events["magnitude"] >= 3.0) & (catalog.days < 3000.0)
    assert law.b_above == pytest.approx(1.1, abs=3.0 * 1.1 / np.sqrt(large.sum()))


def test_only_what_is_known_counts() -> None:
    catalog = made(20_000)
    later = catalog.days > 2000.0
    changed = catalog.events.assign(
        magnitude=np.where(later, catalog.events["magnitude"].round(0), catalog.events["magnitude"])
    )
    process = [Poisson(1.0, LAW)]
    assert bent(process, catalog, 2000.0) == bent(process, replace(catalog, events=changed), 2000.0)


def test_few_events_have_the_b_value_of_the_world() -> None:
    catalog = made(60_000)
    few = replace(catalog, events=catalog.events[catalog.events["magnitude"] < 3.0])
    law = bent([Poisson(1.0, LAW)], few, 3000.0)
    assert law is not None
    assert law.b_above == USUAL_B == 1.0


def test_b_scatters_as_in_the_regions_of_the_net() -> None:
    assert b_prior(SHIPPED)[1] == pytest.approx(SCATTER, abs=0.005)


def test_laws_without_room_and_mixtures_of_several_do_not_bend() -> None:
    catalog = made(1_000)
    short, other = Poisson(1.0, replace(LAW, maximum=3.05)), Poisson(1.0, replace(LAW, b=0.8))
    assert bent([short], catalog, 3000.0) is None
    assert bent([Poisson(1.0, LAW), other], catalog, 3000.0) is None


def test_numbers_up_to_the_bend_stay_and_those_above_follow_the_law() -> None:
    catalog = made(20_000)
    model = ETAS(4.0, 0.001, 0.3, 0.01, 1.2, LAW)
    kind = model_kind("etas")
    fitted = FittedModel(kind, model, {}, 0, record=kind.to_json(model))
    asked = {
        "days": [30.0],
        "magnitudes": [2.0, 3.0, 4.0, 5.0],
        "samples": 2_000,
        "at": "2008-01-01",
    }
    straight = run_forecast(catalog, fitted, uncorrected=True, **asked)
    done = run_forecast(catalog, fitted, **asked)
    assert done.sequence is None
    expected, before = ([row.expected for row in one.table] for one in (done, straight))
    assert expected[1] / expected[0] == pytest.approx(before[1] / before[0], rel=0.02)
    assert done.b_above is not None
    law = BentGutenbergRichter(2.0, 0.7, 8.0, 3.0, done.b_above)
    shares = law.share_above(np.array([4.0, 5.0]))
    sds = np.sqrt(np.array(expected[2:]) / 2_000)
    np.testing.assert_array_less(np.abs(expected[2:] - expected[0] * shares), 4.0 * sds)
    assert "b 0.70 and 1." in str(done)
    assert "b 0.70, M" in str(straight)


def test_b_of_the_user_holds_for_all_magnitudes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECAST_DATA", str(tmp_path))
    save(made(2_000))
    words = ["forecast", "--catalog", "made", "--samples", "50", "--days", "1", "--no-plots"]
    main([*words, "--b", "0.9", "--out", str(tmp_path / "out")])
    assert ", b 0.90, M up to" in capsys.readouterr().out


def test_b_below_the_bend_is_that_of_the_last_events() -> None:
    catalog = made(20_000)
    fitted = fit_so_far(catalog, 3000.0)
    assert fitted.process.magnitude_law.b == pytest.approx(0.75, abs=0.08)


def long_history() -> Catalog:
    """Complete from M 5 on for 150 years and from M 2 on for 20; b = 1 throughout."""
    rng = np.random.default_rng(3)
    law, steps = GutenbergRichter(2.0, 1.0, 9.0), ((1850, 150, 5.0), (2000, 20, 2.0))
    parts = []
    for year, years, lowest in steps:
        n = rng.poisson(150 * years)
        days = rng.uniform(0.0, 365.25 * years, n)
        part = pd.DataFrame({"magnitude": np.floor(10.0 * law.sample(n, rng) + 1e-6) / 10.0})
        part["time"] = pd.Timestamp(f"{year}-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
        parts.append(part[part["magnitude"] >= lowest - 1e-6])
    table = pd.concat(parts).sort_values("time", ignore_index=True)
    splits = SplitDates("1850-01-01", "2010-01-01", "2015-01-01", "2020-01-01")
    info = CatalogInfo(
        name="long",
        start="1850-01-01",
        end="2020-01-01",
        splits=splits,
        magnitude_completeness=2.0,
        magnitude_bin=0.1,
    )
    return Catalog(table, info)


def test_b_of_large_events_is_that_above_the_completeness_of_a_table() -> None:
    catalog = long_history()
    now = catalog.info.to_days("2020-01-01")
    steps = (("1850-01-01", 5.0), ("2000-01-01", 2.0))
    plain = bent([Poisson(1.0, LAW)], catalog, now)
    law = bent([Poisson(1.0, LAW)], catalog, now, steps)
    assert plain is not None
    assert law is not None
    assert plain.b_above < 0.85  # early events lack the small ones
    assert law.b_above == pytest.approx(1.0, abs=0.12)


def test_a_forecast_knows_the_table_that_its_model_was_fitted_with(tmp_path: Path) -> None:
    catalog = long_history()
    table = tmp_path / "mc.csv"
    table.write_text("time,magnitude\n1850-01-01,5.0\n2000-01-01,2.0\n")
    fit = fit_catalog(
        catalog, protocol="all", completeness_history=table, fixed={"c": 0.01, "p": 1.1}
    )
    model = load_model(fit.write(tmp_path))
    found = run_forecast(catalog, model, days=[1], samples=50, fixed_parameters=True)
    assert found.b_above == pytest.approx(1.0, abs=0.12)
