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
    """

    terms: PlaceTerms

    @property
    def sequence(self) -> EventSequence:
        """What is scored."""
        return self.terms.sequence

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and information at (mu, k, alpha, c, p, d, gamma, q)."""
        mu, k, alpha, c, p, d, gamma, q = parameters.tolist()
        terms, days = self.terms, self.sequence.scored_days
        sums = terms.sums(Kernel(c, p, q, terms.region.radius), alpha, d, gamma, 0.0)[:, :7]
        rate = mu * terms.background + k * sums[:, 0]
        slopes = np.column_stack([terms.background, sums[:, 0], k * sums[:, 1:]])
        scores = slopes / rate[:, None]
        expected = self._expected(terms.inside(alpha, d, gamma, q, 0.0)[:, :5], c, p)
        gradient = scores.sum(axis=0)
        gradient -= np.array([days, expected[0], *(k * expected[1:])])
        value = float(np.log(rate).sum()) - mu * days - k * float(expected[0])
        return Evaluation(value, gradient, scores.T @ scores)

    def _expected(self, inside: FloatArray, c: float, p: float) -> FloatArray:
        """Offspring over k, and its slopes by alpha, c, p, d, gamma and q, shape (7,)."""
        from etas.recursion import expected_sums

        seq = self.sequence
        here, by_alpha, by_d, by_gamma, by_q = np.ascontiguousarray(inside.T)
        total = np.zeros(7)
        spans = [(1.0, seq.score_from, seq.end), *((-1.0, a, b) for a, b in seq.scored_gaps)]
        for sign, begin, end in spans:
            since, until = (np.maximum(edge - seq.times, 0.0) for edge in (begin, end))
            n, n_alpha, n_c, n_p = expected_sums(since, until, here, by_alpha, c, p)
            n_d, n_gamma, _, _ = expected_sums(since, until, by_d, by_gamma, c, p)
            n_q, _, _, _ = expected_sums(since, until, by_q, by_q, c, p)
            total += sign * np.array([n, n_alpha, n_c, n_p, n_d, n_gamma, n_q])
        return total
