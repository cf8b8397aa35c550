"""Contents of a report on each catalog: figures and their captions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from etas.residuals import MINIMUM_EVENTS
from recast.benchmark.results import PLACE, ModelResult
from recast.evaluation.continuations import Continuations, continuations, omori_samples
from recast.forecast.aftershock_results import AftershockCatalog
from recast.models.registry import NULL, REFERENCE, TRUTH
from recast.plots.aftershocks import aftershock_calibration, aftershock_forecasts
from recast.plots.catalogs import event_map, frequency_magnitude, magnitude_time
from recast.plots.continuations import (
    calibration,
    forecast_fan,
    magnitudes_and_intervals,
    number_histogram,
    rolling_windows,
)
from recast.plots.scores import (
    cumulative_gain,
    gain_by_period,
    intensity_trace,
    omori_decay,
    residual_correlation,
    transformed_residuals,
)
from recast.plots.sizes import MeanGain, gain_by_size, training_size
from recast.report.subject import Subject, gains_of_periods


@dataclass(frozen=True, eq=False)
class Item:
    """One plot of the report, or the reason why it is missing."""

    key: str
    heading: str
    reading: str
    figure: Figure | None = None
    remedy: str = ""


def items(subject: Subject) -> Iterator[Item]:
    """Yield the plots in the order of the page."""
    shown = continuations(subject.processes, subject.test, subject.samples, seed=subject.seed)
    yield from _of_catalog(subject)
    yield from _of_gains(subject)
    yield from _of_residuals(subject)
    yield from _of_forecasts(subject, shown)
    yield _size(subject)
    yield _map(subject)


def _of_catalog(subject: Subject) -> Iterator[Item]:
    catalog, train = subject.catalog, subject.split.train
    yield Item(
        "magnitude_time",
        "Magnitudes in time",
        "Shaded: the train, validation and test windows, with their numbers of events; unshaded "
        "events are history. Mc(t) is the fullest magnitude bin of 300 successive events: where it "
        "rises well above Mc, small events went unrecorded, and models see a lull that did not "
        "happen.",
        magnitude_time(catalog, subject.split),
    )
    yield Item(
        "frequency_magnitude",
        "Frequency and magnitude",
        "Events of the train window. The band contains 95 % of simulated catalogs of that size; "
        "points outside it depart from the Gutenberg-Richter law. Where they fall below the line "
        "close to Mc, completeness was set too low. The error of b is that of Shi and Bolt (1982).",
        frequency_magnitude(
            train.magnitudes[train.first_scored :],
            catalog.magnitude_law(),
            catalog.info.magnitude_bin,
        ),
    )


def _of_gains(subject: Subject) -> Iterator[Item]:
    catalog, test, terms = subject.catalog, subject.test, subject.terms
    compared = [name for name in terms if name not in {REFERENCE, NULL}]
    if REFERENCE not in terms or not compared:
        remedy = "It needs ETAS and another model: `recast benchmark --models etas recast`."
        yield Item("cumulative_gain", "Information gain over ETAS", remedy=remedy, reading="")
        return
    yield Item(
        "cumulative_gain",
        "Information gain over ETAS",
        "Cumulative difference in log-likelihood of the test events from ETAS; means per event in "
        "the legend. A model whose line rises steadily is better throughout; one whose line rises "
        "in steps owes its score to a few sequences.",
        cumulative_gain(catalog, test, terms),
    )
    yield Item(
        "gain_by_period",
        "Gain by period",
        "The same gain per event, in parts of the test window, with 95 % intervals of a "
        "jackknife over blocks of time (none for fewer than 20 events). If some periods are above "
        "zero and others below, the mean alone is misleading.",
        gain_by_period(catalog, gains_of_periods(subject, REFERENCE), REFERENCE),
    )


def _of_residuals(subject: Subject) -> Iterator[Item]:
    catalog, test = subject.catalog, subject.test
    transformed = {name: d.transformed for name, d in subject.diagnoses.items()}
    few = test.n_scored < MINIMUM_EVENTS
    if few:
        remedy = f"{test.n_scored} test events are too few; it needs {MINIMUM_EVENTS}."
        yield Item("residuals", "Residuals in transformed time", reading="", remedy=remedy)
    else:
        yield Item(
            "residuals",
            "Residuals in transformed time",
            "Under the true model, events are a Poisson process of rate 1 in transformed time. "
            "Above: 95 % of such processes stay in the band; where a line falls, fewer events "
            "occurred than expected. Below: exponential intervals lie on the diagonal; points "
            "above it at the right end are lulls that the model does not explain.",
            transformed_residuals(transformed),
        )
        yield Item(
            "residual_correlation",
            "Autocorrelation of residuals",
            "Intervals in transformed time should be independent. Positive values over many lags "
            "are clustering that the model misses; negative ones mean that it clusters too much.",
            residual_correlation(transformed),
        )
    yield Item(
        "intensity_trace",
        "Intensity about the largest test event",
        "The expected rate given all events so far, and below it the events with their magnitudes. "
        "Jumps show how much triggering each model expects of an event, slopes how fast it decays.",
        intensity_trace(catalog, test, {name: d.trace for name, d in subject.diagnoses.items()}),
    )
    samples = {
        name: omori_samples(process, test, seed=subject.seed)
        for name, process in subject.processes.items()
    }
    yield Item(
        "omori_decay",
        "Omori decay",
        "Rates after the largest test events, stacked. Lines: expected rates given all events. "
        "Bands: 95 % of trajectories simulated from the past up to each event. Where points fall "
        "below the lines in the first minutes, small events were lost in the wave trains of larger "
        "ones, which looks like a large c.",
        omori_decay(test, {name: d.omori for name, d in subject.diagnoses.items()}, samples),
    )


def _of_forecasts(subject: Subject, shown: Continuations) -> Iterator[Item]:
    catalog, test = subject.catalog, subject.test
    n = next(iter(shown.drawn.values())).n
    cut = [
        f"{done.capped.size} of {name}" for name, done in shown.drawn.items() if done.capped.size
    ]
    ran_away = f" Runaway ones were cut off: {', '.join(cut)}." if cut else ""
    yield Item(
        "forecast_fan",
        "Cumulative events and forecast",
        f"{n} continuations simulated from the start of the test window (dashed). Dark and light "
        "bands contain 50 and 95 % of them; the observed line should rarely leave the light "
        f"one.{ran_away}",
        forecast_fan(catalog, test.before(test.score_from), shown),
    )
    yield Item(
        "number_test",
        "Number test",
        "Numbers of events in the same continuations. δ1 and δ2 are the shares with at least and "
        "at most the observed number: δ1 below 0.025 means that too few were forecast, δ2 below "
        "0.025 that too many were.",
        number_histogram(shown),
    )
    yield from _rolling(subject)
    if subject.aftershocks is not None:
        yield from after_mainshocks(subject.aftershocks)
    yield Item(
        "magnitudes_and_intervals",
        "Magnitudes and inter-event times",
        "Observed and simulated catalogs, scaled to the same number of events to compare shapes. "
        "Steps outside the band mean a different magnitude law above (M-test), and different "
        "clustering below.",
        magnitudes_and_intervals(shown, catalog.magnitude_law()),
    )


def _rolling(subject: Subject) -> Iterator[Item]:
    heading = "Consecutive forecasts"
    if subject.rolling is None:
        remedy = f"`{subject.command} --rolling` forecasts consecutive windows."
        yield Item("rolling", heading, reading="", remedy=remedy)
        return
    windows, models = subject.rolling.windows, subject.rolling.models
    yield Item(
        "rolling",
        heading,
        "Dots: events in each window, red if outside the 95 % range of the forecast made at its "
        "start. A calibrated model has about 5 % of those.",
        rolling_windows(subject.catalog, windows, models),
    )
    yield Item(
        "calibration",
        "Calibration",
        "Position of the observed number within each forecast. A calibrated model is flat: a bar "
        "lies within the band in 95 % of cases. A peak at 0 means overforecasting, at 1 "
        "underforecasting, at both ends overconfidence.",
        calibration(models),
    )


def after_mainshocks(found: AftershockCatalog) -> Iterator[Item]:
    """Yield the plots of forecasts after mainshocks."""
    longest = max(row.days for rows in found.scores.values() for row in rows)
    yield Item(
        "aftershocks",
        "Forecasts after mainshocks",
        f"Numbers of events in the {longest:g} days from 1 hour, 6 hours and so on after each "
        "mainshock: dark and light bars hold 50 and 95 % of the simulations, dashes are medians. A "
        "cross outside the light bars is an outcome that the model all but excluded; one that "
        "stays on one side of all dashes is a sequence of unusual productivity.",
        aftershock_forecasts(found.sequences),
    )
    yield Item(
        "aftershock_calibration",
        "Calibration after mainshocks",
        "Shares of these forecasts whose observed number lies below each position within the "
        "forecast (PIT). A calibrated model follows the diagonal; a line that jumps at both ends "
        "is one of ranges that are too narrow. The forecasts of a sequence depend on each other, "
        "so that a few sequences bend every line.",
        aftershock_calibration(found.scores),
    )


def _size(subject: Subject) -> Item:
    heading = "Training events needed"
    if not subject.sizes:
        remedy = f"`{subject.command} --trimmed 250 1000 4000` fits to the last events only."
        return Item("training_size", heading, reading="", remedy=remedy)
    whole = {
        name: row.test.nats_per_event for name, row in subject.models.items() if name != TRUTH.name
    }
    rows = [(size.n_train, size.models) for size in subject.sizes]
    rows.append((subject.split.train.n_scored, whole))
    return Item(
        "training_size",
        heading,
        "Scores on the same test window of models fitted to the last events before it. A model "
        "whose line still rises on the right would gain from more data.",
        training_size(rows),
    )


def _map(subject: Subject) -> Item:
    if subject.test.locations is None:
        remedy = f"The catalog {subject.catalog.info.name} has no locations."
        return Item("map", "Map", reading="", remedy=remedy)
    return Item(
        "map",
        "Map",
        "Epicentres of all events of the window; dot areas grow as 10^M. "
        + known_of_places(subject.models),
        event_map(subject.catalog, subject.test),
    )


def known_of_places(models: Mapping[str, ModelResult]) -> str:
    """What the models of a report know of places."""
    if not any(PLACE in row.marks for row in models.values()):
        return (
            "The models know times and magnitudes only: they cannot tell apart two regions that "
            "are active in turn."
        )
    return (
        "Rates of nets and of temporal ETAS follow from times and magnitudes only; places have "
        "laws and scores of their own, given the time of each event."
    )


def overview(catalogs: Mapping[str, tuple[int, Mapping[str, MeanGain]]]) -> Item:
    """Make the plot of all catalogs."""
    return Item(
        "gain_by_size",
        "Gain over ETAS and training events",
        "Each model on each catalog, with 95 % intervals: above zero, it explains the test events "
        "better than ETAS. Gains that grow to the right show that many parameters need many "
        "events.",
        gain_by_size(catalogs),
    )
