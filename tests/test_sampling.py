"""Sampling of trained nets: the compiled steps, the two samplers, their laws and their seeds."""

from functools import partial

import numpy as np
import pytest
import torch
from sampling_nets import EMPTY, LAW, NETS, SCALING, draw, make_history
from scipy.stats import ks_2samp, kstest

from catalogs import EventSequence, InputError, Trajectories
from recast.models.neural import Recast
from recast.net.magnitude import SAMPLING_LOG_RATIO
from recast.net.network import RecastNet
from recast.sampling.arrays import Layer, read_weights
from recast.sampling.compiled import arithmetic, steps
from recast.sampling.sampler import memories, random_streams, sample_with_torch


@pytest.fixture(params=["hazard", "weibull"])
def net(request: pytest.FixtureRequest) -> RecastNet:
    return NETS[request.param]


@pytest.fixture(scope="module")
def history() -> EventSequence:
    return make_history()


def test_elementary_functions_are_exact_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-40, 40, 4001), 10.0 ** np.linspace(-18, 0, 200), [0.0]])
    for ours, exact in (
        (arithmetic.exp, np.exp),
        (arithmetic.expm1, np.expm1),
        (arithmetic.tanh, np.tanh),
        (arithmetic.sigmoid, lambda v: 1.0 / (1.0 + np.exp(-v))),
    ):
        np.testing.assert_allclose([ours(v) for v in x], exact(x), rtol=2e-15)


def test_the_generator_is_the_published_one() -> None:
    """The first outputs of xoshiro256++ from the state 1, 2, 3, 4, as its authors' C code gives."""
    streams = np.array([[1, 2, 3, 4]], dtype=np.uint64)
    first = [int(arithmetic.next_bits(streams, 0)) for _ in range(5)]
    assert first == [
        41943041,
        58720359,
        3588806011781223,
        3591011842654386,
        9228616714210784205,
    ]
    many = random_streams(3, 20_000)
    assert kstest([arithmetic.uniform(many, i) for i in range(20_000)], "uniform").pvalue > 0.01


def test_a_lane_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    for rows, columns in ((3, 96), (34, 48), (32, 25), (7, 1), (2, 5)):
        layer = Layer(rng.normal(size=(rows, columns)), rng.normal(size=columns))
        x, out, alone = rng.normal(size=(5, rows)), np.empty((5, columns)), np.empty((1, columns))
        arithmetic.affine(layer, x, 5, out)
        np.testing.assert_allclose(out, x @ layer.weights + layer.bias, rtol=1e-12, atol=1e-13)
        for lane in range(5):
            arithmetic.affine(layer, x[lane : lane + 1], 1, alone)
            np.testing.assert_array_equal(out[lane], alone[0])


