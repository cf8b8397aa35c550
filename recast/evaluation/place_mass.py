"""The mass of a density of places in a region, by places drawn at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from catalogs import EventSequence
from catalogs.areas import bounding_box
from catalogs.sequence import FloatArray
from etas.space.region import Region

PLACES, PARENTS = 40_000, 500
"""Places that are drawn, and the events about which most of them are: integrals of laws of this
package are good to 0.01."""

UNIFORM = 0.3
"""Share of the places that are drawn from the whole region."""

NEAREST = 1e-3
"""Kilometres: the least distance of a place from the event about which it is drawn."""

TRIES = 1000
"""Times that a box of places is drawn for a region that fills little of it."""

CHUNK = 500
"""Places whose distances to all events are held at once."""


def mass_of(
    density: Callable[[FloatArray], FloatArray],
    known: EventSequence,
    region: Region,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Integrate a density over a region.

        integral f(x) dx = E_q f(x) / q(x)

    Places x are drawn from q: from the whole region, and about events at distances whose logarithm
    is uniform, as kernels of any width and their power-law tails need. Recent events and large ones
    come more often.

    Parameters
    ----------
    density : callable
        Of places (place, 2) in the region, 1/km^2.
    known : EventSequence
        The events about which it may be high, with locations.
    region : Region
        The region.
    rng : numpy.random.Generator
        Draws the places.

    Returns
    -------
    mass, error : float
        The integral, and its standard error.
    """
    around = _around(known, rng)
    n_uniform = round(UNIFORM * PLACES) if len(around) else PLACES
    farthest = 2.0 * np.sqrt(region.square_km) + 10.0 * NEAREST
    places = uniform_places(region, n_uniform, rng)
    if len(around):
        centers = around[rng.integers(len(around), size=PLACES - n_uniform)]
        places = np.concatenate([places, _moved(centers, farthest, region, rng)])
    inside = region.area.contains(places[:, 0], places[:, 1])
    ratios = np.zeros(len(places))  # of places outside
    shown = places[inside]
    share = n_uniform / len(places)
    drawn = share / region.square_km + (1.0 - share) * _about(shown, around, farthest, region)
    ratios[inside] = density(shown) / drawn
    return float(ratios.mean()), float(ratios.std() / np.sqrt(len(ratios)))


def uniform_places(region: Region, n: int, rng: np.random.Generator) -> FloatArray:
    """Places of a region, each as likely as any other, shape (n, 2)."""
    box = bounding_box(region.area)
    low, high = np.sin(np.radians([box.south, box.north]))
    width = box.east - box.west + (360.0 if box.east <= box.west else 0.0)
    found = np.empty((0, 2))
    for _ in range(TRIES):
        latitude = np.degrees(np.arcsin(rng.uniform(low, high, n)))
        longitude = _wrapped(box.west + width * rng.random(n))
        inside = region.area.contains(latitude, longitude)
        found = np.concatenate([found, np.stack([latitude, longitude], axis=1)[inside]])
        if len(found) >= n:
            break
    return found[:n]


def _around(known: EventSequence, rng: np.random.Generator) -> FloatArray:
    """Events about which places are drawn, each as often as it is listed, shape (parent, 2)."""
    n = len(known)
    if n == 0 or known.locations is None:
        return np.empty((0, 2))
    recent = 1.0 / np.arange(n, 0.0, -1.0)
    large = 10.0 ** (known.magnitudes - known.magnitudes.max())
    weights = 1.0 / n + recent / recent.sum() + large / large.sum()
    return known.locations[rng.choice(n, PARENTS, p=weights / 3.0)]


def _moved(
    centers: FloatArray, farthest: float, region: Region, rng: np.random.Generator
) -> FloatArray:
    """One place about each center, along a great circle."""
    n = len(centers)
    angle = NEAREST * (farthest / NEAREST) ** rng.random(n) / region.radius
    bearing = rng.uniform(0.0, 2.0 * np.pi, n)
    latitude, longitude = np.radians(centers).T
    up = np.sin(latitude) * np.cos(angle) + np.cos(latitude) * np.sin(angle) * np.cos(bearing)
    aside = np.sin(bearing) * np.sin(angle) * np.cos(latitude)
    along = np.cos(angle) - np.sin(latitude) * up
    places = np.degrees([np.arcsin(np.clip(up, -1.0, 1.0)), longitude + np.arctan2(aside, along)])
    return np.stack([places[0], _wrapped(places[1])], axis=1)


def _about(places: FloatArray, around: FloatArray, farthest: float, region: Region) -> FloatArray:
    """Density of ``_moved`` places about all of these events, 1/km^2, shape (place,)."""
    total = np.zeros(len(places))
    if not len(around):
        return total
    centers = region.positions(around).T / region.radius
    for begin in range(0, len(places), CHUNK):
        part = slice(begin, begin + CHUNK)
        cosine = (region.positions(places[part]) / region.radius) @ centers
        half = np.sqrt(np.clip(0.5 - 0.5 * cosine, 0.0, 1.0))  # sine of half the angle
        r = 2.0 * region.radius * np.arcsin(half)
        ring = 4.0 * np.pi * region.radius * half * np.sqrt(1.0 - half**2)
        near = (r >= NEAREST) & (r <= farthest)
        total[part] = np.where(near, 1.0 / np.maximum(ring * r, NEAREST**2), 0.0).mean(axis=1)
    return np.asarray(total / np.log(farthest / NEAREST))


def _wrapped(longitudes: FloatArray) -> FloatArray:
    return np.asarray((longitudes + 180.0) % 360.0 - 180.0)
