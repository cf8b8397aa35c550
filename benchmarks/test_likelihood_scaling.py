"""The ETAS likelihood takes linear time: asserted as a ratio within one run."""

import time

import numpy as np

from catalogs import EventSequence, GutenbergRichter
from etas.likelihood import LogLikelihood
from etas.model import ETAS

LAW = GutenbergRichter(2.0, 1.0, 7.5)
MODEL = ETAS(1.0, 0.04, 0.45, 0.015, 1.18, LAW)


def synthetic(n: int) -> EventSequence:
    """The first ``n`` events of one long synthetic catalog."""
    empty = EventSequence([], [], -1.0, 0.0)
    (whole,) = MODEL.sample(empty, n / 3.0, 1, rng=np.random.default_rng(1))
    assert len(whole) > n
    return whole.before(float(whole.times[n]))


def test_twice_the_events_take_twice_the_time() -> None:
    longer = synthetic(200_000)
    shorter = longer.before(float(longer.times[100_000]))
    evaluations = [
        LogLikelihood.of(part, LAW.completeness, c_min=1e-5) for part in (shorter, longer)
    ]
    best = [np.inf, np.inf]
    for _ in range(15):  # in turn, so that both see the same machine at its best
        for i, evaluate in enumerate(evaluations):
            started = time.perf_counter()
            evaluate(MODEL.parameters)
            best[i] = min(best[i], time.perf_counter() - started)
    ratio = best[1] / best[0]
    assert ratio <= 2.3
