"""The hazard decoder: its distribution, the memory it modulates, and where it starts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest
from torch import Tensor

from catalogs import EventSequence, load
from etas.synthetic import SOCAL_TRUTH
from recast.models.neural import Recast
from recast.net.decoders import ExponentialHazard, HazardDecoder
from recast.net.excitation import NODES, Excitation, node_weights
from recast.net.network import RecastNet
from recast.net.scaling import Scaling


def hazard(seed: int) -> ExponentialHazard:
    rng = np.random.default_rng(seed)
    amplitudes = 10.0 ** rng.uniform(-6, 2, NODES.size)
    return ExponentialHazard(
        torch.tensor(10.0 ** rng.uniform(-2, 1), dtype=torch.float64),
        torch.from_numpy(amplitudes),
        torch.from_numpy(NODES),
    )


def at(x: float) -> Tensor:
    return torch.tensor(x, dtype=torch.float64)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_density_integrates_to_what_survival_loses(seed: int) -> None:
    d = hazard(seed)
    for a, b in ((1e-8, 1e-3), (1e-3, 0.1), (0.1, 30.0)):
        mass, _ = quad(
            lambda u: float(d.log_density(at(np.exp(u))).exp()) * np.exp(u),
            np.log(a),
            np.log(b),
            limit=400,
        )
        lost = float(d.log_survival(at(a)).exp() - d.log_survival(at(b)).exp())
        assert mass == pytest.approx(lost, rel=1e-6, abs=1e-10)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000), expected=st.floats(1e-6, 50.0), start=st.floats(0.0, 5.0))
def test_the_inverse_undoes_the_cumulative_hazard(seed: int, expected: float, start: float) -> None:
    d = hazard(seed)
    target = d.cumulative_hazard(at(start)) + expected
    x = d.inverse_cumulative_hazard(target, at(start))
    assert float(x) >= start
    assert float(d.cumulative_hazard(x)) == pytest.approx(float(target), rel=1e-9)


@pytest.mark.parametrize("elapsed", [0.0, 0.02])
def test_samples_given_the_elapsed_time_follow_the_distribution(elapsed: float) -> None:
    d, n = hazard(4), 4000
    many = ExponentialHazard(d.background.expand(n), d.amplitudes.expand(n, -1), d.nodes)
    start = torch.full((n,), elapsed, dtype=torch.float64)
    x = many.sample(start, torch.Generator().manual_seed(0))
    residuals = many.cumulative_hazard(x) - many.cumulative_hazard(start)
    assert float(x.min()) >= elapsed
    assert kstest(residuals.numpy(), "expon").pvalue > 0.01


@pytest.mark.parametrize(("c", "p"), [(0.02, 1.1), (0.001, 0.95), (0.2, 1.3), (0.01, 1.0)])
def test_few_nodes_give_the_omori_law_to_half_a_per_cent(c: float, p: float) -> None:
    x = np.logspace(-5, 3.5, 300)
    approximate = np.exp(-x[:, None] * NODES) @ node_weights(c, p)
    # The coarse step ripples by 2 |Gamma(p + 2 pi i)| / Gamma(p); what the lowest node stands for
    # decays a little early after decades
    np.testing.assert_allclose(approximate, (x + c) ** -p, rtol=5e-3)


def test_excitation_is_the_sum_over_all_earlier_events() -> None:
    sequence = EventSequence([1.0, 1.5, 4.0, 9.0], [3.0, 5.0, 2.6, 4.0], 0.0, 10.0)
    etas = SOCAL_TRUTH
    of_etas = Excitation.of(etas, sequence, most=len(sequence) + 1)
    amplitudes, expected = of_etas.states, of_etas.expected
    weights = etas.k * node_weights(etas.c, etas.p)
    gain = 10.0 ** (etas.alpha * (sequence.magnitudes - 2.5))
    edges = np.concatenate([[0.0], sequence.times, [10.0]])
    for j in range(5):
        lags = edges[j] - sequence.times[:j]
        direct = weights * (gain[:j, None] * np.exp(-lags[:, None] * NODES)).sum(axis=0)
        np.testing.assert_allclose(amplitudes[j], direct, rtol=1e-12, atol=1e-300)
    exact = np.diff(etas.compensator(sequence, edges))
    np.testing.assert_allclose(expected, exact, rtol=3e-3)


def test_training_starts_at_etas() -> None:
    catalog = load("synthetic_socal")
    val = catalog.split().val
    net = RecastNet(Scaling.of(catalog, SOCAL_TRUTH))
    start = Recast(net).log_likelihood(val) / val.n_scored
    # Within the ripple of the coarse nodes
    assert start == pytest.approx(SOCAL_TRUTH.log_likelihood(val) / val.n_scored, abs=1e-4)


def test_the_background_of_etas_has_a_factor_that_is_learned() -> None:
    scaling = Scaling(1.0, 2.4, 2.0, 1.0, 7.0, mu=0.5, k=0.02, alpha=0.6, c=0.01, p=1.1)
    decoder = HazardDecoder(4, 2, 3).double()
    with torch.no_grad():
        decoder.log_background_factor.fill_(np.log(3.0))
    amplitudes = torch.rand(2, NODES.size, dtype=torch.float64)
    given = decoder(torch.zeros(2, 4).double(), torch.zeros(2).double(), scaling, amplitudes)
    torch.testing.assert_close(given.background, torch.full((2,), 1.5, dtype=torch.float64))
    torch.testing.assert_close(given.amplitudes, amplitudes)  # these as ETAS has them


def test_advancing_a_state_equals_reading_the_longer_history() -> None:
    scaling = Scaling(1.0, 2.4, 2.0, 1.0, 7.0, mu=0.5, k=0.02, alpha=0.6, c=0.01, p=1.1)
    for decoder in ("hazard", "weibull"):
        torch.manual_seed(1)
        net = RecastNet(scaling, decoder=decoder, hidden_size=5, width=4).double().eval()
        longer = EventSequence([1.0, 1.5, 4.0, 4.2], [3.0, 5.0, 2.6, 4.0], 0.0, 4.3)
        with torch.no_grad():
            state = net.state_after(longer.before(4.1), 2)
            state = net.advance(
                state,
                torch.full((2,), float(np.diff(longer.times)[-1]), dtype=torch.float64),
                torch.full((2,), 4.0, dtype=torch.float64),
            )
            whole = net.state_after(longer, 2)
        for a, b in zip(state, whole, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)
