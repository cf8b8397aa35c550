"""What plots make of catalogs across the date line, of many years, of plain days, of few events."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy import stats

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    GutenbergRichter,
    InputError,
    SplitDates,
    Trajectories,
)
from catalogs.completeness import WINDOW_EVENTS
from etas.poisson import Poisson
from recast import fit_model, run_forecast
from recast.evaluation.continuations import Continuations
from recast.forecast.rolling_results import (
    RollingCatalog,
    RollingResult,
    RollingScores,
    RollingWindow,
)
from recast.plots.catalogs import event_map, frequency_magnitude, magnitude_time
from recast.plots.continuations import magnitudes_and_intervals
from recast.plots.forecasts import forecast_fan, rolling_forecasts
from recast.plots.scores import poisson_interval
from recast.plots.style import legend_above, log_ticks
from recast.report.subject import period_edges


def made(days: int, longitude: float = 178.0, n: int = 200) -> Catalog:
    """Events spread over a degree on either side of a meridian, from 2000 on."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2000-01-01", tz="UTC")
    end = start + pd.Timedelta(days=days)
    dates = [str((start + (end - start) * s).date()) for s in (0.1, 0.2, 0.3, 1.0)]
    info = CatalogInfo("made", "2000-01-01", dates[-1], SplitDates(*dates), 2.0, has_locations=True)
    degrees = longitude + rng.uniform(-4.0, 4.0, n)
    table = pd.DataFrame(
        {
            "time": start + pd.to_timedelta(np.sort(rng.uniform(0.0, days, n)), unit="D"),
            "magnitude": 2.0 + rng.exponential(0.4, n),
            "latitude": rng.uniform(-40.0, -38.0, n),
            "longitude": (degrees + 180.0) % 360.0 - 180.0,
        }
    )
    return Catalog(table, info)


def test_a_region_across_the_date_line_is_one_region() -> None:
    catalog = made(300)
    figure = event_map(catalog, catalog.to_sequence())
    low, high = figure.axes[0].get_xlim()
    assert 170.0 < low < 178.0
    assert 180.0 < high < 190.0
    assert figure.axes[1].get_xlabel() == "days since the first event"


def test_the_colour_of_long_catalogs_is_the_year() -> None:
    catalog = made(3000, longitude=10.0)
    figure = event_map(catalog, catalog.to_sequence())
    bar = figure.axes[1]
    assert bar.get_xlabel() == "year"
    assert bar.get_xlim() == pytest.approx((2000.0, 2008.2), abs=0.2)


ON_GRIDS = [
    GutenbergRichter(3.0, step=step, strict=strict)
    for step, strict in ((0.0, False), (0.01, True), (0.085, False), (0.1, False), (0.5, False))
]


@pytest.mark.parametrize("law", ON_GRIDS)
def test_numbers_by_magnitude_of_a_true_law_lie_on_its_line(law: GutenbergRichter) -> None:
    seen = law.recorded(law.sample(20_000, np.random.default_rng(1)))
    (axes,) = frequency_magnitude(seen, law, law.step).axes
    drawn = {str(line.get_label()): np.asarray(line.get_data()) for line in axes.get_lines()}
    m, number = drawn["M or larger"]
    expected = seen.size * law.share_above(m)
    usual = expected > 100.0
    assert usual.sum() > 3
    assert (np.abs(number - expected) < 3.5 * np.sqrt(expected))[usual].all()
    middle, counts = next(data for label, data in drawn.items() if label.startswith("per"))
    many = counts > 200.0
    line = np.polyfit(middle[many], np.log10(counts[many]), 1)
    off = np.log10(counts[many]) - np.polyval(line, middle[many])
    assert np.abs(off).max() < 0.1  # no bin has one step more than the next


@pytest.mark.parametrize("law", ON_GRIDS)
def test_observed_magnitudes_of_a_true_law_lie_in_the_band(law: GutenbergRichter) -> None:
    rng = np.random.default_rng(1)

    def catalog() -> EventSequence:
        return EventSequence(np.sort(rng.uniform(0.0, 9.0, 5000)), law.sample(5000, rng), 0.0, 9.0)

    seen = catalog()
    seen = replace(seen, magnitudes=law.recorded(seen.magnitudes))
    samples = Trajectories.of_sequences([catalog() for _ in range(100)], 10_000)
    above, _ = magnitudes_and_intervals(Continuations(seen, {"etas": samples}), law).axes
    high, observed = (np.asarray(steps.get_data()[0]) for steps in above.patches)
    low = np.asarray(above.patches[0].get_data().baseline)
    usual = observed > 20.0
    assert usual.sum() > 3
    inside = (observed >= low) & (observed <= high)
    assert inside[usual].mean() >= 0.8


