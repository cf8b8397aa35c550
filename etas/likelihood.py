"""Log-likelihood of the temporal ETAS model: linear-time with gradient, and the quadratic sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.kernel import Quadrature, omori_integral


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A log-likelihood at one point: ``value`` (nats), ``gradient`` (j,), ``information`` (j, j).

    ``information`` is the sum over scored events of (grad log lambda)(grad log lambda)^T, whose
    expectation is the Fisher information of a point process (Ogata 1978,
    doi:10.1007/BF02480216); it is positive semi-definite everywhere, unlike the Hessian.
    """

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """Log-likelihood of (mu, k, alpha, c, p) for one sequence, in linear time.

        log L = sum_{scored i} log lambda(t_i) - mu T - k sum_j 10^{alpha (m_j - Mc)} I_j(c, p)
        lambda(t) = mu + k sum_{t_j < t} 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}

    (Ogata 1988, doi:10.1080/01621459.1988.10478560). The sum over earlier events is carried as a
    sum of exponentials (``etas.kernel.Quadrature``), relative error below 1e-8; the integrals I_j
    of the Omori-Utsu law over the scored window are exact. Units: days, nats.
    """

    sequence: EventSequence
    excess: FloatArray
    quadrature: Quadrature

    @classmethod
    def of(
        cls, sequence: EventSequence, completeness: float, *, c_min: float, p_max: float = 3.0
    ) -> LogLikelihood:
        """Prepare a sequence for evaluations with c >= c_min and p <= p_max."""
        horizon = sequence.end - sequence.start
        return cls(
            sequence,
            sequence.magnitude_excess(completeness),
            Quadrature.for_range(horizon, c_min, p_max=p_max),
        )

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and Fisher information at (mu, k, alpha, c, p), in one pass."""
        from etas.recursion import expected_sums, score_sums

        mu, k, alpha, c, p = (float(x) for x in parameters)
        seq = self.sequence
        gains = np.exp(alpha * LN10 * self.excess)
        gain_slopes = gains * (LN10 * self.excess)
        w, w_c, w_p = self.quadrature.weights(c, p)
        log_rates, gradient, information = score_sums(
            seq.times,
            gains,
            gain_slopes,
            self.quadrature.base,
            w,
            w_c,
            w_p,
            mu,
            k,
            seq.first_scored,
        )
        since = np.maximum(seq.score_from - seq.times, 0.0)
        sums = np.array(expected_sums(since, seq.end - seq.times, gains, gain_slopes, c, p))
        for begin, end in seq.scored_gaps:
            lags = [np.maximum(edge - seq.times, 0.0) for edge in (begin, end)]
            sums -= expected_sums(lags[0], lags[1], gains, gain_slopes, c, p)
        expected, expected_alpha, expected_c, expected_p = sums.tolist()
        value = log_rates - mu * seq.scored_days - k * expected
        gradient -= np.array(
            [seq.scored_days, expected, k * expected_alpha, k * expected_c, k * expected_p]
        )
        return Evaluation(value, gradient, information)


def log_likelihood_quadratic(
    parameters: FloatArray, sequence: EventSequence, completeness: float, *, block: int = 512
) -> float:
    """The same log-likelihood by the plain double sum: O(N^2) time, the reference for tests."""
    mu, k, alpha, c, p = (float(x) for x in parameters)
    times = sequence.times
    gains = np.exp(alpha * LN10 * sequence.magnitude_excess(completeness))
    log_rates = 0.0
    for lo in range(sequence.first_scored, times.size, block):
        hi = min(lo + block, times.size)
        lags = times[lo:hi, None] - times[None, :hi]
        # A non-positive lag is the event itself or a later one; 1 stands in to keep the power real.
        triggered = np.where(lags > 0.0, (np.where(lags > 0.0, lags, 1.0) + c) ** -p, 0.0)
        log_rates += float(np.log(mu + k * (triggered @ gains[:hi])).sum())
    since = np.maximum(sequence.score_from - times, 0.0)
    expected = float(gains @ omori_integral(since, sequence.end - times, c, p))
    for begin, end in sequence.scored_gaps:
        since, until = (np.maximum(edge - times, 0.0) for edge in (begin, end))
        expected -= float(gains @ omori_integral(since, until, c, p))
    return log_rates - mu * sequence.scored_days - k * expected
