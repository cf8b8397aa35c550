"""What is measured: operations of the packages on made-up inputs of a chosen size.

Each is a function that makes an input of a size and one that is timed on it. Apart, so that memory
can be measured in a process that has not made the input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import torch
from row_writers import WRITERS, write

from catalogs import Catalog, EventSequence, GutenbergRichter, Trajectories
from catalogs.areas import Box
from catalogs.formats import parse
from catalogs.importing import import_table
from catalogs.sphere import EARTH_RADIUS, positions
from etas.completeness import CompletenessHistory
from etas.fit import fit_etas
from etas.likelihood import LogLikelihood, log_likelihood_quadratic
from etas.model import ETAS
from etas.several import log_likelihoods
from etas.space.pairs import Kernel, Sources, pair_sums
from etas.space.placing import Placer
from etas.space.region import Region as SpaceRegion
from etas.space.tree import tree_sums
from etas.space.triggered import TriggeredPlaces
from etas.synthetic import synthetic_socal
from etas.weighted_likelihood import WeightedLogLikelihood
from recast.evaluation.magnitudes import magnitude_bins
from recast.forecast.blocks import Source
from recast.forecast.single import Job, Request, Window, draw_chunk, n_chunks
from recast.models.neural import Recast
from recast.net.network import RecastNet
from recast.pretrained import SHIPPED, read_net
from recast.training.data import CatalogData, Region
from recast.training.task import RecastTask
from recast.training.trainer import PAPER
from recast.training.windows import RegionBatch

LAW = GutenbergRichter(2.0, 1.0, 7.5)
MODEL = ETAS(1.0, 0.04, 0.45, 0.015, 1.18, LAW)
SPACE_TIME = Kernel(c=0.015, p=1.18, q=1.6, radius=EARTH_RADIUS)
EVENTS_PER_DAY = 3.0
"""Fewer than this model has on any stretch of some thousand events."""

DAYS = 10_000.0

MOST = 10_000_000
C_MIN = 1e-5
EMPTY = EventSequence.nothing()
WEEKS, MONTH = 14.0, 30.0
LONGEST = 300
"""Events of a trajectory of a net: one that runs away must not be all that is timed."""

HISTORY = 10_000
"""Events that continuations of ETAS start from."""


@dataclass(frozen=True)
class Operation:
    """Something to time: ``run(make(size))``, where ``size`` counts ``unit``."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    make: Callable[[int], Any]
    run: Callable[[Any], object]

    @property
    def key(self) -> str:
        """Unlike the name it is its own."""
        return f"{self.name} by {self.unit}"


def catalog(n: int) -> EventSequence:
    """The first ``n`` events of a synthetic catalog."""
    (whole,) = MODEL.sample(EMPTY, (n + 300) / EVENTS_PER_DAY, 1, seed=1)
    return whole.before(float(whole.times[n]))


def denser(n: int) -> EventSequence:
    """About ``n`` events of the same years, whatever ``n``: as in a catalog of smaller events."""
    model = replace(MODEL, mu=MODEL.mu * n / (EVENTS_PER_DAY * DAYS))
    (whole,) = model.sample(EMPTY, DAYS, 1, seed=1)
    return whole


def evaluate(events: EventSequence) -> object:
    """Value, gradient and Fisher information, with all that precedes them."""
    return LogLikelihood.of(events, LAW.completeness, c_min=C_MIN).evaluate(MODEL.parameters)


def evaluate_several(events: EventSequence) -> object:
    """The values alone, of sixteen parameter sets side by side."""
    return log_likelihoods([replace(MODEL, k=MODEL.k - 1e-4 * i) for i in range(16)], events)


def evaluate_quadratic(events: EventSequence) -> object:
    """The value alone, by the double sum."""
    return log_likelihood_quadratic(MODEL.parameters, events, LAW.completeness)


def evaluate_weighted(events: EventSequence) -> object:
    """With completeness that changes after large events."""
    history = CompletenessHistory.helmstetter(events, LAW.completeness)
    likelihood = WeightedLogLikelihood.of(
        events, LAW, taper=False, completeness=history, c_min=C_MIN
    )
    return likelihood.evaluate(MODEL.parameters)