def test_bars_of_rates_after_large_events_cover_few_events_as_often_as_many() -> None:
    counts = np.arange(1.0, 80.0)
    low, high = poisson_interval(counts)
    for mean in (1.0, 4.0, 6.0, 12.0, 30.0):
        came = stats.poisson.pmf(counts, mean) / -np.expm1(-mean)
        assert came[(low <= mean) & (mean <= high)].sum() >= 0.95


def trainable(catalog: Catalog) -> Catalog:
    """The same, with half of the window to train on."""
    splits = SplitDates("2000-01-01", "2004-01-01", "2004-06-01", catalog.info.end)
    return replace(catalog, info=replace(catalog.info, splits=splits))


@pytest.mark.parametrize(("n", "label"), [(WINDOW_EVENTS - 1, 0), (2 * WINDOW_EVENTS, 1)])
def test_completeness_in_time_is_drawn_where_events_are_enough(n: int, label: int) -> None:
    catalog = trainable(made(3000, n=n))
    (axes,) = magnitude_time(catalog, catalog.split()).axes
    labels = [text for text in axes.get_legend_handles_labels()[1] if text.startswith("Mc(t)")]
    assert len(labels) == label


def test_a_forecast_from_the_last_event_on_has_nothing_to_compare_with() -> None:
    catalog = trainable(made(3000))
    model = fit_model("poisson", catalog)
    for at, drawn in ((catalog.info.end, False), ("2005-01-01", True)):
        done = run_forecast(catalog, model, at=at, days=[200.0], samples=50)
        left, right = forecast_fan(catalog, done).axes
        assert ("observed since" in left.get_legend_handles_labels()[1]) is drawn
        assert ("observed" in right.get_legend_handles_labels()[1]) is drawn


def test_without_places_there_is_no_map() -> None:
    nowhere = EventSequence([1.0], [3.0], 0.0, 2.0)
    with pytest.raises(InputError, match="catalog 'made' has no locations, so it has no map"):
        event_map(made(300), nowhere)


def test_long_windows_are_divided_by_calendar_years() -> None:
    catalog = made(3000)
    test = catalog.to_sequence().scored_from(900.0)
    edges = period_edges(catalog, test)
    assert (edges[0], edges[-1]) == (900.0, test.end)
    years = [str(catalog.info.to_time(day))[:10] for day in edges[1:-1]]
    assert years == [f"{year}-01-01" for year in range(2003, 2009)]
    short = test.scored_from(test.end - 500.0)
    np.testing.assert_allclose(np.diff(period_edges(catalog, short), 2), 0.0, atol=1e-9)


@pytest.mark.parametrize(
    "starts", [("3.5", "4.5"), ("2000-01-01T00:00:00Z", "2000-01-08T00:00:00Z")]
)
def test_rolling_forecasts_have_days_or_dates(starts: tuple[str, str]) -> None:
    quantiles = {
        q: [float(n)] * 2
        for q, n in zip(("0.025", "0.25", "0.5", "0.75", "0.975"), range(5), strict=True)
    }
    scores = RollingScores(
        quantiles, [0.1, 0.6], [1.0, 1.0], [2.0, 2.0], coverage={"50": 0.5, "95": 1.0}
    )
    windows = [RollingWindow(start, start, 2) for start in starts]
    figure = rolling_forecasts("made", RollingCatalog(windows, {"etas": scores}), 7.0)
    assert figure.axes[0].get_xlabel() == ("time (UTC)" if ":" in starts[0] else "day")
    record = RollingCatalog(windows, {"etas": scores})
    result = RollingResult(7.0, {"one": record, "two": record})
    for name in ("one", "two"):
        titles = [axes.get_title() for axes in result.plot(None if name == "one" else name).axes]
        assert any(title.startswith(name) for title in titles), titles


@pytest.mark.parametrize(("low", "shown"), [(1e-4, False), (1.0, True)])
def test_small_numbers_of_a_logarithmic_axis_are_not_rounded_to_zero(
    low: float, shown: bool
) -> None:
    axes = Figure().subplots()
    axes.set_yscale("log")
    axes.set_ylim(low, 5000.0)
    log_ticks(axes.yaxis)
    label = axes.yaxis.get_major_formatter()
    assert label(low, 0) not in {"", "0"}
    assert (label(2000.0, 0) == "2,000") is shown


def test_no_curve_no_legend() -> None:
    figure = Figure()
    legend_above(figure, figure.subplots())
    assert figure.legends == []


def test_any_process_is_drawn_and_cut_where_it_grows_too_long() -> None:
    process = Poisson(5.0, GutenbergRichter(2.0))
    history = EventSequence([], [], 0.0, 1.0)
    done = process.simulate(history, 4.0, 300, seed=1, max_events=20)
    # Poisson with mean 20: 44 % of the trajectories have more
    assert 90 <= done.capped.size <= 175
    counts = np.bincount(done.trajectory, minlength=300)
    assert counts.max() == 20
    assert (counts[done.capped] == 20).all()
    assert ((done.times >= 1.0) & (done.times < 5.0)).all()
