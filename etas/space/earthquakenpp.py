"""The ETAS of a public benchmark, EarthquakeNPP, at its published parameters.

Stockman, S., Lawson, D. and Werner, M. (2024). EarthquakeNPP: a benchmark for earthquake
forecasting with neural point processes. arXiv:2410.08226. Areas are those of its polygons as it
projects them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from catalogs import EventSequence, GutenbergRichter
from catalogs.areas import Area, parse_area
from catalogs.magnitudes import LN10
from etas.model import ETAS
from etas.space.region import Region
from etas.space.triggered import TriggeredPlaces

RADIUS = 6378.1
"""Of the Earth, km."""

B = 1.0
"""Not published, and without effect on the scores."""


@dataclass(frozen=True)
class Published:
    """One of its sets: region, magnitude of completeness, and parameters of its ETAS.

        lambda(t, x) = mu + sum_j k e^{a (m_j - Mc)} e^{-t / tau} (t + c)^{-1 - omega}
                       (r^2 + d e^{gamma (m_j - Mc)})^{-1 - rho}

    with t = t - t_j, in days and km, magnitudes rounded to 0.1 and distances on great circles; the
    background is integrated over the region, what events trigger over the whole plane.
    """

    area: Area
    square_km: float
    completeness: float
    log_mu: float
    log_k: float
    log_c: float
    log_tau: float
    log_d: float
    a: float
    omega: float
    gamma: float
    rho: float

    @property
    def region(self) -> Region:
        """Where its events lie; kernels integrate to 1 over the plane."""
        return Region(self.area, RADIUS, whole_plane=True)

    @property
    def times(self) -> ETAS:
        """Its law of times: the integral over the plane."""
        d, rho = 10.0**self.log_d, self.rho
        return ETAS(
            10.0**self.log_mu * self.square_km,
            10.0**self.log_k * np.pi / rho * d**-rho,
            (self.a - rho * self.gamma) / LN10,
            10.0**self.log_c,
            1.0 + self.omega,
            GutenbergRichter(self.completeness, B),
            taper=10.0**self.log_tau,
        )

    @property
    def places(self) -> TriggeredPlaces:
        """Its law of places."""
        times = self.times
        # Its surface differs a little from that on the sphere
        surface = self.region.square_km / self.square_km
        return TriggeredPlaces(
            self.region,
            self.completeness,
            times.mu * surface / times.k,
            times.alpha,
            times.c,
            times.p,
            10.0**self.log_d,
            self.gamma / LN10,
            1.0 + self.rho,
            taper=times.taper,
        )


SETS = {
    "scedc_20": Published(
        parse_area("32/37/-122/-114"),
        406_964.0,
        2.0,
        -5.87917,
        -2.58902,
        -2.71601,
        3.49365,
        -0.69389,
        1.63985,
        -0.06249,
        0.90519,
        0.73214,
    ),
    "salton_sea_10": Published(
        parse_area("32.5/33.3/-116/-115"),
        8_300.5,
        1.0,
        -4.53806,
        -3.53277,
        -2.83984,
        2.80454,
        -2.35861,
        1.60066,
        0.03486,
        1.17241,
        0.60870,
    ),
    "white_06": Published(
        parse_area("33.599,-117.133 33.966,-116.83 33.554,-116.119 33.182,-116.429"),
        4_000.2,
        0.6,
        -3.45305,
        -3.69034,
        -3.85360,
        2.92421,
        -2.81682,
        1.66303,
        -0.18830,
        1.67735,
        0.50373,
    ),
}
"""By the name of the set in lower case."""


def rounded(sequence: EventSequence) -> EventSequence:
    """The same events with magnitudes rounded to 0.1, as the benchmark has them."""
    return replace(sequence, magnitudes=np.round(sequence.magnitudes, 1))


def scores(name: str, sequence: EventSequence) -> tuple[float, float]:
    """Nats per event of its ETAS on a scored window: of the times, and of the places.

    Parameters
    ----------
    name : str
        One of ``SETS``.
    sequence : EventSequence
        Its events, with their history.

    Returns
    -------
    float, float
        Times (ln 1/day, with the compensator) and places (ln 1/km^2).
    """
    published, events = SETS[name], rounded(sequence)
    times = published.times.log_likelihood(events) / events.n_scored
    surface = published.region.square_km / published.square_km
    places = published.places
    terms = places.log_density(events)
    # The density is relative to the benchmark's own total rate
    total = published.times.intensity(events, events.times[events.first_scored :])
    mine = total + published.times.mu * (surface - 1.0)
    return float(times), float(np.mean(terms + np.log(mine / total)))
