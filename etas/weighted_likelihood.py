"""The ETAS likelihood with a taper and with completeness that changes in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from catalogs import EventSequence, GutenbergRichter
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.completeness import CompletenessHistory
from etas.kernel import Quadrature
from etas.likelihood import Evaluation
from etas.recursion import NEGLIGIBLE, add_products


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def weighted_sums(  # noqa: PLR0915 - one loop, written out for the compiler
    steps: FloatArray,
    gains: FloatArray,
    gain_slopes: FloatArray,
    detection: FloatArray,
    scored: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_c: FloatArray,
    w_p: FloatArray,
    over: FloatArray,
    taper_rate: float,
    mu: float,
    k: float,
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Value, gradient in (mu, k, alpha, c, p, taper rate), score products, and compensator.

    Stop i lies ``steps[i]`` days after stop i - 1; in between a share ``detection[i]`` of the
    events is detected (0 before the scored window). It adds ``gains[i]`` to the excitation, after
    it has been read if ``scored[i]`` is 1. ``over`` is 1 / (s + taper_rate). The compensator of
    detected events has shape (stop,).

    With s' = s + taper_rate, a node's state obeys a <- e^{-s' dt} a + gain, its integral over the
    step is a (1 - e^{-s' dt}) / s', and its derivative in the taper rate is minus the state of lags
    d <- e^{-s' dt} (d + dt a).
    """
    levels, lanes = w.shape
    state = np.zeros((levels, lanes))
    slope = np.zeros((levels, lanes))
    lag = np.zeros((levels, lanes))
    decay = np.empty(lanes)
    loss = np.empty(lanes)
    compensator = np.empty(steps.size)
    score = np.empty(6)
    gradient = np.zeros(6)
    squares = np.zeros((6, 6))
    value = running = 0.0
    for i in range(steps.size):
        dt = steps[i]
        for lane in range(lanes):
            decay[lane] = math.exp(-base[lane] * dt)
            loss[lane] = -math.expm1(-base[lane] * dt)
        faded = math.exp(-taper_rate * dt)
        fading = -math.expm1(-taper_rate * dt)
        gain, gain_slope = gains[i], gain_slopes[i]
        r = r_alpha = r_c = r_p = r_taper = 0.0
        n = n_alpha = n_c = n_p = n_taper = 0.0
        for level in range(levels):
            for lane in range(lanes):
                e = decay[lane]
                lost = loss[lane]
                a, b, d = state[level, lane], slope[level, lane], lag[level, lane]
                o = over[level, lane]
                weight = w[level, lane]
                kept = e * faded
                gone = (lost + e * fading) * o
                n += weight * a * gone
                n_alpha += weight * b * gone
                n_c += w_c[level, lane] * a * gone
                n_p += w_p[level, lane] * a * gone
                n_taper += weight * (a * (dt * kept - gone) * o - d * gone)
                d = kept * (d + dt * a)
                a = kept * a
                b = kept * b
                r += weight * a
                r_alpha += weight * b
                r_c += w_c[level, lane] * a
                r_p += w_p[level, lane] * a
                r_taper -= weight * d
                state[level, lane] = a + gain
                slope[level, lane] = b + gain_slope
                lag[level, lane] = d
                loss[lane] = lost * (1.0 + e)
                e = e * e
                decay[lane] = e if e > NEGLIGIBLE else 0.0
        f = detection[i]
        running += f * (mu * dt + k * n)
        compensator[i] = running
        gradient[0] -= f * dt
        gradient[1] -= f * n
        gradient[2] -= f * k * n_alpha
        gradient[3] -= f * k * n_c
        gradient[4] -= f * k * n_p
        gradient[5] -= f * k * n_taper
        if scored[i] > 0.0:
            rate = mu + k * r
            inverse = 1.0 / rate
            value += math.log(rate)
            score[0] = inverse
            score[1] = r * inverse
            score[2] = k * r_alpha * inverse
            score[3] = k * r_c * inverse
            score[4] = k * r_p * inverse
            score[5] = k * r_taper * inverse
            add_products(score, gradient, squares)
    return value - running, gradient, squares, compensator


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
        edges = np.concatenate([[sequence.score_from, sequence.end], history.times])
        edges = edges[(edges >= sequence.start) & (edges <= sequence.end)]
        stops = np.concatenate([edges, detected.times])
        order = np.argsort(stops, kind="stable")
        stops = stops[order]
        steps = np.diff(stops, prepend=stops[0])
        share = 10.0 ** (-law.b * (history.at(stops) - law.completeness))
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
