"""What a point process promises, tried on models that do not keep it."""

import inspect
import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.stats import weibull_min

from catalogs import (
    EventSequence,
    GutenbergRichter,
    InputError,
    PointProcess,
    Trajectories,
    without_gaps,
)
from catalogs.process import Seed
from catalogs.sequence import FloatArray, Gaps
from etas.synthetic import SOCAL_TRUTH
from recast.evaluation.promises import check_promises, check_simulations

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


class Boasts(Renewal):
    """Adds to its log-likelihood what its intensity does not give."""

    def log_likelihood(self, sequence: EventSequence) -> float:
        return super().log_likelihood(sequence) + 0.01 * sequence.n_scored


class Negative(Renewal):
    """Counts events with the wrong sign."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return -super().intensity(sequence, times)

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return -super().compensator(sequence, times)


class Thinned(Renewal):
    """Has no rate on the first half of each day."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().intensity(sequence, times) * (np.asarray(times) % 1.0 > 0.5)


class Overflows(Renewal):
    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().intensity(sequence, times) * np.inf


class ByBatch(Renewal):
    """Knows by the times that it is asked for where events are."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        events = sequence.times[sequence.first_scored :]
        return super().intensity(sequence, times) * (20.0 if self.known(events, times) else 1.0)

    def known(self, events: FloatArray, times: ArrayLike) -> bool:
        return np.array_equal(events, times)


class ByAnyBatch(ByBatch):
    def known(self, events: FloatArray, times: ArrayLike) -> bool:
        return bool(np.isin(times, events).all())


class Normalised(Renewal):
    """Adds up to the number of the events among the times that it is asked for."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        right = super().compensator(sequence, times)
        is_all = np.size(times) == sequence.n_scored + 1
        return right * (0.9 if is_all else 1.0)


class FromStart(Renewal):
    """Counts from the first event of its history on."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().compensator(sequence, times) + RATE * (sequence.score_from - sequence.start)


class Credit(Renewal):
    """Begins with some events less than none."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().compensator(sequence, times) - 100.0


class LateCredit(Renewal):
    """Gives some events back on day 150."""

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().compensator(sequence, times) - 200.0 * (np.asarray(times) > 150.0)


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
        (Boasts, "its log-likelihood of .* events is .* and its log intensities less .* add up to"),
        (Negative, "its intensity is negative at the event on day"),
        (Thinned, r"its intensity vanishes at the event on day .* \(0\)"),
        (Overflows, r"its intensity is no finite number at the event on day .* \(inf\)"),
        (ByBatch, "its intensity on day .* if asked for at all events at once, and"),
        (ByAnyBatch, "its intensity on day .* if asked for at all events at once, and"),
        (FromStart, "its compensator is 1200 on day 60, where .* `sequence.score_from`"),
        (Credit, "its compensator is -100 on day 60, where .* `sequence.score_from`"),
        (LateCredit, r"its compensator falls by [\d.]+ from day 148.455 to day 151.099"),
        (Normalised, "its compensator on day .* if asked for at all events at once, and"),
    ],
)
def test_one_that_does_not_is_refused(
    make: Callable[[], PointProcess], message: str, sequence: EventSequence
) -> None:
    assert re.match(f"model 'mine'.*{message}", refusal(make(), sequence))


class Known(Renewal):
    """Knows of gaps."""

    compensator = without_gaps(Renewal.compensator)


class KnownTwice(Known):
    compensator = without_gaps(Known.compensator)


class ShortOfGaps(Known):
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return 0.95 * super().compensator(sequence, times)


class Closed(Known):
    """Has no rate in gaps."""

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        passed = np.searchsorted(np.ravel(sequence.gaps), times, side="right")
        return np.where(passed % 2 == 1, 0.0, super().intensity(sequence, times))


GAPS = (
    ((61.0, 70.0), (70.5, 71.0), (150.0, 199.0)),
    ((100.0, 100.05),),
    ((0.0, 3.0), (50.0, 65.0), (190.0, 200.0)),
    tuple((t, t + 1.0) for t in range(60, 150, 2)),
)


