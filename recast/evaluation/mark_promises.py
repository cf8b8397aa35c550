"""What laws of magnitudes and places promise, tried on scored events: see ``promises``.

A law that has more mass than 1, or that knows the event whose mark it gives, scores better than it
is. One that has less only hurts itself, and in the plane some lies outside the region: that is let
be.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from catalogs import EventSequence, GutenbergRichter, InputError, MarkLaw, PointProcess
from catalogs.marks import FixedMagnitudes
from catalogs.sequence import FloatArray
from etas.space.law import PlaceLaw, UniformPlaces
from etas.space.region import Region
from recast.evaluation.place_mass import mass_of, uniform_places

CUTS = (0.3, 0.7)
"""Shares of the scored events after which the rest is hidden, to see whether it matters."""

SAME = 0.01
"""Nats that sums over far events may differ by, which are approximate."""

INTEGRATED = 3
"""Events whose laws are integrated."""

MASS = 1.01
"""Mass that is refused if exceeded: it moves scores by 0.01 nats per event."""

FINE, COARSE = (3.0, 0.02), (8.0, 0.1)
"""Magnitudes above the least one up to which the law is summed, and in which steps: a b-value of 2
is summed to 0.0001."""

BIN = 0.15
"""Nats per event by which a law from completeness on exceeds one from the lower edge of its bin, of
0.1, for b-values up to 1.3."""

ERRORS = 3.0
"""Standard errors of an integral by chance, which must exceed ``MASS``."""


def check_magnitudes(
    process: PointProcess, sequence: EventSequence, fixed: GutenbergRichter, name: str
) -> None:
    """Raise an InputError for marks of a process whose gains would mean nothing.

    Tried are all laws with a gain: they are of magnitudes, have no more mass than 1, do not change
    if later events are hidden, and are compared with a law as good as the fixed one.

    Parameters
    ----------
    process : PointProcess
        Any model of event times.
    sequence : EventSequence
        The events, with their history; one or more are scored.
    fixed : GutenbergRichter
        The law of the train window.
    name : str
        Of the model, for the message.

    Raises
    ------
    InputError
        Naming the model, what it gives, and what it should.
    """
    for mark, law in process.marks.items():
        if not isinstance(law, MarkLaw):
            raise InputError(
                f"model {name!r}: its law of {mark} is of {type(law).__name__}: derive that from "
                "catalogs.MarkLaw"
            )
        gain = law.gain(sequence)
        if gain is None:
            continue
        if mark != FixedMagnitudes.name:
            raise InputError(
                f"model {name!r} has a law of {mark!r} among its marks: they can hold one of "
                f"{FixedMagnitudes.name!r}; give that of places by `fit_places`"
            )
        what = f"its law of {mark}s"
        terms = _tried(law, sequence, what, name)
        _check_compared(law, terms, gain, sequence, fixed, f"model {name!r}: {what}")
        for i in _integrated(sequence):
            mass = _mass_of_magnitudes(law, _until(sequence, i))
            if not mass <= MASS:
                raise InputError(
                    f"model {name!r}: {what} adds up to {mass:.4g} for the event on day "
                    f"{_times(sequence)[i]:g}: give a density that integrates to 1"
                )


def check_places(law: PlaceLaw, sequence: EventSequence, region: Region, name: str) -> None:
    """Raise an InputError for a law of places whose scores would mean nothing.

    Tried are that its density is over the whole region and has no more mass than 1 there, does not
    change if later events are hidden, and does not know the place that it is asked for.

    Parameters
    ----------
    law : PlaceLaw
        Any law of places.
    sequence : EventSequence
        The events, with their history; one or more are scored.
    region : Region
        The area that the catalog covers.
    name : str
        Of the model, for the message.

    Raises
    ------
    InputError
        Naming the model, what it gives, and what it should.
    """
    what = "its law of places"
    if not isinstance(law, PlaceLaw):
        raise InputError(
            f"model {name!r}: {what} is of {type(law).__name__}: derive that from "
            "etas.space.PlaceLaw"
        )
    if not np.isclose(law.region.square_km, region.square_km, rtol=1e-6):
        raise InputError(
            f"model {name!r}: {what} is over {law.region.square_km:.6g} km2, and the catalog "
            f"covers {region.square_km:.6g}: make it over etas.space.Region(catalog.area)"
        )
    terms = _tried(law, sequence, what, name)
    uniform = UniformPlaces(region).log_density(sequence)
    reference = law.reference
    if reference is not None and not _are_same(reference.log_density(sequence), uniform):
        raise InputError(
            f"model {name!r}: the reference of {what} is not uniform: leave `reference` to PlaceLaw"
        )
    for i in _integrated(sequence):
        _check_place(law, _until(sequence, i), float(terms[i]), region, name)


def _check_place(
    law: PlaceLaw, known: EventSequence, term: float, region: Region, name: str
) -> None:
    """Ask for the density at the last event, whose place is hidden, and integrate it."""
    rng = np.random.default_rng(0)
    day, last = known.times[-1], known.n_scored - 1
    right = region.located(known)
    places = np.concatenate([right[:-1], uniform_places(region, 1, rng)])
    give = law.at_events(replace(known, locations=places))

    def log_density(at: FloatArray) -> FloatArray:
        return np.asarray(give(np.full(len(at), last), at))

    blind = float(log_density(right[-1:])[0])
    if not abs(blind - term) <= SAME:
        raise InputError(
            f"model {name!r}: its law of places gives the place of the event on day {day:g} "
            f"{term:.6g} nats, and {blind:.6g} by `at_events` if that event is moved: give the "
            "same density by both, from events before it only"
        )
    past = known.before(float(day))
    mass, error = mass_of(lambda at: np.exp(log_density(at)), past, region, rng)
    if not mass - ERRORS * error <= MASS:
        raise InputError(
            f"model {name!r}: its law of places integrates to {mass:.4g} over the area on day "
            f"{day:g}: give a density per km2 that integrates to 1"
        )


def _tried(law: MarkLaw, sequence: EventSequence, what: str, name: str) -> FloatArray:
    """Log densities of the scored events, finite and the same if later events are hidden."""
    times = _times(sequence)
    terms = np.asarray(law.log_density(sequence))
    if terms.shape != times.shape:
        raise InputError(
            f"model {name!r}: {what} has log densities of shape {terms.shape} for {times.size} "
            "events: return an array of one for each"
        )
    if not np.isfinite(terms).all():
        k = int(np.argmin(np.isfinite(terms)))
        raise InputError(
            f"model {name!r}: {what} has the log density {terms[k]:g} at the event on day "
            f"{times[k]:g}: give each event a finite one"
        )
    for n in sorted({max(int(share * times.size), 1) for share in CUTS} - {times.size}):
        until = sequence.before(float(times[n])).scored_from(sequence.score_from)
        blind = np.asarray(law.log_density(until))
        apart = ~np.isclose(terms[:n], blind, rtol=0.0, atol=SAME)
        if apart.any():
            k = int(np.argmax(apart))
            raise InputError(
                f"model {name!r} looks ahead: {what} gives the event on day {times[k]:g} "
                f"{terms[k]:.6g} nats, and {blind[k]:.6g} if the events from day {times[n]:g} on "
                "are hidden: use only events before each"
            )
    return terms


def _check_compared(
    law: MarkLaw,
    terms: FloatArray,
    gain: FloatArray,
    sequence: EventSequence,
    fixed: GutenbergRichter,
    what: str,
) -> None:
    """Compare a gain with that over a law as good as the fixed one."""
    reference = law.reference
    if reference is None:
        raise InputError(f"{what} has a gain and no `reference`: leave `gain` to catalogs.MarkLaw")
    known = np.asarray(reference.log_density(sequence))
    if not _are_same(np.asarray(gain), terms - known):
        raise InputError(
            f"{what} has another gain than that over its reference: leave `gain` to "
            "catalogs.MarkLaw"
        )
    right = FixedMagnitudes(fixed).log_density(sequence)
    if not known.mean() >= right.mean() - BIN:
        raise InputError(
            f"{what} is compared with one that gives {known.mean():.4g} nats per event, less than "
            f"the {right.mean():.4g} of a fixed law: let `reference` be "
            "FixedMagnitudes(catalog.magnitude_law())"
        )


def _mass_of_magnitudes(law: MarkLaw, known: EventSequence) -> float:
    """Sum the density of the magnitude of the last event from the least magnitude known on."""
    edges = known.magnitudes.min() + np.concatenate(
        [np.arange(0.0, FINE[0], FINE[1]), np.arange(FINE[0], COARSE[0], COARSE[1])]
    )
    middles, widths = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    densities = [
        np.exp(law.log_density(replace(known, magnitudes=np.append(known.magnitudes[:-1], m)))[-1])
        for m in middles
    ]
    return float(np.dot(densities, widths))


def _integrated(sequence: EventSequence) -> list[int]:
    """Numbers of a few scored events, the last among them."""
    return sorted({*np.linspace(0, sequence.n_scored - 1, INTEGRATED + 1)[1:].astype(int).tolist()})


def _until(sequence: EventSequence, i: int) -> EventSequence:
    """What is known just after the i-th scored event, which is the only one scored."""
    time = float(_times(sequence)[i])
    return sequence.before(float(np.nextafter(time, np.inf))).scored_from(time)


def _times(sequence: EventSequence) -> FloatArray:
    return sequence.times[sequence.first_scored :]


def _are_same(a: FloatArray, b: FloatArray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=0.0, atol=SAME)
