"""Background probabilities and stochastic declustering, against the process they come from."""

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter
from etas.declustering import background_probability, decluster
from etas.model import ETAS
from etas.residuals import residual_test

LAW = GutenbergRichter(2.5, 1.0, 7.5)
MODEL = ETAS(1.0, 0.0208, 0.7, 0.01, 1.12, LAW)


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    empty = EventSequence.nothing()
    return MODEL.sample(empty, 1500.0, 1, seed=3)[0]


def test_two_events_by_hand() -> None:
    pair = EventSequence([1.0, 1.5], [3.5, 2.5], 0.0, 2.0)
    rate = 1.0 + 0.0208 * 10**0.7 * 0.51**-1.12
    np.testing.assert_allclose(background_probability(MODEL, pair), [1.0, 1.0 / rate], rtol=1e-8)


def test_probabilities_sum_to_the_expected_background(sequence: EventSequence) -> None:
    # sum mu / lambda(t_i) - mu T is a martingale of variance E integral mu^2 / lambda < mu T
    total = background_probability(MODEL, sequence).sum()
    assert total == pytest.approx(1500.0, abs=3.0 * np.sqrt(1500.0))
    assert total < 0.5 * len(sequence)


def test_declustered_events_are_poisson(sequence: EventSequence) -> None:
    background = decluster(MODEL, sequence, seed=4)
    assert len(background) == pytest.approx(1500.0, abs=4.0 * np.sqrt(1500.0))
    test = residual_test(MODEL.mu * background.times)
    assert test.ks_p > 0.001
    assert test.runs_p > 0.001
    # The catalog itself is nothing like that
    assert residual_test(len(sequence) / 1500.0 * sequence.times).ks_p < 1e-10


def test_the_same_seed_keeps_the_same_events(sequence: EventSequence) -> None:
    first, again, other = (decluster(MODEL, sequence, seed=seed).times for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
