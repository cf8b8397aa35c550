"""A law of magnitudes whose b-value changes at some magnitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.magnitudes import GutenbergRichter
from catalogs.sequence import FloatArray


@dataclass(frozen=True)
class BentGutenbergRichter(GutenbergRichter):
    """A Gutenberg-Richter law up to a magnitude, and another one above it.

    With S(m) the share of events >= m by the law of ``b``, and T(m) that by the law of ``b_above``
    from ``bend`` on, both truncated at ``maximum``,

        P(>= m) = S(m)               m <= bend
                  S(bend) T(m)       m > bend

    Catalogs miss small events, most of all after large ones, so that b just above completeness is
    too low for large events.

    Parameters
    ----------
    completeness, b, maximum : float
        As of ``GutenbergRichter``; b is that below the bend, and so are ``beta`` and ``mass``.
    bend : float
        Between completeness and maximum.
    b_above : float
        The b-value above it.

    Raises
    ------
    InputError
        If the bend is not between completeness and maximum, or a parameter is impossible.

    Examples
    --------
    >>> law = BentGutenbergRichter(2.0, 0.8, 9.0, bend=3.0, b_above=1.0)
    >>> law.share_above([3.0, 4.0]).round(4)
    array([0.1585, 0.0158])
    """

    bend: float = math.nan
    b_above: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.completeness < self.bend < self.maximum:
            raise InputError(
                f"b changes at magnitude {self.bend}, which is not between completeness "
                f"{self.completeness} and the largest magnitude {self.maximum}"
            )
        GutenbergRichter(self.bend, self.b_above, self.maximum)  # checks it

    @cached_property
    def straight(self) -> GutenbergRichter:
        """The law of ``b`` for all magnitudes."""
        return GutenbergRichter(self.completeness, self.b, self.maximum)

    @cached_property
    def above(self) -> GutenbergRichter:
        """The law of magnitudes above the bend."""
        return GutenbergRichter(self.bend, self.b_above, self.maximum)

    @cached_property
    def share_of_large(self) -> float:
        """Share of the events above the bend."""
        return float(self.straight.share_above(self.bend))

    def log_density(self, magnitudes: ArrayLike) -> FloatArray:
        """Log density ln p(m), nats; -inf outside [completeness, maximum]."""
        m = np.asarray(magnitudes, dtype=np.float64)
        higher = np.log(self.share_of_large) + self.above.log_density(m)
        return np.where(m > self.bend, higher, self.straight.log_density(m))

    def share_above(self, magnitudes: ArrayLike) -> FloatArray:
        """Share of the events at or above each magnitude, of the same shape."""
        m = np.asarray(magnitudes, dtype=np.float64)
        higher = self.share_of_large * self.above.share_above(m)
        return np.where(m > self.bend, higher, self.straight.share_above(m))

    def inverse_cdf(self, u: ArrayLike) -> FloatArray:
        """Magnitude below which a fraction ``u`` of the events lies, of the same shape."""
        return self.moved(self.straight.inverse_cdf(u))

    def moved(self, magnitudes: ArrayLike) -> FloatArray:
        """Magnitudes of the law of ``b`` as those of the same rank by this one, of the same shape.

        Those up to the bend stay.

        Examples
        --------
        >>> law = BentGutenbergRichter(2.0, 0.8, 9.0, bend=3.0, b_above=1.0)
        >>> law.moved([2.5, 3.0, 5.0]).round(2)
        array([2.5, 3. , 4.6])
        """
        m = np.array(magnitudes, dtype=np.float64)
        large = m > self.bend
        share = self.straight.share_above(m[large]) / self.share_of_large
        m[large] = self.above.inverse_cdf(1.0 - share)
        return m

    def mean_productivity(self, alpha: float) -> float:
        """Mean relative productivity of an event, E[10^{alpha (m - completeness)}]."""
        below = GutenbergRichter(self.completeness, self.b, self.bend).mean_productivity(alpha)
        gain = float(10.0 ** (alpha * (self.bend - self.completeness)))
        higher = gain * self.above.mean_productivity(alpha)
        return (1.0 - self.share_of_large) * below + self.share_of_large * higher
