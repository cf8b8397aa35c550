"""Log-likelihood of the space-time ETAS model, with its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.likelihood import Evaluation
from etas.space.pairs import Kernel
from etas.space.triggered import PlaceTerms


@dataclass(frozen=True, eq=False)
class SpaceTimeLikelihood:
    """Log-likelihood of times and places under the space-time ETAS model.

        log L = sum_i ln lambda(t_i, x_i) - mu T - k sum_j 10^{alpha (m_j - Mc)} Z_j I_j(c, p)

    over the scored window and the region: Z_j is the mass of a kernel inside, not in the plane.
    Densities are per day and km^2.

    Where completeness changes in time it is that of the detected events, lambda(t, x) f(t), and
    undetected ones trigger, too, as ``WeightedLogLikelihood`` says: their offspring lie about the
    events that they are known by.
    """

    terms: PlaceTerms

    @property
    def sequence(self) -> EventSequence:
        """What is scored."""
        return self.terms.sequence

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and information at (mu, k, alpha, c, p, d, gamma, q)."""
        mu, k, alpha, c, p, d, gamma, q = parameters.tolist()
        terms = self.terms
        sums = terms.sums(Kernel(c, p, q, terms.region.radius), alpha, d, gamma, 0.0)[:, :7]
        rate = mu * terms.background + k * sums[:, 0]
        slopes = np.column_stack([terms.background, sums[:, 0], k * sums[:, 1:]])
        scores = slopes / rate[:, None]
        days, expected = self._expected(terms.inside(alpha, d, gamma, q, 0.0)[:, :5], c, p)
        gradient = scores.sum(axis=0)
        gradient -= np.array([days, expected[0], *(k * expected[1:])])
        value = float(np.log(rate).sum()) - mu * days - k * float(expected[0])
        if terms.detection is not None:
            value += terms.detection.log_share
        return Evaluation(value, gradient, scores.T @ scores)

    def _expected(self, inside: FloatArray, c: float, p: float) -> tuple[float, FloatArray]:
        """Days of detection; offspring over k, and slopes by alpha, c, p, d, gamma and q, (7,)."""
        here, by_alpha, by_d, by_gamma, by_q = np.ascontiguousarray(inside.T)
        days, n, n_alpha, n_c, n_p = self._integrals(here, by_alpha, c, p)
        _, n_d, n_gamma, _, _ = self._integrals(by_d, by_gamma, c, p)
        _, n_q, _, _, _ = self._integrals(by_q, by_q, c, p)
        return float(days), np.array([n, n_alpha, n_c, n_p, n_d, n_gamma, n_q])

    def _integrals(self, gains: FloatArray, slopes: FloatArray, c: float, p: float) -> FloatArray:
        """As ``Detection.expected``, which it is if completeness changes in time."""
        from etas.recursion import expected_sums

        if self.terms.detection is not None:
            return self.terms.detection.expected(self.terms.quadrature, c, p, gains, slopes)
        seq = self.sequence
        total = np.array([seq.scored_days, 0.0, 0.0, 0.0, 0.0])
        spans = [(1.0, seq.score_from, seq.end), *((-1.0, a, b) for a, b in seq.scored_gaps)]
        for sign, begin, end in spans:
            since, until = (np.maximum(edge - seq.times, 0.0) for edge in (begin, end))
            total[1:] += sign * np.array(expected_sums(since, until, gains, slopes, c, p))
        return total