def test_compiled_steps_are_those_of_torch(net: RecastNet, history: EventSequence) -> None:
    w = read_weights(net, LAW)
    state = net.state_after(history, 1)
    hidden, amplitudes, *_ = memories(w, history, [history.end])[0]
    np.testing.assert_allclose(hidden, state.hidden.numpy(), rtol=1e-10, atol=1e-12)
    tau = torch.tensor([0.037], dtype=torch.float64)
    s = steps.scratch(w, 1)
    steps.decode(w, hidden, amplitudes, 1, s)
    distribution = net.decode(*state)
    if net.decoder_name == "weibull":
        raw = net.weibull.linear(state.hidden)
        np.testing.assert_allclose(s.out, raw.numpy(), rtol=1e-10, atol=1e-12)
        return
    np.testing.assert_allclose(amplitudes, state.amplitudes.numpy(), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(s.out[:, 0], distribution.background.numpy(), rtol=1e-10)
    np.testing.assert_allclose(
        s.out[:, 1:], distribution.amplitudes.numpy(), rtol=1e-10, atol=1e-300
    )
    later = EventSequence(
        np.append(history.times, history.times[-1] + float(tau)),
        np.append(history.magnitudes, 3.0),
        0.0,
        history.end + 1.0,
    )
    batch = net.intervals(later)
    expected = batch.expected[0, -2:-1]
    steps.etas_expects(w, amplitudes, tau.numpy(), 1, s)
    np.testing.assert_allclose(s.expected, expected.numpy(), rtol=1e-9)  # tau is a difference
    assert net.magnitude is not None
    steps.magnitude_betas(w, hidden, 1, s)
    events = torch.from_numpy(s.expected)
    beta = net.magnitude(SCALING, state.hidden, tau, events, largest=SAMPLING_LOG_RATIO).beta
    np.testing.assert_allclose(s.betas, beta.numpy(), rtol=1e-10)


def test_advancing_is_that_of_torch(net: RecastNet, history: EventSequence) -> None:
    w = read_weights(net, LAW)
    hidden, amplitudes, *_ = memories(w, history, [history.end])[0]
    tau, m = np.array([0.002]), np.array([4.1])
    s = steps.scratch(w, 1)
    steps.etas_expects(w, amplitudes, tau, 1, s)
    steps.advance(w, m, hidden, amplitudes, 1, s)
    torch_tau, torch_m = torch.from_numpy(tau), torch.from_numpy(m)
    after = net.advance(net.state_after(history, 1), torch_tau, torch_m)
    np.testing.assert_allclose(hidden, after.hidden.numpy(), rtol=1e-10, atol=1e-12)
    if net.decoder_name == "hazard":
        np.testing.assert_allclose(amplitudes, after.amplitudes.numpy(), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("from_nothing", [False, True])
def test_both_samplers_agree_in_law(
    net: RecastNet, history: EventSequence, from_nothing: bool
) -> None:
    past = EMPTY if from_nothing else history
    compiled = draw(net, past, 4.0, 3000, 1)
    batched = sample_with_torch(net, LAW, past, 4.0, 3000, seed=2)
    assert compiled.times.size > 10_000
    # One number of each trajectory: those of a cluster depend on each other
    for a, b in zip(independent_parts(compiled), independent_parts(batched), strict=True):
        assert ks_2samp(a, b).pvalue > 0.005


def independent_parts(drawn: Trajectories) -> list[np.ndarray]:
    """Counts, first times, third inter-event times and third magnitudes, one a trajectory."""
    first = np.cumsum(drawn.counts) - drawn.counts
    third = first[drawn.counts >= 3] + 2
    return [
        drawn.counts,
        drawn.times[first[drawn.counts > 0]],
        drawn.times[third] - drawn.times[third - 1],
        drawn.magnitudes[third],
    ]


def test_counts_are_what_the_compensator_expects(net: RecastNet, history: EventSequence) -> None:
    """N - Lambda is a martingale from 0, and its variance is the mean of Lambda."""
    process, drawn = Recast(net), draw(net, history, 4.0, 300, 5)
    expected = np.array(
        [
            process.compensator(whole, whole.end)[0]
            for whole in (history.followed_by(s) for s in drawn.sequences())
        ]
    )
    error = (drawn.counts - expected).mean()
    assert abs(error) < 3.0 * np.sqrt(expected.mean() / drawn.n)


def test_samples_have_exponential_residuals(net: RecastNet, history: EventSequence) -> None:
    process, rng = Recast(net), np.random.default_rng(0)
    residuals: list[float] = []
    for sample in draw(net, history, 8.0, 100, 6).sequences():
        whole = history.followed_by(sample)
        cumulative = process.compensator(whole, np.append(sample.times, whole.end))
        cumulative[-1] += rng.exponential()  # completes the censored interval: no memory
        residuals.extend(np.diff(cumulative, prepend=0.0))
    assert kstest(residuals, "expon").pvalue > 0.01


def same(a: Trajectories, b: Trajectories) -> bool:
    return all(
        np.array_equal(getattr(a, part), getattr(b, part))
        for part in ("trajectory", "times", "magnitudes", "capped")
    )


def test_a_trajectory_depends_on_its_seed_and_number_only(
    net: RecastNet, history: EventSequence
) -> None:
    process = Recast(net)
    many = process.simulate(history, 3.0, 203, seed=9, threads=2)
    assert same(many, process.simulate(history, 3.0, 203, seed=9, threads=1))
    assert same(many, process.simulate(history, 3.0, 203, seed=9, threads=5))
    few = process.simulate(history, 3.0, 10, seed=9)
    for a, b in zip(few.sequences(), many.sequences()[:10], strict=True):
        np.testing.assert_array_equal(a.times, b.times)
        np.testing.assert_array_equal(a.magnitudes, b.magnitudes)
    assert not same(many, process.simulate(history, 3.0, 203, seed=10))
    first, second = few.sequences()[:2]
    assert first.times[0] != second.times[0]


def test_torch_repeats_a_seed(net: RecastNet, history: EventSequence) -> None:
    a, b, c = (sample_with_torch(net, LAW, history, 1.0, 9, seed=s) for s in (1, 1, 2))
    assert same(a, b)
    assert not same(a, c)


@pytest.mark.parametrize("with_torch", [False, True])
def test_the_cap_cuts_and_is_reported(
    net: RecastNet, history: EventSequence, with_torch: bool
) -> None:
    sample = partial(sample_with_torch, net, LAW) if with_torch else Recast(net).simulate
    free = sample(history, 4.0, 40, seed=3)
    cap = int(np.median(free.counts))
    drawn = sample(history, 4.0, 40, seed=3, max_events=cap)
    assert not free.capped.size
    assert 0 < drawn.capped.size < 40
    assert drawn.counts.max() == cap
    np.testing.assert_array_equal(drawn.counts[drawn.capped], cap)
    if not with_torch:  # a trajectory of exactly that many events was not cut
        np.testing.assert_array_equal(drawn.capped, np.flatnonzero(free.counts > cap))
        np.testing.assert_array_equal(drawn.counts, np.minimum(free.counts, cap))


def test_dropout_is_off(history: EventSequence) -> None:
    torch.manual_seed(0)
    net = RecastNet(SCALING, hidden_size=4, dropout=0.5, recurrent_dropout=0.5)
    assert net.training
    state = torch.get_rng_state()
    assert same(draw(net, history, 2.0, 20, 0), draw(net.eval(), history, 2.0, 20, 0))
    assert torch.equal(torch.get_rng_state(), state)  # and no global stream is touched


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"horizon": 0.0}, "horizon = 0.0 days and n = 3 must be positive"),
        ({"horizon": np.inf}, "horizon = inf"),
        ({"n": 0}, "n = 0 must be positive"),
        ({"max_events": 0}, "max_events = 0"),
        ({"threads": 0}, "threads = 0"),
        ({"seed": -1}, "seed = -1 is negative"),
    ],
)
def test_wrong_requests_are_named(
    history: EventSequence, wrong: dict[str, float], message: str
) -> None:
    request = {"horizon": 1.0, "n": 3, "seed": 0} | wrong
    with pytest.raises(InputError, match=message):
        Recast(NETS["hazard"]).simulate(history, **request)  # type: ignore[arg-type]


def test_a_net_that_went_astray_is_refused(history: EventSequence) -> None:
    net = RecastNet(SCALING, hidden_size=4)
    net.encoder.gru.bias_hh_l0.data[2] = float("nan")
    with pytest.raises(InputError, match=r"encoder\.gru\.bias_hh_l0 of the net are not finite"):
        draw(net, history, 1.0, 1, 0)
