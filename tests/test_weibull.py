"""The mixture of Weibull distributions: density, survival, hazard and sampling agree."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest, weibull_min
from torch import Tensor

from recast.net.decoders import WeibullDecoder, WeibullMixture
from recast.net.scaling import Scaling


def mixture(seed: int, components: int = 5, scale: float = 0.7) -> WeibullMixture:
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randn(3, components, generator=generator, dtype=torch.float64)
    return WeibullMixture(
        torch.log_softmax(raw[0], dim=-1), torch.exp(raw[1]), torch.exp(0.5 * raw[2]), scale
    )


def at(x: float) -> Tensor:
    return torch.tensor(x, dtype=torch.float64)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_density_integrates_to_what_survival_loses(seed: int) -> None:
    d = mixture(seed)
    for a, b in ((1e-9, 0.01), (0.01, 1.0), (1.0, 60.0)):
        mass, _ = quad(
            lambda u: float(d.log_density(at(np.exp(u))).exp()) * np.exp(u),
            np.log(a),
            np.log(b),
            limit=200,
        )
        lost = float(d.log_survival(at(a)).exp() - d.log_survival(at(b)).exp())
        assert mass == pytest.approx(lost, rel=1e-6, abs=1e-10)


def test_survival_starts_at_one_and_falls() -> None:
    d = mixture(1)
    x = torch.logspace(-8, 4, 200, dtype=torch.float64)
    survival = torch.stack([d.log_survival(v) for v in x])
    assert float(d.log_survival(at(0.0))) == pytest.approx(0.0, abs=1e-15)
    assert bool((survival.diff() <= 0.0).all())
    assert float(survival[-1]) < -10.0


def test_hazard_is_the_slope_of_the_cumulative_hazard() -> None:
    d = mixture(2)
    for x in (1e-4, 0.1, 3.0, 40.0):
        h = 1e-5 * x
        slope = float(d.cumulative_hazard(at(x + h)) - d.cumulative_hazard(at(x - h))) / (2 * h)
        assert float(d.log_hazard(at(x)).exp()) == pytest.approx(slope, rel=1e-6)


def test_one_component_is_scipys_weibull() -> None:
    shape, rate, scale = 0.6, 2.0, 3.0
    d = WeibullMixture(
        torch.zeros(1, dtype=torch.float64),
        torch.tensor([rate], dtype=torch.float64),
        torch.tensor([shape], dtype=torch.float64),
        scale,
    )
    reference = weibull_min(shape, scale=scale * rate ** (-1 / shape))
    for x in (0.01, 1.0, 10.0):
        assert float(d.log_density(at(x))) == pytest.approx(reference.logpdf(x), rel=1e-12)
        assert float(d.log_survival(at(x))) == pytest.approx(reference.logsf(x), rel=1e-12)


def test_far_tails_stay_finite() -> None:
    d = mixture(3)
    x = torch.tensor([1e-12, 1e6], dtype=torch.float64)
    for value in (d.log_density(x), d.log_survival(x), d.log_hazard(x)):
        assert bool(torch.isfinite(value).all())


@pytest.mark.parametrize("elapsed", [0.0, 0.4])
def test_samples_given_the_elapsed_time_follow_the_distribution(elapsed: float) -> None:
    d = mixture(4)
    n = 4000
    many = WeibullMixture(
        d.log_weights.expand(n, -1), d.rates.expand(n, -1), d.shapes.expand(n, -1), d.scale
    )
    start = torch.full((n,), elapsed, dtype=torch.float64)
    x = many.sample(start, torch.Generator().manual_seed(0))
    assert float(x.min()) >= elapsed

    def cdf(values: np.ndarray) -> np.ndarray:
        logs = many.log_survival(torch.from_numpy(values)) - many.log_survival(start)
        return -np.expm1(logs.numpy())

    assert kstest(x.numpy(), cdf).pvalue > 0.01


def test_gradients_are_right_and_finite_at_zero() -> None:
    torch.manual_seed(0)
    decoder = WeibullDecoder(3, 0, 4).double()
    context = torch.randn(2, 3, dtype=torch.float64)
    x = torch.tensor([0.0, 1.3], dtype=torch.float64)
    scaling = Scaling(0.5, 2.4, 2.0, 1.0, 7.0, mu=2.0, k=0.015, alpha=0.6, c=0.02, p=1.2)

    def loss(weight: Tensor) -> Tensor:
        d = torch.func.functional_call(
            decoder,
            {"linear.weight": weight},
            (context, torch.zeros(0), scaling, torch.zeros(2, 0)),
        )
        return d.log_survival(x).sum()

    weight = decoder.linear.weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(loss, (weight,))
