"""A prior for the ETAS parameters of a region with few events, from fits elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from catalogs import InputError
from catalogs.sequence import FloatArray
from etas.likelihood import Evaluation
from etas.model import ETAS
from etas.parameters import PARAMETERS, Box

FEWEST_REGIONS = 4
"""Fewer hardly determine the scatter between regions."""

VARIANCE_FACTOR = 2.0
"""A new region may differ from the others more than they do from each other. Of 1 and 2, the value
with which zero-shot nets lose less where they lose (experiments/README.md, "Many regions")."""


@dataclass(frozen=True, eq=False)
class Prior:
    """Normal prior of the scaled parameters theta = (mu / rate, ln k, alpha, ln c, p).

        ln p(theta) = -1/2 sum_j (theta_j - mean_j)^2 / variance_j + constant

    ``rate`` is the mean rate of the fitted window, so that regions of any size compare. The
    information in n events grows with n: thousands of them outweigh any prior.

    Parameters
    ----------
    mean : array (5,)
        Mean of theta, with k in events day^(p - 1) and c in days under the logarithms.
    variance : array (5,)
        Variance of theta.

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> law = GutenbergRichter(2.5)
    >>> regions = [
    ...     (ETAS(0.5 + x, 0.02 + x / 10, 0.7 + x / 2, 0.01 + x / 50, 1.1 + x / 5, law), 2.0)
    ...     for x in (0.0, 0.1, 0.2, 0.3)
    ... ]
    >>> Prior.of(regions).mean.round(2)  # mu / rate, ln k, alpha, ln c, p
    array([ 0.32, -3.41,  0.78, -4.36,  1.13])
    """

    mean: FloatArray
    variance: FloatArray

    @classmethod
    def of(cls, regions: Sequence[tuple[ETAS, float]]) -> Prior:
        """Mean of several regions, and twice the variance between them.

        Parameters
        ----------
        regions : sequence of (ETAS, float)
            Models, each with the mean rate (events/day) of the window it was fitted on.

        Returns
        -------
        Prior
            Of the parameters of another region.

        Raises
        ------
        InputError
            If there are fewer than four, or a parameter is the same in all.
        """
        if len(regions) < FEWEST_REGIONS:
            raise InputError(
                f"{len(regions)} regions are too few to say what ETAS parameters to expect: "
                f"{FEWEST_REGIONS} are needed"
            )
        scaled = np.array(
            [Box.of(rate, 1.0, taper=False).scaled(etas.parameters[:5]) for etas, rate in regions]
        )
        variance = VARIANCE_FACTOR * scaled.var(axis=0, ddof=1)
        alike = [name for name, v in zip(PARAMETERS, variance, strict=True) if not v > 1e-12]
        if alike:
            raise InputError(
                f"{', '.join(alike)}: all regions have the same, which says nothing of others"
            )
        return cls(scaled.mean(axis=0), variance)

    def log_density(self, model: ETAS, rate: float) -> float:
        """ln p of a model, up to the constant.

        Parameters
        ----------
        model : ETAS
            Its parameters.
        rate : float
            Mean rate of the window that it describes, events/day.

        Returns
        -------
        float
            In nats.
        """
        off = Box.of(rate, 1.0, taper=False).scaled(model.parameters[:5]) - self.mean
        return -0.5 * float(off @ (off / self.variance))

    def added_to(
        self, evaluate: Callable[[FloatArray], Evaluation], n_events: int
    ) -> Callable[[FloatArray], Evaluation]:
        """Add ln p / n_events to a log-likelihood per event, up to the constant.

        Parameters
        ----------
        evaluate : callable
            From scaled parameters to value, gradient and information per event.
        n_events : int
            Number of scored events.

        Returns
        -------
        callable
            The same of the log-posterior.
        """

        def posterior(position: FloatArray) -> Evaluation:
            done, off = evaluate(position), position - self.mean
            pull = off / self.variance
            return Evaluation(
                done.value - 0.5 * float(off @ pull) / n_events,
                done.gradient - pull / n_events,
                done.information + np.diag(1.0 / self.variance) / n_events,
            )

        return posterior
