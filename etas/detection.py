"""Which events are detected where completeness changes in time, and what the others would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, GutenbergRichter
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.completeness import CompletenessHistory
from etas.kernel import Quadrature


@dataclass(frozen=True, eq=False)
class Detection:
    """Detected events, and the share of all events that is detected, as a step function of time.

        f(t) = 10^{-b (Mc(t) - Mc0)}

    outside gaps, where it is 0. Stops are the edges of its steps and the detected events, in order
    of time.
    """

    sequence: EventSequence
    """Detected events."""

    law: GutenbergRichter
    """Of all events above Mc0."""

    steps: FloatArray
    """Days since the stop before, shape (stop,)."""

    shares: FloatArray
    """f since the stop before, 0 before the scored window, shape (stop,)."""

    scored: FloatArray
    """1 at stops that are scored events, shape (stop,)."""

    stops: IntArray
    """The stop of each event, shape (event,)."""

    excess: FloatArray
    """m - Mc0 of each event, shape (event,)."""

    hidden: FloatArray
    """Mc(t) - Mc0 at each event, shape (event,)."""

    @classmethod
    def of(
        cls,
        sequence: EventSequence,
        law: GutenbergRichter,
        completeness: CompletenessHistory | None = None,
    ) -> Detection:
        """Prepare a sequence; events below ``completeness`` are left out."""
        history = completeness or CompletenessHistory(np.empty(0), np.empty(0), law.completeness)
        detected = history.select(sequence)
        n = len(detected)
        # Before an event at the same time come the edges of steps: it is judged by what was before,
        # which ``at`` ensures, and the zero step between them carries no weight.
        gaps = sequence.scored_gaps
        edges = np.concatenate([[sequence.score_from, sequence.end], history.times, np.ravel(gaps)])
        edges = edges[(edges >= sequence.start) & (edges <= sequence.end)]
        stops = np.concatenate([edges, detected.times])
        order = np.argsort(stops, kind="stable")
        stops = stops[order]
        steps = np.diff(stops, prepend=stops[0])
        share = 10.0 ** (-law.b * (history.at(stops) - law.completeness))
        for begin, end in gaps:
            share[(stops > begin) & (stops <= end)] = 0.0
        event = np.empty(order.size, dtype=np.int64)
        event[order] = np.arange(order.size)
        event = event[edges.size :]
        scored = np.zeros(stops.size)
        scored[event[detected.first_scored :]] = 1.0
        return cls(
            detected,
            law,
            steps,
            np.where(stops > sequence.score_from, share, 0.0),
            scored,
            event,
            detected.magnitude_excess(law.completeness),
            history.at(detected.times) - law.completeness if n else np.empty(0),
        )

    @property
    def log_share(self) -> float:
        """Sum of ln f over the scored events."""
        return -self.law.beta * float(self.hidden[self.sequence.first_scored :].sum())

    def gains(self, alpha: float) -> tuple[FloatArray, FloatArray]:
        """What each event and the undetected ones about it trigger, over k, and its alpha slope.

        10^{alpha (m_j - Mc0)} + beta D e^{beta D} (e^z - 1) / z
        D = Mc(t_j) - Mc0,  z = (alpha ln 10 - beta) D
        """
        own = np.exp(alpha * LN10 * self.excess)
        slope = LN10 * self.excess * own
        d = self.hidden
        z = (alpha * LN10 - self.law.beta) * d
        small = np.abs(z) < 1e-4
        safe = np.where(small, 1.0, z)
        mean = np.where(small, 1.0 + z / 2.0 + z * z / 6.0, np.expm1(safe) / safe)
        mean_slope = np.where(
            small, 0.5 + z / 3.0, (np.exp(safe) * (safe - 1.0) + 1.0) / (safe * safe)
        )
        scale = self.law.beta * d * np.exp(self.law.beta * d)
        return own + scale * mean, slope + scale * mean_slope * LN10 * d

    def expected(
        self, quadrature: Quadrature, c: float, p: float, gains: FloatArray, slopes: FloatArray
    ) -> FloatArray:
        """Detected offspring over k, and its slopes, shape (5,).

            [int f dt,  sum_j g_j I_j,  sum_j g'_j I_j,  sum_j g_j dI_j/dc,  sum_j g_j dI_j/dp]

        with I_j the integral of f(t) (t - t_j + c)^{-p} over the scored window, g ``gains`` and g'
        ``slopes``, shape (event,).
        """
        from etas.recursion import weighted_sums

        _, gradient, _, _ = weighted_sums(
            self.steps,
            self.at_stops(gains),
            self.at_stops(slopes),
            self.shares,
            np.zeros(self.steps.size),
            quadrature.base,
            *quadrature.weights(c, p),
            1.0 / quadrature.nodes,
            0.0,
            0.0,
            1.0,
        )
        return np.asarray(-gradient[:5])

    def at_stops(self, values: FloatArray) -> FloatArray:
        """Values of events at their stops, 0 at others."""
        out = np.zeros(self.steps.size)
        out[self.stops] = values
        return out
