"""A model that another package adds is known to every command; broken ones are one line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from outages import with_outages
from outside import install

from catalogs import (
    Catalog,
    EventSequence,
    GutenbergRichter,
    InputError,
    MarkLaw,
    PointProcess,
    load,
    save,
)
from catalogs.files import read_json, write_json
from catalogs.marks import FixedMagnitudes
from catalogs.sequence import FloatArray
from catalogs.split import SplitName
from etas.poisson import Poisson
from etas.space import PlaceLaw, Region, UniformPlaces
from recast import cli, fit_model, load_model
from recast.evaluation.diagnosis import trace_times
from recast.models.kind import FittedModel, ModelKind, Task
from recast.models.registry import GROUP, TRUTH, mixture_name, model_kind, model_kinds
from recast.plots.style import BAND, INK, OBSERVED, colour

CATALOG = "ridgecrest_2019"
FIT = f"{CATALOG}/outside/seed1.json"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install("outside_model", tmp_path_factory.mktemp("site"))


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed in this process."""
    monkeypatch.syspath_prepend(str(site))
    model_kinds.cache_clear()
    yield
    model_kinds.cache_clear()
    sys.modules.pop("outside_model", None)


@pytest.fixture(scope="module")
def command(site: Path) -> Callable[..., str]:
    """Run a command in a process of its own, which finds the package on its path."""

    def run(*words: str | Path) -> str:
        path = os.pathsep.join([str(site), str(Path(cli.__file__).parents[1])])
        done = subprocess.run(
            [sys.executable, "-m", "recast", *map(str, words)],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def folder(command: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its benchmark beside Poisson and ETAS, with two seeds, and their rolling forecasts."""
    run = tmp_path_factory.mktemp("outside") / "run"
    models = ["--models", "poisson", "etas", "outside", "--seeds", "2"]
    shown = command("benchmark", "--catalog", CATALOG, *models, "--out", run)
    assert re.search(
        r"outside (explains them (better|worse) than|cannot be told apart from) ETAS", shown
    )
    rolling = ["--rolling", "0.5", "--windows", "2", "--samples", "40"]
    assert "outside" in command("forecast", *rolling, "--run", run)
    return run


@pytest.mark.usefixtures("installed")
def test_it_is_scored_by_its_own_numbers(folder: Path) -> None:
    models = read_json(folder / "benchmark.json")["catalogs"][CATALOG]["models"]
    assert list(models) == ["poisson", "etas", "outside"]  # it can't be mixed
    row, test = models["outside"], load(CATALOG).split().test
    assert [seed["seed"] for seed in row["seeds"]] == [0, 1]
    for seed in row["seeds"]:
        again = fit_model("outside", load(CATALOG), seed=seed["seed"]).process
        saved = load_model(folder / CATALOG / "outside" / f"seed{seed['seed']}.json")
        assert saved.on(load(CATALOG)).process == again
        score = again.log_likelihood(test)
        assert seed["splits"]["test"]["log_likelihood"] == pytest.approx(score, rel=1e-12)
    scores = [seed["splits"]["test"]["nats_per_event"] for seed in row["seeds"]]
    assert scores[0] != scores[1]
    assert row["splits"]["test"]["nats_per_event"] == pytest.approx(np.mean(scores), rel=1e-12)
    assert row["n_parameters"] == 3
    assert [model["package"] for model in models.values()] == [None, None, "outside-model 0.1"]
    assert models["poisson"]["splits"]["test"]["nats_per_event"] < min(scores)


def test_it_is_forecast_window_by_window(folder: Path) -> None:
    models = read_json(folder / "rolling.json")["catalogs"][CATALOG]["models"]
    assert list(models) == ["poisson", "etas", "outside"]
    assert models["outside"]["leak"] == []
    for name in ("poisson", "etas"):
        assert models["outside"]["crps"] != models[name]["crps"]
        assert models["outside"]["information_gain"] != models[name]["information_gain"]


def lies_between(mean: float, fitted: dict[str, float], days: float, n: int) -> bool:
    """Whether ``n`` samples can be of a rate between always calm and always busy."""
    low, high = days * fitted["calm"], days * fitted["busy"]
    return low - 5.0 * np.sqrt(low / n) < mean < high + 5.0 * np.sqrt(high / n)


def test_it_is_forecast_once(command: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    words = ["--days", "0.5", "--samples", "60", "--no-plots", "--out", tmp_path]
    splits = load(CATALOG).info.splits
    options = ["--catalog", CATALOG, "--model", folder / FIT, "--at", splits.test_start]
    command("forecast", *options, *words)
    record = read_json(tmp_path / "forecast.json")
    fitted = read_json(folder / FIT)
    assert record["model"]["kind"] == "outside"
    assert record["model"]["busy"] == fitted["busy"]
    assert lies_between(record["table"][0]["expected"], fitted, 0.5, 60)


def test_it_is_simulated(command: Callable[..., str], folder: Path, tmp_path: Path) -> None:
    options = ["--days", "0.5", "--samples", "30", "--no-plots", "--format", "csep"]
    options += ["--origin", "2020-01-01", "--out", str(tmp_path)]
    command("simulate", "--model", folder / FIT, *options)
    record = read_json(tmp_path / "simulation.json")
    assert record["model"]["kind"] == "outside"
    assert lies_between(record["counts"]["mean"], read_json(folder / FIT), 0.5, 30)


def test_its_residuals_are_its_own(
    command: Callable[..., str], folder: Path, tmp_path: Path
) -> None:
    options = ["--catalog", CATALOG, "--no-plots", "--out", tmp_path]
    command("residuals", "--model", folder / FIT, *options)
    record = read_json(tmp_path / "residuals.json")
    (row,) = read_json(folder / "benchmark.json")["catalogs"].values()
    seed = row["models"]["outside"]["seeds"][1]
    assert record["model"]["kind"] == "outside"
    assert record["residuals"] == seed["residuals"]
    assert record["nats_per_event"] == pytest.approx(seed["splits"]["test"]["nats_per_event"])


@pytest.mark.usefixtures("installed")
def test_its_report_shows_it_in_its_own_colour(
    command: Callable[..., str], folder: Path, tmp_path: Path
) -> None:
    command("report", folder, "--samples", "40", "--workers", "1", "--out", tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    (row,) = read_json(folder / "benchmark.json")["catalogs"].values()
    mean = row["models"]["outside"]["splits"]["test"]["nats_per_event"]
    assert f'<th scope="row">outside</th><td>{mean:.4f}' in page
    # It is the one that is drawn beside ETAS, by its own process
    assert {"outside", "etas"} <= set(re.findall(r">([\w-]+): δ1 = ", page))
    assert "recast-zero-shot" not in page
    plot = (tmp_path / "report" / CATALOG / "cumulative_gain.svg").read_text(encoding="utf-8")
    assert colour("outside").lower() in plot.lower()


@pytest.mark.usefixtures("installed")
def test_no_two_models_have_one_colour() -> None:
    kinds = [*model_kinds().values(), TRUTH]
    names = [kind.name for kind in kinds]
    names += [mixture_name(kind.name) for kind in kinds if kind.seeded]
    colours = [colour(name) for name in names]
    assert "outside" in names
    assert len(set(colours)) == len(colours)
    assert not {INK, OBSERVED, BAND} & set(colours)


@pytest.mark.usefixtures("installed")
def test_several_are_not_mixed_where_they_can_not_be(folder: Path) -> None:
    kind = model_kind("outside")
    catalog = load(CATALOG)
    paths = [folder / CATALOG / "outside" / f"seed{i}.json" for i in range(2)]
    with pytest.raises(InputError, match="models of kind 'outside' cannot be mixed: give one"):
        kind.read(paths, catalog)


@pytest.mark.usefixtures("installed")
def test_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["benchmark", "--list-models"]) == 0
    assert re.search(
        r"^outside +in a rush after each event$", capsys.readouterr().out, re.MULTILINE
    )


class Unfinished(ModelKind):
    name = "unfinished"


class Second(ModelKind):
    name = "etas"

    def fit(self, task: Task) -> FittedModel:
        raise NotImplementedError


class Spaced(Second):
    name = "two words"


class Mixture(Second):
    name = "mine-ensemble"


class Truth(Second):
    name = "truth"


def not_a_kind() -> None:
    """A function."""


BROKEN = {
    "nowhere:Kind": "nowhere:Kind of recast.models cannot be loaded (No module named 'nowhere')",
    "{here}:Gone": "cannot be loaded (",
    "{here}:not_a_kind": "is not a subclass of recast.ModelKind: name one",
    "{here}:CATALOG": "is not a subclass of recast.ModelKind: name one",
    "{here}:Second": "is named 'etas', which is taken: choose another",
    "{here}:Truth": "is named 'truth', which is taken",
    "{here}:Mixture": "is named 'mine-ensemble', which is taken",
    "{here}:Spaced": "is named 'two words': use letters, digits, _ and - only",
    "{here}:Unfinished": "abstract",
}


def added(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """One more entry point, whatever is installed."""
    from importlib.metadata import EntryPoint

    point = EntryPoint(name="mine", value=value.format(here=__name__), group=GROUP)
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__, _here()))
    monkeypatch.setattr("recast.models.registry.entry_points", lambda group: [point])
    model_kinds.cache_clear()


def _here() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(**globals())


@pytest.fixture
def fresh() -> Iterator[None]:
    yield
    model_kinds.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("value", BROKEN)
def test_a_broken_entry_point_is_one_line(
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    added(monkeypatch, value)
    command = ["benchmark", "--catalog", CATALOG, "--models", "poisson"]
    assert cli.main([*command, "--out", str(tmp_path / "run")]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("recast: entry point mine = ")
    assert BROKEN[value] in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "run").exists()


class FitsNothing(ModelKind):
    name = "mine"

    def fit(self, task: Task) -> FittedModel:
        return None  # type: ignore[return-value]


class FitsANumber(ModelKind):
    name = "mine"

    def fit(self, task: Task) -> FittedModel:
        process: PointProcess = 3.0  # type: ignore[assignment]
        return self.fitted(task, process, 1)


class CannotBeSaved(ModelKind):
    name = "mine"

    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, model_kind("poisson").fit(task).process, 1)


class SavesAnArray(CannotBeSaved):
    def to_json(self, process: PointProcess) -> dict[str, Any]:
        return {"weights": np.zeros(3)}


@pytest.mark.usefixtures("fresh")
def test_a_kind_that_gives_no_json_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(monkeypatch, "{here}:SavesAnArray")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--out", str(tmp_path)]
    assert cli.main(command) == 2
    said = r"model 'mine' cannot be saved \(.*ndarray.*\): let its `to_json` give JSON types"
    assert re.search(said, capsys.readouterr().err)


class CannotBeLoaded(CannotBeSaved):
    def to_json(self, process: PointProcess) -> dict[str, Any]:
        return {}


@pytest.mark.usefixtures("fresh")
def test_a_kind_that_cannot_be_loaded_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(monkeypatch, "{here}:CannotBeLoaded")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--out", str(tmp_path)]
    assert cli.main(command) == 0
    capsys.readouterr()
    saved = tmp_path / CATALOG / "mine.json"
    assert cli.main(["residuals", "--catalog", CATALOG, "--model", str(saved)]) == 2
    assert "model 'mine' cannot be loaded: give its kind a from_json" in capsys.readouterr().err


class Forgets(CannotBeSaved):
    def to_json(self, process: PointProcess) -> dict[str, Any]:
        return {"rate": 1.0}

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> PointProcess:
        return Poisson(record["rate"], LAW_OF_TEXT)


@pytest.mark.usefixtures("fresh")
def test_a_model_whose_file_holds_another_one_has_no_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(monkeypatch, "{here}:Forgets")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--out", str(tmp_path)]
    assert cli.main(command) == 2
    out, err = capsys.readouterr()
    assert "2.6071 nats per event as fitted, and -0.0191 as read from its file: `from_json`" in err
    assert "NLL" not in out
    assert not (tmp_path / CATALOG / "mine.json").exists()


class LooksAhead(CannotBeLoaded):
    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, Oracle(1.0, LAW_OF_TEXT), 1)

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> PointProcess:
        return Oracle(1.0, LAW_OF_TEXT)


class Oracle(Poisson):
    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return super().intensity(sequence, times) * len(sequence)


class KnowsNoGaps(CannotBeLoaded):
    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, Steady(1.0, LAW_OF_TEXT), 1)


class Steady(Poisson):
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        return self.rate * (np.asarray(times, dtype=np.float64) - sequence.score_from)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_a_model_that_expects_events_in_an_outage_has_no_score(
    part: SplitName,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    added(monkeypatch, "{here}:KnowsNoGaps")
    save(with_outages(parts=[part]), tmp_path)
    command = ["benchmark", "--catalog", str(tmp_path / f"{CATALOG}.json"), "--models", "mine"]
    assert cli.main([*command, "--out", str(tmp_path / "run")]) == 2
    out, err = capsys.readouterr()
    assert "model 'mine': its compensator grows by" in err
    assert "nats" not in out


@pytest.mark.usefixtures("fresh")
def test_a_model_that_looks_ahead_has_no_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(monkeypatch, "{here}:LooksAhead")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--out", str(tmp_path)]
    assert cli.main(command) == 2
    out, err = capsys.readouterr()
    assert "model 'mine' looks ahead: its intensity on day" in err
    assert "nats" not in out
    assert not (tmp_path / "benchmark.json").exists()
    assert not (tmp_path / CATALOG / "mine.json").exists()  # as if it were a model


@pytest.mark.usefixtures("fresh")
def test_nor_has_one_that_is_read_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    added(monkeypatch, "{here}:LooksAhead")
    fit_model("mine", load(CATALOG), tmp_path / "fit")
    command = ["benchmark", "--catalog", CATALOG, "--models", str(tmp_path / "fit" / "mine.json")]
    assert cli.main([*command, "--out", str(tmp_path / "run")]) == 2
    out, err = capsys.readouterr()
    assert "model 'mine.json' looks ahead: its intensity on day" in err
    assert "nats" not in out
    assert not (tmp_path / "run" / CATALOG / "mine.json").exists()


class Boasts(CannotBeLoaded):
    """Has a log-likelihood of its own, on the train window."""

    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, Boastful(1.0, LAW_OF_TEXT), 1)


class Boastful(Poisson):
    def log_likelihood(self, sequence: EventSequence) -> float:
        return super().log_likelihood(sequence) + (sequence.n_scored == 309)


class ByDiagnosis(CannotBeLoaded):
    """Knows the times at which gains are computed."""

    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, Diagnosed(1.0, LAW_OF_TEXT), 1)


class Diagnosed(Poisson):
    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        grid = trace_times(sequence)
        known = np.array_equal(np.asarray(times)[-grid.size :], grid)
        return super().intensity(sequence, times) * (2.0 if known else 1.0)


class KnowsMagnitudes(CannotBeLoaded):
    def fit(self, task: Task) -> FittedModel:
        return self.fitted(task, Marked(1.0, LAW_OF_TEXT), 1)


class Marked(Poisson):
    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        return {"magnitude": Louder(LAW_OF_TEXT)}


class Louder(FixedMagnitudes):
    reference = FixedMagnitudes(GutenbergRichter(2.5))

    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) + 1.0


class KnowsPlaces(CannotBeLoaded):
    def fit_places(self, task: Task) -> PlaceLaw:
        return Dense(Region(task.catalog.area))


class Dense(UniformPlaces):
    def log_density(self, sequence: EventSequence) -> FloatArray:
        return super().log_density(sequence) + 6.9


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Boasts", "its log-likelihood of 309 events is"),
        ("ByDiagnosis", "its log-likelihood of 103 events is"),
        ("KnowsMagnitudes", "its law of magnitudes adds up to 2.7"),
        ("KnowsPlaces", "its law of places gives the place of the event on day"),
    ],
)
def test_a_model_that_scores_more_than_it_says_has_no_score(
    kind: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    added(monkeypatch, f"{{here}}:{kind}")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--places"]
    assert cli.main([*command, "--out", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert f"model 'mine': {message}" in err
    assert "nats" not in out


class OfText(CannotBeLoaded):
    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        return path.suffix == ".txt"

    def read(
        self, paths: Sequence[Path], catalog: Catalog | None, *, fit: bool = False
    ) -> FittedModel:
        return FittedModel(self, Poisson(float(paths[0].read_text()), LAW_OF_TEXT), {})


LAW_OF_TEXT = GutenbergRichter(2.5)


@pytest.mark.usefixtures("fresh")
def test_a_kind_may_have_files_that_are_neither_json_nor_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, "{here}:OfText")
    path = tmp_path / "rate.txt"
    path.write_text("2.5")
    model = load_model(path)
    assert model.kind.name == "mine"
    assert model.alone().process.intensity(EventSequence([], [], 0.0, 9.0), [1.0]) == 2.5


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("FitsNothing", "the fit of model 'mine' gives NoneType: return ModelKind.fitted("),
        ("FitsANumber", "the fit of model 'mine' gives float: return a FittedModel whose process"),
        ("CannotBeSaved", "model 'mine' cannot be saved: give its kind a to_json"),
    ],
)
def test_a_fit_that_gives_no_model_is_one_line(
    kind: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    added(monkeypatch, f"{{here}}:{kind}")
    command = ["benchmark", "--catalog", CATALOG, "--models", "mine", "--out", str(tmp_path)]
    assert cli.main(command) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "fitting" not in line]
    assert len(said) == 1
    assert message in said[0]
    with pytest.raises(InputError, match="model 'mine'"):
        fit_model("mine", load(CATALOG))


def test_a_model_that_nobody_knows_any_more_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The package is not installed in this process."""
    fit, run = str(folder / FIT), str(folder)
    for command, where in (
        (["report", run], "benchmark.json"),
        (["forecast", "--rolling", "0.5", "--run", run], "benchmark.json"),
        (["residuals", "--catalog", CATALOG, "--model", fit], "seed1.json"),
        (["simulate", "--days", "1", "--model", fit], "seed1.json"),
        (["forecast", "--catalog", CATALOG, "--model", fit], "seed1.json"),
    ):
        assert cli.main(command) == 2
        shown = capsys.readouterr().err
        assert f"{where}: no model 'outside': choose from poisson, etas" in shown
        assert "or install the package that adds it" in shown
        assert shown.count("\n") == 1


def test_a_name_in_a_record_that_is_no_models_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((folder / "benchmark.json").read_text())
    models = record["catalogs"][CATALOG]["models"]
    models["ghost"] = models.pop("outside")
    write_json(tmp_path / "benchmark.json", record)
    assert cli.main(["report", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert "benchmark.json: no model 'ghost': choose from poisson, etas" in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "report.html").exists()
