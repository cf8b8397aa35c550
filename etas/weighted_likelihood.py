"""The ETAS likelihood with a taper and with completeness that changes in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, GutenbergRichter
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.completeness import CompletenessHistory
from etas.kernel import Quadrature
from etas.likelihood import Evaluation


@dataclass(frozen=True, eq=False)
class WeightedLogLikelihood:
    """Log-likelihood of detected events under ETAS, with Mc(t) and an optional taper.

    The process of all events above Mc0 = ``law.completeness`` is ETAS with rate lambda_0(t) and
    magnitudes independent of the past; an event is detected if its magnitude is above Mc(t), which
    the detected past determines. So detected events have the rate

        lambda(t) = lambda_0(t) f(t),    f(t) = 10^{-b (Mc(t) - Mc0)}

    and log L = sum_i log lambda(t_i) - integral lambda. In lambda_0 the undetected events also
    trigger. Each detected event stands for (1 - f) / f undetected ones about its time (Horvitz and
    Thompson 1952), whose mean productivity is that of magnitudes between Mc0 and Mc(t_j); so

        lambda_0(t) = mu + sum_j k (10^{alpha (m_j - Mc0)} + xi_j) (t - t_j + c)^{-p}
        xi_j = beta D e^{beta D} (e^{z} - 1) / z,   D = Mc(t_j) - Mc0,  z = (alpha ln 10 - beta) D

    The expectation of this sum is the rate that the undetected contribute, its scatter is ignored:
    an approximation, good where many events are detected (compare the inflated productivities of
    Mizrahi et al. 2021, doi:10.1785/0220200309). Without undetected events all is exact.
    """

    sequence: EventSequence
    law: GutenbergRichter
    quadrature: Quadrature
    taper: bool
    _steps: FloatArray
    _detection: FloatArray
    _scored: FloatArray
    _event_stop: IntArray
    _excess: FloatArray
    _hidden: FloatArray

    @classmethod
    def of(
        cls,
        sequence: EventSequence,
        law: GutenbergRichter,
        *,
        taper: bool,
        completeness: CompletenessHistory | None = None,
        c_min: float,
        p_max: float = 3.0,
    ) -> WeightedLogLikelihood:
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
            Quadrature.for_range(sequence.end - sequence.start, c_min, p_max=p_max),
            taper,
            steps,
            np.where(stops > sequence.score_from, share, 0.0),
            scored,
            event,
            detected.magnitude_excess(law.completeness),
            history.at(detected.times) - law.completeness if n else np.empty(0),
        )

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and information at (mu, k, alpha, c, p[, taper])."""
        value, gradient, information, _ = self._sums(parameters)
        # The rates of detected events at the events, not only of all events
        hidden = self._hidden[self.sequence.first_scored :]
        value -= self.law.beta * float(hidden.sum())
        if not self.taper:
            return Evaluation(value, gradient[:5], information[:5, :5])
        chain = np.ones(6)
        chain[5] = -1.0 / float(parameters[5]) ** 2  # from the rate 1 / taper to the taper
        return Evaluation(value, gradient * chain, information * np.outer(chain, chain))

    def transformed_times(self, parameters: FloatArray) -> tuple[FloatArray, float]:
        """Compensator of detected events at each scored event, and at the end of the window."""
        _, _, _, compensator = self._sums(parameters)
        events = self._event_stop[self.sequence.first_scored :]
        return compensator[events], float(compensator[-1])

    def _sums(self, parameters: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        from etas.recursion import weighted_sums

        mu, k, alpha, c, p = (float(x) for x in parameters[:5])
        rate = 1.0 / float(parameters[5]) if self.taper else 0.0
        gain, slope = self._gains(alpha)
        gains, slopes = np.zeros(self._steps.size), np.zeros(self._steps.size)
        gains[self._event_stop], slopes[self._event_stop] = gain, slope
        sums: tuple[float, FloatArray, FloatArray, FloatArray] = weighted_sums(
            self._steps,
            gains,
            slopes,
            self._detection,
            self._scored,
            self.quadrature.base,
            *self.quadrature.weights(c, p),
            1.0 / (self.quadrature.nodes + rate),
            rate,
            mu,
            k,
        )
        return sums

    def _gains(self, alpha: float) -> tuple[FloatArray, FloatArray]:
        """Productivity in units of k that each detected event stands for, and its alpha slope."""
        own = np.exp(alpha * LN10 * self._excess)
        slope = LN10 * self._excess * own
        d = self._hidden
        z = (alpha * LN10 - self.law.beta) * d
        small = np.abs(z) < 1e-4
        safe = np.where(small, 1.0, z)
        mean = np.where(small, 1.0 + z / 2.0 + z * z / 6.0, np.expm1(safe) / safe)
        mean_slope = np.where(
            small, 0.5 + z / 3.0, (np.exp(safe) * (safe - 1.0) + 1.0) / (safe * safe)
        )
        scale = self.law.beta * d * np.exp(self.law.beta * d)
        return own + scale * mean, slope + scale * mean_slope * LN10 * d
