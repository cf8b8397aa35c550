"""A modest number of continuations of the test window, for the plots that compare with samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from recast.evaluation.diagnosis import largest_scored, omori_stops

CONTINUED_EVENTS = 1000
"""Continuations are as long as this many events take at the mean rate before, or the window: long
enough to see errors grow, short enough to be drawn in seconds, and not chosen by what came."""

CAP = 20
"""Trajectories are cut at this many times the observed events: a few of a net run away."""

OMORI_SAMPLES = 39
"""Their range holds the next one with probability 38 / 40."""

AT_ONCE = 1e-6
"""Days, a tenth of a second, after an event from which it is the past: more than rounding."""

OMORI_BINS = 20
"""Samples reach to one day: the tenfold events of ten days take too long to draw."""

OMORI_CAP = 5
"""As ``CAP``, of the samples after large events."""

LEAST_EVENTS = 200
"""A cap is never lower than this times ``CAP``: quiet windows may end."""


@dataclass(frozen=True, eq=False)
class Continuations:
    """Trajectories by model of [observed.start, observed.end), and what came about there."""

    observed: EventSequence
    drawn: dict[str, Trajectories]


def continuations(
    processes: Mapping[str, PointProcess], test: EventSequence, n: int, *, seed: int
) -> Continuations:
    """Of the start of the scored window, given the events before it."""
    begin = test.score_from
    history = test.before(begin)
    days = np.ceil(CONTINUED_EVENTS * (begin - test.start) / max(len(history), 1))
    end = min(begin + float(days), test.end)
    observed = test.between(begin, end)
    cap = CAP * max(len(observed), LEAST_EVENTS)
    drawn = {
        name: process.simulate(
            history, end - begin, n, seed=seed, max_events=cap, allow_supercritical=True
        )
        for name, process in processes.items()
    }
    return Continuations(observed, drawn)


def omori_samples(process: PointProcess, test: EventSequence, *, seed: int) -> FloatArray:
    """Events in the first ``OMORI_BINS`` bins after the largest scored events, summed over them.

    Each event's trajectories know the past up to and including it. Infinite after the end of a
    trajectory that was cut off: nobody knows how many there would have been. Shape (sample, bin).
    """
    stops = omori_stops(test)[:, : OMORI_BINS + 1]
    seeds = np.random.SeedSequence(seed).generate_state(stops.shape[0]).tolist()
    total = np.zeros((OMORI_SAMPLES, OMORI_BINS))
    for onset, edges, child in zip(largest_scored(test).tolist(), stops, seeds, strict=True):
        history = test.before(onset + AT_ONCE)
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
        inside = (bins >= 0) & (bins < OMORI_BINS)
        np.add.at(total, (done.trajectory[inside], bins[inside]), 1.0)
        for i in done.capped.tolist():
            total[i, int(bins[done.trajectory == i].max(initial=0)) + 1 :] = np.inf
    return total
