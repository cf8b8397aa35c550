"""Completeness that changes in time: the likelihood, the law, and what the plain fit gets wrong."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from catalogs import EventSequence, GutenbergRichter, InputError, load
from etas.completeness import CompletenessHistory, law_above, read_completeness
from etas.fit import fit_etas
from etas.likelihood import LogLikelihood
from etas.model import ETAS
from etas.weighted_likelihood import WeightedLogLikelihood

LAW = GutenbergRichter(2.5, 1.0, 7.5)
TRUTH = ETAS(0.5, 0.012, 0.8, 0.003, 1.1, LAW)
LARGE = 4.0
"""Events from here on hide smaller ones in the artificially thinned catalogs."""

RAISED = CompletenessHistory([40.0, 150.0, 250.0, 330.0], [2.9, 2.5, 2.8, 2.5], 2.5)


def clustered(seed: int, n: int = 200, days: float = 400.0) -> EventSequence:
    rng = np.random.default_rng(seed)
    times = np.cumsum(10.0 ** rng.uniform(-5, 1.0, n))
    times *= 0.99 * days / times[-1]
    return EventSequence(times, LAW.sample(n, rng), 0.0, days, score_from=days / 4)


def hidden_by(sequence: EventSequence) -> np.ndarray:
    """The law of Helmstetter et al. itself, without stairs: Mc at each event."""
    mc = np.full(len(sequence), LAW.completeness)
    for onset, size in zip(sequence.times, sequence.magnitudes, strict=True):
        if size >= LARGE:
            after = sequence.times > onset
            lag = sequence.times[after] - onset
            law = np.minimum(size - 4.5 - 0.75 * np.log10(lag), size)
            mc[after] = np.maximum(mc[after], law)
    return mc


def thinned(sequence: EventSequence) -> EventSequence:
    keep = sequence.magnitudes >= hidden_by(sequence)
    return EventSequence(
        sequence.times[keep], sequence.magnitudes[keep], sequence.start, sequence.end
    )


def test_with_constant_completeness_it_is_the_plain_likelihood() -> None:
    sequence, theta = clustered(1), np.array([0.1, 0.03, 0.7, 0.01, 1.1])
    plain = LogLikelihood.of(sequence, 2.5, c_min=1e-4).evaluate(theta)
    weighted = WeightedLogLikelihood.of(sequence, LAW, taper=False, c_min=1e-4).evaluate(theta)
    assert weighted.value == pytest.approx(plain.value, rel=1e-9)
    np.testing.assert_allclose(weighted.gradient, plain.gradient, rtol=1e-6)
    np.testing.assert_allclose(weighted.information, plain.information, rtol=1e-9)


def parameters(taper: float | None) -> np.ndarray:
    five = [0.1, 0.03, 0.7, 0.01, 1.1]
    return np.array(five if taper is None else [*five, taper])


@pytest.mark.parametrize("taper", [None, 3.0, 1e4])
def test_gradient_equals_central_differences(taper: float | None) -> None:
    likelihood = WeightedLogLikelihood.of(
        clustered(2), LAW, taper=taper is not None, completeness=RAISED, c_min=1e-4
    )
    assert np.count_nonzero(likelihood.detection.hidden) > 20  # these stand for others, too
    evaluate, theta = likelihood.evaluate, parameters(taper)
    gradient = evaluate(theta).gradient
    assert gradient.shape == theta.shape
    for j, size in enumerate(theta):
        step = np.zeros(theta.size)
        step[j] = 1e-5 * size
        numeric = (evaluate(theta + step).value - evaluate(theta - step).value) / (2e-5 * size)
        assert gradient[j] == pytest.approx(numeric, rel=1e-5, abs=1e-5 / size)


@pytest.mark.parametrize("taper", [None, 3.0])
def test_adjacent_windows_add_up(taper: float | None) -> None:
    whole = clustered(2)
    first = whole.before(300.0).scored_from(whole.score_from)  # in days of raised completeness

    def value(sequence: EventSequence) -> float:
        likelihood = WeightedLogLikelihood.of(
            sequence, LAW, taper=taper is not None, completeness=RAISED, c_min=1e-4
        )
        return likelihood.evaluate(parameters(taper)).value

    both = value(first) + value(whole.scored_from(first.end))
    assert both == pytest.approx(value(whole), rel=1e-9)


@pytest.mark.parametrize("taper", [None, 3.0])
def test_the_information_of_one_event_is_the_square_of_its_score(taper: float | None) -> None:
    theta = parameters(taper)
    sequence = clustered(2)
    times = RAISED.select(sequence).times
    likelihood = WeightedLogLikelihood.of(
        sequence.before(times[-1] + 0.1).scored_from(0.5 * (times[-2] + times[-1])),
        LAW,
        taper=taper is not None,
        completeness=RAISED,
        c_min=1e-4,
    )
    assert likelihood.sequence.n_scored == 1
    done, steps = likelihood.evaluate(theta), np.diag(1e-5 * theta)
    expected = [
        (likelihood.transformed_times(theta + h)[1] - likelihood.transformed_times(theta - h)[1])
        / (2.0 * h.sum())
        for h in steps
    ]
    scaled = theta * (done.gradient + expected)  # of log lambda
    np.testing.assert_allclose(
        done.information * np.outer(theta, theta), np.outer(scaled, scaled), rtol=1e-5, atol=1e-9
    )


def test_events_at_the_base_hide_nothing() -> None:
    times, magnitudes = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.2, 0.0])
    sequence = EventSequence(times, magnitudes, 0.0, 10.0)
    history = CompletenessHistory.helmstetter(sequence, 0.0, minimum_magnitude=0.0)
    assert history.times.min() == 2.0
    same = CompletenessHistory.helmstetter(sequence, 0.0, minimum_magnitude=0.5)
    np.testing.assert_array_equal(history.levels, same.levels)


def test_the_compensator_is_the_integral_of_the_rate_of_detected_events() -> None:
    # Two events by hand: completeness 3.5 between days 1 and 2, scored from 0.5
    history = CompletenessHistory([1.0, 2.0], [3.5, 2.5], 2.5)
    sequence = EventSequence([0.8, 1.5], [3.0, 4.0], 0.0, 5.0, score_from=0.5)
    mu, k, alpha, c, p = theta = np.array([0.3, 0.2, 0.7, 0.05, 1.3])
    beta = LAW.beta
    # What an event detected at Mc = 3.5 stands for: E[10^{alpha x}; x < 1] / P(x > 1)
    hidden = quad(lambda x: beta * np.exp(-beta * x) * 10 ** (alpha * x), 0.0, 1.0)[0]
    gains = [10 ** (alpha * 0.5), 10 ** (alpha * 1.5) + hidden * np.exp(beta)]

    def rate(t: float) -> float:
        return mu + k * sum(
            g * (t - s + c) ** -p for g, s in zip(gains, sequence.times, strict=True) if s < t
        )

    def detected(t: float) -> float:
        return rate(t) * (0.1 if 1.0 < t <= 2.0 else 1.0)

    total = quad(detected, 0.5, 5.0, points=[0.8, 0.85, 1.0, 1.5, 1.55, 2.0], limit=500)[0]
    evaluate = WeightedLogLikelihood.of(
        sequence, LAW, taper=False, completeness=history, c_min=0.01
    )
    assert evaluate.transformed_times(theta)[1] == pytest.approx(total, rel=1e-8)
    by_hand = np.log(detected(0.8)) + np.log(detected(1.5)) - total
    assert evaluate.evaluate(theta).value == pytest.approx(by_hand, rel=1e-8)


@pytest.mark.parametrize("size", [6.3, 6.34])
def test_stairs_lie_above_the_law_by_one_stair_at_most(size: float) -> None:
    sequence = EventSequence([10.0], [size], 0.0, 50.0)
    history = CompletenessHistory.helmstetter(sequence, 2.5)
    assert history.at([10.0])[0] == 2.5  # the mainshock itself is judged by what was before
    lags = 10.0 ** np.linspace(-5.9, 1.5, 500)
    law = np.clip(size - 4.5 - 0.75 * np.log10(lags), 2.5, size)
    stairs = history.at(10.0 + lags)
    assert np.all(stairs >= law - 1e-6)  # times of day 10 resolve 1e-15 d, lags 1e-9 relative
    assert np.all(stairs <= law + 0.1 + 1e-6)
    assert history.levels.max() == size  # nothing hides an event as large as itself


def test_the_higher_of_two_holds_before_and_after_their_steps() -> None:
    network = CompletenessHistory([0.0, 10.0], [3.0, 2.0], base=2.0)
    hidden = CompletenessHistory([9.0, 12.0], [4.0, 2.5], base=2.5)
    for both in (network.or_higher(hidden), hidden.or_higher(network)):
        assert both.at([-1.0, 5.0, 9.5, 11.0, 13.0]).tolist() == [2.5, 3.0, 4.0, 4.0, 2.5]


def test_an_event_on_the_stair_of_its_time_is_kept() -> None:
    """Stairs are sums, 2.5 + 6 x 0.1, which are not the magnitudes of a catalog to the bit."""
    levels = 2.5 + 0.1 * np.arange(1, 30)
    history = CompletenessHistory(np.arange(29.0), levels, 2.5)
    magnitudes = levels.round(1)
    assert np.any(magnitudes < levels)
    on_stairs = EventSequence(np.arange(29.0) + 0.5, magnitudes, 0.0, 30.0)
    assert len(history.select(on_stairs)) == 29
    below = EventSequence(np.arange(29.0) + 0.5, magnitudes - 0.01, 0.0, 30.0)
    assert len(history.select(below)) == 0


def test_of_several_mainshocks_the_highest_counts() -> None:
    sequence = clustered(3, n=400, days=300.0)
    history = CompletenessHistory.helmstetter(sequence, 2.5, minimum_magnitude=LARGE)
    law = hidden_by(sequence)
    at = history.at(sequence.times)
    assert np.all(at >= law - 1e-6)
    assert np.all(at <= law + 0.1 + 1e-6)
    assert np.any(at > 2.5)


@pytest.mark.parametrize(
    ("times", "levels", "message"),
    [
        ([1.0, 1.0], [3.0, 3.0], "sort the rows"),
        ([1.0], [2.0], "below the base"),
        ([1.0], [3.0, 4.0], "do not match"),
    ],
)
def test_impossible_tables_are_named(times: list[float], levels: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CompletenessHistory(times, levels, 2.5)


def test_a_table_is_read_with_the_names_of_its_faults(tmp_path: Path) -> None:
    info = load("synthetic_socal").info
    path = tmp_path / "mc.csv"
    path.write_text("time,magnitude\n2002-01-01,3.0\n2002-01-03T12:00,2.5\n")
    history = read_completeness(path, info)
    np.testing.assert_allclose(history.times, [731.0, 733.5])
    assert history.at([731.0, 732.0, 740.0]).tolist() == [2.5, 3.0, 2.5]
    for text, message in (
        ("time,mc\n", "no column 'magnitude'"),
        ("time,magnitude\n2002-01-01,2.0\n", "below the base"),
        ("time,magnitude\nsoon,3.0\n", "'soon' is not a date"),
        ("time,magnitude\n1000-01-01,3.0\n", "'1000-01-01' is before 1678 or after 2261"),
        ("time,magnitude\n2002-01-01,high\n", "mc.csv: .*high"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_completeness(path, info)
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_completeness(tmp_path / "none.csv", info)


def test_b_is_counted_from_the_completeness_of_each_time() -> None:
    rng = np.random.default_rng(8)
    times = np.arange(1.0, 40_001.0)
    history = CompletenessHistory(times[::2] + 0.5, np.tile([3.5, 2.5], 10_000), 2.5)
    whole = EventSequence(times, LAW.sample(times.size, rng), 0.0, 40_001.0)
    seen = history.select(whole)
    naive = GutenbergRichter.fit(seen.magnitudes, 2.5, bin_width=0.0).b
    b = law_above(seen, history, LAW, bin_width=0.0, strict=False).b
    assert naive < 0.9
    assert b == pytest.approx(1.0, abs=3.0 / np.sqrt(len(seen)))


def test_b_of_a_strict_base_is_counted_one_bin_higher() -> None:
    rng = np.random.default_rng(9)
    m = 2.5 + 0.1 * (1 + np.floor(rng.exponential(1.0 / np.log(10.0), 5000) / 0.1))
    sequence = EventSequence(np.arange(5000.0) + 0.5, m, 0.0, 5000.0)
    always = CompletenessHistory(np.empty(0), np.empty(0), 2.5)
    b = law_above(sequence, always, LAW, bin_width=0.1, strict=True).b
    assert b == pytest.approx(GutenbergRichter.fit(m, 2.5, bin_width=0.1, strict=True).b)
    before = EventSequence(np.linspace(-9.0, -1.0, 500), np.full(500, 6.0), -10.0, 0.0)
    later = before.followed_by(sequence).scored_from(0.0)  # what is not scored does not count
    assert law_above(later, always, LAW, bin_width=0.1, strict=True).b == pytest.approx(b)
    with pytest.raises(InputError, match="0 scored events above Mc.* lower the completeness"):
        law_above(sequence.between(0.0, 0.2), always, LAW, bin_width=0.1, strict=True)


def test_without_large_events_completeness_stays() -> None:
    quiet = EventSequence([1.0, 2.0], [2.6, 2.7], 0.0, 10.0)
    history = CompletenessHistory.helmstetter(quiet, 2.5)
    assert history.times.size == 0
    assert history.at([0.0, 5.0]).tolist() == [2.5, 2.5]
    assert len(history.select(quiet)) == 2


def test_a_thinned_catalog_gives_the_truth_back_where_the_plain_fit_is_biased() -> None:
    empty = EventSequence.nothing()
    plain_k, plain_alpha, corrected = [], [], []
    for seed in range(4):
        (whole,) = TRUTH.sample(empty, 4000.0, 1, seed=[3, seed])
        seen = thinned(whole)
        history = CompletenessHistory.helmstetter(seen, 2.5, minimum_magnitude=LARGE)
        plain = fit_etas(seen, LAW, starts=1)
        fit = fit_etas(seen, LAW, starts=1, completeness=history)
        assert fit.converged
        assert fit.expected == pytest.approx(fit.n_events, rel=1e-6)
        assert fit.n_events == len(history.select(seen)) < len(seen)
        for values, model, errors in (
            (plain_k, plain.model, plain.uncertainty),
            (corrected, fit.model, fit.uncertainty),
        ):
            assert errors is not None
            values.append(np.log(model.k / TRUTH.k) * model.k / errors.standard_error("k"))
        assert plain.uncertainty is not None
        plain_alpha.append(
            (plain.model.alpha - TRUTH.alpha) / plain.uncertainty.standard_error("alpha")
        )
        for name in ("mu", "k", "alpha", "c", "p"):
            assert fit.uncertainty is not None
            error = fit.uncertainty.standard_error(name)
            # 20 comparisons: 3.5 standard errors are passed by chance once in 100 runs
            assert abs(getattr(fit.model, name) - getattr(TRUTH, name)) < 3.5 * error, name
    # The plain fit is off by many standard errors, and always in the same direction
    assert np.mean(plain_k) > 5.0
    assert np.mean(plain_alpha) < -5.0
    assert abs(np.mean(corrected)) < 2.0