class Drawn(Renewal):
    """Draws Weibull intervals one by one, ``speed`` times as fast."""

    def __init__(self, speed: float = 1.0, *, fresh: bool = False) -> None:
        self.speed, self.rng = speed, np.random.default_rng(1) if fresh else None

    def simulate(
        self, history: Any, horizon: float, n: int, *, seed: Seed, **_: Any
    ) -> Trajectories:
        rng = self.rng or np.random.default_rng(seed)
        begin, end = history.end, history.end + horizon
        drawn = []
        for _ in range(n):
            times, last = [], float(history.times[-1])
            while (last := self.following(last, begin, rng)) < end:
                times.append(last)
            magnitudes = self.magnitude_law.sample(len(times), rng)
            drawn.append(EventSequence(times, magnitudes, begin, end))
        return Trajectories.of_sequences(drawn)

    def following(self, last: float, begin: float, rng: np.random.Generator) -> float:
        elapsed = max(begin - last, 0.0)
        wait = float(self.law.isf(self.law.sf(elapsed) * rng.uniform()))
        return last + elapsed + (wait - elapsed) / self.speed


class Fails(Drawn):
    def simulate(self, *_: Any, **__: Any) -> Trajectories:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("process", "message"),
    [
        (Renewal(), ""),
        (SOCAL_TRUTH, ""),
        (Drawn(), ""),
        (Fails(), ""),
        (Drawn(1.3), "in 20 simulations of .* days it draws .* where its intensity expects"),
        (Drawn(0.7), "in 20 simulations of .* days it draws .* where its intensity expects"),
        (Drawn(fresh=True), "its simulations with one `seed` are .* events once and"),
    ],
)
def test_simulations_are_those_of_the_intensity(
    process: PointProcess, message: str, sequence: EventSequence
) -> None:
    refused = pytest.raises(InputError, match=f"model 'mine': {message}")
    with refused if message else nullcontext():
        check_simulations(process, sequence, "mine")


def with_gaps(sequence: EventSequence, gaps: Gaps) -> EventSequence:
    inside = np.searchsorted(np.ravel(gaps), sequence.times, side="right") % 2 == 1
    return replace(sequence.where(~inside), gaps=gaps)


@pytest.mark.parametrize("gaps", GAPS)
def test_gaps_are_left_out_of_the_integral(gaps: Gaps, sequence: EventSequence) -> None:
    events = with_gaps(sequence, gaps)
    for process in (Known(), KnownTwice(), Closed(), SOCAL_TRUTH):
        assert refusal(process, events) == ""
    assert "its intensity integrates to" in refusal(ShortOfGaps(), events)


@pytest.mark.parametrize("gaps", GAPS)
def test_a_compensator_that_grows_in_a_gap_is_refused(gaps: Gaps, sequence: EventSequence) -> None:
    events = with_gaps(sequence, gaps)
    said = refusal(Renewal(), events)
    assert re.match(r"model 'mine': its compensator grows by .* in the gap from day", said)
    (day,) = re.findall("in the gap from day ([^ ]+)", said)
    assert float(day) in {begin for begin, _ in events.scored_gaps}


def test_the_remedy_is_what_it_says(sequence: EventSequence) -> None:
    """The message, followed to the letter by somebody who has read nothing else."""
    source = inspect.getsource(Renewal)
    events = with_gaps(sequence, GAPS[0])
    names = dict(globals())
    del names["without_gaps"]
    exec(source, names)
    above, imported = re.findall("`(.*?)`", refusal(names["Renewal"](), events))
    line = "    def compensator("
    exec(f"{imported}\n" + source.replace(line, f"    {above}\n{line}"), names)
    process = names["Renewal"]()
    assert refusal(process, events) == ""
    bare = replace(events, gaps=())
    lost = sum(np.diff(Renewal().compensator(bare, gap))[0] for gap in events.scored_gaps)
    right = Renewal().log_likelihood(bare) + lost
    assert process.log_likelihood(events) == pytest.approx(right, rel=1e-12)