def located(n: int) -> Sources:
    """The first ``n`` events of a synthetic catalog, in clusters of events next to each other."""
    events, rng = catalog(n), np.random.default_rng(0)
    centres = rng.uniform(-2.0, 2.0, (n // 100 + 1, 2))[np.arange(n) // 100]
    offsets = rng.normal(size=(n, 2)) * 10.0 ** rng.uniform(-3.0, 0.0, (n, 1))
    excess = math.log(10.0) * events.magnitude_excess(LAW.completeness)
    gains = np.exp(excess)
    places = positions(centres + offsets + [35.0, -118.0])
    return Sources(events.times, places, gains, excess * gains, 0.5 * gains, excess)


def sum_by_tree(sources: Sources) -> object:
    """The rate that earlier events trigger at the place of each, with its gradient."""
    return tree_sums(sources, SPACE_TIME, 0)


def sum_over_pairs(sources: Sources) -> object:
    """The same by the plain sum."""
    return pair_sums(sources, SPACE_TIME, 0)


def new_catalog(days: float) -> object:
    """A synthetic catalog from nothing."""
    return MODEL.simulate(EMPTY, days, 1, seed=1, max_events=MOST, threads=1)


def count_forecast(task: tuple[EventSequence, int]) -> object:
    """The same, counted by magnitude and time as in a forecast."""
    events, n = task
    source = Source.of([MODEL], events, [events.end])
    request = Request(events.end, (WEEKS,), (2.0, 3.0, 4.0, 5.0, 6.0, 7.0), n)
    bins = magnitude_bins(LAW.completeness, LAW.maximum)
    job = Job(request, (Window(WEEKS, source, MOST),), bins, threads=1, events=False)
    return [draw_chunk(job, chunk) for chunk in range(n_chunks(n))]


def continue_etas(task: tuple[EventSequence, int]) -> object:
    """So many continuations by two weeks."""
    events, n = task
    return MODEL.simulate(events, WEEKS, n, seed=0, threads=1)


def ready_to_place(n: int) -> tuple[Placer, Trajectories]:
    """So many continuations by two weeks, of a history with places."""
    events = catalog(HISTORY)
    places = np.random.default_rng(0).uniform([32.0, -122.0], [37.0, -114.0], (HISTORY, 2))
    history = EventSequence(
        events.times, events.magnitudes, events.start, events.end, locations=places
    )
    region = SpaceRegion(Box(32.0, 37.0, -122.0, -114.0))
    law = TriggeredPlaces(region, LAW.completeness, 2.0, 0.3, 0.01, 1.0, 0.5, 0.3, 1.7)
    drawn = MODEL.simulate(history, WEEKS, n, seed=0, threads=1)
    return law.placer(history, history.end + WEEKS), drawn


def place(task: tuple[Placer, Trajectories]) -> object:
    """Their places."""
    placer, drawn = task
    return placer.place(drawn, seed=0, threads=1)


@cache
def region() -> tuple[Catalog, Region]:
    """The synthetic catalog that comes with the package, as nets read it."""
    events = synthetic_socal()
    return events, Region(events, day_clock=False)


def make_step(model: dict[str, Any], n: int) -> tuple[RecastTask, Any, RegionBatch]:
    """A net, its optimiser and ``n`` windows, as ``recast fit`` would use them."""
    data = CatalogData.of(region()[1], batch_size=n)
    task = RecastTask(data.scalings, **model)
    optimizer = torch.optim.AdamW(task.parameters())
    return task, optimizer, next(iter(data.train_dataloader()))


def train_step(step: tuple[RecastTask, Any, RegionBatch]) -> object:
    """Loss, gradient, and one step of the optimiser."""
    task, optimizer, windows = step
    optimizer.zero_grad()
    loss = sum(task.losses(windows, windows.region))
    loss.backward()  # type: ignore[union-attr]
    optimizer.step()
    return loss


def make_net(decoder: str, n: int) -> tuple[Recast, EventSequence, int]:
    """The net that comes with the package, or RECAST as published before training.

    Magnitudes are from a fixed law, as in forecasts: all sizes then have alike trajectories.
    """
    events, where = region()
    if decoder == "hazard":
        net = read_net(SHIPPED, where.scaling)
    else:
        torch.manual_seed(0)
        net = RecastNet(where.scaling, decoder=decoder)
    return Recast(net, where.scaling.magnitude_law), events.split().test, n


def continue_net(task: tuple[Recast, EventSequence, int]) -> object:
    """So many continuations by a month, with the encoding of 20,000 events before them."""
    process, events, n = task
    return process.simulate(events, MONTH, n, seed=0, max_events=LONGEST, threads=1)


def make_file(layout: str, n: int) -> bytes:
    """A file of ``n`` rows."""
    header, rows = write(WRITTEN_AS.get(layout, layout), n, np.random.default_rng(0))
    foot = "</eventParameters></q:quakeml>" if "</event>" in rows[0] else ""
    content = "\n".join([header.removesuffix("\n"), *rows, foot]).lstrip("\n").encode()
    if layout != "Parquet":
        return content
    parsed, stream = parse(content, "table", name="file"), BytesIO()
    parsed.events.to_parquet(stream)
    return stream.getvalue()


def read_file(layout: str, content: bytes) -> int:
    """How many events it has, as a table with every cell checked."""
    name = "table" if layout == "Parquet" else layout.partition(" ")[0]
    return len(parse(content, name, name="file").events)


def make_large(n: int) -> bytes:
    """A Parquet file of ``n`` events with places and identifiers."""
    events, rng, stream = catalog(n), np.random.default_rng(0), BytesIO()
    seconds = events.times * 864.0  # faster by a hundred: 900 years are too many
    stamps = np.round(seconds * 1e9).astype(np.int64).astype("datetime64[ns]")
    table = pd.DataFrame(
        {
            "time": pd.Series(stamps).dt.tz_localize("UTC"),
            "latitude": np.round(rng.uniform(32.0, 37.0, n), 4),
            "longitude": np.round(rng.uniform(-121.0, -114.0, n), 4),
            "magnitude": np.round(events.magnitudes, 2),
            "event_id": np.arange(n).astype(np.str_),
        }
    )
    table.to_parquet(stream)
    return stream.getvalue()


def import_large(content: bytes) -> Catalog:
    """Every cell checked; completeness, steps, window and splits."""
    parsed = parse(content, "table", name="file")
    return import_table(parsed.events, "large", completeness=LAW.completeness, ties="separate")


EVENTS = (1_000, 10_000, 100_000, 1_000_000)
TRAJECTORIES = (1, 10, 100, 1_000)
WINDOWS = (2, 8, 32)
ROWS = (1_000, 10_000, 100_000)

WRITTEN_AS = {"Parquet": "table", "obspy": "zmap"}
"""Whose rows files of other formats are made of."""

LIKELIHOOD = Operation("ETAS likelihood and gradient", "events", EVENTS, catalog, evaluate)
QUADRATIC = Operation(
    "ETAS likelihood, double sum", "events", (1_000, 3_000, 10_000), catalog, evaluate_quadratic
)
ALTOGETHER = Operation(
    "ETAS likelihood, sixteen side by side", "events", EVENTS, catalog, evaluate_several
)
BY_TREE = Operation(
    "Space-time ETAS, sums by a tree", "events", (1_000, 10_000, 40_000), located, sum_by_tree
)
BY_PAIRS = Operation(
    "Space-time ETAS, sums over pairs", "events", (1_000, 3_000, 10_000), located, sum_over_pairs
)
FIT = Operation(
    "ETAS fit with errors", "events", EVENTS, catalog, lambda events: fit_etas(events, LAW)
)
ETAS_CONTINUED = Operation(
    "ETAS", "trajectories", TRAJECTORIES, lambda n: (catalog(HISTORY), n), continue_etas
)
FORECAST_COUNTED = Operation(
    "ETAS, counted", "trajectories", TRAJECTORIES, lambda n: (catalog(HISTORY), n), count_forecast
)
ETAS_PLACED = Operation("ETAS, places", "trajectories", TRAJECTORIES, ready_to_place, place)
STEPS = {
    name: Operation(
        f"training step, {name}", "windows", WINDOWS, partial(make_step, model), train_step
    )
    for name, model in (("recast", {}), ("recast-paper", PAPER))
}
NETS_CONTINUED = {
    name: Operation(name, "trajectories", TRAJECTORIES, partial(make_net, decoder), continue_net)
    for name, decoder in (("recast", "hazard"), ("recast-paper", "weibull"))
}
FORMATS_READ = {
    layout: Operation(
        layout,
        "rows",
        tuple(n // 10 for n in ROWS) if layout == "obspy" else ROWS,  # takes a millisecond a row
        partial(make_file, layout),
        partial(read_file, layout),
    )
    for layout in (*WRITERS, *WRITTEN_AS)
}

IMPORT = Operation(
    "Parquet, as a catalog", "rows", (1_000, 10_000, 100_000, 1_000_000), make_large, import_large
)

OPERATIONS = {
    operation.key: operation
    for operation in (
        LIKELIHOOD,
        QUADRATIC,
        Operation(
            "ETAS likelihood, changing completeness", "events", EVENTS, catalog, evaluate_weighted
        ),
        FIT,
        Operation(
            "ETAS synthetic catalog", "events", EVENTS, lambda n: n / EVENTS_PER_DAY, new_catalog
        ),
        ETAS_CONTINUED,
        ETAS_PLACED,
        *NETS_CONTINUED.values(),
        *STEPS.values(),
        *FORMATS_READ.values(),
        IMPORT,
    )
}
"""All of them by key."""
