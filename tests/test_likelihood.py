"""The linear-time ETAS likelihood against the plain double sum, and its gradient."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.likelihood import LogLikelihood, log_likelihood_quadratic
from etas.model import ETAS
from etas.poisson import Poisson

LAW = GutenbergRichter(2.0, 1.0, 8.0)
RECORD = ETAS(0.5, 0.1, 1.0, 0.1, 1.1, LAW).to_json()


def random_sequence(seed: int, n: int, days: float = 1000.0) -> EventSequence:
    """Clustered times over many scales: bursts whose gaps reach from seconds to months."""
    rng = np.random.default_rng(seed)
    gaps = 10.0 ** rng.uniform(-5, 1.5, n)
    times = np.cumsum(gaps)
    times *= 0.99 * days / times[-1]
    return EventSequence(times, LAW.sample(n, rng), 0.0, days, score_from=days / 5)


parameter_box = st.tuples(
    st.floats(1e-6, 10.0),
    st.floats(1e-4, 1.0),
    st.floats(0.0, 2.0),
    st.floats(1e-5, 5.0),
    st.one_of(st.floats(0.5, 3.0), st.just(1.0)),
)


@settings(deadline=None, max_examples=60)
@given(parameters=parameter_box, seed=st.integers(0, 1000), n=st.integers(60, 400))
def test_linear_time_equals_the_double_sum(
    parameters: tuple[float, ...], seed: int, n: int
) -> None:
    sequence, theta = random_sequence(seed, n), np.array(parameters)
    value = LogLikelihood.of(sequence, 2.0, c_min=1e-5).evaluate(theta).value
    reference = log_likelihood_quadratic(theta, sequence, 2.0)
    # Relative to the size of the two terms, whose difference may come close to zero
    scale = max(abs(reference), float(sequence.n_scored))
    assert abs(value - reference) <= 1e-6 * scale


@settings(deadline=None, max_examples=30)
@given(parameters=parameter_box, seed=st.integers(0, 1000))
def test_gradient_equals_central_differences(parameters: tuple[float, ...], seed: int) -> None:
    theta = np.array(parameters)
    evaluate = LogLikelihood.of(random_sequence(seed, 200), 2.0, c_min=5e-6, p_max=3.1).evaluate
    here = evaluate(theta)
    for j in range(5):
        h = 1e-5 * max(theta[j], 1e-3 if j == 2 else 0.0)
        step = np.zeros(5)
        step[j] = h
        numeric = (evaluate(theta + step).value - evaluate(theta - step).value) / (2 * h)
        # Central differences lose about half the digits of the value
        noise = 1e-10 * max(abs(here.value), 100.0) / h
        assert here.gradient[j] == pytest.approx(numeric, rel=1e-5, abs=noise + 1e-6)


def test_without_triggering_it_is_poisson() -> None:
    sequence = random_sequence(3, 100)
    etas = ETAS(0.3, 0.0, 1.0, 0.01, 1.1, LAW)
    assert etas.log_likelihood(sequence) == pytest.approx(
        Poisson(0.3, LAW).log_likelihood(sequence), rel=1e-12
    )


def test_two_events_by_hand() -> None:
    sequence = EventSequence([1.0, 3.0], [3.0, 2.0], 0.0, 4.0)
    mu, k, alpha, c, p = 0.5, 0.2, 0.8, 0.1, 1.0
    gain = 10**alpha
    by_hand = (
        np.log(mu)
        + np.log(mu + k * gain / 2.1)
        - 4.0 * mu
        - k * gain * np.log(3.1 / 0.1)
        - k * np.log(1.1 / 0.1)
    )
    value = ETAS(mu, k, alpha, c, p, LAW).log_likelihood(sequence)
    assert value == pytest.approx(by_hand, rel=1e-9)


def test_an_event_below_completeness_is_named() -> None:
    sequence = EventSequence([1.0, 3.0], [3.0, 1.9], 0.0, 4.0)
    with pytest.raises(InputError, match=r"magnitudes\[1\] = 1.9 .* below .* 2"):
        ETAS(0.5, 0.1, 1.0, 0.1, 1.1, LAW).log_likelihood(sequence)


@pytest.mark.parametrize(
    ("name", "value"), [("mu", -1.0), ("c", 0.0), ("p", np.nan), ("k", np.inf)]
)
def test_impossible_parameters_are_named(name: str, value: float) -> None:
    good = {"mu": 0.5, "k": 0.1, "alpha": 1.0, "c": 0.1, "p": 1.1}
    with pytest.raises(InputError, match=f"ETAS parameter {name} = "):
        ETAS(**{**good, name: value}, magnitude_law=LAW)


@pytest.mark.parametrize("value", ["1", None, 1j, np.array([1.0])])
def test_what_is_no_number_is_named(value: Any) -> None:
    for name in ("mu", "k", "alpha", "c", "p"):
        with pytest.raises(InputError, match=f"^ETAS parameter {name} = .* is no number"):
            ETAS.from_json({**RECORD, name: value})
    with pytest.raises(InputError, match=r"^b = .* is no number"):
        GutenbergRichter(2.0, value)
    with pytest.raises(InputError, match=r"^Poisson rate = .* is no number"):
        Poisson(value, LAW)


def test_numbers_of_numpy_make_the_same_model() -> None:
    law = GutenbergRichter(np.int64(2), np.float64(1.0), np.float32(8.0), step=np.float64(0.5))
    etas = ETAS(np.float64(0.5), np.float32(0.25), 1, np.float64(0.125), np.float32(1.5), law)
    plain = ETAS(0.5, 0.25, 1.0, 0.125, 1.5, GutenbergRichter(2.0, 1.0, 8.0, step=0.5))
    assert etas == plain
    assert etas.fingerprint() == plain.fingerprint()
    assert json.loads(json.dumps(etas.to_json())) == plain.to_json()
    fingerprints = {Poisson(rate, law).fingerprint() for rate in (2, 2.0, np.float32(2.0))}
    assert len(fingerprints) == 1


def test_parameters_survive_json() -> None:
    etas = ETAS(0.5, 0.1, 1.0, 0.1, 1.1, LAW)
    assert ETAS.from_json(etas.to_json()) == etas


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        ({"mu": 1.0, "shape": 2.0}, "no k, alpha, c, p, magnitude_law"),
        ({**RECORD, "shape": 2.0}, "unknown: shape"),
        ({**RECORD, "magnitude_law": 3.0}, "magnitude_law holds no fields"),
        ({**RECORD, "magnitude_law": {"b": 1.0}}, "no completeness"),
        ({**RECORD, "magnitude_law": {"completeness": 3.0, "a": 1.0}}, "unknown: a"),
    ],
)
def test_what_are_no_parameters_of_etas_is_said(record: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InputError, match=rf"^these are not ETAS parameters \({wrong}\): need mu"):
        ETAS.from_json(record)
