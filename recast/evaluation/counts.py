"""Scores of forecast numbers of events: samples against observed numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from catalogs import InputError
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray

QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
"""Quantiles of numbers of events: ends of the central 50 and 95 % ranges, and median."""


@dataclass(frozen=True, eq=False)
class CountScores:
    """Scores of forecasts; every array has shape (window,)."""

    quantiles: FloatArray
    """At ``QUANTILES``, shape (quantile, window)."""

    mean: FloatArray
    delta1: FloatArray
    delta2: FloatArray
    pit: FloatArray
    crps: FloatArray
    log_score: FloatArray
    inside_50: IntArray
    inside_95: IntArray

    def where(self, keep: NDArray[np.bool_]) -> CountScores:
        """Those of some of the windows."""
        return CountScores(**{name: values[..., keep] for name, values in vars(self).items()})

    def to_json(self) -> dict[str, Any]:
        """Lists by name, and the coverage of both ranges."""
        names = ("mean", "delta1", "delta2", "pit", "crps", "log_score")
        rows = zip(QUANTILES, self.quantiles, strict=True)
        return {
            "quantiles": {f"{q:g}": row.tolist() for q, row in rows},
            **{name: getattr(self, name).tolist() for name in names},
            "coverage": {"50": float(self.inside_50.mean()), "95": float(self.inside_95.mean())},
        }


def score_counts(counts: ArrayLike, observed: ArrayLike, rng: np.random.Generator) -> CountScores:
    """Compute all scores of ``counts`` (window, sample) against ``observed`` (window,).

    A range covers an observed number that lies between its ends, inclusive. ``rng`` randomises the
    PIT.

    Raises
    ------
    InputError
        If the shapes don't fit or a number is negative.
    """
    samples, seen = _checked(counts, observed)
    quantiles = np.quantile(samples, QUANTILES, axis=1)
    delta1, delta2 = number_test(samples, seen)
    return CountScores(
        quantiles=quantiles,
        mean=samples.mean(axis=1),
        delta1=delta1,
        delta2=delta2,
        pit=randomised_pit(samples, seen, rng),
        crps=crps(samples, seen),
        log_score=log_score(samples, seen),
        inside_50=((quantiles[1] <= seen) & (seen <= quantiles[3])).astype(np.int64),
        inside_95=((quantiles[0] <= seen) & (seen <= quantiles[4])).astype(np.int64),
    )


def number_test(counts: ArrayLike, observed: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """The two one-sided probabilities of the number test of catalog-based forecasts.

        delta1 = P(N >= observed),    delta2 = P(N <= observed)

    as shares of the samples (Savran et al. 2020, doi:10.1785/0120200026). A small delta1 means that
    the forecast is too low, a small delta2 that it is too high.
    """
    samples, seen = _checked(counts, observed)
    above = (samples >= seen[:, None]).mean(axis=1)
    below = (samples <= seen[:, None]).mean(axis=1)
    return np.asarray(above), np.asarray(below)


def randomised_pit(counts: ArrayLike, observed: ArrayLike, rng: np.random.Generator) -> FloatArray:
    """Probability integral transform, randomised within the steps of a discrete law.

    With a samples below the observed number, b equal to it and V uniform on (0, 1),

        u = (a + V (b + 1)) / (n + 1)

    which is exactly uniform if the observed number is one more draw of what the n samples are
    drawn from (Czado et al. 2009, doi:10.1111/j.1541-0420.2009.01191.x, for finite samples).
    """
    samples, seen = _checked(counts, observed)
    below = (samples < seen[:, None]).sum(axis=1)
    equal = (samples == seen[:, None]).sum(axis=1)
    return np.asarray((below + rng.random(seen.size) * (equal + 1)) / (samples.shape[1] + 1))


def crps(counts: ArrayLike, observed: ArrayLike) -> FloatArray:
    """Continuous ranked probability score of the samples, in events; smaller is better.

        E|N - observed| - E|N - N'| / 2

    with N and N' independent draws from the samples (Gneiting and Raftery 2007,
    doi:10.1198/016214506000001437, equation 21). For one sample it is the absolute error.
    """
    samples, seen = _checked(counts, observed)
    n = samples.shape[1]
    ranks = 2.0 * np.arange(1, n + 1) - n - 1.0
    spread = (np.sort(samples, axis=1) * ranks).sum(axis=1) / n**2  # E|N - N'| / 2
    return np.asarray(np.abs(samples - seen[:, None]).mean(axis=1) - spread)


def log_score(counts: ArrayLike, observed: ArrayLike) -> FloatArray:
    """ln P(N = observed), in nats; larger is better.

    A thousand samples leave gaps between them, and an observed number beyond all of them must not
    have an infinite score. So each sample is spread over its neighbours, and one more over all
    numbers. Numbers after mainshocks are spread by factors, with gaps of hundreds between the
    largest; hence the kernel is normal in z = ln(N + 1/2), where such laws are nearly symmetric
    (Wand, Marron and Ruppert 1991, doi:10.1080/01621459.1991.10475041):

        P(N = k) = (sum_i [F((ln(k + 1) - z_i) / h) - F((ln k - z_i) / h)]
                    + 1 / ((k + 1) (k + 2))) / (n + 1)

    with the normal distribution function F, ln 0 = -inf and Silverman's width h = 0.9 min(sd, IQR /
    1.349) n^(-1/5) of the z_i (1986, equation 3.31). It adds up to one. A number far from all
    samples has probability 1 / ((n + 1) (k + 1) (k + 2)). Where most samples agree, and for small
    numbers, P is about the share of samples equal to k. With 500 samples the mean score of the law
    itself is less than 0.03 nats too low, for Poisson laws and for those whose logarithm has a
    standard deviation of 1; a kernel of one width in N loses 0.07 there.
    """
    samples, seen = _checked(counts, observed)
    n = samples.shape[1]
    z, k = np.log(samples + 0.5), seen.astype(np.float64)
    width = _silverman(z, samples)
    with np.errstate(divide="ignore"):
        below, above = np.log(k), np.log(k + 1.0)
    kernel = _normal_mass((below[:, None] - z) / width, (above[:, None] - z) / width)
    spread = 1.0 / ((k + 1.0) * (k + 2.0))
    return np.asarray(np.log((kernel.sum(axis=1) + spread) / (n + 1)))


def _silverman(z: FloatArray, samples: IntArray) -> FloatArray:
    """Width of the kernel, (row, 1); if most samples agree, so narrow that P is their share."""
    low, high = np.quantile(z, [0.25, 0.75], axis=1)
    scale = np.minimum(z.std(axis=1), (high - low) / 1.349)
    narrow = 1e-3 / (samples.max(axis=1) + 1.0)
    return np.asarray(np.maximum(0.9 * scale * z.shape[1] ** -0.2, narrow))[:, None]


def _normal_mass(low: FloatArray, high: FloatArray) -> FloatArray:
    """Probability that a standard normal variable lies between two numbers."""
    # As differences of the tail in which they lie, where these are not rounded
    mirrored = low > 0.0
    return np.asarray(ndtr(np.where(mirrored, -low, high)) - ndtr(np.where(mirrored, -high, low)))


def _checked(counts: ArrayLike, observed: ArrayLike) -> tuple[IntArray, IntArray]:
    samples = np.atleast_2d(np.asarray(counts, dtype=np.int64))
    seen = np.atleast_1d(np.asarray(observed, dtype=np.int64))
    if samples.ndim != 2 or samples.shape[0] != seen.size or samples.shape[1] == 0:
        raise InputError(
            f"counts of shape {samples.shape} and {seen.size} observed number(s): need a row of "
            "samples for each"
        )
    if (samples < 0).any() or (seen < 0).any():
        raise InputError("numbers of events are negative: give 0 or more")
    return samples, seen
