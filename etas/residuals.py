"""Residual analysis: in transformed time a true model's events are a unit-rate Poisson process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import kstest, norm

from catalogs import EventSequence, InputError, PointProcess
from catalogs.sequence import FloatArray

MINIMUM_EVENTS = 10
"""The runs test and the correlations say nothing about fewer."""

KOLMOGOROV_95 = 1.3581
"""95 % quantile of sqrt(n) D_n for large n (Smirnov 1948, doi:10.1214/aoms/1177730256)."""


@dataclass(frozen=True)
class ResidualTest:
    """Are the transformed inter-event times independent and exponential with mean 1?

    ``ks_distance`` compares the transformed intervals with Exp(1), ``ks_p`` is its p-value;
    ``runs_z`` is the standardised number of runs above and below the median (negative: runs are
    too long, intervals of like length cluster) with p-value ``runs_p``; ``correlation`` is the
    correlation of successive intervals after mapping them to uniforms, standard error
    1 / sqrt(n). p-values hold for a model that was not fitted to these events; for a fitted one
    they are a little too large.
    """

    n: int
    mean: float
    ks_distance: float
    ks_p: float
    runs_z: float
    runs_p: float
    correlation: float

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)


def transformed_times(process: PointProcess, sequence: EventSequence) -> FloatArray:
    """The compensator at each scored event (Ogata 1988): unit-rate Poisson under a true model."""
    times = sequence.times[sequence.first_scored :]
    return process.compensator(sequence, times) if times.size else np.empty(0)


def residual_test(transformed: FloatArray) -> ResidualTest:
    """Kolmogorov-Smirnov, runs and correlation tests of transformed times, shape (event,).

    Raises
    ------
    InputError
        With fewer than 10 events.
    """
    if transformed.size < MINIMUM_EVENTS:
        raise InputError(
            f"{transformed.size} scored events are too few for residual tests, which need "
            f"{MINIMUM_EVENTS}: lengthen the window"
        )
    intervals = np.diff(transformed, prepend=0.0)
    uniforms = -np.expm1(-intervals)
    distance, p_value = kstest(uniforms, "uniform")
    runs_z = _runs(intervals)
    return ResidualTest(
        n=int(intervals.size),
        mean=float(intervals.mean()),
        ks_distance=float(distance),
        ks_p=float(p_value),
        runs_z=runs_z,
        runs_p=float(2.0 * norm.sf(abs(runs_z))),
        correlation=float(np.corrcoef(uniforms[:-1], uniforms[1:])[0, 1]),
    )


def autocorrelation(transformed: FloatArray, lags: int = 30) -> FloatArray:
    """Autocorrelation of the transformed intervals mapped to uniforms, shape (min(lags, n - 1),).

    Entry k - 1 is that of intervals k apart. Under a true model each lies within 1.96 / sqrt(n) of
    zero in 95 % of cases; what stays positive over many lags is clustering that the model misses.
    """
    uniforms = -np.expm1(-np.diff(transformed, prepend=0.0))
    centred = uniforms - uniforms.mean()
    n = centred.size
    products = [centred[: n - k] @ centred[k:] for k in range(1, min(lags, n - 1) + 1)]
    return np.asarray(np.array(products) / (centred @ centred))


def _runs(values: FloatArray) -> float:
    """Standardised number of runs about the median (Wald and Wolfowitz 1940)."""
    above = values > np.median(values)
    n1 = int(above.sum())
    n2 = above.size - n1
    if n1 == 0 or n2 == 0:
        return 0.0
    n = n1 + n2
    runs = 1 + int(np.count_nonzero(above[1:] != above[:-1]))
    mean = 1.0 + 2.0 * n1 * n2 / n
    variance = (mean - 1.0) * (mean - 2.0) / (n - 1.0)
    return float((runs - mean) / np.sqrt(variance))


def count_band(transformed: FloatArray) -> float:
    """Half-width of the 95 % band about the diagonal of count against transformed time.

    Given the number of events n, transformed times over their sum behave like ordered uniforms:
    Kolmogorov's band is 1.3581 sqrt(n) events wide on either side.
    """
    return KOLMOGOROV_95 * float(np.sqrt(transformed.size))
