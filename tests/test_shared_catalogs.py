"""Real catalogs: their counts are those that were published or written down for them."""

from collections.abc import Callable

import numpy as np
import pytest

from catalogs import Catalog


@pytest.mark.parametrize(
    ("name", "events", "train", "val", "test"),
    [
        # The first four are the events that Dascher-Cousineau et al. 2023 scored
        ("scedc", 125_421, 78_086, 22_928, 12_545),
        ("white", 134_975, 47_701, 33_050, 49_313),
        ("qtm_san_jacinto", 20_790, 11_478, 3_366, 4_311),
        ("qtm_salton_sea", 44_133, 35_404, 2_625, 4_026),
        ("scedc_located", 114_891, 73_581, 21_435, 11_067),
        ("ncss", 69_933, 34_704, 15_346, 13_614),
        ("horus_italy", 27_553, 15_694, 4_104, 6_573),
        ("taupo", 4_127, 2_769, 481, 791),
    ],
)
def test_counts(
    real_catalog: Callable[[str], Catalog],
    name: str,
    events: int,
    train: int,
    val: int,
    test: int,
) -> None:
    catalog = real_catalog(name)
    assert len(catalog.to_sequence()) == events
    assert [part.n_scored for _, part in catalog.split().items()] == [train, val, test]


def test_plain_days_of_the_synthetic_catalog(real_catalog: Callable[[str], Catalog]) -> None:
    catalog = real_catalog("etas_single")
    sequence = catalog.to_sequence()
    assert len(sequence) == 80_817
    assert sequence.end == 3_000_000.0
    assert catalog.info.truth["mu"] == 0.02
    # The stationary rate mu / (1 - n) exceeds the background rate
    assert len(sequence) / sequence.end > catalog.info.truth["mu"]


@pytest.mark.parametrize("name", ["scedc_located", "ncss", "horus_italy", "taupo"])
def test_located_catalogs_have_places(real_catalog: Callable[[str], Catalog], name: str) -> None:
    locations = real_catalog(name).to_sequence().locations
    assert locations is not None
    assert np.all(np.abs(locations[:, 0]) <= 90.0)
    assert np.all(np.abs(locations[:, 1]) <= 180.0)
