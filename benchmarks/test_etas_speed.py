"""Speed of the ETAS baseline: run with `pytest benchmarks`; needs no data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter
from etas.completeness import CompletenessHistory
from etas.fit import fit_etas
from etas.likelihood import LogLikelihood
from etas.model import ETAS
from etas.simulate import simulate
from etas.weighted import WeightedLogLikelihood

LAW = GutenbergRichter(2.0, 1.0, 7.5)
MODEL = ETAS(1.0, 0.04, 0.45, 0.015, 1.18, LAW)
EMPTY = EventSequence([], [], -1.0, 0.0)
C_MIN = 1e-5

Benchmark = Callable[..., Any]


@pytest.fixture(scope="module", params=[100_000, 1_000_000], ids=["1e5", "1e6"])
def sequence(request: pytest.FixtureRequest) -> EventSequence:
    """A hundred thousand and a million events, about as many as 40 and 400 years of a region."""
    (whole,) = MODEL.sample(EMPTY, request.param / 4.0, 1, rng=np.random.default_rng(1))
    return whole.before(float(whole.times[min(request.param, len(whole) - 1)]))


def test_value_gradient_and_information(benchmark: Benchmark, sequence: EventSequence) -> None:
    evaluate = LogLikelihood.of(sequence, LAW.completeness, c_min=C_MIN).evaluate
    benchmark(evaluate, MODEL.parameters)


def test_with_changing_completeness(benchmark: Benchmark, sequence: EventSequence) -> None:
    history = CompletenessHistory.helmstetter(sequence, LAW.completeness)
    evaluate = WeightedLogLikelihood.of(
        sequence, LAW, taper=False, completeness=history, c_min=C_MIN
    ).evaluate
    benchmark(evaluate, MODEL.parameters)


def test_fit_with_errors(benchmark: Benchmark, sequence: EventSequence) -> None:
    benchmark.pedantic(fit_etas, args=(sequence, LAW), rounds=1)


def test_a_thousand_continuations(benchmark: Benchmark, sequence: EventSequence) -> None:
    def draw() -> None:
        simulate(MODEL, sequence, 14.0, 1000, rng=np.random.default_rng(0))

    benchmark(draw)
