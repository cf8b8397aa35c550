"""Spans in which nothing was recorded are left out of every likelihood."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime
from scipy.stats import kstest
from test_process_contract import LAW, PROCESSES

from catalogs import Catalog, EventSequence, InputError, PointProcess, load
from etas import ETAS, CompletenessHistory, Poisson, fit_etas
from etas.likelihood import LogLikelihood, log_likelihood_quadratic
from etas.residuals import transformed_times
from etas.weighted_likelihood import WeightedLogLikelihood
from recast.evaluation import event_terms, score
from recast.evaluation.continuations import continuations, omori_samples
from recast.net.batch import intervals
from recast.net.network import log_likelihood

TRUTH = ETAS(0.8, 0.02, 0.8, 0.02, 1.1, LAW)
GAPS = ((20.0, 45.0), (45.5, 47.0), (80.0, 90.0))


def with_gaps(seed: int, days: float = 120.0, score_from: float = 10.0) -> EventSequence:
    """What is recorded of an ETAS catalog but for the gaps; what is triggered by them is lost."""
    (whole,) = TRUTH.sample(EventSequence.nothing(), days, 1, seed=seed)
    kept = np.ones(len(whole), dtype=bool)
    for begin, end in GAPS:
        kept &= (whole.times < begin) | (whole.times >= end)
    return replace(whole.where(kept), score_from=score_from, gaps=GAPS)


@pytest.fixture(params=list(PROCESSES))
def process(request: pytest.FixtureRequest) -> PointProcess:
    return PROCESSES[request.param]()


def test_nothing_is_expected_in_a_gap(process: PointProcess) -> None:
    sequence = with_gaps(1)
    for begin, end in GAPS:
        inside = process.compensator(sequence, np.linspace(begin, end, 5))
        np.testing.assert_allclose(inside, inside[0], rtol=1e-9)
    bare = replace(sequence, gaps=())
    lost = sum(np.diff(process.compensator(bare, gap))[0] for gap in GAPS)
    expected = process.compensator(bare, sequence.end)[0] - lost
    assert process.compensator(sequence, sequence.end)[0] == pytest.approx(expected, rel=1e-9)
    assert process.log_likelihood(sequence) == pytest.approx(
        process.log_likelihood(bare) + lost, rel=1e-9
    )


def test_a_score_is_of_the_days_that_were_recorded(process: PointProcess) -> None:
    sequence = with_gaps(1)
    done = score(process, sequence)
    assert done.days == pytest.approx(110.0 - sum(end - begin for begin, end in GAPS))
    assert done.nll_per_day == pytest.approx(-process.log_likelihood(sequence) / done.days)


def test_likelihoods_are_sums_of_their_terms(process: PointProcess) -> None:
    sequence = with_gaps(2)
    tail = process.compensator(sequence, [sequence.times[-1], sequence.end])
    terms = event_terms(process, sequence).sum()
    assert terms == pytest.approx(process.log_likelihood(sequence), rel=1e-9, abs=np.diff(tail)[0])


def test_adjacent_windows_add_up(process: PointProcess) -> None:
    sequence = with_gaps(3)
    for cut in (30.0, 45.2, 85.0):  # inside gaps and between them
        first = sequence.before(cut).scored_from(sequence.score_from)
        both = process.log_likelihood(first) + process.log_likelihood(sequence.scored_from(cut))
        assert both == pytest.approx(process.log_likelihood(sequence), rel=1e-9)


def test_the_quadratic_sum_and_the_gradient_agree() -> None:
    sequence = with_gaps(4)
    x = TRUTH.parameters
    fast = LogLikelihood.of(sequence, LAW.completeness, c_min=1e-3)
    value = log_likelihood_quadratic(x, sequence, LAW.completeness)
    assert fast.evaluate(x).value == pytest.approx(value, rel=1e-9)
    slopes = approx_fprime(x, lambda y: fast.evaluate(y).value, 1e-6)
    np.testing.assert_allclose(fast.evaluate(x).gradient, slopes, rtol=1e-3, atol=1e-3)
    same = CompletenessHistory(np.empty(0), np.empty(0), LAW.completeness)
    weighted = WeightedLogLikelihood.of(sequence, LAW, taper=False, completeness=same, c_min=1e-3)
    assert weighted.evaluate(x).value == pytest.approx(value, rel=1e-7)


def test_simulations_have_no_more_in_gaps_than_was_recorded() -> None:
    sequence = with_gaps(6)
    shown = continuations({"poisson": Poisson(5.0, LAW)}, sequence, 400, seed=0)
    drawn = shown.drawn["poisson"]
    for begin, end in shown.observed.gaps:
        assert not ((drawn.times >= begin) & (drawn.times < end)).any()
    expected = 5.0 * shown.observed.scored_days
    assert drawn.counts.mean() == pytest.approx(expected, abs=4.0 * np.sqrt(expected / 400))
    alone = EventSequence([50.0], [7.0], 0.0, 100.0, score_from=40.0, gaps=[(50.001, 60.0)])
    blind = omori_samples(TRUTH, replace(alone, gaps=()), seed=0)
    known = omori_samples(TRUTH, alone, seed=0)
    np.testing.assert_array_equal(known[:, :4], blind[:, :4])
    assert blind[:, 5:].sum() > 0.0
    assert known[:, 5:].sum() == 0.0


def test_batches_of_nets_know_gaps() -> None:
    process = PROCESSES["recast"]()
    sequence = with_gaps(5)
    batch = intervals(sequence, process.net.scaling)  # type: ignore[attr-defined]
    assert batch.scored_days == pytest.approx(sequence.scored_days)
    with torch.no_grad():
        whole = float(log_likelihood(process.net, batch))  # type: ignore[attr-defined]
    assert whole == pytest.approx(process.log_likelihood(sequence), rel=1e-12)


def test_a_fit_across_gaps_finds_the_truth() -> None:
    """Poisson with a third of the window unrecorded: the rate of what was recorded."""
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0.0, 1000.0, 2000))
    times = times[(times < 300.0) | (times >= 650.0)]
    events = EventSequence(times, LAW.sample(times.size, rng), 0.0, 1000.0, gaps=[(300.0, 650.0)])
    assert Poisson.fit(events, LAW).rate == pytest.approx(2.0, rel=0.1)
    fit = fit_etas(events, LAW)
    assert fit.days == 650.0
    assert fit.expected == pytest.approx(fit.n_events, rel=1e-3)
    assert fit.model.branching_ratio(650.0) < 0.2
    blind = fit_etas(replace(events, gaps=()), LAW)
    assert blind.model.branching_ratio(1000.0) > 0.5  # quiet is taken for the end of a sequence
    assert kstest(np.diff(transformed_times(fit.model, events)), "expon").pvalue > 0.01


@pytest.mark.parametrize(
    ("gaps", "message"),
    [
        ([(3.0, 2.0)], "is empty"),
        ([(1.0, 3.0), (2.0, 4.0)], "not after the one before"),
        ([(8.0, 11.0)], "outside the window"),
        ([(4.0, 6.0)], r"times\[0\] = 5.0 lies in the gap"),
    ],
)
def test_impossible_gaps_are_named(gaps: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EventSequence([5.0], [3.0], 0.0, 10.0, gaps=gaps)


def test_gaps_of_a_catalog_reach_its_windows() -> None:
    catalog = load("ridgecrest_2019")
    info = replace(catalog.info, gaps=(("2019-07-08T00:00:00Z", "2019-07-08T06:00:00Z"),))
    known = Catalog(catalog.events, info)
    train = known.split().train
    assert train.scored_days == pytest.approx(catalog.split().train.scored_days - 0.25)
    assert len(known.to_sequence()) < len(catalog.to_sequence())
    again: Callable[..., object] = type(info).from_json
    assert again(info.to_json(), "x") == info
