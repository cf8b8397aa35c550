"""Speed of sampling trained nets: run with `pytest benchmarks`; needs $RECAST_DATA.

1,000 trajectories of 7 days of catalog `white` after day 4,000, from nets trained for 3 epochs:
long enough that their rates are those of the region. events_per_second is in the extra info.
"""

import os
from typing import Any

import pytest

from catalogs import Catalog, EventSequence, load
from recast.models.neural import Recast
from recast.sampling.arrays import read_weights
from recast.sampling.sampler import memories, sample_with_torch
from recast.training.data import CatalogData
from recast.training.trainer import PAPER, train

pytestmark = pytest.mark.skipif(
    "RECAST_DATA" not in os.environ, reason="RECAST_DATA names no folder with catalog white"
)


MAX_EVENTS = 10_000
"""A net trained for so short a time may run away: a week of the region has 300 events."""


@pytest.fixture(scope="module")
def white() -> Catalog:
    return load("white")


@pytest.fixture(scope="module")
def history(white: Catalog) -> EventSequence:
    return white.to_sequence().before(4000.0)


@pytest.fixture(scope="module", params=["recast", "recast-paper"])
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recast:
    model = {"hidden_size": 32, "width": 32} | (PAPER if request.param == "recast-paper" else {})
    folder = tmp_path_factory.mktemp(request.param)
    trained = train(CatalogData("white"), folder, seed=0, model=model, max_epochs=3)
    return Recast.load(trained.checkpoint)


def test_a_thousand_weeks(benchmark: Any, process: Recast, history: EventSequence) -> None:
    """The whole call: reading the net, encoding the history, drawing."""
    process.simulate(history.between(3999.0, 4000.0), 1.0, 1, seed=0)  # compiles
    drawn = benchmark(process.simulate, history, 7.0, 1000, seed=0, max_events=MAX_EVENTS)
    assert drawn.counts.sum() == drawn.times.size > 0
    benchmark.extra_info["events"] = int(drawn.times.size)
    benchmark.extra_info["capped"] = int(drawn.capped.size)
    benchmark.extra_info["events_per_second"] = drawn.times.size / benchmark.stats["median"]


def test_encoding_the_history(benchmark: Any, process: Recast, history: EventSequence) -> None:
    weights = read_weights(process.net, process.magnitude_law)
    (memory,) = benchmark(memories, weights, history, [history.end])
    assert memory.last == history.times[-1]


def test_a_hundred_weeks_with_torch(
    benchmark: Any, process: Recast, history: EventSequence
) -> None:
    drawn = benchmark.pedantic(
        sample_with_torch,
        args=(process.net, process.magnitude_law, history, 7.0, 100),
        kwargs={"seed": 0, "max_events": 1000},
        rounds=1,
    )
    assert drawn.counts.sum() == drawn.times.size > 0
    benchmark.extra_info["events_per_second"] = drawn.times.size / benchmark.stats["median"]
