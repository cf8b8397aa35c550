"""How well a fit knows its parameters: standard errors, intervals, correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogs.sequence import FloatArray
from etas.parameters import POSITIVE, Box

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the normal law."""


@dataclass(frozen=True)
class Uncertainty:
    """Standard errors from the observed information.

    The covariance is the inverse of minus the Hessian of the log-likelihood at the maximum (Ogata
    1978, doi:10.1007/BF02480216), in natural units by the delta method. Intervals of mu, k, c and
    the taper are symmetric in the logarithm, the others in the parameter: likelihoods of scale
    parameters are nearly parabolic there. Parameters that were fixed or lie on a bound have no
    error, and the others' errors hold given those values. ``etas.parameter_draws`` draws parameter
    sets from errors and correlation.
    """

    names: tuple[str, ...]
    estimates: tuple[float, ...]
    standard_errors: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    correlation: tuple[tuple[float, ...], ...]

    @classmethod
    def of(
        cls, box: Box, scaled: FloatArray, interior: FloatArray, hessian: FloatArray
    ) -> Uncertainty | None:
        """From the Hessian in scaled parameters, total nats; None where it isn't a maximum."""
        inside = np.flatnonzero(interior)
        if not inside.size or np.linalg.eigvalsh(hessian).max() >= 0.0:
            return None
        covariance = np.linalg.inv(-hessian)
        sigma = np.sqrt(np.diag(covariance))
        natural = box.natural(scaled)
        names, estimates, errors, intervals = [], [], [], []
        for j, s in zip(inside.tolist(), sigma.tolist(), strict=True):
            name, value = box.names[j], float(natural[j])
            error = s * float(box.slopes(natural)[j])
            if name in POSITIVE:
                # A flat likelihood may have error >> value; 1e260 stands for "no limit" in JSON
                factor = float(np.exp(min(NORMAL_95 * error / value, 600.0)))
                interval = (value / factor, value * factor)
            else:
                interval = (value - NORMAL_95 * error, value + NORMAL_95 * error)
            names.append(name)
            estimates.append(value)
            errors.append(error)
            intervals.append(interval)
        correlation = covariance / np.outer(sigma, sigma)
        return cls(
            tuple(names),
            tuple(estimates),
            tuple(errors),
            tuple(intervals),
            tuple(map(tuple, correlation.tolist())),
        )

    def interval(self, name: str) -> tuple[float, float]:
        """The 95 % confidence interval of a parameter."""
        return self.intervals[self.names.index(name)]

    def standard_error(self, name: str) -> float:
        """In the parameter's own units."""
        return self.standard_errors[self.names.index(name)]

    def to_json(self) -> dict[str, Any]:
        """By parameter, with the correlation matrix in the order of the names."""
        rows = zip(self.names, self.estimates, self.standard_errors, self.intervals, strict=True)
        return {
            "parameters": {
                name: {"estimate": value, "standard_error": error, "ci95": list(interval)}
                for name, value, error, interval in rows
            },
            "correlation": {"names": list(self.names), "matrix": [*map(list, self.correlation)]},
        }
