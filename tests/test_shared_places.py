"""One net of several regions: its weights are common, the mixtures that it moves are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from catalogs import EventSequence, InputError
from catalogs.areas import Box
from catalogs.checks.extent import Extent
from etas.space.region import Region
from etas.space.triggered import TriggeredPlaces
from recast.places.fit import fit_learned_places
from recast.places.net import PlaceNet
from recast.places.shared import Lesson, read_shared, train_shared, write_shared, zero_shot
from recast.places.training import log_densities

BOXES = (Box(-39.1, -38.5, 175.6, 176.3), Box(33.0, 33.6, -117.0, -116.3), Box(42.0, 43.0, 12, 13))


def moving(seed: int, box: Box, n: int = 900) -> EventSequence:
    """Swarms that move on within days, which a mixture of parents is slow to notice."""
    rng = np.random.default_rng(seed)
    low, high = np.array([box.south, box.west]), np.array([box.north, box.east])
    times = np.sort(rng.uniform(0.0, 100.0, n))
    centres = rng.uniform(low + 0.2 * (high - low), high - 0.2 * (high - low), (12, 2))
    places = centres[(times / 100.0 * 11.99).astype(int)] + rng.normal(0.0, 0.01, (n, 2))
    return EventSequence(times, 2.0 + rng.exponential(0.5, n), 0.0, 100.0, 20.0, places)


@pytest.fixture(scope="module")
def lessons() -> list[Lesson]:
    """Three regions, of which the last is left out."""
    return [
        Lesson.of(moving(k, box).before(70.0 + k), Region(box), 2.0, most=400)
        for k, box in enumerate(BOXES)
    ]


@pytest.fixture(scope="module")
def weights(lessons: list[Lesson]) -> dict[str, torch.Tensor]:
    """What two of them teach."""
    return train_shared(lessons[:2], seed=0, epochs=16)


def mixture(lesson: Lesson) -> TriggeredPlaces:
    """Anything from which places can be drawn."""
    return TriggeredPlaces(lesson.region, 2.0, 0.5, 0.5, 0.01, 1.1, 0.6, 0.7, 1.7)


def test_what_two_regions_teach_holds_in_a_third(
    lessons: list[Lesson], weights: dict[str, torch.Tensor]
) -> None:
    law = zero_shot(weights, lessons[2], mixture(lessons[2]))
    later = moving(2, BOXES[2]).scored_from(72.0)
    start = PlaceNet(lessons[2].parents, lessons[2].region.square_km)
    assert (start.tails == law.net.tails).all()  # the region's own q
    learned = law.log_density(later).mean()
    law_without = zero_shot(dict(start.named_parameters()), lessons[2], mixture(lessons[2]))
    assert learned > law_without.log_density(later).mean() + 0.01


def test_the_left_out_region_changes_no_weight(
    lessons: list[Lesson], weights: dict[str, torch.Tensor]
) -> None:
    again = train_shared(lessons[:2], seed=0, epochs=16)
    zero_shot(weights, lessons[2], mixture(lessons[2]))
    assert all((again[name] == weights[name]).all() for name in weights)
    other = train_shared(lessons[:1], seed=0, epochs=1)
    assert any((other[name] != weights[name]).any() for name in weights)


def test_weights_are_kept_with_what_they_have_seen(
    lessons: list[Lesson], weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    path, seen = tmp_path / "places.ckpt", {"here": Extent.unknown()}
    write_shared(path, weights, seen)
    found, trained_on = read_shared(path)
    assert trained_on == seen
    one, other = (zero_shot(each, lessons[2], mixture(lessons[2])) for each in (weights, found))
    assert one.share == other.share
    law_events, rows = lessons[2].events, lessons[2].train
    told, again = (log_densities(law.net, law_events, rows) for law in (one, other))
    np.testing.assert_array_equal(told, again)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="cannot be read"):
        read_shared(path)


def test_training_starts_from_what_others_taught(
    lessons: list[Lesson], weights: dict[str, torch.Tensor]
) -> None:
    """On few events it is better than a start at the mixture, as places have moved on since."""
    every, region = moving(2, BOXES[2]), lessons[2].region
    train, val = every.before(85.0), every.before(92.0).scored_from(85.0)
    later = every.scored_from(92.0)
    told, alone = (
        fit_learned_places(train, val, region, 2.0, quick=True, weights=given)
        for given in (weights, None)
    )
    assert told.adaptive == alone.adaptive  # the mixture is the region's own
    assert told.log_density(later).mean() > alone.log_density(later).mean() + 0.005


def test_few_events_teach_nothing() -> None:
    with pytest.raises(InputError, match="too few to learn places from"):
        Lesson.of(moving(0, BOXES[0], 300), Region(BOXES[0]), 2.0)
