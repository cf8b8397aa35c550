"""What a point process promises, tried on models that do not keep it."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.stats import weibull_min

from catalogs import EventSequence, GutenbergRichter, InputError, PointProcess
from catalogs.sequence import FloatArray
from etas.synthetic import SOCAL_TRUTH
from recast.evaluation.promises import check_promises

RATE, SPAN = 20.0, 0.01


class Renewal(PointProcess):
    """Weibull inter-event times, which rush: a rate without bound just after each event."""

    magnitude_law = GutenbergRichter(2.5)
    law = weibull_min(0.6, scale=1.0 / RATE)

    def since(self, sequence: EventSequence, times: ArrayLike) -> tuple[FloatArray, FloatArray]:
        knots = np.append(sequence.start, sequence.times)
        i = np.maximum(np.searchsorted(knots, times) - 1, 0)
        whole = np.append(0.0, np.cumsum(-self.law.logsf(np.diff(knots))))
        return np.asarray(times) - knots[i], whole[i]

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        since, _ = self.since(sequence, times)
        return np.asarray(np.exp(self.law.logpdf(since) - self.law.logsf(since)))

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        since, whole = self.since(sequence, np.append(times, sequence.score_from))
        total = whole - self.law.logsf(since)
        return np.asarray(total[:-1] - total[-1])


class Coming(Renewal):
    """Knows when the next event comes."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        later = np.append(sequence.times, np.inf)
        wait = later[np.searchsorted(sequence.times, times)] - np.asarray(times)
        return super().intensity(sequence, times) * np.where(wait < SPAN, 3.0, 1.0)


class Arrived(Renewal):
    """Takes an event for one before itself."""

    def since(self, sequence: EventSequence, times: ArrayLike) -> tuple[FloatArray, FloatArray]:
        return super().since(sequence, np.asarray(times) + 1e-9)


class WholeWindow(Renewal):
    """Scales its expected number to that of the window."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().compensator(sequence, times) * (1.0 + len(sequence) / 1000.0)


class Short(Renewal):
    """An integral that misses one part in twenty."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return 0.95 * super().compensator(sequence, times)


class Dropout(Renewal):
    """Draws random numbers each time it is asked."""

    random = np.random.default_rng(0)

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        rates = super().intensity(sequence, times)
        return rates * self.random.uniform(0.9, 1.1, rates.size)


class OneNumber(Renewal):
    """A rate for all times."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return np.asarray(RATE)


class Column(Renewal):
    """A column, as nets give."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().intensity(sequence, times)[:, None]


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 200.0, 1, seed=4)
    return events.scored_from(60.0)


def refusal(process: PointProcess, sequence: EventSequence) -> str:
    try:
        check_promises(process, sequence, "mine")
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("make", [Renewal, lambda: SOCAL_TRUTH])
def test_a_process_that_keeps_its_promises_is_let_be(
    make: Callable[[], PointProcess], sequence: EventSequence
) -> None:
    one = sequence.between(0.0, sequence.times[3]).scored_from(sequence.times[2])
    assert one.n_scored == 1
    assert refusal(make(), one) == refusal(make(), sequence) == ""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Coming, "looks ahead: its intensity on day .* are hidden"),
        (Arrived, "looks ahead: its intensity"),
        (WholeWindow, "looks ahead: its compensator"),
        (Short, "its compensator grows by .* and its intensity integrates to"),
        (Dropout, "its intensity on day .* is once .* and once"),
        (OneNumber, r"intensity at 199 times has shape \(\)"),
        (Column, r"intensity at 199 times has shape \(199, 1\)"),
    ],
)
def test_one_that_does_not_is_refused(
    make: Callable[[], PointProcess], message: str, sequence: EventSequence
) -> None:
    assert re.match(f"model 'mine'.*{message}", refusal(make(), sequence))
