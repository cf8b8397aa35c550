"""`recast report`: a page that stands alone, in a real browser, and what it refuses."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import chromium

from catalogs import Catalog, EventSequence, load, save
from catalogs.files import read_json, write_json
from catalogs.locking import LOCK
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.benchmark.folder import load_fitted, open_run
from recast.benchmark.results import PLACE, Gain, MarkScore, sentence
from recast.cli import main
from recast.evaluation import diagnose
from recast.evaluation.diagnosis import load_diagnoses
from recast.report.contents import known_of_places

PLOTS = {
    "magnitude_time",
    "frequency_magnitude",
    "cumulative_gain",
    "gain_by_period",
    "residuals",
    "residual_correlation",
    "intensity_trace",
    "omori_decay",
    "forecast_fan",
    "number_test",
    "magnitudes_and_intervals",
}
"""Of every catalog."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quick benchmark: a catalog with a map, and one of plain days with a known truth.

    With Weibull nets and their mixture beside Poisson and ETAS.
    """
    root = tmp_path_factory.mktemp("report")
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 200.0, 1, seed=2)
    path = save(synthetic_catalog(events, SOCAL_TRUTH, "small"), root)
    run = root / "run"
    command = ["benchmark", "--quick", "--seeds", "2", "--workers", "1", "--out", str(run)]
    models = ["--models", "poisson", "etas", "recast-paper"]
    assert main([*command, *models, "--catalog", "ridgecrest_2019", str(path)]) == 0
    write_json(run / "rolling.json", {"window_days": 1.0, "catalogs": {"small": rolling()}})
    sizes = [{"n_train": n, "models": {"etas": 0.1, "recast-paper": 0.2}} for n in (60, 200)]
    write_json(run / "trimmed.json", {"catalogs": {"ridgecrest_2019": sizes}})
    assert main(["report", str(run), "--samples", "40", "--workers", "1"]) == 0
    return run


def rolling() -> dict[str, Any]:
    """Three windows in which 3, 30 and 8 events came, as `recast benchmark --rolling` says it."""
    row = {
        "quantiles": {key: [q, q, q] for key, q in zip(QUANTILES, (2, 5, 7, 9, 14), strict=True)},
        "pit": [0.1, 1.0, 0.6],
        "crps": [1.0, 20.0, 0.6],
        "log_score": [2.5, 9.0, 2.0],
        "information_gain": [0.5, -3.0, 1.0],
        "coverage": {"50": 1 / 3, "95": 2 / 3},
    }
    windows = [
        {"start": f"{164 + i}", "end": f"{165 + i}", "observed": n}
        for i, n in enumerate((3, 30, 8))
    ]
    return {"windows": windows, "models": {"etas": row, "recast-paper": row}}


QUANTILES = ("0.025", "0.25", "0.5", "0.75", "0.975")


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_plot_is_on_the_page_and_beside_it(folder: Path, page: str) -> None:
    more = {"ridgecrest_2019": {"map", "training_size"}, "small": {"rolling", "calibration"}}
    for name, extra in more.items():
        expected = PLOTS | extra
        on_page = set(re.findall(rf'<figure id="{name}-(\w+)">', page))
        assert on_page == expected
        for suffix, magic in ((".png", b"\x89PNG"), (".svg", b"<?xml")):
            files = {p.stem: p for p in (folder / "report" / name).glob(f"*{suffix}")}
            assert set(files) == expected
            assert all(p.read_bytes().startswith(magic) for p in files.values())
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert len(captions) == 2 * len(PLOTS) + 4 + 1
    assert all(len(caption.split()) > 10 for caption in captions)
    assert not [path for path in folder.rglob(".*") if path.name != LOCK]


def test_the_map_says_what_models_know_of_places(folder: Path, page: str) -> None:
    assert "The models know times and magnitudes only" in page
    models = open_run(folder).models("ridgecrest_2019")
    marks = {PLACE: MarkScore()}
    located = {name: replace(row, marks=marks) for name, row in models.items()}
    assert "places have laws and scores of their own" in known_of_places(located)


def test_what_is_not_shown_says_how_to_make_it(page: str) -> None:
    assert re.search(r"<code>recast benchmark --quick .* --rolling</code>", page)
    assert re.search(r"--trimmed 250 1000 4000</code>", page)
    assert "The catalog small has no locations." in page


def test_the_page_needs_nothing_else(page: str) -> None:
    assert len(page.encode()) < 5e6
    # Namespaces are names, not addresses that are asked
    links = re.findall(r'(?:src|href|url)\s*[=(]\s*"?([^")\s>]+)', page)
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "<script" not in page


def test_ids_are_unique_and_references_have_targets(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'(?:url\(|href=")#([^")]+)', page))
    assert targets <= set(ids)


def test_tables_and_provenance_are_those_of_the_benchmark(folder: Path, page: str) -> None:
    record = read_json(folder / "benchmark.json")
    for name, entry in record["catalogs"].items():
        for model, row in entry["models"].items():
            assert re.search(
                rf'<th scope="row">{model}</th><td>{row["splits"]["test"]["nats_per_event"]:.4f}',
                page,
            ), (name, model)
    assert load("ridgecrest_2019").info.sha256 in page
    assert record["environment"]["code"] in page
    assert record["command"] in page
    small = record["catalogs"]["small"]["models"]["recast-paper"]
    # Coverage, and means of the windows
    assert (
        "<td>33.3\u00a0%</td><td>66.7\u00a0%</td><td>7.200</td><td>4.500</td><td>-0.500</td>"
        in page
    )
    gain = Gain.from_json(small["gain_over_etas"], "benchmark.json")
    assert sentence("small", "recast-paper", gain, small["splits"]["test"]["n_events"]) in page


def test_what_the_benchmark_saves_is_what_its_models_say(folder: Path) -> None:
    run = open_run(folder)
    catalog = load("ridgecrest_2019")
    test = catalog.split().test
    saved = load_diagnoses(folder / "ridgecrest_2019" / "diagnosis.npz")
    models = run.models("ridgecrest_2019")
    assert set(saved) == set(models)
    assert {"recast-paper-ensemble", "poisson"} <= set(models)
    for model, seen in saved.items():
        again = diagnose(load_fitted(run, catalog, model).process, test)
        np.testing.assert_allclose(seen.transformed, again.transformed, rtol=1e-9)
        row = models[model]
        assert seen.terms.sum() == pytest.approx(row.test.log_likelihood, rel=1e-9)
        assert row.residuals is not None
        assert row.residuals.mean == pytest.approx(seen.transformed[-1] / test.n_scored)


@pytest.mark.slow
def test_the_same_on_two_workers_and_without_what_was_saved(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("report*", "diagnosis.npz"))
    assert main(["report", str(copy), "--samples", "40", "--workers", "2"]) == 0
    for path in (folder / "report" / "small").glob("*.png"):
        assert path.read_bytes() == (copy / "report" / "small" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--samples", "3"], "--samples 3: a 95 % range needs at least 40"),
        (["--seed", "-1"], "--seed -1 is negative"),
        (["--workers", "0"], "--workers 0"),
    ],
)
def test_impossible_options_are_one_line(
    options: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(folder), *options]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_a_folder_without_a_benchmark_and_another_catalog_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert f"{tmp_path} holds no benchmark: `recast benchmark --out" in capsys.readouterr().err
    for name, holds in (("notes.txt", "holds no benchmark.json"), ("forecast.json", "a forecast")):
        (tmp_path / name).touch()
        assert main(["report", str(tmp_path)]) == 2
        shown = capsys.readouterr().err
        assert holds in shown
        assert "`recast benchmark --out FOLDER` makes one" in shown
    record = read_json(folder / "benchmark.json")
    record["catalogs"]["ridgecrest_2019"]["info"]["magnitude_completeness"] = 3.0
    write_json(tmp_path / "benchmark.json", record)
    assert main(["report", str(tmp_path), "--workers", "1"]) == 2
    assert "magnitude_completeness is 2.5, it was 3.0" in capsys.readouterr().err


@pytest.mark.parametrize("n", [1, 5])
def test_few_events_make_fewer_plots(n: int, tmp_path: Path) -> None:
    whole = load("ridgecrest_2019")
    times = whole.to_sequence().times
    starts = [str(whole.info.to_time(times[[i, i + 1]].mean())) for i in (-n - 21, -n - 1)]
    splits = replace(whole.info.splits, val_start=starts[0], test_start=starts[1])
    info = replace(whole.info, name="few", splits=splits)
    path = save(Catalog(whole.events, info), tmp_path)
    models = ["--models", "poisson", "etas", "--out", str(tmp_path / "run")]
    assert main(["benchmark", "--catalog", str(path), *models]) == 0
    assert main(["report", str(tmp_path / "run"), "--samples", "40", "--workers", "1"]) == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert f"{n} test events are too few; it needs 10." in page
    assert "<code>recast benchmark --models etas recast</code>" in page
    assert len(re.findall("<figure ", page)) == len(PLOTS) - 4 + 1  # with a map


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_a_browser_shows_it(browser: Any, folder: Path, width: int, scheme: str) -> None:
    view = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    address = (folder / "report.html").as_uri()
    view.goto(address)
    seen = json.loads(view.evaluate(MEASURE))
    view.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert seen["overflow"] <= 0
    assert len(seen["figures"]) == 2 * len(PLOTS) + 5
    for box in seen["figures"]:
        assert 300 <= box["width"] <= width, box
        assert box["height"] > 150, box
        assert box["shapes"] > 10, box
        # Pixels of the smallest text as drawn, on a telephone too
        assert box["text"] >= 7.0, box
    # Contrast of text in plots and on the page, by the formula of WCAG 2, which asks for 4.5
    assert seen["contrast"] > 4.5


MEASURE = """() => {
  const bright = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
      .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const figures = [...document.querySelectorAll("figure")];
  const worst = figures.flatMap(figure => {
    const card = bright(getComputedStyle(figure).backgroundColor);
    const inks = [...figure.querySelectorAll("text")].map(t => getComputedStyle(t).fill);
    inks.push(getComputedStyle(figure.querySelector("figcaption")).color);
    return inks.map(ink => ratio(card, bright(ink)));
  });
  return JSON.stringify({
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    contrast: Math.min(...worst),
    figures: figures.map(figure => {
      const svg = figure.querySelector("svg"), box = svg.getBoundingClientRect();
      const scale = box.width / svg.viewBox.baseVal.width;
      const sizes = [...svg.querySelectorAll("text")]
        .map(t => parseFloat(getComputedStyle(t).fontSize) * scale);
      return { id: figure.id, width: box.width, height: box.height,
        shapes: svg.querySelectorAll("path, use, image").length, text: Math.min(...sizes) };
    }),
  });
}"""


def test_without_etas_there_are_no_gains_to_show(tmp_path: Path) -> None:
    command = ["benchmark", "--catalog", "ridgecrest_2019", "--models", "poisson"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    assert main(["report", str(tmp_path), "--samples", "40", "--workers", "1"]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "gain_by_period" not in page
    assert ">poisson<" in page
