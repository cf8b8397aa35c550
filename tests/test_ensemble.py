"""Ensembles: an exact mixture of densities, from likelihood to sampling."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from catalogs import EventSequence, GutenbergRichter, InputError
from recast.models.neural import Recast
from recast.net.ensemble import EnsembleNet, EqualMixture
from recast.net.network import RecastNet
from recast.net.scaling import Scaling
from recast.sampling.sampler import sample_with_torch

SCALING = Scaling(0.3, 2.4, 2.0, 1.0, 7.0, mu=2.0, k=0.015, alpha=0.6, c=0.02, p=1.2)
LAW = GutenbergRichter(2.0, 1.0, 7.0)


def member(seed: int, decoder: str = "hazard") -> RecastNet:
    torch.manual_seed(seed)
    net = RecastNet(SCALING, decoder=decoder, hidden_size=5 + seed, width=4)
    for parameter in net.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return net.double().eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def members() -> list[RecastNet]:
    return [member(0), member(1), member(2, "weibull")]


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    rng = np.random.default_rng(8)
    times = np.cumsum(10.0 ** rng.uniform(-3, 0.3, 150))
    return EventSequence(times, LAW.sample(150, rng), 0.0, times[-1] + 0.05, score_from=9.1)


def test_one_net_is_its_own_ensemble(members: list[RecastNet], sequence: EventSequence) -> None:
    alone, ensemble = Recast(members[0]), Recast(EnsembleNet(members[:1]))
    assert ensemble.log_likelihood(sequence) == pytest.approx(
        alone.log_likelihood(sequence), rel=1e-12
    )
    one, other = (process.marks["magnitude"].gain(sequence) for process in (ensemble, alone))
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_each_interval_has_the_mean_density(
    members: list[RecastNet], sequence: EventSequence
) -> None:
    """ln mean_k f_k(x) - ln mean_k S_k(head), from the members' own intensities."""
    # Interval edges, and where scoring starts inside one
    first = sequence.first_scored
    events = sequence.times[first:]
    whole = EventSequence(sequence.times, sequence.magnitudes, 0.0, sequence.end)
    before = sequence.times[first - 1]
    log_f, log_head = [], []
    for net in members:
        process = Recast(net)
        at = process.compensator(
            whole, np.concatenate([[before], events, [sequence.end, sequence.score_from]])
        )
        hazard = np.log(process.intensity(whole, events))
        log_f.append(np.append(hazard, 0.0) - np.diff(at[:-1]))
        log_head.append(at[0] - at[-1])
    expected = np.logaddexp.reduce(log_f).sum() - np.logaddexp.reduce(log_head)
    expected -= events.size * np.log(3)  # one mean more in the terms, tail included, than heads
    assert Recast(EnsembleNet(members)).log_likelihood(sequence) == pytest.approx(
        expected, rel=1e-10
    )


def test_a_mixture_has_a_law_of_magnitudes_if_all_members_have(members: list[RecastNet]) -> None:
    assert EnsembleNet(members[:2]).magnitude is not None
    assert EnsembleNet(members).magnitude is None  # the last draws them from the fixed law


def test_a_mixture_is_not_worse_than_its_members_on_average(
    members: list[RecastNet], sequence: EventSequence
) -> None:
    """Jensen: ln mean f >= mean ln f. Without a censored head no term has the other sign."""
    whole = EventSequence(sequence.times, sequence.magnitudes, 0.0, sequence.end)
    alone = [Recast(net).log_likelihood(whole) for net in members]
    assert Recast(EnsembleNet(members)).log_likelihood(whole) > np.mean(alone)


def test_its_samples_have_exponential_residuals(
    members: list[RecastNet], sequence: EventSequence
) -> None:
    net, rng = EnsembleNet(members), np.random.default_rng(0)
    process = Recast(net)
    residuals: list[float] = []
    for sample in sample_with_torch(net, LAW, sequence, 8.0, 60, seed=3).sequences():
        whole = sequence.followed_by(sample)
        cumulative = process.compensator(whole, np.append(sample.times, whole.end))
        cumulative[-1] += rng.exponential()
        residuals.extend(np.diff(cumulative, prepend=0.0))
    assert len(residuals) > 300
    assert kstest(residuals, "expon").pvalue > 0.01


def test_members_that_outlived_the_silence_are_drawn_more_often() -> None:
    """After 1 day without an event a rate of 1 is e^9 times as likely as one of 10."""
    from recast.net.decoders import ExponentialHazard

    n = 2000
    nodes = torch.ones(1, dtype=torch.float64)
    slow, fast = (
        ExponentialHazard(
            torch.full((n,), rate, dtype=torch.float64),
            torch.zeros(n, 1, dtype=torch.float64),
            nodes,
        )
        for rate in (1.0, 10.0)
    )
    elapsed = torch.ones(n, dtype=torch.float64)
    drawn = EqualMixture([slow, fast]).sample(elapsed, torch.Generator().manual_seed(1))
    assert kstest((drawn - 1.0).numpy(), "expon").pvalue > 0.01


def test_nets_of_different_catalogs_make_no_ensemble() -> None:
    other = RecastNet(Scaling(**{**vars(SCALING), "b": 1.1}), hidden_size=4, width=4)
    with pytest.raises(InputError, match="net 1 of the ensemble was trained on other events"):
        EnsembleNet([member(0), other])
    with pytest.raises(InputError, match="at least one net"):
        EnsembleNet([])


def test_checkpoints_are_loaded_as_one_process(tmp_path: Path, sequence: EventSequence) -> None:
    from tests.test_simulate_net import checkpoint

    files = [checkpoint(tmp_path / f"{i}.ckpt", SCALING) for i in range(2)]
    process = Recast.load(*files)
    assert isinstance(process.net, EnsembleNet)
    assert process.log_likelihood(sequence) == pytest.approx(
        Recast.load(files[0]).log_likelihood(sequence)  # the same net twice
    )


def test_a_mixture_has_no_compiled_sampler(
    members: list[RecastNet], sequence: EventSequence
) -> None:
    process = Recast(EnsembleNet(members))
    (history,) = process.histories(sequence, [sequence.end])  # torch reads the events
    assert isinstance(history, EventSequence)
    assert process.simulate(history, 1.0, 3, seed=0).n == 3
    (memory,) = Recast(members[0]).histories(sequence, [sequence.end])
    with pytest.raises(InputError, match=r"mixture of 3 .* has no compiled sampler"):
        process.simulate(memory, 1.0, 3, seed=0)
