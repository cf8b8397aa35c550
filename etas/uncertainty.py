"""Uncertainty of a fit: standard errors, confidence intervals and correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogs.json_records import Record
from catalogs.sequence import FloatArray
from etas.parameters import LEAST, Box

NORMAL_95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class Estimate(Record):
    """One parameter: estimate, standard error and 95 % confidence interval, in its own units."""

    estimate: float
    standard_error: float
    ci95: tuple[float, float]


@dataclass(frozen=True)
class Correlation(Record):
    """The correlation matrix of the estimates, in the order of ``names``."""

    names: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Uncertainty(Record):
    """Standard errors, confidence intervals and correlations from the observed information.

        covariance = (-H)^{-1},   H the Hessian of the log-likelihood at its maximum

    in scaled parameters, taken to natural units by the delta method. Intervals of mu, k, c, d, the
    taper and q - 1 are symmetric in the logarithm, the others in the parameter: likelihoods of
    scale parameters are nearly parabolic there. Fixed parameters and those on a bound have no
    error; the errors of the others hold given those values.

    Parameters
    ----------
    parameters : dict of str to Estimate
        Estimate, standard error and 95 % interval of each parameter that has them.
    correlation : Correlation
        Correlation matrix of the same parameters, shape (j, j).

    See Also
    --------
    draw_models : parameter sets drawn from these errors and correlations.
    profile_likelihood : intervals that do not assume a parabola.

    References
    ----------
    Ogata, Y. (1978). The asymptotic behaviour of maximum likelihood estimators for stationary point
    processes. Ann. Inst. Stat. Math. 30, 243-261. doi:10.1007/BF02480216

    Examples
    --------
    >>> from catalogs import load
    >>> from etas import fit_etas
    >>> catalog = load("synthetic_socal")
    >>> errors = fit_etas(catalog.split().train, catalog.magnitude_law()).uncertainty
    >>> round(errors.standard_error("p"), 3)
    0.012
    >>> [round(end, 2) for end in errors.interval("p")]
    [1.08, 1.13]
    """

    parameters: dict[str, Estimate]
    correlation: Correlation

    @classmethod
    def of(
        cls, box: Box, scaled: FloatArray, interior: NDArray[np.bool_], hessian: FloatArray
    ) -> Uncertainty | None:
        """Invert the Hessian at a maximum of the log-likelihood.

        Parameters
        ----------
        box : Box
            How parameters are scaled.
        scaled : array (parameter,)
            The estimates, scaled.
        interior : array of bool (parameter,)
            Which are neither fixed nor on a bound, j of them.
        hessian : array (j, j)
            Second derivatives of the log-likelihood (nats) by those.

        Returns
        -------
        Uncertainty or None
            None where the Hessian is not that of a maximum.
        """
        inside = np.flatnonzero(interior)
        if not inside.size or np.linalg.eigvalsh(hessian).max() >= 0.0:
            return None
        covariance = np.linalg.inv(-hessian)
        sigma = np.sqrt(np.diag(covariance))
        natural = box.natural(scaled)
        parameters = {}
        for j, s in zip(inside.tolist(), sigma.tolist(), strict=True):
            name, value = box.names[j], float(natural[j])
            error = s * float(box.slopes(natural)[j])
            if name in LEAST:
                least, above = LEAST[name], value - LEAST[name]
                # A flat likelihood may have error >> value; 1e260 stands for "no limit" in JSON
                factor = float(np.exp(min(NORMAL_95 * error / above, 600.0)))
                interval = (least + above / factor, least + above * factor)
            else:
                interval = (value - NORMAL_95 * error, value + NORMAL_95 * error)
            parameters[name] = Estimate(value, error, interval)
        matrix = (covariance / np.outer(sigma, sigma)).tolist()
        return cls(parameters, Correlation(tuple(parameters), tuple(map(tuple, matrix))))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that have errors."""
        return tuple(self.parameters)

    @property
    def standard_errors(self) -> tuple[float, ...]:
        """In the order of ``names``, each in its parameter's units."""
        return tuple(one.standard_error for one in self.parameters.values())

    def standard_error(self, name: str) -> float:
        """Standard error of one parameter.

        Parameters
        ----------
        name : str
            The parameter.

        Returns
        -------
        float
            In its units.

        Raises
        ------
        KeyError
            If the parameter was fixed or lies on a bound.
        """
        return self.parameters[name].standard_error

    def interval(self, name: str) -> tuple[float, float]:
        """95 % confidence interval of one parameter.

        Parameters
        ----------
        name : str
            The parameter.

        Returns
        -------
        float, float
            Its ends, in the parameter's units.

        Raises
        ------
        KeyError
            If the parameter was fixed or lies on a bound.
        """
        return self.parameters[name].ci95
