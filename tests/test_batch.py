"""Windows of intervals: every scored interval once, and padding changes nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import EventSequence
from recast.net.batch import Batch, intervals, windows
from recast.net.network import RecastNet, log_likelihood
from recast.net.scaling import Scaling
from recast.training.windows import RegionWindows, StepSampler, Windows


def sequence(n: int = 50, score_from: float = 13.0, seed: int = 0) -> EventSequence:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(1.0, n))
    return EventSequence(times, 2.0 + rng.exponential(0.4, n), 0.0, times[-1] + 2.0, score_from)


SCALING = Scaling(1.0, 2.4, 2.0, 1.0, 7.0, mu=0.5, k=0.02, alpha=0.6, c=0.01, p=1.1)


@pytest.fixture(params=["hazard", "weibull"])
def net(request: pytest.FixtureRequest) -> RecastNet:
    torch.manual_seed(0)
    net = RecastNet(SCALING, decoder=request.param, hidden_size=6, width=3)
    for parameter in net.parameters():  # away from ETAS, so that contexts matter
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return net.double().eval()


def test_intervals_of_a_sequence() -> None:
    s = EventSequence([1.0, 4.0, 6.0], [3.0, 2.0, 2.5], 0.0, 10.0, score_from=3.0)
    b = intervals(s, SCALING)
    np.testing.assert_array_equal(b.inter_times[0], [1.0, 3.0, 2.0, 4.0])
    np.testing.assert_array_equal(b.elapsed[0], [0.0, 2.0, 0.0, 0.0])
    np.testing.assert_array_equal(b.observed[0], [True, True, True, False])
    np.testing.assert_array_equal(b.scored[0], [False, True, True, True])
    assert b.n_events == s.n_scored == 2
    assert b.scored_days == s.scored_days == 7.0


@settings(deadline=None)
@given(
    n=st.integers(1, 60),
    part=st.floats(0.0, 0.99),
    length=st.integers(1, 30),
    burn_in=st.integers(0, 40),
)
def test_windows_score_every_interval_once(n: int, part: float, length: int, burn_in: int) -> None:
    s = sequence(n, 0.0)
    s = s.scored_from(part * s.end)
    whole, cutting = (
        intervals(s, SCALING),
        windows(s, SCALING, length=length, burn_in=burn_in),
    )
    assert cutting.n_events == whole.n_events
    for name in ("inter_times", "magnitudes", "elapsed", "observed"):
        got = getattr(cutting, name)[cutting.scored]
        torch.testing.assert_close(got, getattr(whole, name)[whole.scored], rtol=0, atol=0)


def test_windows_with_all_the_past_give_the_exact_likelihood(net: RecastNet) -> None:
    s = sequence()
    with torch.no_grad():
        exact = log_likelihood(net, intervals(s, SCALING))
        cutting = log_likelihood(net, windows(s, SCALING, length=7, burn_in=len(s)))
        forgetful = log_likelihood(net, windows(s, SCALING, length=7, burn_in=1))
    assert float(cutting) == pytest.approx(float(exact), rel=1e-12)
    assert float(forgetful) != pytest.approx(float(exact), rel=1e-9)


def test_dropout_is_of_training_only() -> None:
    net = RecastNet(SCALING, hidden_size=6, width=3, dropout=0.5)
    for parameter in net.parameters():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    batch = intervals(sequence(), SCALING)
    with torch.no_grad():
        trained = {float(log_likelihood(net.train(), batch)) for _ in range(3)}
        scored = {float(log_likelihood(net.eval(), batch)) for _ in range(3)}
    assert (len(trained), len(scored)) == (3, 1)


def test_padding_changes_nothing(net: RecastNet) -> None:
    b = intervals(sequence(), SCALING)
    extra = Batch(*(torch.cat([t, t[:, -3:]], dim=1) for t in b))
    extra.scored[:, -3:] = False
    with torch.no_grad():
        assert float(log_likelihood(net, extra)) == float(log_likelihood(net, b))


def test_a_tiling_scores_each_interval_once_whatever_its_phase() -> None:
    s = sequence(100)
    parts = Windows(s, SCALING, length=16, burn_in=8)
    tilings = parts.tilings(np.random.default_rng(3))
    first = next(tilings)
    tiles = [x for x in range(s.first_scored - 15, len(s) + 1) if (x - first) % 16 == 0]
    starts = [first, *(next(tilings) for _ in tiles[1:])]
    assert sorted(starts) == tiles
    assert parts.starting_at(starts).n_events == s.n_scored


def test_epochs_differ_and_repeat() -> None:
    parts = [Windows(sequence(n), SCALING, length=16, burn_in=8) for n in (200, 90)]
    a, b = (StepSampler(parts, batch_size=4, steps=10, seed=1) for _ in range(2))
    assert list(a) == list(b)
    b.set_epoch(1)
    assert list(a) != list(b)
    b.set_epoch(0)
    assert list(a) == list(b)
    assert len(list(a)) == 10


def test_epochs_and_seeds_of_one_region_have_windows_of_their_own() -> None:
    parts = [Windows(sequence(200), SCALING, length=16, burn_in=8)]

    def starts(seed: int, epoch: int) -> list[int]:
        sampler = StepSampler(parts, batch_size=4, steps=10, seed=seed)
        sampler.set_epoch(epoch)
        return [start for _, some in sampler for start in some]

    assert starts(1, 0) != starts(1, 1)
    assert starts(1, 0) != starts(2, 0)
    # Not only in another order: their edges differ
    assert len({start % 16 for epoch in range(5) for start in starts(1, epoch)}) > 5


def test_a_batch_says_of_which_region_it_is_and_whether_the_net_may_be_told() -> None:
    parts = [Windows(sequence(n), SCALING, length=16, burn_in=8) for n in (200, 90)]
    batches = [RegionWindows(parts, [True, False])[i, (parts[i].first, 40)] for i in range(2)]
    assert [(one.region, one.named, one.n_train) for one in batches] == [
        (0, True, len(parts[0])),
        (1, False, len(parts[1])),
    ]


def test_a_small_sequence_fills_no_batch() -> None:
    parts = [Windows(sequence(n, 0.0), SCALING, length=16, burn_in=8) for n in (400, 40)]
    drawn = list(StepSampler(parts, batch_size=8, steps=30))
    assert {region for region, _ in drawn} == {0, 1}
    for region, starts in drawn:
        assert len(starts) == (8, 4)[region]  # 41 intervals need 3 windows, 4 with a phase


@pytest.mark.parametrize(("exponent", "share"), [(0.0, 0.5), (0.5, 2 / 3), (1.0, 0.8)])
def test_regions_are_drawn_by_a_power_of_their_size(exponent: float, share: float) -> None:
    parts = [Windows(sequence(n, 0.0), SCALING, length=16, burn_in=0) for n in (399, 99)]
    sampler = StepSampler(parts, batch_size=1, steps=4000, exponent=exponent)
    drawn = np.mean([region == 0 for region, _ in sampler])
    assert drawn == pytest.approx(share, abs=3.0 * np.sqrt(share * (1 - share) / 4000))


def test_a_region_of_less_weight_is_drawn_less_often() -> None:
    parts = [Windows(sequence(n, 0.0), SCALING, length=16, burn_in=0) for n in (399, 99)]
    sampler = StepSampler(parts, batch_size=1, steps=4000, weights=[0.25, 1.0])
    share = 1.0 / 3.0  # 0.25 * sqrt(400) : sqrt(100)
    drawn = np.mean([region == 0 for region, _ in sampler])
    assert drawn == pytest.approx(share, abs=3.0 * np.sqrt(share * (1 - share) / 4000))
