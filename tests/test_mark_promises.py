"""What laws of magnitudes and places promise, tried on laws that do not keep it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError, MarkLaw
from catalogs.areas import Box, parse_area
from catalogs.marks import FixedMagnitudes
from catalogs.sequence import FloatArray
from etas.poisson import Poisson
from etas.space.background import SmoothedPlaces
from etas.space.law import LogDensityAt, PlaceLaw, UniformPlaces
from etas.space.region import Region
from etas.space.triggered import TriggeredPlaces
from recast.evaluation.mark_promises import check_magnitudes, check_places
from recast.evaluation.place_mass import mass_of, uniform_places

LAW = GutenbergRichter(2.0, 1.0)
BOX = Box(-39.1, -38.5, 175.6, 176.3)
REGION = Region(BOX)
POLYGON = Region(parse_area("33.599,-117.133 33.966,-116.83 33.554,-116.119 33.182,-116.429"))


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    """Events in clusters, whose second half is scored."""
    rng, n = np.random.default_rng(0), 200
    times = np.sort(rng.uniform(0.0, 100.0, n))
    places = np.array([-38.8, 175.95]) + rng.choice([-0.1, 0.0, 0.15], (n, 2))
    places += rng.normal(0.0, 0.02, (n, 2))
    return EventSequence(times, LAW.sample(n, rng), 0.0, 100.0, 50.0, places)


def refusal(check: Callable[..., None], *given: Any) -> str:
    try:
        check(*given, "mine")
    except InputError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Magnitudes(FixedMagnitudes):
    """A law of b = 1, compared with itself."""

    law: GutenbergRichter = LAW

    @property
    def reference(self) -> MarkLaw:
        return FixedMagnitudes(self.law)


class Louder(Magnitudes):
    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) + 0.05


class Told(Magnitudes):
    """Knows how large the events will be on average."""

    def log_density(self, sequence: EventSequence) -> FloatArray:
        magnitudes = sequence.magnitudes[sequence.first_scored :]
        return GutenbergRichter.fit(magnitudes, 2.0, bin_width=0.0).log_density(magnitudes)


class Impossible(Magnitudes):
    law = GutenbergRichter(2.5)

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return GutenbergRichter(2.5).log_density(sequence.magnitudes[sequence.first_scored :])


class OneForAll(Magnitudes):
    def log_density(self, sequence: EventSequence) -> FloatArray:
        return np.float64(-1.0)  # type: ignore[return-value]


class OwnGain(Magnitudes):
    def gain(self, sequence: EventSequence) -> FloatArray:
        return np.full(sequence.n_scored, 7.0)


class GainOfNothing(OwnGain):
    reference = None  # type: ignore[assignment]


class Shy(FixedMagnitudes):
    """Of which some mass is missing."""

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) - 3.0


class BadlyCompared(Magnitudes):
    @property
    def reference(self) -> MarkLaw:
        return Shy(self.law)


class Unlike:
    """No law, but with its gain."""

    def gain(self, sequence: EventSequence) -> FloatArray:
        return np.full(sequence.n_scored, 7.0)


class Marked(Poisson):
    laws: Mapping[str, Any]

    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        return self.laws


def marked(law: Any, mark: str = "magnitude") -> Marked:
    process = Marked(2.0, LAW)
    object.__setattr__(process, "laws", {mark: law})
    return process


@pytest.mark.parametrize(
    "law", [Magnitudes(), FixedMagnitudes(LAW), Magnitudes(GutenbergRichter(2.0, 0.8, 8.0))]
)
def test_laws_of_magnitudes_that_are_right_are_let_be(
    law: MarkLaw, sequence: EventSequence
) -> None:
    assert refusal(check_magnitudes, marked(law), sequence, LAW) == ""


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (Louder(), r"adds up to 1\.05\d* for the event on day"),
        (Told(), "looks ahead: its law of magnitudes gives the event on day .* are hidden"),
        (Impossible(), "has the log density -inf at the event on day"),
        (OneForAll(), r"log densities of shape \(\) for \d+ events"),
        (OwnGain(), "has another gain than that over its reference"),
        (GainOfNothing(), "has a gain and no `reference`"),
        (BadlyCompared(), "is compared with one that gives .* nats per event, less than"),
        (Unlike(), "its law of magnitude is of Unlike: derive that from catalogs.MarkLaw"),
    ],
)
def test_one_that_is_not_is_refused(law: Any, message: str, sequence: EventSequence) -> None:
    said = refusal(check_magnitudes, marked(law), sequence, LAW)
    assert re.match(f"model 'mine'.*{message}", said)


def test_marks_that_events_do_not_have_are_refused(sequence: EventSequence) -> None:
    said = refusal(check_magnitudes, marked(Magnitudes(), "place"), sequence, LAW)
    assert "has a law of 'place' among its marks" in said


class Times1000(UniformPlaces):
    """Where it is scored, and not where it is asked."""

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) + 6.9


class Crowded(UniformPlaces):
    """A density that integrates to 1.1 everywhere."""

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) + np.log(1.1)

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        give = super().at_events(sequence)
        return lambda events, places: give(events, places) + np.log(1.1)


class Smoothed(SmoothedPlaces):
    """Smooths events that are to come, too."""

    def log_density(self, sequence: EventSequence) -> FloatArray:
        assert sequence.locations is not None
        known = replace(sequence, times=sequence.times[-1] + np.arange(len(sequence)) * 1e-9)
        at = sequence.locations[sequence.first_scored :]
        late = replace(known, end=known.times[-1] + 1.0)
        return np.log(self.density(late, late.end, at))


class Follows(UniformPlaces):
    """Is ten times as dense within a degree of the place that it should give."""

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        def give(events: Any, places: FloatArray) -> FloatArray:
            assert sequence.locations is not None
            own = sequence.locations[sequence.first_scored :][events]
            apart = np.abs(places - own).max(axis=1)
            return np.where(apart < 0.01, np.log(10.0), 0.0) - np.log(self.region.square_km)

        return give

    def log_density(self, sequence: EventSequence) -> FloatArray:
        assert sequence.locations is not None
        events = np.arange(sequence.n_scored)
        return self.at_events(sequence)(events, sequence.locations[sequence.first_scored :])


class Against(UniformPlaces):
    """Compared with a law that loses."""

    @property
    def reference(self) -> Any:
        return Sparse(self.region)


class Sparse(UniformPlaces):
    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) - 2.0


NEAR = SmoothedPlaces(REGION, 4, 0.05)


@pytest.mark.parametrize(
    "law",
    [
        UniformPlaces(REGION),
        Sparse(replace(REGION, whole_plane=True)),
        NEAR,
        TriggeredPlaces(REGION, 2.0, 0.5, 0.5, 0.01, 1.1, 0.6, 0.7, 1.7),
        TriggeredPlaces(REGION, 2.0, 0.2, 0.5, 0.01, 1.1, 0.01, 0.7, 1.5, background=NEAR),
    ],
)
def test_laws_of_places_that_are_right_are_let_be(law: PlaceLaw, sequence: EventSequence) -> None:
    given = law
    if isinstance(law, Sparse):  # with less mass than 1, as in the plane
        object.__setattr__(
            given, "at_events", lambda s: lambda events, _: law.log_density(s)[events]
        )
    assert refusal(check_places, given, sequence, REGION) == ""


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (
            Times1000(REGION),
            r"gives the place .* nats, and .* by `at_events` if that event is moved",
        ),
        (Crowded(REGION), r"integrates to 1\.(09|1)\d* over the area on day"),
        (Smoothed(REGION, 4, 0.05), "looks ahead: its law of places gives the event on day"),
        (Follows(REGION), "by `at_events` if that event is moved"),
        (Against(REGION), "the reference of its law of places is not uniform"),
        (
            UniformPlaces(Region(Box(-39.0, -38.5, 175.6, 176.3))),
            r"is over .* km2, and the catalog",
        ),
        (FixedMagnitudes(LAW), "its law of places is of FixedMagnitudes: derive that from"),
    ],
)
def test_a_law_of_places_that_is_not_is_refused(
    law: Any, message: str, sequence: EventSequence
) -> None:
    said = refusal(check_places, law, sequence, REGION)
    assert re.match(f"model 'mine'.*{message}", said)


@pytest.mark.parametrize("region", [REGION, POLYGON, Region(Box(-20, -18, 179, -179))])
def test_the_mass_of_a_density_is_its_integral(region: Region) -> None:
    """Twice as dense in the northern half, and nothing known: the integral over a fine grid."""
    rng = np.random.default_rng(1)
    drawn = uniform_places(region, 20_000, rng)
    assert region.area.contains(drawn[:, 0], drawn[:, 1]).all()
    middle = np.median(drawn[:, 0])

    def density(places: FloatArray) -> FloatArray:
        return np.where(places[:, 0] > middle, 2.0, 1.0) / region.square_km

    mass, error = mass_of(density, EventSequence.nothing(), region, rng)
    assert mass == pytest.approx(1.5, abs=4.0 * error + 0.01)  # the median by chance, too
    assert error < 0.01
