"""What every PointProcess promises, asserted for all of them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike
from scipy.stats import kstest

from catalogs import EventSequence, GutenbergRichter, InputError, PointProcess, without_gaps
from catalogs.sequence import FloatArray
from etas.model import ETAS
from etas.omori import OmoriPrior, OmoriSequence
from etas.poisson import Poisson
from recast.evaluation import diagnose, event_terms
from recast.evaluation.promises import check_promises
from recast.models.neural import Recast
from recast.net.ensemble import EnsembleNet
from recast.net.network import RecastNet
from recast.net.scaling import Scaling

LAW = GutenbergRichter(2.0, 1.0, 7.0)


SCALING = Scaling(0.5, 2.4, 2.0, 1.0, 7.0, mu=0.8, k=0.015, alpha=0.8, c=0.02, p=1.1)


def _recast(decoder: str) -> Recast:
    torch.manual_seed(3)
    net = RecastNet(SCALING, decoder=decoder, hidden_size=8, width=4)
    for parameter in net.parameters():  # far from the start, so that history matters
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return Recast(net)


class Plain(ETAS):
    """ETAS by its intensity and compensator alone: all else as PointProcess has it."""

    log_likelihood = PointProcess.log_likelihood
    simulate = PointProcess.simulate  # type: ignore[assignment]
    fingerprint = PointProcess.fingerprint


PROCESSES: dict[str, Callable[[], PointProcess]] = {
    "poisson": lambda: Poisson(2.0, LAW),
    "etas": lambda: ETAS(0.8, 0.02, 0.8, 0.02, 1.1, LAW),
    "etas, p = 1": lambda: ETAS(0.8, 0.015, 0.8, 0.02, 1.0, LAW),
    "etas, p < 1": lambda: ETAS(0.8, 0.012, 0.8, 0.005, 0.9, LAW),
    "by inversion": lambda: Plain(0.8, 0.02, 0.8, 0.02, 1.1, LAW),
    "recast": lambda: _recast("hazard"),
    "recast-paper": lambda: _recast("weibull"),
    "ensemble": lambda: Recast(EnsembleNet([_recast("hazard").net, _recast("weibull").net])),
}


@pytest.fixture(params=list(PROCESSES))
def process(request: pytest.FixtureRequest) -> PointProcess:
    return PROCESSES[request.param]()


@pytest.fixture
def sequence() -> EventSequence:
    rng = np.random.default_rng(11)
    times = np.cumsum(10.0 ** rng.uniform(-3, 0.3, 80))
    return EventSequence(times, LAW.sample(80, rng), 0.0, times[-1] + 0.7, score_from=7.3)


def test_it_is_a_point_process(process: PointProcess) -> None:
    assert isinstance(process, PointProcess)


def test_log_likelihood_is_log_intensities_less_compensator(
    process: PointProcess, sequence: EventSequence
) -> None:
    scored = sequence.times[sequence.first_scored :]
    parts = (
        np.log(process.intensity(sequence, scored)).sum()
        - process.compensator(sequence, sequence.end)[0]
    )
    assert process.log_likelihood(sequence) == pytest.approx(parts, rel=1e-9)


def test_events_at_the_start_and_close_together_are_scored_in_one_way(
    process: PointProcess,
) -> None:
    """To 1e-12 days: below any resolution, but above that of the numbers."""
    near = [0.0, 1.0, *(1.0 + np.cumsum([1e-6, 1e-8, 1e-9, 1e-11, 1e-12])), 2.0]
    events = EventSequence(near, np.linspace(2.6, 3.3, len(near)), 0.0, 3.0)
    logs = np.log(process.intensity(events, events.times)).sum()
    parts = float(logs - process.compensator(events, events.end)[0])
    assert process.log_likelihood(events) == pytest.approx(parts, rel=1e-9, abs=1e-9)


def test_compensator_is_the_integral_of_the_intensity(
    process: PointProcess, sequence: EventSequence
) -> None:
    # Between events, where the intensity is smooth
    edges = np.concatenate([[sequence.score_from], sequence.times[sequence.first_scored :]])
    inside = (edges[:-1] + 0.37 * np.diff(edges))[np.diff(edges) > 1e-3]
    h = 1e-6
    slope = (
        process.compensator(sequence, inside + h) - process.compensator(sequence, inside - h)
    ) / (2 * h)
    np.testing.assert_allclose(slope, process.intensity(sequence, inside), rtol=1e-5)


def test_compensator_starts_at_zero_and_grows(
    process: PointProcess, sequence: EventSequence
) -> None:
    times = np.linspace(sequence.score_from, sequence.end, 200)
    values = process.compensator(sequence, times)
    assert values[0] == pytest.approx(0.0, abs=1e-12)
    assert np.all(np.diff(values) > 0.0)


def test_adjacent_windows_add_up(process: PointProcess, sequence: EventSequence) -> None:
    for cut in (9.0, float(sequence.times[40]), float(sequence.times[-1]) + 0.1):
        first = sequence.before(cut).scored_from(sequence.score_from)
        second = sequence.scored_from(cut)
        both = process.log_likelihood(first) + process.log_likelihood(second)
        assert both == pytest.approx(process.log_likelihood(sequence), rel=1e-9)


def test_the_future_does_not_matter(process: PointProcess, sequence: EventSequence) -> None:
    cut = 0.5 * (sequence.times[50] + sequence.times[51])
    magnitudes = sequence.magnitudes.copy()
    magnitudes[51:] = 6.5
    other = EventSequence(sequence.times, magnitudes, 0.0, sequence.end, sequence.score_from)
    times = np.concatenate([sequence.times[:51], np.linspace(0.01, cut, 30)])
    np.testing.assert_array_equal(
        process.intensity(sequence, times), process.intensity(other, times)
    )


def test_an_event_does_not_see_itself(process: PointProcess, sequence: EventSequence) -> None:
    time = sequence.times[60]
    magnitudes = sequence.magnitudes.copy()
    magnitudes[60] = 6.9
    other = EventSequence(sequence.times, magnitudes, 0.0, sequence.end, sequence.score_from)
    assert process.intensity(sequence, time) == process.intensity(other, time)


def test_time_has_no_origin(process: PointProcess, sequence: EventSequence) -> None:
    shift = 512.0  # a power of two: sums stay exact to the last bit but one
    shifted = EventSequence(
        sequence.times + shift,
        sequence.magnitudes,
        shift,
        sequence.end + shift,
        sequence.score_from + shift,
    )
    assert process.log_likelihood(shifted) == pytest.approx(
        process.log_likelihood(sequence), rel=1e-9
    )


@pytest.mark.parametrize("times", [[], [3.0]])
def test_none_and_one_event(process: PointProcess, times: list[float]) -> None:
    sequence = EventSequence(times, [4.0] * len(times), 0.0, 10.0, score_from=1.0)
    total = process.compensator(sequence, 10.0)[0]
    logs = np.log(process.intensity(sequence, times)).sum() if times else 0.0
    assert np.isfinite(total)
    assert process.log_likelihood(sequence) == pytest.approx(logs - total, rel=1e-9)


def test_times_outside_the_window_are_named(process: PointProcess, sequence: EventSequence) -> None:
    with pytest.raises(InputError, match=r"times\[1\] = .* is outside"):
        process.intensity(sequence, [1.0, sequence.end + 1.0])
    with pytest.raises(InputError, match=r"times\[0\] = .* is outside"):
        process.compensator(sequence, [sequence.score_from - 0.1])


def test_times_are_in_one_dimension(process: PointProcess, sequence: EventSequence) -> None:
    # One answer for each time, in an array of the same shape
    times = np.full((2, 2), sequence.end)
    for ask in (process.intensity, process.compensator):
        with pytest.raises(InputError, match=r"times have shape \(2, 2\): give them in one"):
            ask(sequence, times)


def test_samples_are_continuations(process: PointProcess, sequence: EventSequence) -> None:
    samples = process.sample(sequence, 5.0, 6, seed=0)
    assert len(samples) == 6
    assert sum(len(s) for s in samples) > 0
    for sample in samples:  # EventSequence itself checks order and window
        assert (sample.start, sample.end) == (sequence.end, sequence.end + 5.0)
        assert len(sequence.followed_by(sample)) == len(sequence) + len(sample)
        assert np.all(sample.magnitudes >= LAW.completeness)


def test_same_generator_same_samples(process: PointProcess, sequence: EventSequence) -> None:
    a, b = (process.sample(sequence, 3.0, 4, seed=5) for _ in range(2))
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x.times, y.times)
        np.testing.assert_array_equal(x.magnitudes, y.magnitudes)


def test_its_own_samples_give_exponential_residuals(
    process: PointProcess, sequence: EventSequence
) -> None:
    samples = process.sample(sequence, 20.0, 80, seed=6)
    residuals = []
    for sample in samples:
        whole = sequence.followed_by(sample)
        cumulative = process.compensator(whole, np.append(sample.times, whole.end))
        # The censored last interval is completed by an exponential: memoryless
        residuals.extend(np.diff(cumulative[:-1], prepend=0.0))
        residuals.append(
            cumulative[-1]
            - (cumulative[-2] if len(sample) else 0.0)
            + np.random.default_rng(len(sample)).exponential()
        )
    assert len(residuals) > 200
    assert kstest(residuals, "expon").pvalue > 0.01


def test_inversion_draws_as_many_events_as_branching(sequence: EventSequence) -> None:
    quick, plain = PROCESSES["etas"](), PROCESSES["by inversion"]()
    many = quick.simulate(sequence, 3.0, 4000, seed=1).counts
    few = plain.simulate(sequence, 3.0, 300, seed=2)
    error = many.std() / np.sqrt(few.n)
    assert few.counts.mean() == pytest.approx(many.mean(), abs=4.0 * error)
    capped = plain.simulate(sequence, 3.0, 20, seed=2, max_events=1)
    assert capped.counts.max() == 1
    np.testing.assert_array_equal(capped.capped, np.flatnonzero(few.counts[:20] > 1))


def test_fingerprints_know_what_numbers_depend_on() -> None:
    make = PROCESSES["by inversion"]
    assert make().fingerprint() == make().fingerprint()
    other = Plain(0.8, 0.02, 0.8, 0.02, 1.2, LAW)
    assert other.fingerprint() != make().fingerprint()
    prints = set()
    for array in (np.ones(4), np.ones((2, 2)), np.ones(4, dtype=np.float32), np.arange(4.0)):
        process = make()
        process.stairs = array  # type: ignore[attr-defined]
        prints.add(process.fingerprint())
    assert len(prints) == 4


def test_histories_hold_what_happened_before_each_time(
    process: PointProcess, sequence: EventSequence
) -> None:
    times = [5.0, 12.5, sequence.end]
    histories = process.histories(sequence, times)
    assert len(histories) == 3
    for time, history in zip(times, histories, strict=True):
        one, other = (
            process.simulate(known, 1.0, 3, seed=4, max_events=50)
            for known in (history, sequence.before(time))
        )
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.magnitudes, other.magnitudes)


def test_inversion_ends_where_no_time_is_left() -> None:
    class Busy(Poisson):
        simulate = PointProcess.simulate  # type: ignore[assignment]

    begin, horizon = 2.0**30, 2.0**-20  # 8 numbers of 64 bits are all the times there are
    (sample,) = Busy(1e9, LAW).sample(EventSequence([], [], 0.0, begin), horizon, 1, seed=0)
    assert 0 < len(sample) <= 8
    assert (sample.times >= begin).all()
    assert (sample.times < begin + horizon).all()


class Documented(PointProcess):
    """Two a day, and nothing but what the interface says: times are arrays of one axis."""

    magnitude_law = LAW

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        assert isinstance(times, np.ndarray)
        assert times.ndim == 1
        return np.full(len(times), 2.0)

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        assert isinstance(times, np.ndarray)
        assert times.ndim == 1
        return 2.0 * (times - sequence.score_from)


class WithoutGaps(Documented):
    compensator = without_gaps(Documented.compensator)


def test_times_are_arrays_wherever_a_process_is_asked(sequence: EventSequence) -> None:
    process = Documented()
    drawn = process.simulate(sequence, 10.0, 300, seed=1)
    # Poisson with mean 20, five standard errors
    assert drawn.counts.mean() == pytest.approx(20.0, abs=5.0 * np.sqrt(20.0 / 300))
    assert process.log_likelihood(sequence) == pytest.approx(event_terms(process, sequence).sum())
    check_promises(process, sequence, "documented")
    assert diagnose(process, sequence).expected == pytest.approx(2.0 * sequence.scored_days)
    assert WithoutGaps().compensator(sequence, sequence.end)[0] == 2.0 * sequence.scored_days
    mainshock = float(sequence.times[-10])
    prior = OmoriPrior(np.log(4.0), 0.0, 0.5, 1.0, 0.1, np.log(0.05), 0.0, 0.5)
    omori = OmoriSequence.of(process, sequence, mainshock, 5.0, prior)
    assert omori.expected(1.0)[1] == pytest.approx(2.0)
