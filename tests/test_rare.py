"""Numbers and probabilities of large events, told by all simulated ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, Trajectories, load
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.sequence import FloatArray
from etas.model import ETAS
from recast import load_model, run_forecast
from recast.forecast.prepare import prepare
from recast.forecast.rare import expected_counts, law_of_all, tells_more
from recast.forecast.single import Request, counted
from recast.live.draws import draw_window
from recast.models.fitting import fit_model
from recast.models.so_far import fit_so_far

LAW = GutenbergRichter(2.0, 1.0, 8.0)
MODEL = ETAS(mu=3.0, k=0.008, alpha=0.9, c=0.01, p=1.2, magnitude_law=LAW)


def z_scores(
    drawn: Trajectories, magnitudes: list[float], lowest: float, law: GutenbergRichter = LAW
) -> FloatArray:
    """How far means of counts and of what is expected are apart, in standard errors."""
    numbers, firsts = expected_counts(drawn, magnitudes, lowest, law)
    counts = counted(drawn, magnitudes)["counts"]
    apart = np.stack([counts - numbers, (counts > 0) - firsts])
    return apart.mean(axis=1) / apart.std(axis=1) * np.sqrt(drawn.n)


def test_large_events_are_expected_as_often_as_they_are_drawn() -> None:
    # Large events bring others after them: those do not count for the probability of the first
    drawn = MODEL.simulate(MODEL.histories(EventSequence.nothing(), [0.0])[0], 10.0, 40_000, seed=1)
    assert np.abs(z_scores(drawn, [3.0, 4.0, 5.0], 2.0)).max() < 3.5
    assert np.abs(z_scores(drawn, [4.0, 5.0], 3.0)).max() < 3.5
    _, firsts = expected_counts(drawn, [6.0], 2.0, LAW)
    chance = counted(drawn, [6.0])["counts"][:, 0] > 0
    assert firsts.std() < 0.1 * chance.std()


@dataclass(frozen=True)
class WithoutSmall:
    """A window of a day in which events below ``complete_from`` are missed."""

    days: float = 1.0
    max_events: int = 100_000
    complete_from: float = 4.0
    processes: tuple[ETAS, ...] = (MODEL,)
    adjusted: None = None

    def all_events(self, block: int, n: int, seed: int) -> Trajectories:
        return MODEL.simulate(EventSequence.nothing(), 10.0, min(n, 400), seed=[seed, block])

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        drawn = self.all_events(block, n, seed)
        seen = drawn.magnitudes >= self.complete_from
        return replace(
            drawn,
            trajectory=drawn.trajectory[seen],
            times=drawn.times[seen],
            magnitudes=drawn.magnitudes[seen],
        )


def test_services_count_on_no_event_that_is_missed() -> None:
    window, magnitudes = WithoutSmall(), (5.5, 6.5)
    found = draw_window(window, magnitudes, 400, 1, law=LAW)
    assert found.expected is not None
    assert found.chances is not None
    complete = window.all_events(0, 400, 1)
    numbers, firsts = expected_counts(complete, magnitudes, 2.0, LAW)
    np.testing.assert_allclose(found.expected, numbers.mean(axis=0), rtol=0.3)
    np.testing.assert_allclose(found.chances, firsts.mean(axis=0), rtol=0.2)


@pytest.mark.parametrize("hours", [0.03, 0.5, 20.0])
def test_small_events_that_networks_miss_are_not_counted_on(hours: float) -> None:
    # Where small events are left out, or are those of another forecast, large ones tell
    catalog = load("ridgecrest_2019")
    at = catalog.info.to_days("2019-07-06T03:19:53.040Z") + hours / 24.0
    prepared = prepare(catalog, fit_so_far(catalog, at), Request(at, (1.0,), (2.5,), 2_000))
    (window,) = prepared.windows
    law = law_of_all(window.processes, prepared.law)
    assert law is not None
    drawn = Trajectories.joined([window.draw(block, 2_000, 1) for block in range(40)])
    magnitudes = [max(window.complete_from, 3.5) + units for units in (0.5, 1.0)]
    assert np.abs(z_scores(drawn, magnitudes, window.complete_from, law)).max() < 3.5


def test_probabilities_of_large_events_hardly_depend_on_the_seed() -> None:
    catalog = load("ridgecrest_2019")
    model = fit_model("etas", catalog)
    given = {"at": "2019-07-12", "days": [1.0, 7.0], "magnitudes": [7.0], "samples": 400}
    rows = [run_forecast(catalog, model, **given, seed=seed).table for seed in range(4)]
    day, week = (
        np.array([row.probability for row in column]) for column in zip(*rows, strict=True)
    )
    # of 400 catalogs of a day one has such an event, if any
    assert (day > 0.0).all()
    assert (day < 0.01).all()
    assert day.std() < 0.2 * day.mean()
    assert (day < week).all()
    for row in rows[0]:
        assert row.probability <= row.expected


def test_a_law_that_depends_on_the_past_tells_nothing_of_large_events() -> None:
    others = [GutenbergRichter(*law) for law in ((2.0, 0.9, 8.0), (2.0, 1.0, 7.5), (2.5, 1.0, 8.0))]
    assert law_of_all([MODEL, MODEL]) == LAW
    for other in others:
        assert law_of_all([MODEL, replace(MODEL, magnitude_law=other)]) is None
    bent = BentGutenbergRichter(2.0, 1.0, 8.0, bend=3.0, b_above=0.9)
    assert law_of_all([MODEL, replace(MODEL, magnitude_law=bent)], bent) == bent
    assert law_of_all([MODEL, replace(MODEL, magnitude_law=bent)]) is None
    net = load_model("shipped").on(load("ridgecrest_2019"), fit=True).process
    assert law_of_all([net]) is None


def test_where_many_catalogs_have_an_event_they_are_counted() -> None:
    rng = np.random.default_rng(0)
    rare, common = 0.01 * rng.poisson(3.0, 1_000), 0.1 * rng.poisson(30.0, 1_000)
    assert tells_more(rare)
    assert not tells_more(common)  # a mean of 3 is no probability
    assert not tells_more(np.full(1_000, np.nan))
