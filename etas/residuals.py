"""Residual analysis: in transformed time, events of the true model are Poisson of unit rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, InputError, PointProcess
from catalogs.json_records import Record
from catalogs.sequence import FloatArray

MINIMUM_EVENTS = 10
"""Fewer say nothing about runs and correlations."""

FARTHEST_95 = 2.2414
"""95 % quantile of the farthest that a Wiener process goes from 0 within a unit of time:
P(sup |W| > x) is nearly 4 (1 - Phi(x)), by reflection (Feller 1971, X.5)."""

ONE_SIDED, FEW = 2.2, 140
"""n D_n^2 from which twice the one-sided probability is the two-sided one, for more than so many
events; the limits are those of scipy."""

LAGS = 30
"""Intervals apart, up to which their autocorrelation is looked at."""


@dataclass(frozen=True)
class ResidualTest(Record):
    """Tests of transformed inter-event times for independence and an Exp(1) distribution.

    p-values hold for a model that was not fitted to these events; for a fitted one they are
    too large: with the rate alone fitted, Kolmogorov and Smirnov reject a true model in 0.4 % of
    cases instead of 5 %.

    Parameters
    ----------
    n : int
        Number of intervals.
    mean : float
        Their mean, in expected events.
    ks_distance, ks_p : float
        Kolmogorov-Smirnov distance of the intervals from Exp(1), and its p-value.
    runs_z, runs_p : float
        Standardised number of runs above and below the median, and its p-value; negative where
        runs are too long, because intervals of similar length cluster.
    correlation : float
        Correlation of successive intervals mapped to uniforms; standard error 1 / sqrt(n).
    lags_outside : int, optional
        How many of the autocorrelations up to ``LAGS`` events are outside their 95 % range. None in
        files of earlier versions.

    See Also
    --------
    residual_test : makes one.

    Examples
    --------
    >>> times = np.random.default_rng(0).exponential(size=1000).cumsum()
    >>> test = residual_test(times)
    >>> test.n, test.ks_p > 0.05, abs(test.runs_z) < 2.0
    (1000, True, True)
    """

    n: int
    mean: float
    ks_distance: float
    ks_p: float
    runs_z: float
    runs_p: float
    correlation: float
    lags_outside: int | None = None

    @property
    def lags(self) -> int:
        """How many lags there are."""
        return min(LAGS, self.n - 1)


def transformed_times(process: PointProcess, sequence: EventSequence) -> FloatArray:
    """The compensator at each scored event.

        tau_i = integral_{score_from}^{t_i} lambda(t) dt

    Under the true model they are a Poisson process of unit rate (Ogata 1988).

    Parameters
    ----------
    process : PointProcess
        Any model of the event times.
    sequence : EventSequence
        The events, with their history.

    Returns
    -------
    array (scored event,)
        In expected events, increasing.

    References
    ----------
    Ogata, Y. (1988). Statistical models for earthquake occurrences and residual analysis for point
    processes. J. Am. Stat. Assoc. 83, 9-27. doi:10.1080/01621459.1988.10478560

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> from etas import Poisson
    >>> events = EventSequence([1.0, 3.0], [3.0, 3.0], start=0.0, end=4.0)
    >>> transformed_times(Poisson(0.5, GutenbergRichter(2.5)), events)
    array([0.5, 1.5])
    """
    times = sequence.times[sequence.first_scored :]
    return process.compensator(sequence, times) if times.size else np.empty(0)


def residual_test(transformed: FloatArray) -> ResidualTest:
    """Test transformed times for a Poisson process of unit rate.

    With intervals x_i = tau_i - tau_{i - 1} and u_i = 1 - e^{-x_i}: the Kolmogorov-Smirnov test of
    u against the uniform distribution, the runs test of x about its median, and the correlation of
    u_i with u_{i + 1}.

    Parameters
    ----------
    transformed : array (event,)
        ``transformed_times`` of a model.

    Returns
    -------
    ResidualTest
        Statistics and p-values.

    Raises
    ------
    InputError
        With fewer than 10 events.

    References
    ----------
    Wald, A. and Wolfowitz, J. (1940). On a test whether two samples are from the same population.
    Ann. Math. Stat. 11, 147-162. doi:10.1214/aoms/1177731909

    Examples
    --------
    >>> from catalogs import load
    >>> from etas.synthetic import SOCAL_TRUTH
    >>> test = load("synthetic_socal").split().test
    >>> result = residual_test(transformed_times(SOCAL_TRUTH, test))
    >>> result.n, result.ks_p > 0.01, result.runs_p > 0.01
    (3366, True, True)
    """
    if transformed.size < MINIMUM_EVENTS:
        raise InputError(
            f"{transformed.size} scored events are too few for residual tests, which need "
            f"{MINIMUM_EVENTS}: lengthen the window"
        )
    from scipy.special import ndtr

    intervals = np.diff(transformed, prepend=0.0)
    uniforms = -np.expm1(-intervals)
    distance = kolmogorov_distance(uniforms)
    runs_z = _runs(intervals)
    return ResidualTest(
        n=int(intervals.size),
        mean=float(intervals.mean()),
        ks_distance=distance,
        ks_p=kolmogorov_p(uniforms.size, distance),
        runs_z=runs_z,
        runs_p=float(2.0 * ndtr(-abs(runs_z))),
        correlation=_correlation(uniforms[:-1], uniforms[1:]),
        lags_outside=outside(autocorrelation(transformed), int(intervals.size)),
    )


def _correlation(first: FloatArray, second: FloatArray) -> float:
    """Correlation of two series; 0 where one does not vary, as under a rate that is far off."""
    if min(np.std(first), np.std(second)) < 1e-100:  # its square is hardly a number
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def outside(correlations: FloatArray, n: int) -> int:
    """How many autocorrelations of n intervals are outside the 95 % range of a true model."""
    return int(np.count_nonzero(np.abs(correlations) > 1.96 / np.sqrt(n)))


def autocorrelation(transformed: FloatArray, lags: int = LAGS) -> FloatArray:
    """Autocorrelation of the transformed intervals mapped to uniforms, shape (min(lags, n - 1),).

    Entry k - 1 is that of intervals k apart. Under a true model each lies within 1.96 / sqrt(n) of
    zero in 95 % of cases; what stays positive over many lags is clustering that the model misses.
    """
    uniforms = -np.expm1(-np.diff(transformed, prepend=0.0))
    centred = uniforms - uniforms.mean()
    n = centred.size
    products = [centred[: n - k] @ centred[k:] for k in range(1, min(lags, n - 1) + 1)]
    total = centred @ centred
    return np.array(products) / total if total > 0.0 else np.zeros(len(products))


def kolmogorov_distance(uniforms: FloatArray) -> float:
    """Largest distance of the empirical distribution from the uniform one."""
    ordered, steps = np.sort(uniforms), np.arange(uniforms.size + 1) / uniforms.size
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


def kolmogorov_p(n: int, distance: float) -> float:
    """Probability that n uniform numbers are at least so far from their distribution.

    What is far is so on one side only (Miller 1956, doi:10.1080/01621459.1956.10501314), whose
    law needs no import of scipy.stats, which takes half as long as a fit.
    """
    if n > FEW and n * distance**2 >= ONE_SIDED:
        from scipy.special import smirnov

        return float(2.0 * smirnov(n, distance))
    from scipy.stats import kstwo

    return float(kstwo.sf(distance, n))


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

    Under the true model count minus transformed time is a random walk with steps of variance one:
    95 % of walks of n steps stay within 2.2414 sqrt(n) events. (Kolmogorov's 1.3581 sqrt(n) is for
    a walk that must end at 0, as that of a rate that was fitted to the same events.)

    Parameters
    ----------
    transformed : array (event,)
        Compensators of the events since the window began.

    Returns
    -------
    float
        Events on either side.
    """
    return FARTHEST_95 * float(np.sqrt(transformed.size))
