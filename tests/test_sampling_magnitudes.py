"""Magnitudes that nets draw: from the head within limits, or from a law that is given."""

import numpy as np
import pytest
import torch
from sampling_nets import LAW, NETS, SCALING, draw, make_history, make_net
from scipy.stats import kstest

from catalogs import EventSequence, GutenbergRichter
from recast.models.neural import Recast
from recast.net.magnitude import SAMPLING_LOG_RATIO
from recast.net.network import RecastNet
from recast.net.scaling import Scaling
from recast.sampling.sampler import sample_with_torch


@pytest.fixture(scope="module")
def history() -> EventSequence:
    return make_history()


def test_magnitudes_follow_the_head(history: EventSequence) -> None:
    net = NETS["hazard"]
    assert net.magnitude is not None
    ranks = []
    for sample in draw(net, history, 10.0, 60, 7).sequences():
        whole = history.followed_by(sample)
        batch, first = net.intervals(whole), len(history)
        part = slice(first, len(whole))
        law = net.magnitude(
            SCALING,
            net.contexts(batch)[0, part],
            batch.inter_times[0, part],
            batch.expected[0, part],
            largest=SAMPLING_LOG_RATIO,
        )
        share = torch.expm1(-law.beta * (batch.magnitudes[0, part] - LAW.completeness))
        ranks.extend((share / torch.expm1(-law.beta * (LAW.maximum - LAW.completeness))).tolist())
    assert np.ptp(law.beta.numpy()) > 0.1  # the law is not the fixed one
    assert kstest(ranks, "uniform").pvalue > 0.01


def test_magnitudes_without_a_head_follow_the_law_given(history: EventSequence) -> None:
    law = GutenbergRichter(2.0, 1.3, 6.0)
    drawn = Recast(NETS["weibull"], law).simulate(history, 10.0, 200, seed=1)
    share = np.expm1(-law.beta * (drawn.magnitudes - 2.0)) / -law.mass
    assert kstest(share, "uniform").pvalue > 0.01


def test_nothing_is_drawn_below_completeness(history: EventSequence) -> None:
    """The head's law begins half a bin lower, where magnitudes are rounded up to completeness."""
    binned = RecastNet(Scaling(**{**vars(SCALING), "lowest_magnitude": 1.95}), hidden_size=3)
    for drawn in (
        draw(binned, history, 10.0, 200, 0),
        sample_with_torch(binned, LAW, history, 10.0, 50, seed=0),
    ):
        assert drawn.magnitudes.min() >= 2.0


def test_a_law_that_is_given_replaces_the_head(history: EventSequence) -> None:
    torch.manual_seed(2)
    net = RecastNet(SCALING, hidden_size=4, width=4)
    assert net.magnitude is not None
    for parameter in net.magnitude.parameters():  # far from the law
        parameter.data.add_(0.5 * torch.rand_like(parameter))
    mass = -np.expm1(-LAW.beta * (LAW.maximum - LAW.completeness))
    shares = []
    for process in (Recast(net, LAW), Recast(net)):
        drawn = process.simulate(history, 30.0, 200, seed=1)
        shares.append(-np.expm1(-LAW.beta * (drawn.magnitudes - LAW.completeness)) / mass)
    assert kstest(shares[0], "uniform").pvalue > 0.01
    assert kstest(shares[1], "uniform").pvalue < 1e-6


def test_b_stays_near_its_mean_in_free_running_catalogs(history: EventSequence) -> None:
    """A head that asks for the lowest b it may have gets e^{-0.2} of the mean."""
    net = make_net("hazard")
    assert net.magnitude is not None
    last = net.magnitude.net[-1]
    last.weight.data.zero_()
    last.bias.data.fill_(-50.0)
    drawn = draw(net, history, 10.0, 100, 2)
    lowest = GutenbergRichter(2.0, LAW.b * np.exp(-SAMPLING_LOG_RATIO), LAW.maximum)
    share = np.expm1(-lowest.beta * (drawn.magnitudes - 2.0)) / -lowest.mass
    assert kstest(share, "uniform").pvalue > 0.01
