"""The parameters of ETAS in a fit: bounds with reasons, and the scales on which it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from catalogs import InputError
from catalogs.sequence import FloatArray

PARAMETERS = ("mu", "k", "alpha", "c", "p")

TAPER = "taper"
"""Sixth parameter of a fit with an exponential taper of the Omori-Utsu law, in days."""

LEAST = {"mu": 0.0, "k": 0.0, "c": 0.0, "d": 0.0, TAPER: 0.0, "q": 1.0}
"""What some parameters must exceed: intervals are symmetric in the logarithm of what they have
above it."""

LOGARITHMIC = {"k", "c", "d", TAPER}
"""Parameters that the optimiser moves by factors. mu is not among them: where the data want no
background, a logarithm would creep towards minus infinity, while mu itself arrives at its bound."""


@dataclass(frozen=True)
class Bound:
    """The admissible range of one parameter, and why it ends where it does."""

    lower: float
    upper: float
    why_lower: str
    why_upper: str


C_BOUND = Bound(
    1e-5,
    10.0,
    "one second, the duration of a small rupture: delays below it are not resolved",
    "the days for which the largest events hide small ones: beyond, c is no longer a delay",
)
P_BOUND = Bound(
    0.5,
    3.0,
    "rates that fall more slowly than t^-1/2 cannot be told from background",
    "rates that fall faster than t^-3 are a single burst",
)
ALPHA_BOUND = Bound(
    0.0,
    3.0,
    "larger events trigger no fewer events than smaller ones",
    "beyond, the largest event alone triggers everything",
)
K_BOUND = Bound(
    1e-8,
    1e3,
    "no event triggers another: the catalog is Poisson, if the branching ratio is 0 too",
    "the units of k are wrong",
)


@dataclass(frozen=True, eq=False)
class Box:
    """Names, bounds and scales of the parameters of one fit.

    The optimiser works with ``scaled`` parameters: mu in units of the mean rate, k, c and the taper
    as logarithms, alpha and p as they are.
    """

    bounds: dict[str, Bound]
    rate: float
    """Mean rate of the scored window, events/day."""

    @classmethod
    def of(cls, rate: float, days: float, *, taper: bool) -> Box:
        """The box for a scored window of ``days`` with a mean ``rate``."""
        bounds = {
            "mu": Bound(
                1e-8 * rate,
                10.0 * rate,
                "triggering accounts for all events: no background is needed",
                "ten times the observed rate",
            ),
            "k": K_BOUND,
            "alpha": ALPHA_BOUND,
            "c": C_BOUND,
            "p": P_BOUND,
        }
        if taper:
            bounds[TAPER] = Bound(
                0.1,
                100.0 * days,
                "two hours: the Omori-Utsu law has no room left",
                "a hundred windows: the data want no taper",
            )
        return cls(bounds, rate)

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters in order."""
        return tuple(self.bounds)

    @property
    def lower(self) -> FloatArray:
        """Scaled lower bounds, shape (j,)."""
        return self.scaled(np.array([b.lower for b in self.bounds.values()]))

    @property
    def upper(self) -> FloatArray:
        """Scaled upper bounds, shape (j,)."""
        return self.scaled(np.array([b.upper for b in self.bounds.values()]))

    @property
    def _logarithmic(self) -> FloatArray:
        return np.array([name in LOGARITHMIC for name in self.bounds], dtype=np.float64)

    def scaled(self, parameters: FloatArray) -> FloatArray:
        """From natural units to the optimiser's."""
        out = np.array(parameters, dtype=np.float64)
        log = self._logarithmic == 1.0
        out[log] = np.log(out[log])
        out[0] /= self.rate
        return out

    def natural(self, scaled: FloatArray) -> FloatArray:
        """From the optimiser's units to natural ones."""
        out = np.array(scaled, dtype=np.float64)
        log = self._logarithmic == 1.0
        out[log] = np.exp(out[log])
        out[0] *= self.rate
        return out

    def slopes(self, parameters: FloatArray) -> FloatArray:
        """d parameter / d scaled, shape (j,)."""
        out = np.where(self._logarithmic == 1.0, parameters, 1.0)
        out[0] = self.rate
        return out

    def fixed_mask(self, fixed: Mapping[str, float]) -> FloatArray:
        """NaN where a parameter is free, its natural value where it is fixed, shape (j,).

        Raises
        ------
        InputError
            For an unknown name or a value out of bounds.
        """
        for name, value in fixed.items():
            if name not in self.bounds:
                raise InputError(
                    f"{name!r} cannot be fixed: the parameters are {', '.join(self.names)}"
                )
            bound = self.bounds[name]
            if not bound.lower <= value <= bound.upper:
                raise InputError(
                    f"{name} = {value:g} is out of bounds: choose {bound.lower:.3g} to "
                    f"{bound.upper:.3g}"
                )
        return np.array([fixed.get(name, np.nan) for name in self.names])

    def reasons(self, scaled: FloatArray) -> dict[str, str]:
        """Parameters on the edge of the box, with what that means."""
        out = {}
        for name, value, lo, hi in zip(self.names, scaled, self.lower, self.upper, strict=True):
            margin = 1e-9 * (hi - lo)
            if value <= lo + margin:
                out[name] = self.bounds[name].why_lower
            elif value >= hi - margin:
                out[name] = self.bounds[name].why_upper
        return out
