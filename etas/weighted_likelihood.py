"""The ETAS likelihood with a taper and with completeness that changes in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, GutenbergRichter
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.detection import Detection
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

    detection: Detection
    quadrature: Quadrature
    taper: bool

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
        return cls(
            Detection.of(sequence, law, completeness),
            Quadrature.for_range(sequence.end - sequence.start, c_min, p_max=p_max),
            taper,
        )

    @property
    def sequence(self) -> EventSequence:
        """Detected events."""
        return self.detection.sequence

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and information at (mu, k, alpha, c, p[, taper])."""
        value, gradient, information, _ = self._sums(parameters)
        # The rates of detected events at the events, not only of all events
        value += self.detection.log_share
        if not self.taper:
            return Evaluation(value, gradient[:5], information[:5, :5])
        chain = np.ones(6)
        chain[5] = -1.0 / float(parameters[5]) ** 2  # from the rate 1 / taper to the taper
        return Evaluation(value, gradient * chain, information * np.outer(chain, chain))

    def transformed_times(self, parameters: FloatArray) -> tuple[FloatArray, float]:
        """Compensator of detected events at each scored event, and at the end of the window."""
        _, _, _, compensator = self._sums(parameters)
        events = self.detection.stops[self.sequence.first_scored :]
        return compensator[events], float(compensator[-1])

    def _sums(self, parameters: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        from etas.recursion import weighted_sums

        mu, k, alpha, c, p = (float(x) for x in parameters[:5])
        rate = 1.0 / float(parameters[5]) if self.taper else 0.0
        seen = self.detection
        gain, slope = seen.gains(alpha)
        sums: tuple[float, FloatArray, FloatArray, FloatArray] = weighted_sums(
            seen.steps,
            seen.at_stops(gain),
            seen.at_stops(slope),
            seen.shares,
            seen.scored,
            self.quadrature.base,
            *self.quadrature.weights(c, p),
            1.0 / (self.quadrature.nodes + rate),
            rate,
            mu,
            k,
        )
        return sums
