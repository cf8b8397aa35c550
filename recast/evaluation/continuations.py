"""Simulated continuations of the test window, for plots that compare with samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from catalogs import EventSequence, PointProcess, Trajectories
from catalogs.sequence import FloatArray, Gaps
from recast.evaluation.diagnosis import largest_scored, omori_stops

CONTINUED_EVENTS = 1000
"""Continuations last as long as this many events at the previous mean rate, or the window: long
enough to see errors grow, short enough to draw in seconds, and independent of the outcome."""

CAP = 20
"""Trajectories are cut off at this many times the observed events: some of a net run away."""

OMORI_SAMPLES = 39
"""The range of 39 samples contains another one with probability 38 / 40."""

AT_ONCE = 1e-6
"""Days (a tenth of a second) after which an event is history: more than rounding errors."""

OMORI_BINS = 20
"""Samples reach one day: those of ten days would take too long."""

OMORI_CAP = 5
"""The same as ``CAP``, for samples after large events."""

LEAST_EVENTS = 200
"""A cap is at least this times ``CAP``: a quiet window may become active."""


@dataclass(frozen=True, eq=False)
class Continuations:
    """Trajectories by model on [observed.start, observed.end), and the events observed there."""

    observed: EventSequence
    drawn: dict[str, Trajectories]


def continuations(
    processes: Mapping[str, PointProcess], test: EventSequence, n: int, *, seed: int
) -> Continuations:
    """Simulate from the start of the scored window, given the events before it.

    What is simulated in gaps of the sequence is left out, as it is not recorded there.
    """
    begin = test.score_from
    history = test.before(begin)
    days = np.ceil(CONTINUED_EVENTS * (begin - test.start) / max(len(history), 1))
    end = min(begin + float(days), test.end)
    observed = test.between(begin, end)
    cap = CAP * max(len(observed), LEAST_EVENTS)
    drawn = {
        name: recorded(
            process.simulate(
                history, end - begin, n, seed=seed, max_events=cap, allow_supercritical=True
            ),
            observed.gaps,
        )
        for name, process in processes.items()
    }
    return Continuations(observed, drawn)


def recorded(drawn: Trajectories, gaps: Gaps) -> Trajectories:
    """The events outside of gaps."""
    if not gaps:
        return drawn
    kept = outside(drawn.times, gaps)
    return replace(
        drawn,
        trajectory=drawn.trajectory[kept],
        times=drawn.times[kept],
        magnitudes=drawn.magnitudes[kept],
        locations=None if drawn.locations is None else drawn.locations[kept],
    )


def outside(times: FloatArray, gaps: Gaps) -> NDArray[np.bool_]:
    """Which times lie in no gap."""
    kept = np.ones(times.size, dtype=np.bool_)
    for begin, end in gaps:
        kept &= (times < begin) | (times >= end)
    return kept


def omori_samples(process: PointProcess, test: EventSequence, *, seed: int) -> FloatArray:
    """Events in the first ``OMORI_BINS`` bins after the largest scored events, summed over them.

    Each event's trajectories know the past up to and including it; what they have in gaps of the
    sequence is left out, as it is not recorded there. Shape (sample, bin); infinite after the end
    of a trajectory that was cut off, where the number is unknown.
    """
    stops = omori_stops(test)[:, : OMORI_BINS + 1]
    seeds = np.random.SeedSequence(seed).generate_state(stops.shape[0]).tolist()
    total = np.zeros((OMORI_SAMPLES, OMORI_BINS))
    for onset, edges, child in zip(largest_scored(test).tolist(), stops, seeds, strict=True):
        history = test.before(min(onset + AT_ONCE, test.end))
        horizon = float(edges[-1]) - history.end
        if horizon <= 0.0:
            continue
        came = np.searchsorted(test.times, [onset, edges[-1]])
        cap = OMORI_CAP * max(int(came[1] - came[0]), LEAST_EVENTS)
        done = process.simulate(
            history,
            horizon,
            OMORI_SAMPLES,
            seed=child,
            max_events=cap,
            allow_supercritical=True,
        )
        bins = np.searchsorted(edges, done.times, side="left") - 1
        inside = (bins >= 0) & (bins < OMORI_BINS) & outside(done.times, test.gaps)
        np.add.at(total, (done.trajectory[inside], bins[inside]), 1.0)
        for i in done.capped.tolist():
            total[i, int(bins[done.trajectory == i].max(initial=0)) + 1 :] = np.inf
    return total
