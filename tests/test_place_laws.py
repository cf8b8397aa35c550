"""Laws of places of another package are saved and read back, or refused."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from catalogs import Catalog, EventSequence, InputError, load
from catalogs.sequence import FloatArray
from etas.poisson import Poisson
from etas.space.background import SmoothedPlaces
from etas.space.law import PlaceLaw
from etas.space.law import UniformPlaces as OurUniformPlaces
from etas.space.triggered import TriggeredPlaces
from recast import FittedModel, ModelKind, load_model, run_benchmark
from recast.models.kind import Task
from recast.models.places import load_places, region_of, save_places
from recast.models.registry import model_kinds

RIDGECREST = "ridgecrest_2019"


@dataclass(frozen=True)
class Wide(SmoothedPlaces):
    """Smoothed over kernels of so many km at least, where that is given."""

    km: float | None = 5.0

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return self._plain().log_density(sequence)

    def at_events(self, sequence: EventSequence) -> Any:
        return self._plain().at_events(sequence)

    def _plain(self) -> SmoothedPlaces:
        return SmoothedPlaces(self.region, 4, self.km or self.least_width)


@dataclass(frozen=True)
class UniformPlaces(OurUniformPlaces):
    """Of the name of one of ours."""


class WideKind(ModelKind):
    name = "mine"
    place_laws = (Wide, UniformPlaces)
    km: float | None = 2.0

    def fit(self, task: Task) -> FittedModel:
        law = task.catalog.magnitude_law()
        return self.fitted(task, Poisson.fit(task.split.train, law), 1)

    def fit_places(self, task: Task) -> PlaceLaw:
        return Wide(region_of(task.catalog), 4, 0.5, km=self.km)

    def to_json(self, process: Any) -> dict[str, Any]:
        return {"rate": process.rate}

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> Poisson:
        assert catalog is not None
        return Poisson(record["rate"], catalog.magnitude_law())


class Unnamed(WideKind):
    place_laws = ()


class Forgets(WideKind):
    km = None  # which files leave out: the law that is read has 5 km


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def added(kind: type[ModelKind]) -> None:
        point = SimpleNamespace(name="mine", value="x:Mine", load=lambda: kind, dist=None)
        monkeypatch.setattr("recast.models.registry.entry_points", lambda **_: [point])
        model_kinds.cache_clear()

    yield added
    model_kinds.cache_clear()


def test_one_that_its_kind_names_is_read_back(add: Any, tmp_path: Path) -> None:
    add(WideKind)
    catalog = load(RIDGECREST)
    result = run_benchmark([RIDGECREST], ["mine"], tmp_path / "a", places=True)
    saved = tmp_path / "a" / RIDGECREST / "mine.json"
    model = load_model(saved).on(catalog)
    law = Wide(region_of(catalog), 4, 0.5, km=2.0)
    assert model.places == law
    # So does a benchmark of the file, whose places score the same
    again = run_benchmark([RIDGECREST], [str(saved)], tmp_path / "b", places=True)
    scores = [
        row.marks["place"].nats_per_event["test"]
        for each in (result, again)
        for row in each.catalogs[RIDGECREST].models.values()
    ]
    expected = law.log_density(catalog.split().test).mean()
    assert scores == pytest.approx([expected, expected], rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Unnamed, r"law of places Wide of .* cannot be read .*: let its kind .* in `place_laws`"),
        (Forgets, r"have -[\d.]+ nats per event as fitted, and -[\d.]+ by the law that is read"),
    ],
)
def test_one_whose_file_is_of_no_use_is_refused(
    kind: type[ModelKind], message: str, add: Any, tmp_path: Path
) -> None:
    add(kind)
    with pytest.raises(InputError, match=message):
        run_benchmark([RIDGECREST], ["mine"], tmp_path, places=True)
    assert not list(tmp_path.rglob("mine*.json"))


def test_none_is_taken_for_one_of_ours(tmp_path: Path) -> None:
    path, region = tmp_path / "model.json", region_of(load(RIDGECREST))
    with pytest.raises(InputError, match=r"etas\.space\.law is read\): let .* name of its own"):
        save_places(path, UniformPlaces(region), WideKind.place_laws)
    assert load_places(path) is None


def test_one_may_be_part_of_another(tmp_path: Path) -> None:
    path, region = tmp_path / "model.json", region_of(load(RIDGECREST))
    inner = Wide(region, 4, 0.5)
    law = TriggeredPlaces(region, 2.0, 0.2, 0.5, 0.01, 1.1, 0.3, 0.7, 1.5, background=inner)
    save_places(path, law, WideKind.place_laws)
    assert load_places(path, WideKind.place_laws) == law
    with pytest.raises(InputError, match="Wide"):
        load_places(path)
    save_places(path, replace(law, background=None))
