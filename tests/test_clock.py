"""The clock of daily detection: its time, its likelihood, and when it is believed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import OptimizeResult
from scipy.stats import kstest

from catalogs import Catalog, EventSequence, GutenbergRichter
from etas.fit import fit_etas
from etas.model import ETAS
from recast.models.neural import Recast
from recast.net.clock import HARMONICS, DayClock, fit_clock
from recast.net.network import RecastNet
from recast.net.scaling import Scaling

CLOCK = DayClock((0.3, -0.1, 0.2, 0.05))
LAW = GutenbergRichter(2.0, 1.0, 7.0)
TRUTH = ETAS(4.0, 0.02, 0.8, 0.02, 1.2, LAW)
SCALING = Scaling(
    0.1, 2.4, 2.0, 1.0, 7.0, mu=4.0, k=0.02, alpha=0.8, c=0.02, p=1.2, day=CLOCK.coefficients
)


def detected_by_day(days: float, seed: int, clock: DayClock = CLOCK) -> EventSequence:
    """An ETAS process in clock time, told in days."""
    empty = EventSequence.nothing()
    (drawn,) = TRUTH.sample(empty, float(clock(days)), 1, seed=seed)
    return EventSequence(clock.days(drawn.times), drawn.magnitudes, 0.0, days)


def test_the_clock_is_the_integral_of_its_pace() -> None:
    for a, b in ((0.0, 0.3), (0.2, 1.7), (12.4, 13.4)):
        area, _ = quad(lambda t: float(CLOCK.pace(t)), a, b, limit=200)
        assert float(CLOCK(b) - CLOCK(a)) == pytest.approx(area, abs=1e-10)
    assert float(CLOCK(0.0)) == 0.0
    assert float(CLOCK(7.0)) == pytest.approx(7.0, abs=1e-12)  # mean pace 1


@pytest.mark.parametrize(
    "coefficients", [CLOCK.coefficients, (0.9, 0.0), (0.0, 0.0, -0.9, 0.0), ()]
)
def test_days_undo_the_clock(coefficients: tuple[float, ...]) -> None:
    clock = DayClock(coefficients)
    t = np.sort(np.random.default_rng(0).uniform(-5.0, 20_000.0, 5000))
    np.testing.assert_allclose(clock.days(clock(t)), t, rtol=0, atol=1e-10)


def test_a_process_with_a_clock_is_a_point_process() -> None:
    """Its intensity integrates to its compensator, its likelihood is theirs."""
    torch.manual_seed(1)
    net = RecastNet(SCALING, hidden_size=4, width=4)
    process, sequence = Recast(net), detected_by_day(40.0, 3).scored_from(10.3)
    events = sequence.times[sequence.first_scored :]
    parts = (
        np.log(process.intensity(sequence, events)).sum()
        - process.compensator(sequence, sequence.end)[0]
    )
    assert process.log_likelihood(sequence) == pytest.approx(parts, rel=1e-9)
    edges = np.concatenate([[sequence.score_from], events])
    inside = (edges[:-1] + 0.4 * np.diff(edges))[np.diff(edges) > 1e-3]
    h = 1e-6
    slope = np.diff(process.compensator(sequence, np.stack([inside - h, inside + h], 1).ravel()))
    np.testing.assert_allclose(slope[::2] / (2 * h), process.intensity(sequence, inside), rtol=1e-4)
    # An untrained net is the ETAS it starts from: here the truth
    residuals = np.diff(process.compensator(sequence, events))
    assert kstest(residuals, "expon").pvalue > 0.01


def test_the_truth_in_clock_time_is_the_likelihood_in_days() -> None:
    sequence = detected_by_day(60.0, 4)
    net = RecastNet(SCALING, hidden_size=4, width=4)
    in_clock_time = TRUTH.log_likelihood(CLOCK.sequence(sequence))
    expected = in_clock_time + CLOCK.log_pace(sequence.times).sum()
    # The net's grid of nodes is coarser than the likelihood's
    assert Recast(net).log_likelihood(sequence) == pytest.approx(expected, rel=1e-4)


def test_a_window_and_its_gaps_are_those_of_the_day() -> None:
    """Scored from some hour on, and nothing recorded in others; here of a Poisson process."""
    drawn = detected_by_day(60.0, 4)
    gap, begin, end = (20.6, 30.1), 10.3, 60.0
    kept = (drawn.times < gap[0]) | (drawn.times >= gap[1])
    sequence = EventSequence(
        drawn.times[kept], drawn.magnitudes[kept], 0.0, end, score_from=begin, gaps=(gap,)
    )
    process = Recast(RecastNet(replace(SCALING, k=1e-12), hidden_size=4, width=4))
    shown = CLOCK(end) - CLOCK(begin) - (CLOCK(gap[1]) - CLOCK(gap[0]))
    scored = sequence.times[sequence.first_scored :]
    expected = np.log(SCALING.mu * CLOCK.pace(scored)).sum() - SCALING.mu * shown
    assert process.log_likelihood(sequence) == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(
        process.compensator(sequence, [begin, end]), [0.0, SCALING.mu * shown], atol=1e-6
    )


def test_what_is_drawn_follows_the_day() -> None:
    net = RecastNet(replace(SCALING, k=1e-9), hidden_size=4, width=4)  # no clusters
    history = detected_by_day(20.0, 5)
    drawn = Recast(net, LAW).simulate(history, 10.0, 60, seed=1)
    assert (drawn.start, drawn.end) == (20.0, 30.0)
    assert np.all((drawn.times >= 20.0) & (drawn.times < 30.0))
    fractions = drawn.times % 1.0
    assert kstest(CLOCK(fractions), "uniform").pvalue > 0.01
    assert kstest(fractions, "uniform").pvalue < 1e-6


@pytest.mark.parametrize("compiled", [True, False])
def test_half_a_day_has_the_events_of_its_hours(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setattr(Recast, "_draws_compiled", False)
    net = RecastNet(replace(SCALING, k=1e-9), hidden_size=4, width=4)  # no clusters
    drawn = Recast(net, LAW).simulate(detected_by_day(20.0, 5).before(19.5), 0.5, 1000, seed=1)
    assert (drawn.start, drawn.end) == (19.5, 20.0)
    expected = SCALING.mu * (CLOCK(20.0) - CLOCK(19.5))
    assert abs(expected - 0.5 * SCALING.mu) > 0.3
    assert len(drawn.times) / 1000 == pytest.approx(expected, abs=4.0 * (expected / 1000) ** 0.5)
    assert kstest((CLOCK(drawn.times) - CLOCK(19.5)) * 4.0 / expected, "uniform").pvalue > 0.01
    other = Recast(net, GutenbergRichter(2.0, 0.9, 7.0))
    assert len({each.fingerprint() for each in (Recast(net), Recast(net, LAW), other)}) == 3


def test_the_pace_is_recovered_from_a_catalog() -> None:
    train, validation = detected_by_day(1500.0, 6), detected_by_day(500.0, 7)
    clock = fit_clock(train, validation, fit_etas(train, LAW).model)
    hours = np.linspace(0.0, 1.0, 49)
    assert clock.coefficients
    np.testing.assert_allclose(clock.pace(hours), CLOCK.pace(hours), atol=0.15)


def test_without_a_daily_change_there_is_no_clock() -> None:
    none = DayClock()
    train, validation = detected_by_day(500.0, 8, none), detected_by_day(300.0, 9, none)
    assert fit_clock(train, validation, TRUTH) == none


def test_a_change_that_does_not_last_is_not_believed() -> None:
    train, validation = detected_by_day(500.0, 8), detected_by_day(300.0, 9, DayClock())
    assert fit_clock(train, validation, TRUTH) == DayClock()


def test_whites_catalog_has_fewer_events_by_day(real_catalog: Callable[[str], Catalog]) -> None:
    """Machines find more while people sleep: 8 pm to 4 am in California, 4 to 12 h UTC."""
    from recast.training.data import Region

    white = real_catalog("white")
    region = Region(white)
    clock = region.scaling.clock
    night, day = clock.pace([0.25, 0.4]), clock.pace([0.65, 0.95])
    assert night.min() > 1.1
    assert day.max() < 0.9
    assert Region(white, day_clock=False).scaling.clock == DayClock()  # none is asked for
    assert Region(real_catalog("ncss")).scaling.clock == DayClock()
    # Its ETAS is the most likely in the time of the clock; that of days has a slope of 26 there
    train, etas = clock.sequence(region.split.train), region.etas
    less, more = (replace(etas, mu=f * etas.mu).log_likelihood(train) for f in (0.999, 1.001))
    assert (more - less) / 0.002 == pytest.approx(0.0, abs=1.0)


def with_mainshocks_at_four(days: int, seed: int) -> EventSequence:
    """An ETAS process, and every fifth night an M 6 with its aftershocks; no clock."""
    (known,) = TRUTH.sample(EventSequence.nothing(), 4.0 + 4.0 / 24.0, 1, seed=seed)
    for end in [*np.arange(9.0, days, 5.0) + 4.0 / 24.0, float(days)]:
        times = np.append(known.times, known.end)
        known = EventSequence(times, np.append(known.magnitudes, 6.0), 0.0, known.end + 1e-6)
        (later,) = TRUTH.sample(known, end - known.end, 1, seed=seed)
        known = EventSequence(
            np.append(times, later.times),
            np.append(known.magnitudes, later.magnitudes),
            0.0,
            later.end,
        )
    return known.scored_from(0.99)  # a part of an hour is left out


def test_aftershocks_of_the_small_hours_are_no_habit_of_these_hours() -> None:
    train, validation = with_mainshocks_at_four(100, 1), with_mainshocks_at_four(60, 2)
    by_day = np.bincount((train.times % 1.0 * 4.0).astype(int), minlength=4)
    assert by_day[0] > 1.3 * by_day[3]
    assert fit_clock(train, validation, TRUTH) == DayClock()
    # Nor do they hide a habit that there is
    told = (replace(s, times=CLOCK.days(s.times), score_from=1.01) for s in (train, validation))
    hours = np.linspace(0.0, 1.0, 49)
    np.testing.assert_allclose(
        fit_clock(*told, TRUTH).pace(hours), CLOCK.pace(hours), rtol=0, atol=0.3
    )


def test_at_no_hour_are_events_impossible() -> None:
    def of_afternoons(seed: int) -> EventSequence:
        whole = detected_by_day(200.0, seed, DayClock())
        late = whole.times % 1.0 > 0.5
        return replace(whole, times=whole.times[late], magnitudes=whole.magnitudes[late])

    clock = fit_clock(of_afternoons(1), of_afternoons(2), TRUTH)
    paces = clock.pace(np.linspace(0.0, 1.0, 1000))
    assert paces.max() > 1.5
    assert 0.04 < paces.min() < 0.1


def test_where_no_pace_can_be_found_there_is_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation = detected_by_day(500.0, 8), detected_by_day(300.0, 9)
    assert fit_clock(train, validation, TRUTH).coefficients
    failed = OptimizeResult(x=np.full(2 * HARMONICS, 0.1), success=False)
    monkeypatch.setattr("scipy.optimize.minimize", lambda *_, **__: failed)
    assert fit_clock(train, validation, TRUTH) == DayClock()


def test_a_validation_window_without_a_whole_hour_has_no_clock_and_no_warning() -> None:
    whole = detected_by_day(200.0, 3)
    first = whole.before(150.0)
    later = whole.before(150.02).scored_from(150.0)
    assert fit_clock(first, later, TRUTH) == DayClock()


def test_one_event_tells_no_habit() -> None:
    one = EventSequence([1.5], [3.0], 0.0, 10.0)
    assert fit_clock(one, detected_by_day(10.0, 1), TRUTH) == DayClock()
